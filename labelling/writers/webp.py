"""The implicit label of WebP: XMP in a chunk of its own, at the end of the extended form."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NoReturn

from labelling.errors import UnsupportedMediaError
from labelling.writers import exif, xmp
from labelling.writers.base import Kind, Label
from labelling.writers.payload import compact

_HEADER = 12
_MOST_CHUNKS = 1 << 16
_HAS_XMP, _HAS_ALPHA = 0x04, 0x10
_EXTENDED_LENGTH = 10


@dataclass(frozen=True, slots=True)
class Chunk:
    """One chunk of the RIFF; where it stands, for its pixels are not copied before the end."""

    name: bytes
    start: int
    length: int

    @property
    def end(self) -> int:
        """Just after its padding."""
        return self.start + 8 + self.length + self.length % 2

    def body(self, content: bytes) -> bytes:
        """Give what it holds."""
        return content[self.start + 8 : self.start + 8 + self.length]


def chunks(content: bytes) -> Iterator[Chunk]:
    """Give the chunks of a file.

    Raises:
        UnsupportedMediaError: These bytes are no WebP.
    """
    if content[:4] != b"RIFF" or content[8:_HEADER] != b"WEBP":
        _refuse("it does not start like one")
    end = min(len(content), 8 + int.from_bytes(content[4:8], "little"))
    at = _HEADER
    for _ in range(_MOST_CHUNKS):
        if at + 8 > end:
            return
        chunk = Chunk(content[at : at + 4], at, int.from_bytes(content[at + 4 : at + 8], "little"))
        if chunk.start + 8 + chunk.length > end:
            _refuse(f"the chunk at byte {at} does not end")
        yield chunk
        at = chunk.end
    _refuse("it has too many chunks")


def encoded(name: bytes, body: bytes) -> bytes:
    """Give a chunk as it stands in a file."""
    return name + len(body).to_bytes(4, "little") + body + b"\0" * (len(body) % 2)


def riff(pieces: list[bytes]) -> bytes:
    """Give a file of these chunks."""
    body = b"".join([b"WEBP", *pieces])
    return b"RIFF" + len(body).to_bytes(4, "little") + body


class WebpXmpWriter:
    """Puts `TC260:AIGC` into the XMP of a WebP (TC260-PG-20259A)."""

    name = "webp-xmp"
    kind = Kind.IMPLICIT

    def write(self, content: bytes, label: Label) -> bytes:
        found = list(chunks(content))
        packet = next((chunk.body(content) for chunk in found if chunk.name == b"XMP "), None)
        extended = next((chunk for chunk in found if chunk.name == b"VP8X"), None)
        pieces = [_extended(content, found, extended)]
        pieces += [_kept(content, chunk) for chunk in found if chunk.name not in {b"VP8X", b"XMP "}]
        pieces.append(encoded(b"XMP ", xmp.with_label(packet, compact(label.aigc))))
        return riff(pieces)

    def read(self, content: bytes) -> str | None:
        for chunk in chunks(content):
            if chunk.name == b"XMP ":
                return xmp.label_in(chunk.body(content))
        return None


def _extended(content: bytes, found: list[Chunk], extended: Chunk | None) -> bytes:
    """Give the header of the extended form, with the XMP flag set."""
    if extended and extended.length >= _EXTENDED_LENGTH:
        body = bytearray(extended.body(content))
        body[0] |= _HAS_XMP
        return encoded(b"VP8X", bytes(body))
    width, height, flags = _simple_form(content, found[0] if found else None)
    size = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return encoded(b"VP8X", bytes([flags | _HAS_XMP, 0, 0, 0]) + size)


def _simple_form(content: bytes, chunk: Chunk | None) -> tuple[int, int, int]:
    """Give width, height and flags of a file that is one picture without a header."""
    body = content[chunk.start + 8 : chunk.start + 18] if chunk else b""
    if chunk and chunk.name == b"VP8 " and body[3:6] == b"\x9d\x01\x2a" and len(body) == 10:  # noqa: PLR2004
        width = int.from_bytes(body[6:8], "little") & 0x3FFF
        height = int.from_bytes(body[8:10], "little") & 0x3FFF
        if width and height:
            return width, height, 0
    if chunk and chunk.name == b"VP8L" and body[:1] == b"\x2f" and len(body) >= 5:  # noqa: PLR2004
        bits = int.from_bytes(body[1:5], "little")
        alpha = _HAS_ALPHA if bits >> 28 & 1 else 0
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1, alpha
    return _refuse("it does not begin with a picture")


def _kept(content: bytes, chunk: Chunk) -> bytes:
    """Give a chunk without what is personal."""
    if chunk.name == b"EXIF":
        return encoded(b"EXIF", scrubbed(chunk.body(content)))
    piece = content[chunk.start : chunk.end]
    return piece + b"\0" * (chunk.end - chunk.start - len(piece))


def scrubbed(body: bytes) -> bytes:
    """Give an EXIF block without what is personal; some writers put JPEG's prefix before it."""
    prefix = b"Exif\0\0" if body.startswith(b"Exif\0\0") else b""
    return prefix + exif.scrubbed(body[len(prefix) :])


def _refuse(why: str) -> NoReturn:
    msg = f"a WebP cannot be read: {why}"
    raise UnsupportedMediaError(msg)
