"""GIF: the application extensions between the pictures."""

from labelling.reading import xmp
from labelling.reading.finds import Finds
from labelling.reading.source import LARGEST_PACKET, BrokenError, Source

_XMP = b"XMP DataXMP"
_MAGIC_TRAILER = b"\x01" + bytes(range(0xFF, 0xF7, -1))
_TRAILER_LENGTH = 258
_EXTENSION, _PICTURE, _END = 0x21, 0x2C, 0x3B
_APPLICATION, _COMMENT = 0xFF, 0xFE
_LARGEST_BLOCKS = 256 << 10


def scan(source: Source, finds: Finds) -> None:
    """Walk the blocks to the end."""
    place = 13 + _table(source.exactly(0, 13)[10])
    while True:
        introducer = source.exactly(place, 1)[0]
        if introducer == _EXTENSION:
            place = _extension(source, place + 1, finds)
        elif introducer == _PICTURE:
            flags = source.exactly(place + 1, 9)[8]
            place = _past_blocks(source, place + 11 + _table(flags))
        elif introducer == _END:
            break
        else:
            msg = f"no block begins at {place}"
            raise BrokenError(msg)
    finds.trailer(source.at(max(place + 1, source.size - (64 << 10)), 64 << 10))


def _table(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _extension(source: Source, place: int, finds: Finds) -> int:
    head = source.exactly(place, 13)
    if head[0] == _APPLICATION and head[2:13] == _XMP:
        return _packet(source, place + 13, finds)
    if head[0] == _APPLICATION and head[2:10] == b"C2PA_GIF":
        finds.manifest(_blocks(source, place + 13))
    elif head[0] == _COMMENT:
        finds.loose("gif:comment", _blocks(source, place + 1))
    return _past_blocks(source, place + 1)


def _packet(source: Source, place: int, finds: Finds) -> int:
    """Read a packet that stands there raw, with a trailer that ends it for any walk by blocks."""
    data = source.at(place, LARGEST_PACKET)
    end = data.find(_MAGIC_TRAILER)
    if end >= 0:
        xmp.scan(data[:end], finds)
        return place + end + _TRAILER_LENGTH
    finds.issues.append("trailer-missing")
    xmp.scan(_blocks(source, place), finds)
    return _past_blocks(source, place)


def _blocks(source: Source, place: int) -> bytes:
    found: list[bytes] = []
    while (length := source.exactly(place, 1)[0]) and sum(map(len, found)) < _LARGEST_BLOCKS:
        found.append(source.exactly(place + 1, length))
        place += 1 + length
    return b"".join(found)


def _past_blocks(source: Source, place: int) -> int:
    """Skip sub-blocks, a window at a time: a picture may have a hundred thousand."""
    window, start = b"", place
    while True:
        offset = place - start
        if not 0 <= offset < len(window):
            start, window = place, source.at(place, 64 << 10)
            offset = 0
        if not window:
            msg = "the file ends within a picture"
            raise BrokenError(msg)
        length = window[offset]
        place += 1 + length
        if not length:
            return place
