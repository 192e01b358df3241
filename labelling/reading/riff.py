"""RIFF: WebP, WAV and AVI."""

from labelling.reading import id3, tiff, xmp
from labelling.reading.finds import Finds
from labelling.reading.source import Source, number

_XMP_FLAG = 0x04
_TAIL = 64 << 10


def scan(source: Source, finds: Finds) -> None:
    """Walk the chunks to the end that the file states."""
    head = source.exactly(0, 12)
    stated = 8 + number(head, 4, 4, "little")
    if stated > source.size:
        finds.issues.append("truncated")
    _Walk(source, finds).over(12, min(stated, source.size))
    start = max(stated, source.size - _TAIL)
    finds.trailer(source.at(start, source.size - start))


class _Walk:
    def __init__(self, source: Source, finds: Finds) -> None:
        self._source = source
        self._finds = finds
        self._flags = _XMP_FLAG

    def over(self, place: int, end: int, inside: bytes = b"") -> None:
        while place + 8 <= end:
            head = self._source.exactly(place, 8)
            name, length = head[:4], number(head, 4, 4, "little")
            if name == b"LIST" and not inside:
                kind = self._source.at(place + 8, 4)
                if kind == b"INFO":
                    self.over(place + 12, min(place + 8 + length, end), kind)
            elif inside:
                self._information(name, place + 8, length)
            else:
                self._chunk(name, place + 8, length)
            place += 8 + length + length % 2

    def _information(self, name: bytes, place: int, length: int) -> None:
        if name == b"AIGC":
            self._finds.claim("riff:INFO/AIGC", self._source.packet(place, length))
        else:
            words = self._source.at(place, min(length, _TAIL))
            self._finds.loose(f"riff:INFO/{name.decode('latin-1')}", words)

    def _chunk(self, name: bytes, place: int, length: int) -> None:
        if name == b"VP8X":
            self._flags = self._source.exactly(place, 1)[0]
        elif name == b"AIGC":
            self._finds.claim("riff:AIGC", self._source.packet(place, length))
        elif name in {b"XMP ", b"_PMX"}:
            if not self._flags & _XMP_FLAG:
                self._finds.issues.append("flag-missing")
            xmp.scan(self._source.packet(place, length), self._finds)
        elif name == b"EXIF":
            tiff.scan_exif(self._source.packet(place, length), self._finds)
        elif name in {b"id3 ", b"ID3 "}:
            id3.scan_tag(self._source.packet(place, length), self._finds, "riff:id3/")
        elif name == b"C2PA":
            self._finds.manifest(self._source.at(place, min(length, 4 << 20)))
