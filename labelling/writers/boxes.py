"""The boxes of MP4 and QuickTime, and the byte positions that stand in them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, Self

import numpy as np

from labelling.errors import UnsupportedMediaError
from labelling.writers.splicing import size_of, take

_LARGEST_IN_MEMORY = 64 << 20
_MOST_BOXES = 1_000_000
_DEEPEST = 12
_CONTAINERS = frozenset(
    {b"moov", b"trak", b"mdia", b"minf", b"stbl", b"udta", b"moof", b"traf", b"mfra"}
)
_BASE_OFFSET_PRESENT = 1


@dataclass(frozen=True, slots=True)
class Place:
    """A box of the file, by where it stands."""

    kind: bytes
    start: int
    head: int
    """The size of its header."""
    size: int
    """Of the whole box."""

    @property
    def end(self) -> int:
        """Where the next box begins."""
        return self.start + self.size


@dataclass(slots=True)
class Box:
    """A box in memory: a container has children, and maybe bytes behind them."""

    kind: bytes
    body: bytes = b""
    """Before the children, where there are any."""
    children: list[Self] = field(default_factory=list)
    tail: bytes = b""

    def __bytes__(self) -> bytes:
        """Give the box as it is stored."""
        content = b"".join((self.body, *map(bytes, self.children), self.tail))
        return (8 + len(content)).to_bytes(4, "big") + self.kind + content

    def all(self, *path: bytes) -> Iterator[Self]:
        """Give the boxes at a path of kinds below this one."""
        first, *rest = path
        for child in self.children:
            if child.kind == first:
                yield from child.all(*rest) if rest else (child,)

    def walk(self) -> Iterator[Self]:
        """Give this box and every one below it."""
        yield self
        for child in self.children:
            yield from child.walk()


def places(source: BinaryIO) -> list[Place]:
    """Give the boxes of a file, in order.

    Raises:
        UnsupportedMediaError: A box is broken, or there are more than in any real file.
    """
    end = size_of(source)
    found: list[Place] = []
    at = 0
    while at + 8 <= end:
        head = take(source, at, 8)
        kind, size, used = head[4:], int.from_bytes(head[:4], "big"), 8
        if size == 1:
            size, used = int.from_bytes(take(source, at + 8, 8), "big"), 16
        size = size or end - at
        if size < used or at + size > end or len(found) == _MOST_BOXES:
            msg = f"the box {kind!r} at byte {at} is broken or cut off"
            raise UnsupportedMediaError(msg)
        found.append(Place(kind, at, used, size))
        at += size
    return found


def load(source: BinaryIO, place: Place) -> Box:
    """Read a box with all below it.

    Raises:
        UnsupportedMediaError: It is broken, or too large to stand in memory.
    """
    if place.size > _LARGEST_IN_MEMORY:
        msg = f"the box {place.kind!r} of {place.size} bytes is too large to be edited"
        raise UnsupportedMediaError(msg)
    return parsed(place.kind, take(source, place.start + place.head, place.size - place.head))


def parsed(kind: bytes, content: bytes, depth: int = 0) -> Box:
    """Make a box of its content.

    Raises:
        UnsupportedMediaError: It is broken, or nested deeper than any real file.
    """
    skipped = _before_children(kind, content)
    if skipped is None:
        return Box(kind, content)
    if depth == _DEEPEST:
        msg = f"boxes are nested deeper than {_DEEPEST}"
        raise UnsupportedMediaError(msg)
    box = Box(kind, content[:skipped])
    at = skipped
    while at + 8 <= len(content):
        size = int.from_bytes(content[at : at + 4], "big")
        # QuickTime ends a `udta` with four zero bytes.
        if not size and kind == b"udta":
            break
        if size < 8 or at + size > len(content):  # noqa: PLR2004 - the size of a header
            msg = f"a box within {kind!r} is broken"
            raise UnsupportedMediaError(msg)
        name = content[at + 4 : at + 8]
        box.children.append(parsed(name, content[at + 8 : at + size], depth + 1))
        at += size
    box.tail = content[at:]
    return box


def inner(content: bytes) -> list[Box]:
    """Give the boxes within one that is no container elsewhere, such as an item of iTunes.

    Raises:
        UnsupportedMediaError: One is broken.
    """
    return parsed(b"udta", content).children


def _before_children(kind: bytes, content: bytes) -> int | None:
    if kind in _CONTAINERS:
        return 0
    if kind == b"meta":
        # In QuickTime it has no version before its children.
        return 0 if content[4:8] == b"hdlr" else 4
    return None


def move(boxes: Iterable[Box], beyond: int, by: int) -> None:
    """Correct every position in the file that lies beyond a byte, for what was put in there.

    Raises:
        UnsupportedMediaError: A position does not fit its field any more, or is broken.
    """
    for box in boxes:
        for below in box.walk():
            if mover := _MOVERS.get(below.kind):
                below.body = mover(below.body, beyond, by)


def _move_chunks(body: bytes, beyond: int, by: int) -> bytes:
    return body[:8] + _moved(body[8:], 4, beyond, by)


def _move_large_chunks(body: bytes, beyond: int, by: int) -> bytes:
    return body[:8] + _moved(body[8:], 8, beyond, by)


def _move_base(body: bytes, beyond: int, by: int) -> bytes:
    if not body[3] & _BASE_OFFSET_PRESENT:
        return body
    return body[:8] + _moved(body[8:16], 8, beyond, by) + body[16:]


def _move_fragments(body: bytes, beyond: int, by: int) -> bytes:
    """Correct the index of fragments: a time and a position each, then numbers of varying size."""
    sizes = int.from_bytes(body[8:12], "big")
    width = 8 if body[0] else 4
    entry = 2 * width + sum((sizes >> shift & 3) + 1 for shift in (4, 2, 0))
    entries = [body[at : at + entry] for at in range(16, len(body), entry)]
    return body[:16] + b"".join(
        old[:width] + _moved(old[width : 2 * width], width, beyond, by) + old[2 * width :]
        for old in entries
    )


def _moved(field: bytes, width: int, beyond: int, by: int) -> bytes:
    old = np.frombuffer(field, f">u{width}")
    if old.size and int(old.max()) + by >= 1 << 8 * width:
        msg = "a position in the file does not fit its field any more"
        raise UnsupportedMediaError(msg)
    step = np.where(old > beyond, by, 0)
    return (old.astype(np.int64) + step).astype(f">u{width}").tobytes()


_MOVERS = {
    b"stco": _move_chunks,
    b"co64": _move_large_chunks,
    b"tfhd": _move_base,
    b"tfra": _move_fragments,
}
