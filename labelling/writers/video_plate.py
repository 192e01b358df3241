"""The mark in the frames of a video: drawn into the decoded planes, and found there."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Self

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from labelling.errors import UnsupportedMediaError
from labelling.marks import plate_for

_FULL_RANGE = 2
_ALIKE = 16.0
"""The mean difference of lightness up to which coding may have changed the plate, of 255."""
_TURNS = {
    90: Image.Transpose.ROTATE_90,
    180: Image.Transpose.ROTATE_180,
    270: Image.Transpose.ROTATE_270,
}


@dataclass(frozen=True, slots=True)
class Plate:
    """The lightness of the mark, from 0 to 255, and where it stands in the frame as stored."""

    light: NDArray[np.uint8]
    left: int
    top: int

    @classmethod
    def on(cls, frame: av.VideoFrame, aspect: Fraction | None, words: str) -> Self:
        """Make the mark of a video by one of its frames.

        A frame that is shown turned, or with pixels that are not square, gets a mark that is
        upright and undistorted when it is shown.

        Raises:
            LabellingError: There is no room for legible words, or the turn is no right angle.
        """
        turn = round(frame.rotation) % 360
        if turn not in (0, *_TURNS):
            msg = f"a video shown at {turn} degrees cannot be marked"
            raise UnsupportedMediaError(msg)
        across = aspect or Fraction(1)
        size = (round(frame.width * across), frame.height)
        sideways = turn in (90, 270)
        width, height = size[::-1] if sideways else size
        mark = plate_for(width, height, words)
        shown = Image.new("L", (width, height))
        place = Image.new("L", shown.size)
        shown.paste(mark.image.convert("L"), mark.box)
        place.paste(255, mark.box)
        if turn:
            # What is shown turned one way is stored turned the other way.
            shown, place = (image.transpose(_TURNS[360 - turn]) for image in (shown, place))
        if across != 1:
            stored = (frame.width, frame.height)
            shown, place = (image.resize(stored) for image in (shown, place))
        left, top, right, bottom = place.getbbox() or (0, 0, 0, 0)
        # Chroma is stored for blocks of two by two.
        left, top = left // 2 * 2, top // 2 * 2
        light = np.asarray(shown.crop((left, top, right // 2 * 2, bottom // 2 * 2)))
        return cls(light, left, top)

    def draw(self, frame: av.VideoFrame) -> None:
        """Put the mark into a frame.

        Raises:
            UnsupportedMediaError: The frame is not stored as planes of lightness and colour.
        """
        frame.make_writable()
        depth = _depth(frame)
        for number, samples in enumerate(_planes(frame)):
            if number == 0:
                self._cut(samples, 1, 1)[:] = self._stored(frame, depth)
            else:
                across = frame.width // samples.shape[1] or 1
                down = frame.height // samples.shape[0] or 1
                self._cut(samples, across, down)[:] = 1 << depth - 1

    def stands_in(self, frame: av.VideoFrame) -> bool:
        """Tell whether the mark is in a frame, as far as coding left it."""
        depth = _depth(frame)
        seen = self._cut(next(_planes(frame)), 1, 1).astype(np.float64)
        wanted = self._stored(frame, depth).astype(np.float64)
        return bool(np.abs(seen - wanted).mean() <= _ALIKE * (1 << depth - 8))

    def _cut(self, samples: NDArray[np.generic], across: int, down: int) -> NDArray[np.generic]:
        height, width = self.light.shape
        left, top = self.left // across, self.top // down
        return samples[top : top + height // down, left : left + width // across]

    def _stored(self, frame: av.VideoFrame, depth: int) -> NDArray[np.uint16]:
        light = self.light.astype(np.float64)
        full = frame.color_range == _FULL_RANGE or frame.format.name.startswith("yuvj")
        stored = light if full else 16 + light * 219 / 255
        return np.round(stored * (1 << depth - 8)).astype(np.uint16)


def _depth(frame: av.VideoFrame) -> int:
    return frame.format.components[0].bits


def _planes(frame: av.VideoFrame) -> Iterator[NDArray[np.generic]]:
    """Give the planes as arrays that share the frame's memory.

    Raises:
        UnsupportedMediaError: The frame is stored in another way, or has an alpha plane.
    """
    if not frame.format.name.startswith(("yuv4", "yuvj4", "gray")) or not frame.planes:
        msg = f"frames stored as {frame.format.name!r} cannot be marked"
        raise UnsupportedMediaError(msg)
    kind = np.dtype(np.uint8 if _depth(frame) <= 8 else np.uint16)  # noqa: PLR2004
    for plane in frame.planes:
        rows = np.frombuffer(memoryview(plane), kind).reshape(plane.height, -1)
        yield rows[:, : plane.width]
