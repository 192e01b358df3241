"""Matroska and WebM: the tags of a segment."""

from labelling.reading.finds import Finds
from labelling.reading.source import BrokenError, Source, number

_SEGMENT, _TAGS, _TAG, _SIMPLE, _NAME, _STRING, _BINARY = (
    0x18538067,
    0x1254C367,
    0x7373,
    0x67C8,
    0x45A3,
    0x4487,
    0x4485,
)
_CLUSTER = 0x1F43B675
_EBML = 0x1A45DFA3
_DEEPEST = 8
_LARGEST_TAGS = 1 << 20
_TOP = {_TAGS, _CLUSTER, 0x114D9B74, 0x1549A966, 0x1654AE6B, 0x1C53BB6B, 0x1941A469, 0x1043A770}
_UNKNOWN = -1


def scan(source: Source, finds: Finds) -> None:
    """Walk the segment's elements, over the clusters to the tags."""
    place = 0
    while place < source.size:
        name, length, start = _head(source, place)
        if name == _SEGMENT:
            _segment(source, finds, start, _end(source, start, length))
            if length == _UNKNOWN:
                return
        place = _end(source, start, length)


def _segment(source: Source, finds: Finds, place: int, end: int) -> None:
    while place < end:
        name, length, start = _head(source, place)
        if name == _TAGS:
            if length > _LARGEST_TAGS:
                msg = f"tags of {length} bytes are none"
                raise BrokenError(msg)
            _Tags(source.exactly(start, length), finds).run()
        if length == _UNKNOWN and name == _CLUSTER:
            place = _past_cluster(source, start, end)
        else:
            place = _end(source, start, length)
    if place > source.size:
        finds.issues.append("truncated")


def _past_cluster(source: Source, place: int, end: int) -> int:
    """A live cluster has no length: it ends where an element of the segment begins."""
    while place < end:
        name, length, start = _head(source, place)
        if name in _TOP:
            return place
        place = _end(source, start, length)
    return place


def _end(source: Source, start: int, length: int) -> int:
    return source.size if length == _UNKNOWN else start + length


def _head(source: Source, place: int) -> tuple[int, int, int]:
    """Give an element's name, length and start; both numbers tell their own width."""
    data = source.at(place, 12)
    width = _width(data, 0, 4)
    length_width = _width(data, width, 8)
    length = number(data, width, length_width) & ((1 << 7 * length_width) - 1)
    if length == (1 << 7 * length_width) - 1:
        length = _UNKNOWN
    return number(data, 0, width), length, place + width + length_width


def _width(data: bytes, place: int, most: int) -> int:
    first = number(data, place, 1)
    width = 9 - first.bit_length()
    if width > most:
        msg = "an element's name or length is none"
        raise BrokenError(msg)
    return width


class _Tags:
    """The tags of one element, read at once."""

    def __init__(self, data: bytes, finds: Finds) -> None:
        self._source = Source.of(data)
        self._finds = finds

    def run(self) -> None:
        self._over(0, self._source.size, 0)

    def _over(self, place: int, end: int, depth: int) -> None:
        if depth > _DEEPEST:
            msg = "tags are nested too deep"
            raise BrokenError(msg)
        names: list[str] = []
        values: list[bytes] = []
        while place < end:
            name, length, start = _head(self._source, place)
            place = _end(self._source, start, length)
            if name in {_TAG, _SIMPLE}:
                self._over(start, min(place, end), depth + 1)
            elif name == _NAME:
                names.append(
                    self._source.at(start, length).rstrip(b"\0").decode("utf-8", "replace")
                )
            elif name in {_STRING, _BINARY}:
                values.append(self._source.at(start, place - start).rstrip(b"\0"))
        for value in values[:1]:
            self._tag(names[0] if names else "", value)

    def _tag(self, name: str, value: bytes) -> None:
        if name.strip().casefold() == "aigc":
            self._finds.claim("matroska:AIGC", value, *(() if name == "AIGC" else ("key-name",)))
        else:
            self._finds.loose(f"matroska:{name[:32]}", value)
