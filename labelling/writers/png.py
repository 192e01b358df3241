"""The implicit label of PNG and APNG: XMP in an `iTXt` chunk before the pixels."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NoReturn

from labelling.errors import UnsupportedMediaError
from labelling.writers import exif, xmp
from labelling.writers.base import Kind, Label
from labelling.writers.payload import compact

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_KEYWORD = b"XML:com.adobe.xmp"
_TEXTS = frozenset({b"tEXt", b"zTXt", b"iTXt"})
_RAW_PROFILES = (b"Raw profile type exif", b"Raw profile type APP1", b"Raw profile type xmp")
"""EXIF and XMP in the clothes ImageMagick gave them before there were places for them."""
_MOST_CHUNKS = 1 << 16
_MOST_TEXT = 1 << 16


@dataclass(frozen=True, slots=True)
class Chunk:
    """One chunk; where it stands is enough, for its pixels are never copied before the end."""

    name: bytes
    start: int
    """Of its length field, in bytes from the file's start."""
    length: int

    @property
    def end(self) -> int:
        """Just after its checksum."""
        return self.start + self.length + 12

    def body(self, content: bytes) -> bytes:
        """Give what it holds."""
        return content[self.start + 8 : self.end - 4]


def chunks(content: bytes) -> Iterator[Chunk]:
    """Give the chunks of a file, `IEND` last.

    Raises:
        UnsupportedMediaError: These bytes are no PNG.
    """
    if not content.startswith(SIGNATURE):
        _refuse("it does not start like one")
    at = len(SIGNATURE)
    for _ in range(_MOST_CHUNKS):
        chunk = Chunk(content[at + 4 : at + 8], at, int.from_bytes(content[at : at + 4], "big"))
        if chunk.end > len(content):
            _refuse(f"the chunk at byte {at} does not end")
        yield chunk
        if chunk.name == b"IEND":
            return
        at = chunk.end
    _refuse("it has too many chunks")


def encoded(name: bytes, body: bytes) -> bytes:
    """Give a chunk as it stands in a file."""
    checksum = zlib.crc32(body, zlib.crc32(name))
    return b"".join([len(body).to_bytes(4, "big"), name, body, checksum.to_bytes(4, "big")])


class PngXmpWriter:
    """Puts `TC260:AIGC` into the XMP of a PNG (TC260-PG-20259A)."""

    name = "png-xmp"
    kind = Kind.IMPLICIT

    def write(self, content: bytes, label: Label) -> bytes:
        found = list(chunks(content))
        packet = next((text for chunk in found if (text := _xmp(content, chunk)) is not None), None)
        labelled = xmp.with_label(packet, compact(label.aigc))
        pieces = [SIGNATURE]
        for number, chunk in enumerate(found):
            pieces.append(_kept(content, chunk))
            if number == 0:
                # Before the pixels, and at one place always: writing twice is writing once.
                pieces.append(encoded(b"iTXt", _KEYWORD + b"\0\0\0\0\0" + labelled))
        trailer = content[found[-1].end :]
        return b"".join([*pieces, b"" if b"AIGC" in trailer else trailer])

    def read(self, content: bytes) -> str | None:
        for chunk in chunks(content):
            if (packet := _xmp(content, chunk)) is not None:
                return xmp.label_in(packet)
        return None


def _kept(content: bytes, chunk: Chunk) -> bytes:
    """Give a chunk without labels of others and without what is personal; or nothing."""
    if chunk.name == b"eXIf":
        return encoded(b"eXIf", exif.scrubbed(chunk.body(content)))
    if chunk.name in _TEXTS:
        body = chunk.body(content)
        keyword = body.partition(b"\0")[0]
        if keyword in {_KEYWORD, b"AIGC"} or keyword in _RAW_PROFILES:
            return b""
        if chunk.name == b"tEXt" and b'"AIGC"' in body[:_MOST_TEXT]:
            return b""
    return content[chunk.start : chunk.end]


def _xmp(content: bytes, chunk: Chunk) -> bytes | None:
    """Give the XMP packet a chunk holds, unpacked."""
    if chunk.name != b"iTXt":
        return None
    keyword, _, rest = chunk.body(content).partition(b"\0")
    if keyword != _KEYWORD or len(rest) < 4:  # noqa: PLR2004 - two flags and two empty words
        return None
    text = rest[2:].split(b"\0", 2)[2] if rest[2:].count(b"\0") > 1 else b""
    return _inflated(text) if rest[0] else text


def _inflated(packed: bytes) -> bytes:
    unpacking = zlib.decompressobj()
    try:
        return unpacking.decompress(packed, xmp.MOST_BYTES)
    except zlib.error:
        return b""


def _refuse(why: str) -> NoReturn:
    msg = f"a PNG cannot be read: {why}"
    raise UnsupportedMediaError(msg)
