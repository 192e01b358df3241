"""Vorbis comments in FLAC and Ogg."""

from collections.abc import Iterator

from labelling.reading import id3
from labelling.reading.finds import Finds
from labelling.reading.source import BrokenError, Source, number

_COMMENTS, _APPLICATION = 4, 2
_PAGE_HEAD, _FULL, _SECOND = 27, 255, 2
_MOST_COMMENTS = 10_000
_MOST_BLOCKS = 4096
_MOST_PAGES = 4096
_LARGEST_HEADERS = 16 << 20
# What the second packet of a stream begins with, before its comments.
_COMMENT_HEADS = (b"\x03vorbis", b"OpusTags", b"\x81theora", b"\x81kate\0\0\0")


def scan_flac(source: Source, finds: Finds) -> None:
    """Walk the metadata blocks."""
    place = id3.past_tags(source, finds)
    if source.exactly(place, 4) != b"fLaC":
        msg = "no stream begins behind the tags"
        raise BrokenError(msg)
    place += 4
    for _ in range(_MOST_BLOCKS):
        head = source.exactly(place, 4)
        length = number(head, 1, 3)
        kind = head[0] & 0x7F
        if kind == _COMMENTS:
            _comments(source.exactly(place + 4, length), finds)
        elif kind == _APPLICATION:
            data = source.at(place + 4, min(length, 64 << 10))
            finds.loose("flac:application", data)
        place += 4 + length
        if head[0] & 0x80:
            break
    tail = source.at(max(place, source.size - (64 << 10)), 64 << 10)
    finds.trailer(tail)


def scan_ogg(source: Source, finds: Finds) -> None:
    """Put together the second packet of every stream: it holds the comments."""
    streams: dict[bytes, _Stream] = {}
    for serial, lacing, data in _pages(source):
        streams.setdefault(serial, _Stream()).take(lacing, data, finds)
        if all(stream.packets >= _SECOND for stream in streams.values()):
            break


def _pages(source: Source) -> Iterator[tuple[bytes, bytes, bytes]]:
    place, read = 0, 0
    for _ in range(_MOST_PAGES):
        head = source.at(place, 27)
        if len(head) < _PAGE_HEAD or head[:4] != b"OggS":
            break
        lacing = source.exactly(place + 27, head[26])
        length = sum(lacing)
        yield head[14:18], lacing, source.at(place + 27 + len(lacing), length)
        place += 27 + len(lacing) + length
        read += length
        if read > _LARGEST_HEADERS:
            break


class _Stream:
    """Puts packets together from the segments of pages."""

    def __init__(self) -> None:
        self.packets = 0
        self._packet = bytearray()

    def take(self, lacing: bytes, data: bytes, finds: Finds) -> None:
        place = 0
        for segment in lacing:
            self._packet += data[place : place + segment]
            place += segment
            if segment < _FULL:
                self.packets += 1
                if self.packets == _SECOND:
                    _second(bytes(self._packet), finds)
                self._packet.clear()


def _second(packet: bytes, finds: Finds) -> None:
    for head in _COMMENT_HEADS:
        if packet.startswith(head):
            _comments(packet[len(head) :], finds)
            return
    # FLAC in Ogg has the metadata block itself; Speex has the comments and nothing before them.
    _comments(packet[4:] if packet[:1] in {b"\x04", b"\x84"} else packet, finds)


def _comments(data: bytes, finds: Finds) -> None:
    place = 4 + number(data, 0, 4, "little")
    count = number(data, place, 4, "little")
    if count > _MOST_COMMENTS:
        msg = f"{count} comments are too many"
        raise BrokenError(msg)
    place += 4
    for _ in range(count):
        length = number(data, place, 4, "little")
        comment = data[place + 4 : place + 4 + length]
        if len(comment) < length:
            finds.issues.append("truncated")
        name, _, value = comment.partition(b"=")
        if name.strip().upper() == b"AIGC":
            finds.claim("vorbis:AIGC", value[: 128 << 10])
        elif length < 64 << 10:
            finds.loose(f"vorbis:{name[:32].decode('latin-1')}", value)
        place += 4 + length
