"""Rows of PNG pixels in all depths and colours: out of their filters, and into them again."""

import io
import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from labelling.errors import UnsupportedMediaError
from labelling.writers.png import SIGNATURE, encoded

Rows = NDArray[np.uint8]
GREY, COLOUR, PALETTE, GREY_ALPHA, COLOUR_ALPHA = 0, 2, 3, 4, 6
_CHANNELS = {GREY: 1, COLOUR: 3, PALETTE: 1, GREY_ALPHA: 2, COLOUR_ALPHA: 4}
_DEPTHS = {
    GREY: (1, 2, 4, 8, 16),
    COLOUR: (8, 16),
    PALETTE: (1, 2, 4, 8),
    GREY_ALPHA: (8, 16),
    COLOUR_ALPHA: (8, 16),
}
_LANES = {1: GREY, 2: GREY_ALPHA, 3: COLOUR, 4: COLOUR_ALPHA}
_ADAM7 = (
    (0, 0, 8, 8),
    (4, 0, 8, 8),
    (0, 4, 4, 8),
    (2, 0, 4, 4),
    (0, 2, 2, 4),
    (1, 0, 2, 2),
    (0, 1, 1, 2),
)
_NONE, _SUB, _UP, _AVERAGE, _PAETH = range(5)


@dataclass(frozen=True, slots=True)
class Pass:
    """Every so-manieth pixel of a picture, as they follow in the stream; all in pixels."""

    left: int
    top: int
    every_x: int
    every_y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Format:
    """How the pixels of a file are written."""

    width: int
    height: int
    depth: int
    colour: int
    interlaced: bool

    @classmethod
    def of(cls, header: bytes) -> "Format":
        """Read an `IHDR`.

        Raises:
            UnsupportedMediaError: It is none.
        """
        if len(header) != 13 or header[12] > 1 or header[8] not in _DEPTHS.get(header[9], ()):  # noqa: PLR2004
            msg = "a PNG cannot be read: its header is none"
            raise UnsupportedMediaError(msg)
        width, height = int.from_bytes(header[:4], "big"), int.from_bytes(header[4:8], "big")
        return cls(width, height, header[8], header[9], bool(header[12]))

    @property
    def step(self) -> int:
        """How many bytes a pixel is from the next, as filters see it."""
        return max(1, _CHANNELS[self.colour] * self.depth // 8)

    def stride(self, width: int) -> int:
        """Give the bytes of a row of so many pixels, without its filter's."""
        return -(-width * _CHANNELS[self.colour] * self.depth // 8)

    def passes(self, width: int, height: int) -> list[Pass]:
        """Give the passes of a frame of this size."""
        if not self.interlaced:
            return [Pass(0, 0, 1, 1, width, height)]
        found = [
            Pass(left, top, x, y, -(-(width - left) // x), -(-(height - top) // y))
            for left, top, x, y in _ADAM7
        ]
        return [one for one in found if one.width > 0 and one.height > 0]

    def size(self, width: int, height: int) -> int:
        """Give how many bytes a frame of this size has, filters and all."""
        return sum(one.height * (1 + self.stride(one.width)) for one in self.passes(width, height))


def unfiltered(rows: Rows, step: int) -> Rows:
    """Undo the filters of rows that begin at the top.

    Filters look at bytes a pixel apart, so each byte of a pixel is a lane of its own. Pillow is
    given up to four lanes at a time, dressed up as a picture of eight bits.

    Raises:
        UnsupportedMediaError: A filter is none of the five.
    """
    if rows[:, 0].max() > _PAETH:
        msg = "a PNG cannot be read: a row has an unknown filter"
        raise UnsupportedMediaError(msg)
    height, width = len(rows), (rows.shape[1] - 1) // step
    lanes = rows[:, 1:].reshape(height, width, step)
    most = step if step in _LANES else step // 2
    made = []
    for first in range(0, step, most):
        part = np.ascontiguousarray(lanes[:, :, first : first + most]).reshape(height, -1)
        stream = np.concatenate([rows[:, :1], part], axis=1).tobytes()
        header = width.to_bytes(4, "big") + height.to_bytes(4, "big")
        dressed = b"".join(
            [
                SIGNATURE,
                encoded(b"IHDR", header + bytes([8, _LANES[most], 0, 0, 0])),
                encoded(b"IDAT", zlib.compress(stream, 0)),
                encoded(b"IEND", b""),
            ]
        )
        pixels = Image.open(io.BytesIO(dressed), formats=["PNG"]).tobytes()
        made.append(np.frombuffer(pixels, np.uint8).reshape(height, width, most))
    return np.concatenate(made, axis=2).reshape(height, -1)


def filtered(types: Rows, rows: Rows, above: Rows, step: int) -> Rows:
    """Filter rows, each with the filter it had; `above` is the row over the first."""
    here = rows.astype(np.int16)
    up = np.concatenate([above[None], rows[:-1]]).astype(np.int16)
    left = _shifted(here, step)
    corner = _shifted(up, step)
    guess = np.select(
        [types == _SUB, types == _UP, types == _AVERAGE, types == _PAETH],
        [left, up, (left + up) >> 1, _paeth(left, up, corner)],
        np.int16(0),
    )
    return np.concatenate([types, ((here - guess) & 0xFF).astype(np.uint8)], axis=1)


def _shifted(rows: NDArray[np.int16], step: int) -> NDArray[np.int16]:
    return np.pad(rows, ((0, 0), (step, 0)))[:, : rows.shape[1]]


def _paeth(
    left: NDArray[np.int16], up: NDArray[np.int16], corner: NDArray[np.int16]
) -> NDArray[np.int16]:
    by_left, by_up = abs(up - corner), abs(left - corner)
    by_corner = abs(left + up - 2 * corner)
    nearer = np.where(by_up <= by_corner, up, corner)
    return np.where((by_left <= by_up) & (by_left <= by_corner), left, nearer)
