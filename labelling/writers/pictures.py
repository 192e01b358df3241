"""Pictures by Pillow, bounded: what every writer of marks opens them with."""

import io
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from PIL import Image

from labelling import marks
from labelling.errors import LabellingError, UnsupportedMediaError
from labelling.writers.palette import numbers_for

MOST_PIXELS = 1 << 27
"""An 8,000-pixel square twice over; more is a bomb, or nothing a chat shows."""
MOST_FRAMES = 2000
MOST_FRAME_PIXELS = 1 << 30

_BROKEN = (
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    LookupError,
    ArithmeticError,
    TypeError,
    AttributeError,
    RuntimeError,
    MemoryError,
    struct.error,
)
"""What Pillow raises over files that are not what they should be."""


def opened(content: bytes, form: str) -> Image.Image:
    """Open a picture of one format; its pixels are decoded when they are asked for.

    Raises:
        LabellingError: It cannot be read, or is too large.
    """
    with decoding(form):
        picture = Image.open(io.BytesIO(content), formats=[form])
    if picture.width * picture.height > MOST_PIXELS:
        msg = f"a picture of {picture.width} x {picture.height} has too many pixels"
        raise LabellingError(msg)
    return picture


def frames_of(picture: Image.Image) -> Iterator[Image.Image]:
    """Give the frames as they are shown, one after the other; each is valid until the next.

    Raises:
        LabellingError: They are too many.
    """
    count = getattr(picture, "n_frames", 1)
    if count > MOST_FRAMES or count * picture.width * picture.height > MOST_FRAME_PIXELS:
        msg = "an animation has too many frames"
        raise LabellingError(msg)
    for number in range(count):
        picture.seek(number)
        picture.load()
        yield picture


@contextmanager
def decoding(form: str) -> Iterator[None]:
    """Translate what Pillow raises when it decodes, and keep what it warns of to itself.

    Raises:
        UnsupportedMediaError: The picture is broken.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except Image.DecompressionBombError as error:
        msg = "the picture has too many pixels"
        raise LabellingError(msg) from error
    except _BROKEN as error:
        msg = f"a {form} picture cannot be read"
        raise UnsupportedMediaError(msg) from error


def with_mark(frame: Image.Image, mark: marks.Mark) -> Image.Image:
    """Give a copy of a frame with the mark in it, in the mode it has wherever that can show it."""
    drawn = frame.copy()
    if drawn.mode == "P":
        return _with_numbers(drawn, mark) or with_mark(_in_full_colours(drawn), mark)
    if drawn.mode.startswith("I;16"):
        greys = mark.image.convert("L").convert("I").point(lambda value: value * 257)
        drawn.paste(greys.convert("I;16"), mark.box)
    elif drawn.mode == "1":
        drawn.paste(mark.image.convert("L").convert("1", dither=Image.Dither.NONE), mark.box)
    elif drawn.mode in _PLAIN:
        drawn.paste(mark.image.convert("RGB").convert(drawn.mode), mark.box)
    else:
        return with_mark(_in_full_colours(drawn), mark)
    return drawn


_PLAIN = frozenset({"L", "LA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr"})


def _in_full_colours(picture: Image.Image) -> Image.Image:
    return picture.convert("RGBA" if picture.has_transparency_data else "RGB")


def _with_numbers(picture: Image.Image, mark: marks.Mark) -> Image.Image | None:
    flat = picture.getpalette("RGB") or []
    known = [(flat[at], flat[at + 1], flat[at + 2]) for at in range(0, len(flat) - 2, 3)]
    greys = np.asarray(mark.image.convert("L"))
    found = numbers_for(greys, known, [True] * len(known), range(len(known), 256))
    if found is None:
        return None
    numbers, colours = found
    picture.putpalette([part for colour in colours for part in colour])
    picture.paste(Image.fromarray(numbers), mark.box)
    return picture
