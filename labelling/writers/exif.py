"""EXIF without what tells of a person: where a picture was taken, by whom, with which device.

Blanked in place: the block keeps its length and its offsets, so that every container takes it as
it is, and what it says besides (orientation, colours, rights, dates) stays byte for byte.
"""

import struct
from dataclasses import dataclass
from typing import Final

from labelling.errors import UnsupportedMediaError

WIDTHS: Final = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}
"""Bytes of one value, by field type."""
_ENTRY = 12
_MOST_ENTRIES = 512
_MOST_DIRECTORIES = 16
_MOST_PAGES = 1024
_MOST_BLANKED = 4
_LONGEST_TEXT = 1 << 16
_GPS = 0x8825
_POINTERS = frozenset({0x8769, 0xA005, _GPS})
_THUMBNAIL_AT, _THUMBNAIL_LENGTH = 0x0201, 0x0202
_ORIENTATION = 0x0112
_PERSONAL = frozenset(
    {
        _GPS,
        0x013B,  # Artist
        0x013C,  # HostComputer
        0x927C,  # MakerNote: serial numbers, faces, places, in a form each maker keeps to itself
        0x9286,  # UserComment, which is also where others put a label
        0x9C9C,  # XPComment
        0x9C9D,  # XPAuthor
        0xA420,  # ImageUniqueID
        0xA430,  # CameraOwnerName
        0xA431,  # BodySerialNumber
        0xA435,  # LensSerialNumber
    }
)
_DESCRIPTIONS = frozenset({0x010E, 0x9C9B, 0x9C9E, 0x9C9F})
"""Texts that stay, but where they hold a label of somebody's: a file has one."""


def scrubbed(exif: bytes) -> bytes:
    """Give the block, from its byte order mark on, without what is personal.

    The small picture inside goes too: it would show what the large one showed before its mark.
    A block that is no EXIF comes back as zeros, for nobody can tell what it says.
    """
    block = _Block.of(exif)
    if block is None:
        return bytes(len(exif))
    return bytes(block.content) if block.clean() else bytes(len(exif))


def scrubbed_pages(tiff: bytes) -> bytes:
    """Give a TIFF file without what is personal; what follows its first directory are its pages.

    Raises:
        UnsupportedMediaError: It cannot be walked to its end.
    """
    block = _Block.of(tiff)
    if block is None or not block.clean(pages=True):
        msg = "a TIFF cannot be read: its directories do not end"
        raise UnsupportedMediaError(msg)
    return bytes(block.content)


def orientation_of(exif: bytes) -> int:
    """Give the orientation, 1 to 8; 1 where the block says nothing readable."""
    block = _Block.of(exif)
    found = block.short(_ORIENTATION) if block else 1
    return found if 1 <= found <= 8 else 1  # noqa: PLR2004 - the eight of the standard


@dataclass(slots=True)
class _Block:
    content: bytearray
    order: str
    blanked: int = 0
    """Bytes so far: entries of a hostile block overlap, and would be blanked for ever."""

    @classmethod
    def of(cls, exif: bytes) -> "_Block | None":
        order = {b"II*\0": "<", b"MM\0*": ">"}.get(exif[:4])
        return cls(bytearray(exif), order) if order and len(exif) >= 8 else None  # noqa: PLR2004

    def clean(self, *, pages: bool = False) -> bool:
        """Blank what is personal wherever a reader gets to; tell whether all of it was reached."""
        first = self._long(4)
        waiting, seen = [(first, False)], set[int]()
        while waiting and len(seen) < (_MOST_PAGES if pages else _MOST_DIRECTORIES):
            at, all_of_it = waiting.pop()
            if at in seen or not self._holds(at, 2):
                continue
            seen.add(at)
            pointers, following = self._clean(at, all_of_it=all_of_it)
            waiting += pointers
            if pages:
                waiting += [(following, False)] if following else []
            elif at == first and following:
                self._drop_thumbnail(at, following)
        return not waiting and self.blanked <= _MOST_BLANKED * len(self.content)

    def short(self, tag: int) -> int:
        """Give the value of a tag of the first directory, or 1."""
        at = self._long(4)
        for entry in self._entries(at):
            if self._short(entry) == tag:
                return self._short(entry + 8)
        return 1

    def _entries(self, at: int) -> range:
        if not self._holds(at, 2):
            return range(0)
        count = min(self._short(at), _MOST_ENTRIES, (len(self.content) - at - 2) // _ENTRY)
        return range(at + 2, at + 2 + count * _ENTRY, _ENTRY)

    def _clean(self, at: int, *, all_of_it: bool) -> tuple[list[tuple[int, bool]], int]:
        """Blank a directory; give those it points to, and the one that follows it."""
        entries = self._entries(at)
        follows = self._long(entries.stop) if self._holds(entries.stop, 4) else 0
        kept, pointers = [], []
        for entry in entries:
            tag = self._short(entry)
            if tag in _POINTERS:
                pointers.append((self._long(entry + 8), all_of_it or tag == _GPS))
            if all_of_it or tag in _PERSONAL or self._is_label(entry, tag):
                self._blank_value(entry)
            else:
                kept.append(bytes(self.content[entry : entry + _ENTRY]))
        if len(kept) < len(entries):
            tail = struct.pack(f"{self.order}I", follows)
            table = b"".join(kept) + (tail if self._holds(entries.stop, 4) else b"")
            room = len(entries) * _ENTRY + (4 if self._holds(entries.stop, 4) else 0)
            self.content[at : at + 2] = struct.pack(f"{self.order}H", len(kept))
            self.content[at + 2 : at + 2 + room] = table.ljust(room, b"\0")
        return pointers, follows

    def _drop_thumbnail(self, at: int, following: int) -> None:
        entries = self._entries(following)
        values = {self._short(entry): self._long(entry + 8) for entry in entries}
        start, length = values.get(_THUMBNAIL_AT, 0), values.get(_THUMBNAIL_LENGTH, 0)
        if length and self._holds(start, length):
            self.content[start : start + length] = bytes(length)
        pointer = self._entries(at).stop
        self.content[pointer : pointer + 4] = bytes(4)

    def _is_label(self, entry: int, tag: int) -> bool:
        return tag in _DESCRIPTIONS and b"AIGC" in self._value(entry).replace(b"\0", b"")

    def _value(self, entry: int) -> bytes:
        start, length = self._span(entry)
        return bytes(self.content[start : start + min(length, _LONGEST_TEXT)])

    def _blank_value(self, entry: int) -> None:
        start, length = self._span(entry)
        self.blanked += length
        if self.blanked <= _MOST_BLANKED * len(self.content):
            self.content[start : start + length] = bytes(length)

    def _span(self, entry: int) -> tuple[int, int]:
        length = WIDTHS.get(self._short(entry + 2), 1) * self._long(entry + 4)
        start = entry + 8 if length <= 4 else self._long(entry + 8)  # noqa: PLR2004
        return start, max(0, min(length, len(self.content) - start))

    def _holds(self, at: int, length: int) -> bool:
        return 8 <= at <= len(self.content) - length  # noqa: PLR2004 - the header ends there

    def _short(self, at: int) -> int:
        return int(struct.unpack_from(f"{self.order}H", self.content, at)[0])

    def _long(self, at: int) -> int:
        return int(struct.unpack_from(f"{self.order}I", self.content, at)[0])
