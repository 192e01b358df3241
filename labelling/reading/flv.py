"""FLV: the properties of `onMetaData`."""

from labelling.reading.finds import Finds
from labelling.reading.source import BrokenError, Source, number

_SCRIPT = 18
_MOST_TAGS = 2048
_DEEPEST = 8
_STRING, _OBJECT, _ARRAY, _END, _STRICT, _LONG = 2, 3, 8, 9, 10, 12
# Number, truth value, reference, date, null and undefined: how many bytes follow.
_SIZES = {0: 8, 1: 1, 7: 2, 11: 10, 5: 0, 6: 0}
_HEAD = 11


def scan(source: Source, finds: Finds) -> None:
    """Walk the tags; labels stand near the start."""
    place = number(source.exactly(0, 9), 5, 4) + 4
    for _ in range(_MOST_TAGS):
        head = source.at(place, _HEAD)
        if len(head) < _HEAD:
            break
        length = number(head, 1, 3)
        if head[0] & 0x1F == _SCRIPT:
            _Values(source.packet(place + _HEAD, length), finds).script()
        place += _HEAD + length + 4


class _Values:
    """AMF0 values, read in order."""

    def __init__(self, data: bytes, finds: Finds) -> None:
        self._data = data
        self._place = 0
        self._finds = finds

    def script(self) -> None:
        """Read a name and what belongs to it."""
        self._value("", 0)
        while self._place < len(self._data):
            self._value("", 0)

    def _take(self, length: int) -> bytes:
        piece = self._data[self._place : self._place + length]
        if len(piece) < length:
            msg = "a script tag is cut"
            raise BrokenError(msg)
        self._place += length
        return piece

    def _value(self, name: str, depth: int) -> None:
        if depth > _DEEPEST:
            msg = "a script tag is nested too deep"
            raise BrokenError(msg)
        kind = self._take(1)[0]
        if kind in {_STRING, _LONG}:
            width = 2 if kind == _STRING else 4
            self._string(name, self._take(number(self._take(width), 0, width)))
        elif kind in {_OBJECT, _ARRAY}:
            self._take(4 if kind == _ARRAY else 0)
            self._members(depth + 1)
        elif kind == _STRICT:
            for _ in range(number(self._take(4), 0, 4)):
                self._value("", depth + 1)
        else:
            self._skip(kind)

    def _skip(self, kind: int) -> None:
        if kind not in _SIZES:
            msg = f"a script tag holds a value of the unknown kind {kind}"
            raise BrokenError(msg)
        self._take(_SIZES[kind])

    def _members(self, depth: int) -> None:
        while True:
            name = self._take(number(self._take(2), 0, 2)).decode("latin-1")
            if not name and self._data[self._place : self._place + 1] == bytes([_END]):
                self._place += 1
                return
            self._value(name, depth)

    def _string(self, name: str, value: bytes) -> None:
        if name.casefold() == "aigc":
            self._finds.claim("flv:onMetaData", value, *(() if name == "AIGC" else ("key-name",)))
        elif name:
            self._finds.loose(f"flv:{name[:32]}", value)
