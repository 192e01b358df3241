"""What is read: bytes or an open file, by place, and never past a budget."""

import os
import zlib
from collections.abc import Callable
from typing import Literal, Self

from labelling.errors import LabellingError

LARGEST_PACKET = 1 << 20
"""Of one packet of metadata, unpacked, in bytes."""

_READS = 200_000
_BYTES = 192 << 20


class BrokenError(LabellingError):
    """A container ends or contradicts itself where its structure was needed."""


class ExhaustedError(LabellingError):
    """Reading on would take more time or memory than a file may cost."""


class Source:
    """Content by place; every read costs, so that no file can hold a reader for long."""

    def __init__(self, size: int, fetch: Callable[[int, int], bytes]) -> None:
        """Make a source.

        Args:
            size: In bytes.
            fetch: Gives the bytes from a place on, fewer at the end.
        """
        self.size = size
        self._fetch = fetch
        self._reads = _READS
        self._bytes = _BYTES

    @classmethod
    def of(cls, content: bytes) -> Self:
        """Read bytes."""
        return cls(len(content), lambda offset, length: content[offset : offset + length])

    @classmethod
    def of_file(cls, descriptor: int) -> Self:
        """Read an open file without loading it.

        Not by a memory map: a file that shrinks while it is read would kill the process.
        """
        size = os.fstat(descriptor).st_size
        return cls(size, lambda offset, length: os.pread(descriptor, length, offset))

    def at(self, offset: int, length: int) -> bytes:
        """Give the bytes at a place, fewer at the end.

        Raises:
            ExhaustedError: The budget is spent.
        """
        length = max(0, min(length, self.size - offset))
        self._reads -= 1
        self._bytes -= length
        if self._reads < 0 or self._bytes < 0:
            msg = "the content takes too long to read to its end"
            raise ExhaustedError(msg)
        return self._fetch(offset, length)

    def exactly(self, offset: int, length: int) -> bytes:
        """Give so many bytes.

        Raises:
            BrokenError: There are fewer.
            ExhaustedError: The budget is spent.
        """
        piece = self.at(offset, length)
        if len(piece) != length:
            msg = f"the content ends within {length} bytes at {offset}"
            raise BrokenError(msg)
        return piece

    def packet(self, offset: int, length: int) -> bytes:
        """Give a packet of metadata.

        Raises:
            BrokenError: It is cut, or larger than any packet of metadata.
            ExhaustedError: The budget is spent.
        """
        if length > LARGEST_PACKET:
            msg = f"a packet of {length} bytes is no metadata"
            raise BrokenError(msg)
        return self.exactly(offset, length)

    def whole(self, largest: int) -> bytes:
        """Give all of it.

        Raises:
            ExhaustedError: It is larger.
        """
        if self.size > largest:
            msg = f"{self.size} bytes are more than the {largest} that this medium may have"
            raise ExhaustedError(msg)
        return self.at(0, self.size)


def number(data: bytes, offset: int, length: int, order: Literal["big", "little"] = "big") -> int:
    """Give an unsigned number.

    Raises:
        BrokenError: It is cut.
    """
    piece = data[offset : offset + length]
    if len(piece) != length:
        msg = f"a number of {length} bytes is cut"
        raise BrokenError(msg)
    return int.from_bytes(piece, order)


def inflated(data: bytes, *, raw: bool = False, largest: int = LARGEST_PACKET) -> bytes:
    """Unpack deflated bytes up to a size.

    Raises:
        BrokenError: They are damaged, or larger than that.
    """
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS if raw else zlib.MAX_WBITS)
    try:
        unpacked = unpacker.decompress(data, largest + 1)
    except zlib.error as error:
        msg = "compressed bytes are damaged"
        raise BrokenError(msg) from error
    if len(unpacked) > largest:
        msg = f"compressed bytes hold more than {largest}"
        raise BrokenError(msg)
    return unpacked


def decoded(raw: bytes) -> str:
    """Give the words of bytes whose encoding nobody states."""
    for mark, encoding in (
        (b"\xff\xfe", "utf-16"),
        (b"\xfe\xff", "utf-16"),
        (b"\xef\xbb\xbf", "utf-8-sig"),
    ):
        if raw.startswith(mark):
            return raw.decode(encoding, "replace")
    # ASCII in two bytes a character has a NUL in every second place.
    if raw[1::2].count(0) * 2 > len(raw) // 2:
        return raw.decode("utf-16-le", "replace")
    if raw[::2].count(0) * 2 > len(raw) // 2:
        return raw.decode("utf-16-be", "replace")
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")
