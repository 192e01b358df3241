"""The explicit mark of JPEG: the blocks under it are replaced, all others stay what they were.

A picture whose scan cannot be spliced (progressive, arithmetic, of rare colours) is coded anew
with its own quantisation; what its head says besides is kept.
"""

import io
import re
from dataclasses import dataclass
from functools import lru_cache

from PIL import Image, JpegImagePlugin

from labelling import marks
from labelling.errors import UnsupportedMediaError
from labelling.writers import exif
from labelling.writers.base import Kind, Label
from labelling.writers.jpeg import Head, Segment
from labelling.writers.jpeg_huffman import Coding, SpliceError, Table, tables_of
from labelling.writers.jpeg_splice import (
    Drawing,
    Layout,
    Patch,
    read_drawing,
    spliced,
    widened,
)
from labelling.writers.pictures import decoding, opened

_FRAMES = frozenset({0xC0, 0xC1})
_HUFFMAN, _RESTART, _SCAN, _END = 0xC4, 0xDD, 0xDA, 0xD9
_APP0, _APP2, _APP14 = 0xE0, 0xE2, 0xEE
_SAMPLINGS = {
    ((1, 1),): 0,
    ((1, 1),) * 3: 0,
    ((2, 1), (1, 1), (1, 1)): 1,
    ((2, 2), (1, 1), (1, 1)): 2,
}
_A_RESTART = re.compile(rb"\xff[\xd0-\xd7]")
_RGB = (0x52, 0x47, 0x42)
_DRAWING = frozenset({*range(0xC0, 0xD0), 0xDB, _RESTART, _APP0, _APP14})
"""What tells how to draw the scan, and so comes from whoever coded it."""


class JpegMarkWriter:
    """Draws the wording into a JPEG (GB 45438-2025 §5.2)."""

    name = "jpeg-mark"
    kind = Kind.EXPLICIT

    @decoding("JPEG")
    def write(self, content: bytes, label: Label) -> bytes:
        head = Head.of(content)
        picture = _opened(content)
        mark = marks.stored_mark(*picture.size, exif.orientation_of(head.exif), label.notice)
        if marks.shows(_part(content, head, mark), mark):
            return content
        try:
            return _spliced(content, head, picture, mark)
        except SpliceError:
            return _coded_anew(content, head, mark)

    @decoding("JPEG")
    def read(self, content: bytes) -> str | None:
        head = Head.of(content)
        size = _opened(content).size
        for mark, words in marks.possible(*size, exif.orientation_of(head.exif)):
            if marks.shows(_part(content, head, mark), mark):
                return words
        return None


def _opened(content: bytes) -> JpegImagePlugin.JpegImageFile:
    picture = opened(content, "JPEG")
    assert isinstance(picture, JpegImagePlugin.JpegImageFile)
    return picture


def _part(content: bytes, head: Head, mark: marks.Mark) -> Image.Image:
    """Decode what stands in the mark's box; of a sequential picture only what is above its end."""
    frames = [segment for segment in head.segments if segment.marker in _FRAMES]
    if len(frames) == 1 and len(frames[0].body) >= 9:  # noqa: PLR2004 - of one component
        # A decoder stops at the last row it is told of. One MCU more keeps the colours' edge.
        height = min(mark.box[3] + 32, int.from_bytes(frames[0].body[1:3], "big"))
        at = frames[0].start + 5
        content = content[:at] + height.to_bytes(2, "big") + content[at + 2 :]
    return _opened(content).crop(mark.box)


@dataclass(frozen=True, slots=True)
class _Frame:
    """What the frame header says."""

    width: int
    height: int
    samplings: tuple[tuple[int, int], ...]
    identifiers: tuple[int, ...]
    quantisations: tuple[int, ...]

    @classmethod
    def of(cls, body: bytes) -> "_Frame":
        """Read the body of an SOF segment."""
        parts = [body[at : at + 3] for at in range(6, len(body) - 2, 3)]
        if len(body) < 9 or body[0] != 8 or len(parts) != body[5]:  # noqa: PLR2004 - see T.81 B.2.2
            msg = "the frame is not one of eight bits"
            raise SpliceError(msg)
        return cls(
            width=int.from_bytes(body[3:5], "big"),
            height=int.from_bytes(body[1:3], "big"),
            samplings=tuple((part[1] >> 4, part[1] & 15) for part in parts),
            identifiers=tuple(part[0] for part in parts),
            quantisations=tuple(part[2] for part in parts),
        )

    @property
    def mcu(self) -> tuple[int, int]:
        """How large an MCU is, in pixels."""
        if len(self.samplings) == 1:
            return 8, 8
        across, down = self.samplings[0]
        return 8 * across, 8 * down


@dataclass(frozen=True, slots=True)
class _Scan:
    """A scan and all that is needed to read it."""

    frame: _Frame
    coding: Coding
    layout: Layout
    begins: int
    """Where its bits begin, in bytes from the file's start; and end."""
    ends: int

    @classmethod
    def of(cls, content: bytes, head: Head) -> "_Scan":
        """Read the head of a picture of one scan.

        Raises:
            SpliceError: It is not one that can be spliced.
        """
        frames = [segment for segment in head.segments if segment.marker in _FRAMES]
        others = [one for one in head.segments if 0xC2 <= one.marker <= 0xCF]  # noqa: PLR2004
        if len(frames) != 1 or any(segment.marker != _HUFFMAN for segment in others):
            msg = "it is not sequential"
            raise SpliceError(msg)
        frame = _Frame.of(frames[0].body)
        tables: dict[int, Table] = {}
        every = 0
        for segment in head.segments:
            if segment.marker == _HUFFMAN:
                tables |= tables_of(segment.body)
            elif segment.marker == _RESTART:
                every = int.from_bytes(segment.body[:2], "big")
        coding, begins = _coding(content, head.scan_at, frame, tables)
        ends = content.find(b"\xff\xd9", begins)
        bits = content[begins:ends].replace(b"\xff\x00", b"")
        if every:
            bits = _A_RESTART.sub(b"", bits)
        # Nothing but restarts may stand in between: a second scan says more of the same blocks.
        if ends < 0 or b"\xff" in bits:
            msg = "it has more than one scan, or no end"
            raise SpliceError(msg)
        width, height = frame.mcu
        layout = Layout(-(-frame.width // width), -(-frame.height // height), every)
        return cls(frame, coding, layout, begins, ends)


def _coding(content: bytes, at: int, frame: _Frame, tables: dict[int, Table]) -> tuple[Coding, int]:
    length = int.from_bytes(content[at + 2 : at + 4], "big")
    body = content[at + 4 : at + 2 + length]
    count = len(frame.samplings)
    chosen = [body[place + 1] for place in range(1, len(body) - 3, 2)]
    names = tuple(body[1 : 1 + 2 * count : 2])
    whole = body[:1] == bytes([count]) and len(body) == 4 + 2 * count
    rare = count > 1 and frame.samplings not in _SAMPLINGS
    if not whole or names != frame.identifiers or rare:
        msg = "its components are not in one scan, or of a rare sampling"
        raise SpliceError(msg)
    try:
        dc = tuple(tables[choice >> 4] for choice in chosen)
        ac = tuple(tables[16 | choice & 15] for choice in chosen)
    except KeyError as error:
        msg = "a Huffman table is missing"
        raise SpliceError(msg) from error
    blocks = [1] if count == 1 else [across * down for across, down in frame.samplings]
    order = tuple(number for number, times in enumerate(blocks) for _ in range(times))
    return Coding(order, dc, ac), at + 2 + length


def _spliced(
    content: bytes, head: Head, picture: JpegImagePlugin.JpegImageFile, mark: marks.Mark
) -> bytes:
    scan = _Scan.of(content, head)
    quantisation = _quantisation(scan.frame, picture)
    patch = _patch(picture, mark, scan.frame, quantisation)
    wider = widened(scan.coding, patch.drawing)
    bits = spliced(content[scan.begins : scan.ends], scan.layout, scan.coding, wider, patch)
    pieces = [b"\xff\xd8", *(segment.encoded() for segment in head.segments if _stays(segment))]
    if wider != scan.coding:
        pieces.append(_tables(content, head.scan_at, wider))
    return b"".join([*pieces, content[head.scan_at : scan.begins], bits, b"\xff\xd9"])


def _stays(segment: Segment) -> bool:
    # The index of further pictures behind this one: they go, for they are not marked.
    return not (segment.marker == _APP2 and segment.body.startswith(b"MPF\0"))


def _tables(content: bytes, scan_at: int, coding: Coding) -> bytes:
    """Give a DHT segment of the tables as they are now."""
    count = content[scan_at + 4]
    chosen = [content[scan_at + 6 + 2 * number] for number in range(count)]
    bodies = {}
    for choice, dc, ac in zip(chosen, coding.dc, coding.ac, strict=True):
        bodies[choice >> 4] = dc
        bodies[16 | choice & 15] = ac
    body = b"".join(
        bytes([place]) + table.counts + table.symbols for place, table in sorted(bodies.items())
    )
    return Segment(_HUFFMAN, 0, body).encoded()


def _quantisation(
    frame: _Frame, picture: JpegImagePlugin.JpegImageFile
) -> tuple[tuple[int, ...], ...]:
    """Give the quantisation of luminance, and of colour where there is any."""
    names = frame.quantisations
    if len(set(names[1:])) > 1 or (len(names) == 3 and frame.identifiers == _RGB):  # noqa: PLR2004
        msg = "its colours are not YCbCr"
        raise SpliceError(msg)
    if picture.mode not in {"L", "RGB"} or picture.info.get("adobe_transform") == 0:
        msg = "its colours are not YCbCr"
        raise SpliceError(msg)
    found = tuple(tuple(picture.quantization.get(name, ())) for name in names[:2])
    if any(len(table) != 64 or max(table) > 255 for table in found):  # noqa: PLR2004
        msg = "its quantisation is not of eight bits"
        raise SpliceError(msg)
    return found


def _patch(
    picture: JpegImagePlugin.JpegImageFile,
    mark: marks.Mark,
    frame: _Frame,
    quantisation: tuple[tuple[int, ...], ...],
) -> Patch:
    """Code the MCUs that the mark touches."""
    width, height = frame.mcu
    left, top, right, bottom = mark.box
    first, row = left // width, top // height
    across, down = -(-right // width) - first, -(-bottom // height) - row
    box = (
        first * width,
        row * height,
        min((first + across) * width, frame.width),
        min((row + down) * height, frame.height),
    )
    if box == mark.box:
        # The plate covers whole MCUs, so nothing of the picture under it is needed.
        drawn = mark.image.convert(picture.mode)
    else:
        drawn = picture.crop(box)
        drawn.paste(mark.image.convert(picture.mode), (left - box[0], top - box[1]))
    sampling = _SAMPLINGS.get(frame.samplings, 0)
    coded = _coded(drawn.tobytes(), drawn.size, drawn.mode, quantisation, sampling)
    return Patch(first, row, coded)


@lru_cache(maxsize=8)
def _coded(
    pixels: bytes,
    size: tuple[int, int],
    mode: str,
    quantisation: tuple[tuple[int, ...], ...],
    sampling: int,
) -> Drawing:
    """Code a small picture; pictures of one size have the same plate, so it is kept."""
    made = io.BytesIO()
    tables = [list(table) for table in quantisation]
    Image.frombytes(mode, size, pixels).save(made, "JPEG", qtables=tables, subsampling=sampling)
    content = made.getvalue()
    scan = _Scan.of(content, Head.of(content))
    return read_drawing(content[scan.begins : scan.ends], scan.coding, scan.layout)


def _coded_anew(content: bytes, head: Head, mark: marks.Mark) -> bytes:
    """Code the whole picture with its own quantisation."""
    picture = _opened(content)
    if picture.mode not in {"L", "RGB", "CMYK"}:
        msg = f"a JPEG of mode {picture.mode!r} cannot be marked"
        raise UnsupportedMediaError(msg)
    drawn = picture.copy()
    drawn.paste(mark.image.convert("RGB").convert(picture.mode), mark.box)
    made = io.BytesIO()
    drawn.save(
        made,
        "JPEG",
        qtables=[list(table) for table in picture.quantization.values()],
        subsampling=max(0, JpegImagePlugin.get_sampling(picture)),
        progressive="progressive" in picture.info,
        optimize=True,
    )
    coded = made.getvalue()
    fresh = Head.of(coded)
    pieces = [b"\xff\xd8"]
    pieces += [one.encoded() for one in fresh.segments if one.marker in {_APP0, _APP14}]
    pieces += [one.encoded() for one in head.segments if one.marker not in _DRAWING and _stays(one)]
    pieces += [one.encoded() for one in fresh.segments if one.marker in _DRAWING - {_APP0, _APP14}]
    return b"".join([*pieces, coded[fresh.scan_at :]])
