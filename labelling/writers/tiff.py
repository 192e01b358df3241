"""The implicit label of TIFF: XMP in tag 700 of the first directory.

The directory is written anew at the end of the file and the header points to it, so that pixels
and all that points to them stay where they are. BigTIFF is the same with wider numbers.
"""

import struct
from dataclasses import dataclass
from typing import NoReturn

from labelling.errors import LabellingError, UnsupportedMediaError
from labelling.writers import exif, xmp
from labelling.writers.base import Kind, Label
from labelling.writers.payload import compact

_XMP = 700
_UNDEFINED = 7
_MOST_BYTES = 0xFFFF_FFFF
_MOST_ENTRIES = 4096


@dataclass(frozen=True, slots=True)
class _Form:
    """How wide the numbers of a file are, and in which order their bytes stand."""

    order: str
    count: str
    offset: str
    first_at: int

    @property
    def entry(self) -> struct.Struct:
        """Tag, type, number of values, and the value or where it stands."""
        return struct.Struct(f"{self.order}HH{self.offset}{struct.calcsize(self.offset)}s")


_FORMS = {
    b"II*\0": _Form("<", "H", "I", 4),
    b"MM\0*": _Form(">", "H", "I", 4),
    b"II+\0": _Form("<", "Q", "Q", 8),
    b"MM\0+": _Form(">", "Q", "Q", 8),
}


@dataclass(frozen=True, slots=True)
class _Entry:
    tag: int
    raw: bytes
    value_at: int
    """Of the value, or of the pointer to it, in bytes from the file's start."""


class TiffXmpWriter:
    """Puts `TC260:AIGC` into the XMP of a TIFF, once for all its pages (TC260-PG-20259A)."""

    name = "tiff-xmp"
    kind = Kind.IMPLICIT

    def write(self, content: bytes, label: Label) -> bytes:
        form = _form(content)
        scrubbed = content if form.count == "Q" else exif.scrubbed_pages(content)
        directory = _Directory.of(scrubbed, form)
        packet = directory.packet(scrubbed)
        labelled = xmp.with_label(packet, compact(label.aigc))
        if packet == labelled:
            return scrubbed
        made = bytearray(scrubbed)
        if packet is not None:
            start = directory.packet_at(scrubbed)
            # Nothing points there any more, and a label that nobody finds must not be there.
            made[start : start + len(packet)] = bytes(len(packet))
        made += bytes(len(made) % 2)
        at = len(made)
        made += labelled + bytes(len(labelled) % 2)
        pointer = struct.pack(f"{form.order}{form.offset}", at)
        entry = form.entry.pack(_XMP, _UNDEFINED, len(labelled), pointer)
        struct.pack_into(f"{form.order}{form.offset}", made, form.first_at, len(made))
        made += directory.with_entry(entry)
        if len(made) > _MOST_BYTES and form.offset == "I":
            msg = "a TIFF is too large for its label"
            raise LabellingError(msg)
        return bytes(made)

    def read(self, content: bytes) -> str | None:
        return xmp.label_in(_Directory.of(content, _form(content)).packet(content))


@dataclass(frozen=True, slots=True)
class _Directory:
    form: _Form
    entries: tuple[_Entry, ...]
    following: bytes
    """The pointer to the next page, as it stands."""

    @classmethod
    def of(cls, content: bytes, form: _Form) -> "_Directory":
        """Read the first directory."""
        at = _number(content, form, form.offset, form.first_at)
        count = _number(content, form, form.count, at)
        start = at + struct.calcsize(form.count)
        end = start + count * form.entry.size
        width = struct.calcsize(form.offset)
        if count > _MOST_ENTRIES or end + width > len(content):
            _refuse("its first directory does not end")
        entries = tuple(
            _Entry(
                _number(content, form, "H", entry),
                content[entry : entry + form.entry.size],
                entry + form.entry.size - width,
            )
            for entry in range(start, end, form.entry.size)
        )
        return cls(form, entries, content[end : end + width])

    def packet(self, content: bytes) -> bytes | None:
        """Give the XMP packet, or None."""
        entry = self._xmp()
        if entry is None:
            return None
        length = self._length(entry)
        start = self.packet_at(content)
        if start + length > len(content):
            _refuse("its XMP does not end")
        return content[start : start + length]

    def packet_at(self, content: bytes) -> int:
        """Tell where the packet stands."""
        entry = self._xmp()
        assert entry is not None
        if self._length(entry) <= struct.calcsize(self.form.offset):
            return entry.value_at
        return _number(content, self.form, self.form.offset, entry.value_at)

    def with_entry(self, entry: bytes) -> bytes:
        """Give the directory with the XMP entry in its place: tags stand in rising order."""
        others = [(known.tag, known.raw) for known in self.entries if known.tag != _XMP]
        ordered = sorted([*others, (_XMP, entry)], key=lambda pair: pair[0])
        count = struct.pack(f"{self.form.order}{self.form.count}", len(ordered))
        return b"".join([count, *(raw for _, raw in ordered), self.following])

    def _xmp(self) -> _Entry | None:
        return next((entry for entry in self.entries if entry.tag == _XMP), None)

    def _length(self, entry: _Entry) -> int:
        _, kind, count, _ = self.form.entry.unpack(entry.raw)
        return int(count) * exif.WIDTHS.get(kind, 1)


def _form(content: bytes) -> _Form:
    form = _FORMS.get(content[:4])
    if form is None:
        _refuse("it does not start like one")
    return form


def _number(content: bytes, form: _Form, width: str, at: int) -> int:
    if at + struct.calcsize(width) > len(content):
        _refuse(f"there is nothing at byte {at}")
    return int(struct.unpack_from(form.order + width, content, at)[0])


def _refuse(why: str) -> NoReturn:
    msg = f"a TIFF cannot be read: {why}"
    raise UnsupportedMediaError(msg)
