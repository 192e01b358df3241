"""TIFF directories, as a file of their own or as the EXIF block of another."""

from dataclasses import dataclass
from typing import Literal

from labelling.reading import xmp
from labelling.reading.finds import Finds
from labelling.reading.source import BrokenError, Source, decoded, number

_BIG = 43
_XMP = 700
_EXIF_DIRECTORY = 34665
_SUB_DIRECTORIES = 330
_C2PA = 0xCD41
# Tags whose words may hold a label or a vendor's own note.
_WORDS = {
    0x010E: "exif:ImageDescription",
    0x9286: "exif:UserComment",
    0x9C9C: "exif:XPComment",
    0x013B: "exif:Artist",
    0x0131: "exif:Software",
}
_USER_COMMENT = 0x9286
_CHARACTER_SETS = {b"ASCII\0\0\0": "ascii", b"UNICODE\0": "", b"JIS\0\0\0\0\0": "", b"\0" * 8: ""}
_MOST_DIRECTORIES = 256
_MOST_ENTRIES = 4096
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_DIRECTORY_TYPES = {4, 13, 16, 18}


def scan(source: Source, finds: Finds) -> None:
    """Walk a TIFF file."""
    _Walk(source, finds, embedded=False).run()


def scan_exif(block: bytes, finds: Finds) -> None:
    """Walk an EXIF block; one that is broken takes nothing else down with it."""
    if block.startswith(b"Exif\0"):
        block = block[6:]
    try:
        _Walk(Source.of(block), finds, embedded=True).run()
    except BrokenError:
        finds.loose("exif:broken", block)


@dataclass(frozen=True, slots=True)
class _Entry:
    tag: int
    kind: int
    count: int
    place: int


class _Walk:
    def __init__(self, source: Source, finds: Finds, *, embedded: bool) -> None:
        self._source = source
        self._finds = finds
        self._embedded = embedded
        head = source.exactly(0, 8)
        self._order: Literal["big", "little"] = "big" if head[:2] == b"MM" else "little"
        self._wide = self._number(head, 2, 2) == _BIG

    def run(self) -> None:
        """Walk every directory once, loops and all."""
        head = self._source.at(0, 16)
        first = self._number(head, 8, 8) if self._wide else self._number(head, 4, 4)
        seen: set[int] = set()
        pending = [(first, True)]
        while pending:
            place, main = pending.pop()
            if not place or place in seen:
                continue
            seen.add(place)
            if len(seen) > _MOST_DIRECTORIES:
                msg = "the file has too many directories"
                raise BrokenError(msg)
            pending += [(further, False) for further in self._directory(place, main=main)]

    def _directory(self, place: int, *, main: bool) -> list[int]:
        counted, each = (8, 20) if self._wide else (2, 12)
        entries = self._number(self._source.exactly(place, counted), 0, counted)
        if entries > _MOST_ENTRIES:
            msg = f"a directory of {entries} entries is none"
            raise BrokenError(msg)
        table = self._source.exactly(place + counted, entries * each)
        further: list[int] = []
        for start in range(0, len(table), each):
            entry = self._entry(table, start, place + counted + start)
            further += self._take(entry, main=main)
        end = place + counted + len(table)
        after = 8 if self._wide else 4
        following = self._source.at(end, after)
        if len(following) == after:
            further.append(self._number(following, 0, after))
        return further

    def _entry(self, table: bytes, start: int, place: int) -> _Entry:
        tag, kind = self._number(table, start, 2), self._number(table, start + 2, 2)
        width = 8 if self._wide else 4
        count = self._number(table, start + 4, width)
        size = count * _SIZES.get(kind, 1)
        value = place + 4 + width
        if size > width:
            value = self._number(table, start + 4 + width, width)
        return _Entry(tag, kind, count, value)

    def _take(self, entry: _Entry, *, main: bool) -> list[int]:
        size = entry.count * _SIZES.get(entry.kind, 1)
        if entry.tag == _XMP:
            place = "xmp" if main and not self._embedded else "xmp:other-directory"
            xmp.scan(self._source.packet(entry.place, size), self._finds, place)
        elif entry.tag in _WORDS:
            self._words(entry, size)
        elif entry.tag == _C2PA:
            self._finds.manifest(self._source.at(entry.place, min(size, 4 << 20)))
        elif entry.tag in {_EXIF_DIRECTORY, _SUB_DIRECTORIES} and entry.kind in _DIRECTORY_TYPES:
            width = _SIZES[entry.kind]
            data = self._source.at(entry.place, min(size, 64 * width))
            return [
                self._number(data, offset, width)
                for offset in range(0, len(data) - width + 1, width)
            ]
        return []

    def _words(self, entry: _Entry, size: int) -> None:
        raw = self._source.at(entry.place, min(size, 64 << 10))
        if entry.tag == _USER_COMMENT and raw[:8] in _CHARACTER_SETS:
            unicode = raw.startswith(b"UNICODE")
            raw = raw[8:]
            if unicode and not raw.startswith((b"\xff\xfe", b"\xfe\xff")):
                text = raw.decode("utf-16-be" if self._order == "big" else "utf-16-le", "replace")
                # Some writers put UTF-16 in the other order than the block's own.
                raw = raw if "aigc" not in text.casefold() else text.encode()
        self._finds.loose(_WORDS[entry.tag], decoded(raw))

    def _number(self, data: bytes, offset: int, length: int) -> int:
        return number(data, offset, length, self._order)
