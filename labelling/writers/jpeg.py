"""The implicit label of JPEG: XMP in an APP1 segment, spliced in before the scan."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NoReturn

from labelling.errors import LabellingError, UnsupportedMediaError
from labelling.writers import exif, xmp
from labelling.writers.base import Kind, Label
from labelling.writers.payload import compact

_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_EXTENDED_XMP = b"http://ns.adobe.com/xmp/extension/\0"
_EXIF = b"Exif\0\0"
_APP0, _APP1, _APP15, _COMMENT = 0xE0, 0xE1, 0xEF, 0xFE
_START_OF_SCAN, _END = 0xDA, 0xD9
_STANDALONE = frozenset({0x01, *range(0xD0, 0xD8)})
_MOST_SEGMENTS = 4096
_MOST_PACKET = 65_502


@dataclass(frozen=True, slots=True)
class Segment:
    """One marker of the head and what it holds."""

    marker: int
    start: int
    """Of the 0xFF before the marker, in bytes from the file's start."""
    body: bytes
    """Without marker and length."""

    def encoded(self) -> bytes:
        """Give the segment as it stands in a file."""
        return b"\xff%c%b%b" % (self.marker, (len(self.body) + 2).to_bytes(2, "big"), self.body)


@dataclass(frozen=True, slots=True)
class Head:
    """All that stands before the first scan."""

    segments: tuple[Segment, ...]
    scan_at: int
    """Where the first scan's marker stands."""

    @classmethod
    def of(cls, content: bytes) -> "Head":
        """Read the head of a file.

        Raises:
            UnsupportedMediaError: These bytes are no JPEG.
        """
        segments = tuple(_segments(content))
        return cls(segments[:-1], segments[-1].start)

    @property
    def exif(self) -> bytes:
        """The EXIF block, or nothing."""
        for segment in self.segments:
            if segment.marker == _APP1 and segment.body.startswith(_EXIF):
                return segment.body[len(_EXIF) :]
        return b""


class JpegXmpWriter:
    """Puts `TC260:AIGC` into the XMP of a JPEG (TC260-PG-20259A)."""

    name = "jpeg-xmp"
    kind = Kind.IMPLICIT

    def write(self, content: bytes, label: Label) -> bytes:
        head = Head.of(content)
        value = compact(label.aigc)
        packets = [segment for segment in head.segments if _is_xmp(segment)]
        packet = xmp.with_label(packets[0].body[len(_XMP) :] if packets else None, value)
        if len(packet) > _MOST_PACKET:
            packet = xmp.without_padding(packet)
        if len(packet) > _MOST_PACKET:
            msg = f"XMP of {len(packet)} bytes leaves no room for the label of a JPEG"
            raise LabellingError(msg)
        labelled = Segment(_APP1, 0, _XMP + packet).encoded()
        before, after = [], []
        for segment in head.segments:
            if packets and segment is packets[0]:
                after.append(labelled)
            elif not packets and not after and _is_first(segment):
                before.append(_kept(segment))
            else:
                after.append(_kept(segment))
        if not packets:
            before.append(labelled)
        return b"".join([b"\xff\xd8", *before, *after, content[head.scan_at :]])

    def read(self, content: bytes) -> str | None:
        for segment in Head.of(content).segments:
            if _is_xmp(segment):
                return xmp.label_in(segment.body[len(_XMP) :])
        return None


def _segments(content: bytes) -> Iterator[Segment]:
    """Give the segments up to the first scan, which is the last given."""
    if not content.startswith(b"\xff\xd8"):
        _refuse("it does not start like one")
    at = 2
    for _ in range(_MOST_SEGMENTS):
        # Any number of 0xFF may stand before a marker.
        while content[at : at + 2] == b"\xff\xff":
            at += 1
        if at + 4 > len(content) or content[at] != 0xFF:  # noqa: PLR2004
            _refuse(f"there is no marker at byte {at}")
        marker = content[at + 1]
        if marker in _STANDALONE:
            at += 2
            continue
        length = int.from_bytes(content[at + 2 : at + 4], "big")
        if marker == _END or length < 2 or at + 2 + length > len(content):  # noqa: PLR2004
            _refuse(f"the segment at byte {at} does not end")
        yield Segment(marker, at, content[at + 4 : at + 2 + length])
        if marker == _START_OF_SCAN:
            return
        at += 2 + length
    _refuse("it has too many segments")


def _kept(segment: Segment) -> bytes:
    """Give a segment without labels of others and without what is personal; or nothing."""
    body = segment.body
    if segment.marker == _APP1 and body.startswith(_EXIF):
        body = _EXIF + exif.scrubbed(body[len(_EXIF) :])
    elif _is_xmp(segment):
        body = _XMP + xmp.without_label(body[len(_XMP) :])
    elif _holds_label(segment):
        return b""
    return Segment(segment.marker, segment.start, body).encoded()


def _holds_label(segment: Segment) -> bool:
    """Tell whether a segment is a place where others put a label."""
    if segment.marker == _APP1 and segment.body.startswith(_EXTENDED_XMP):
        return b"AIGC" in segment.body
    if _APP0 <= segment.marker <= _APP15:
        return segment.body.lstrip().startswith((b"AIGC", b'{"AIGC"'))
    return segment.marker == _COMMENT and b"AIGC" in segment.body


def _is_xmp(segment: Segment) -> bool:
    return segment.marker == _APP1 and segment.body.startswith(_XMP)


def _is_first(segment: Segment) -> bool:
    """Tell whether a segment has to stand before ours: JFIF and EXIF insist on being first."""
    return segment.marker == _APP0 or (segment.marker == _APP1 and segment.body.startswith(_EXIF))


def _refuse(why: str) -> NoReturn:
    msg = f"a JPEG cannot be read: {why}"
    raise UnsupportedMediaError(msg)
