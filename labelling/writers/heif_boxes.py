"""The boxes of AVIF and HEIC (ISO 23008-12) that tell where items are; bounded, and no more."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NoReturn

from labelling.errors import UnsupportedMediaError

_MOST_BOXES = 4096
_MOST_ITEMS = 4096
_MOST_EXTENTS = 65_536
IN_FILE, IN_META = 0, 1
"""Construction methods: where the offsets of an item count from."""


@dataclass(frozen=True, slots=True)
class Box:
    """One box; all numbers in bytes from the start of what it was found in."""

    kind: bytes
    start: int
    body_at: int
    end: int


def boxes(content: bytes, start: int, end: int) -> Iterator[Box]:
    """Give the boxes between two places.

    Raises:
        UnsupportedMediaError: One of them does not end there.
    """
    at = start
    for _ in range(_MOST_BOXES):
        if at + 8 > end:
            # A byte or two after the last box is a fault that readers pass over.
            return
        size, kind = number(content, at, 4, end), content[at + 4 : at + 8]
        body_at = at + 8
        if size == 1:
            size, body_at = number(content, body_at, 8, end), at + 16
        if size == 0:
            size = end - at
        if size < body_at - at or at + size > end or len(kind) < 4:  # noqa: PLR2004
            refuse_picture(f"the box at byte {at} does not end")
        yield Box(kind, at, body_at, at + size)
        at += size
    refuse_picture("it has too many boxes")


def encoded(kind: bytes, *pieces: bytes) -> bytes:
    """Give a box as it stands in a file."""
    body = b"".join(pieces)
    return (len(body) + 8).to_bytes(4, "big") + kind + body


def number(content: bytes, at: int, width: int, end: int | None = None) -> int:
    """Read a number of so many bytes; one of no bytes is 0."""
    if at + width > (len(content) if end is None else end):
        refuse_picture(f"there is nothing at byte {at}")
    return int.from_bytes(content[at : at + width], "big")


def refuse_picture(why: str) -> NoReturn:
    """Say why a picture cannot be read.

    Raises:
        UnsupportedMediaError: Always.
    """
    msg = f"an AVIF or HEIC file cannot be read: {why}"
    raise UnsupportedMediaError(msg)


@dataclass(frozen=True, slots=True)
class Location:
    """Where an item is: offset and length of its pieces."""

    item: int
    method: int
    reference: int
    """0 is this file."""
    extents: tuple[tuple[int, int, int], ...]
    """Index, offset and length."""

    def moved(self, from_byte: int, by: int) -> "Location":
        """Give the location after what stands from a byte on has moved."""
        if self.method != IN_FILE or self.reference:
            return self
        return replace(
            self,
            extents=tuple(
                (index, offset + by if offset >= from_byte else offset, length)
                for index, offset, length in self.extents
            ),
        )


@dataclass(slots=True)
class Cursor:
    """Reads numbers one after the other, never beyond an end."""

    content: bytes
    at: int
    end: int

    def take(self, width: int) -> int:
        """Read a number of so many bytes; one of no bytes is 0."""
        value = number(self.content, self.at, width, self.end)
        self.at += width
        return value

    def words(self) -> bytes:
        """Read a text up to its NUL, or to the end where there is none."""
        stop = self.content.find(b"\0", self.at, self.end)
        stop = self.end if stop < 0 else stop
        text, self.at = self.content[self.at : stop], min(stop + 1, self.end)
        return text


@dataclass(frozen=True, slots=True)
class Locations:
    """The `iloc` box; offsets with their base added."""

    version: int
    index_width: int
    items: tuple[Location, ...]

    @classmethod
    def of(cls, content: bytes, box: Box) -> "Locations":
        """Read the box."""
        cursor = Cursor(content, box.body_at, box.end)
        version = cursor.take(4) >> 24
        widths = cursor.take(2)
        index_width = widths & 15 if version else 0
        wide = 4 if version > 1 else 2
        items, pieces = [], 0
        for _ in range(_bounded(cursor.take(wide), _MOST_ITEMS)):
            item = cursor.take(wide)
            method = cursor.take(2) & 15 if version else IN_FILE
            reference, base = cursor.take(2), cursor.take(widths >> 4 & 15)
            count = cursor.take(2)
            pieces = _bounded(pieces + count, _MOST_EXTENTS)
            extents = [
                (
                    cursor.take(index_width),
                    base + cursor.take(widths >> 12),
                    cursor.take(widths >> 8 & 15),
                )
                for _ in range(count)
            ]
            items.append(Location(item, method, reference, tuple(extents)))
        return cls(version, index_width, tuple(items))

    def encoded(self) -> bytes:
        """Give the box; its length does not depend on the offsets but through their width."""
        largest = max(
            (value for item in self.items for _, *values in item.extents for value in values),
            default=0,
        )
        width = 4 if largest < 1 << 32 else 8
        wide = 4 if self.version > 1 else 2
        pieces = [
            bytes([self.version, 0, 0, 0, width << 4 | width, self.index_width]),
            len(self.items).to_bytes(wide, "big"),
        ]
        for item in self.items:
            pieces.append(item.item.to_bytes(wide, "big"))
            if self.version:
                pieces.append(item.method.to_bytes(2, "big"))
            pieces.append(item.reference.to_bytes(2, "big"))
            pieces.append(len(item.extents).to_bytes(2, "big"))
            for index, offset, length in item.extents:
                pieces.append(index.to_bytes(self.index_width, "big"))
                pieces += [offset.to_bytes(width, "big"), length.to_bytes(width, "big")]
        return encoded(b"iloc", *pieces)


def _bounded(count: int, most: int) -> int:
    if count > most:
        refuse_picture("it has too many items")
    return count


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of the `iinf` box."""

    number: int
    kind: bytes
    content_type: bytes

    @classmethod
    def of(cls, content: bytes, box: Box) -> "Item":
        """Read an `infe` box; one of the old versions has no kind."""
        cursor = Cursor(content, box.body_at, box.end)
        version = cursor.take(4) >> 24
        number = cursor.take(4 if version > 2 else 2)  # noqa: PLR2004
        if version < 2:  # noqa: PLR2004 - versions 0 and 1 are of MPEG-4, not of pictures
            return cls(number, b"", b"")
        cursor.take(2)
        kind = cursor.take(4).to_bytes(4, "big")
        cursor.words()
        return cls(number, kind, cursor.words() if kind == b"mime" else b"")
