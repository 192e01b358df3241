"""The explicit mark of GIF: in every frame that shows the mark's place, in that frame's colours.

Frames keep their places, times and colours; only the pictures that the mark touches are coded
anew, by their numbers, so that no other pixel changes.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from labelling import marks
from labelling.errors import LabellingError, UnsupportedMediaError
from labelling.writers.base import Kind, Label
from labelling.writers.gif import Block, blocks, table_size, tables_end
from labelling.writers.palette import Colour, numbers_for
from labelling.writers.pictures import MOST_FRAMES, MOST_PIXELS, decoding, frames_of, opened

_IMAGE, _END = 0x2C, 0x3B
_CONTROL = b"\x21\xf9\x04"
_HAS_TABLE, _INTERLACED, _HAS_TRANSPARENT = 0x80, 0x40, 0x01
_BACKGROUND, _PREVIOUS = 2, 3
Box = tuple[int, int, int, int]


class GifMarkWriter:
    """Draws the wording into every frame of a GIF (GB 45438-2025 §5.2)."""

    name = "gif-mark"
    kind = Kind.EXPLICIT

    @decoding("GIF")
    def write(self, content: bytes, label: Label) -> bytes:
        width, height = _size(content)
        mark = marks.plate_for(width, height, label.notice)
        if _all_show(content, mark):
            return content
        frames = list(_frames(content))
        if not frames or len(frames) > MOST_FRAMES:
            msg = "a GIF has no frames, or too many"
            raise UnsupportedMediaError(msg)
        pieces, at = [], 0
        for frame, wanted in _planned(frames, mark.box):
            pieces += [content[at : frame.start], _drawn(content, frame, wanted, mark)]
            at = frame.end
        made = b"".join([*pieces, content[at:]])
        return b"GIF89a" + made[6:]

    @decoding("GIF")
    def read(self, content: bytes) -> str | None:
        for mark, words in marks.possible(*_size(content), 1):
            if _all_show(content, mark):
                return words
        return None


@dataclass(frozen=True, slots=True)
class _Frame:
    """One picture, with the control block before it if there is one."""

    start: int
    image_at: int
    end: int
    """All in bytes from the file's start."""
    box: Box
    flags: int
    control: bytes
    """Four bytes: flags, time and the number that is transparent."""

    @property
    def dispose(self) -> int:
        """What becomes of it when the next comes."""
        return self.control[0] >> 2 & 7

    @property
    def transparent(self) -> int | None:
        """The number that shows what is below, or None."""
        return self.control[3] if self.control[0] & _HAS_TRANSPARENT else None


def _planned(frames: list[_Frame], box: Box) -> Iterator[tuple[_Frame, Box]]:
    """Give the frames that have to be drawn into, and how far each has to reach for it.

    Raises:
        LabellingError: A frame would wipe out more than it does now.
    """
    whole = stained = False
    for frame in frames:
        before = whole
        wanted = frame.box if whole or _covers(frame.box, box) else _union(frame.box, box)
        wipes = frame.dispose == _BACKGROUND
        if wanted != frame.box and wipes and stained:
            msg = "an animation that wipes parts of itself cannot be marked in every frame"
            raise LabellingError(msg)
        whole = True
        if _touches(wanted, box):
            yield frame, wanted
            whole = {_BACKGROUND: False, _PREVIOUS: before}.get(frame.dispose, True)
        stained = stained or frame.dispose not in {_BACKGROUND, _PREVIOUS}


def _drawn(content: bytes, frame: _Frame, wanted: Box, mark: marks.Mark) -> bytes:
    """Give a frame's control block and picture with the mark's share in it."""
    numbers = _decoded(content, frame)
    table = _table(content, frame)
    control = frame.control
    used = np.bincount(numbers.ravel(), minlength=256) > 0
    if frame.transparent is not None:
        used[frame.transparent] = True
    free = [int(number) for number in np.flatnonzero(~used)]
    if wanted != frame.box:
        if frame.transparent is None:
            if not free:
                msg = "a GIF has no colour left for a frame to be seen through"
                raise LabellingError(msg)
            # From the end, for the mark takes what is free from the beginning.
            clear = free.pop()
            control = bytes([control[0] | _HAS_TRANSPARENT]) + control[1:3] + bytes([clear])
        numbers = _grown(numbers, frame.box, wanted, control[3])
    opaque = [number != frame.transparent for number in range(len(table))]
    greys = np.asarray(mark.image.convert("L"))
    found = numbers_for(greys, table, opaque, free)
    if found is None:
        found, numbers = _with_rarest_given_up(numbers, table, opaque, greys)
    ink, colours = found
    left, top = mark.left, mark.top
    x, y = max(left, wanted[0]), max(top, wanted[1])
    part = ink[y - top : wanted[3] - top, x - left : wanted[2] - left]
    rows = slice(y - wanted[1], y - wanted[1] + part.shape[0])
    numbers[rows, x - wanted[0] : x - wanted[0] + part.shape[1]] = part
    if control[0] & _HAS_TRANSPARENT:
        colours = colours + [(0, 0, 0)] * (control[3] + 1 - len(colours))
    return _coded(control, wanted, colours, numbers)


def _with_rarest_given_up(
    numbers: NDArray[np.uint8], table: list[Colour], opaque: list[bool], greys: NDArray[np.uint8]
) -> tuple[tuple[NDArray[np.uint8], list[Colour]], NDArray[np.uint8]]:
    """Make room in a full table: the two colours seen least become those next to them."""
    counts = np.bincount(numbers.ravel(), minlength=len(table)).astype(np.int64)
    counts[[number for number, seen in enumerate(opaque) if not seen]] = np.iinfo(np.int64).max
    rarest = [int(number) for number in np.argsort(counts)[:2]]
    colours = np.array(table, np.int32)
    numbers = numbers.copy()
    for number in rarest:
        distance = abs(colours - colours[number]).sum(axis=1)
        distance[[*rarest, *(one for one, seen in enumerate(opaque) if not seen)]] = 1 << 16
        numbers[numbers == number] = distance.argmin()
    found = numbers_for(greys, table, opaque, sorted(rarest))
    assert found is not None
    return found, numbers


def _coded(control: bytes, box: Box, colours: list[Colour], numbers: NDArray[np.uint8]) -> bytes:
    """Give a control block and a picture with a colour table of its own."""
    power = max(1, (len(colours) - 1).bit_length())
    table = b"".join(map(bytes, colours)).ljust(3 << power, b"\0")
    place = b"".join(
        value.to_bytes(2, "little") for value in (box[0], box[1], box[2] - box[0], box[3] - box[1])
    )
    picture = Image.fromarray(numbers, "P")
    picture.putpalette(bytes(range(256)) * 3)
    made = io.BytesIO()
    picture.save(made, "GIF", optimize=False, interlace=0)
    coded = made.getvalue()
    block = next(one for one in blocks(coded) if coded[one.start] == _IMAGE)
    data = coded[block.start + 10 + table_size(coded[block.start + 9]) : block.end]
    head = _CONTROL + control + b"\0,"
    return b"".join([head, place, bytes([_HAS_TABLE | (power - 1)]), table, data])


def _decoded(content: bytes, frame: _Frame) -> NDArray[np.uint8]:
    """Give the numbers of a frame's pixels."""
    width, height = frame.box[2] - frame.box[0], frame.box[3] - frame.box[1]
    size = width.to_bytes(2, "little") + height.to_bytes(2, "little")
    # A table of colours that are no greys: what Pillow gives then are the numbers themselves.
    table = b"".join(bytes([number, 255 - number, 128]) for number in range(256))
    data = content[frame.image_at + 10 + table_size(frame.flags) : frame.end]
    flags = bytes([frame.flags & _INTERLACED])
    alone = b"".join([b"GIF89a", size, b"\xf7\0\0", table, b",\0\0\0\0", size, flags, data, b";"])
    picture = opened(alone, "GIF")
    pixels = picture.tobytes()
    if picture.mode != "P":
        msg = "a GIF cannot be marked while Pillow is set to give colours for numbers"
        raise LabellingError(msg)
    return np.frombuffer(pixels, np.uint8).reshape(height, width).copy()


def _table(content: bytes, frame: _Frame) -> list[Colour]:
    """Give the colours of a frame: its own, or those of all."""
    at, flags = (frame.image_at + 10, frame.flags)
    if not flags & _HAS_TABLE:
        at, flags = 13, content[10]
    table = content[at : at + table_size(flags)]
    return [(table[one], table[one + 1], table[one + 2]) for one in range(0, len(table), 3)]


def _grown(numbers: NDArray[np.uint8], box: Box, wanted: Box, clear: int) -> NDArray[np.uint8]:
    made = np.full((wanted[3] - wanted[1], wanted[2] - wanted[0]), clear, np.uint8)
    top, left = box[1] - wanted[1], box[0] - wanted[0]
    made[top : top + numbers.shape[0], left : left + numbers.shape[1]] = numbers
    return made


def _frames(content: bytes) -> Iterator[_Frame]:
    width, height = _size(content)
    control: Block | None = None
    for block in blocks(content):
        if content.startswith(_CONTROL, block.start) and block.end - block.start == 8:  # noqa: PLR2004
            control = block
        elif content[block.start : block.start + 1] == b",":
            head = content[block.start + 1 : block.start + 10]
            left, top, across, down = (
                int.from_bytes(head[at : at + 2], "little") for at in (0, 2, 4, 6)
            )
            box = (left, top, left + across, top + down)
            if (
                not across
                or not down
                or across * down > MOST_PIXELS
                or box[2] > width
                or box[3] > height
            ):
                msg = "a GIF cannot be marked: a frame lies outside of it"
                raise UnsupportedMediaError(msg)
            said = content[control.start + 3 : control.start + 7] if control else b"\0\0\0\0"
            start = control.start if control and control.end == block.start else block.start
            yield _Frame(start, block.start, block.end, box, head[8], said)
            control = None


def _all_show(content: bytes, mark: marks.Mark) -> bool:
    picture = opened(content, "GIF")
    return all(marks.shows(frame.crop(mark.box), mark) for frame in frames_of(picture))


def _size(content: bytes) -> tuple[int, int]:
    tables_end(content)
    return int.from_bytes(content[6:8], "little"), int.from_bytes(content[8:10], "little")


def _covers(outer: Box, inner: Box) -> bool:
    return _union(outer, inner) == outer


def _touches(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _union(one: Box, other: Box) -> Box:
    return (
        min(one[0], other[0]),
        min(one[1], other[1]),
        max(one[2], other[2]),
        max(one[3], other[3]),
    )
