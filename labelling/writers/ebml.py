"""The elements of Matroska and WebM."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from labelling.errors import UnsupportedMediaError
from labelling.writers.splicing import take

CHECKSUM, VOID = b"\xbf", b"\xec"
UNKNOWN = b"\x01" + b"\xff" * 7
"""The size of what does not tell it."""
_SIZE_WIDTH = 8
_LONGEST_NAME = 4


@dataclass(frozen=True, slots=True)
class Place:
    """An element of the file, by where it stands."""

    name: bytes
    start: int
    content: int
    """Where its content begins."""
    end: int | None
    """None where the size is unknown, as in a live recording."""


def place(source: BinaryIO, start: int, limit: int) -> Place:
    """Read where an element stands, which must end before the limit.

    Raises:
        UnsupportedMediaError: It is broken or cut off.
    """
    source.seek(start)
    head = source.read(_LONGEST_NAME + _SIZE_WIDTH)
    name_width = _width(head[:1])
    size_width = _width(head[name_width : name_width + 1])
    content = start + name_width + size_width
    field = head[name_width : name_width + size_width]
    if name_width > _LONGEST_NAME or content > limit or len(field) < size_width:
        msg = f"the element at byte {start} is broken"
        raise UnsupportedMediaError(msg)
    size = _number(field)
    if size is not None and content + size > limit:
        msg = f"the element at byte {start} is cut off"
        raise UnsupportedMediaError(msg)
    return Place(head[:name_width], start, content, None if size is None else content + size)


def children(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Give name and content of the elements within one.

    Raises:
        UnsupportedMediaError: One is broken.
    """
    at = 0
    while at < len(content):
        name_width = _width(content[at : at + 1])
        size_width = _width(content[at + name_width : at + name_width + 1])
        begin = at + name_width + size_width
        size = _number(content[at + name_width : begin])
        if size is None or begin + size > len(content):
            msg = "an element within another one is broken"
            raise UnsupportedMediaError(msg)
        yield content[at : at + name_width], content[begin : begin + size]
        at = begin + size


def element(name: bytes, content: bytes) -> bytes:
    """Give an element as it is stored."""
    return name + sized(len(content)) + content


def sized(size: int) -> bytes:
    """Give a size in eight bytes, so that it never changes what follows."""
    return (1 << 56 | size).to_bytes(_SIZE_WIDTH, "big")


def void(size: int) -> bytes:
    """Give an element of at most 128 bytes altogether that means nothing."""
    return VOID + bytes([0x80 | size - 2]) + bytes(size - 2)


def read(source: BinaryIO, at: Place, most: int) -> bytes:
    """Read the content of an element.

    Raises:
        UnsupportedMediaError: Its size is unknown, or more than may stand in memory.
    """
    if at.end is None or at.end - at.content > most:
        msg = f"the element at byte {at.start} is too large to be edited"
        raise UnsupportedMediaError(msg)
    return take(source, at.content, at.end - at.content)


def _width(first: bytes) -> int:
    """Tell the bytes of a number by its first one."""
    if not first or not first[0]:
        msg = "an element has no name or size"
        raise UnsupportedMediaError(msg)
    return 9 - first[0].bit_length()


def _number(field: bytes) -> int | None:
    """Give the number, or None for the one that means unknown."""
    bits = 7 * len(field)
    number = int.from_bytes(field, "big") & (1 << bits) - 1
    return None if number == (1 << bits) - 1 else number
