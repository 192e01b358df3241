"""The mark in the colours of a PNG: samples of any depth, or the numbers of its palette."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labelling import marks
from labelling.writers.palette import numbers_for
from labelling.writers.png_rows import (
    COLOUR,
    COLOUR_ALPHA,
    GREY_ALPHA,
    PALETTE,
    Format,
    Rows,
)


@dataclass(frozen=True, slots=True)
class Ink:
    """The mark's pixels as they stand in a file, and how they get there."""

    form: Format
    samples: NDArray[np.uint16]
    """By row, column and channel."""
    palette: bytes = b""
    """The palette with what the mark needs; nothing where it stays as it is."""

    def put(self, rows: Rows, columns: range, share: tuple[slice, slice]) -> None:
        """Write a share of the mark's pixels into some columns of rows without filters."""
        pixels = self.samples[share][: len(rows), : len(columns)]
        depth, step = self.form.depth, self.form.step
        if depth < 8:  # noqa: PLR2004 - several pixels to a byte
            values = np.unpackbits(rows, axis=1)
            bits = (pixels >> np.arange(depth - 1, -1, -1, dtype=np.uint16)) & 1
            values[:, columns.start * depth : columns.stop * depth] = bits.reshape(len(rows), -1)
            rows[:] = np.packbits(values, axis=1)
            return
        written = pixels.astype(">u2" if depth > 8 else np.uint8)  # noqa: PLR2004
        part = np.ascontiguousarray(written).view(np.uint8).reshape(len(rows), -1)
        rows[:, columns.start * step : columns.stop * step] = part


def ink_for(form: Format, mark: marks.Mark, palette: bytes, transparent: bytes) -> Ink | None:
    """Give the mark in the colours of a file, or None where these cannot show it."""
    greys = np.asarray(mark.image.convert("L"))
    if form.colour == PALETTE:
        return _by_number(form, greys, palette, transparent)
    most = (1 << form.depth) - 1
    values = ((greys.astype(np.uint32) * most + 127) // 255).astype(np.uint16)
    if transparent:
        # One colour is declared to be none: the mark takes its neighbour.
        if form.depth < 8:  # noqa: PLR2004
            return None
        keys = {
            int.from_bytes(transparent[at : at + 2], "big") for at in range(0, len(transparent), 2)
        }
        for key in keys:
            values[values == key] -= 1 if key else 0
    channels = [values] * (3 if form.colour in {COLOUR, COLOUR_ALPHA} else 1)
    if form.colour in {GREY_ALPHA, COLOUR_ALPHA}:
        channels.append(np.full_like(values, most))
    return Ink(form, np.stack(channels, axis=-1))


def _by_number(
    form: Format, greys: NDArray[np.uint8], palette: bytes, transparent: bytes
) -> Ink | None:
    """Give the mark in the numbers of a palette, which gets greys of ours where it has room."""
    known = [
        (palette[at], palette[at + 1], palette[at + 2]) for at in range(0, len(palette) - 2, 3)
    ]
    opaque = [transparent[number : number + 1] in {b"", b"\xff"} for number in range(len(known))]
    found = numbers_for(greys, known, opaque, range(len(known), 1 << form.depth))
    if found is None:
        return None
    numbers, colours = found
    made = b"".join(map(bytes, colours)) if len(colours) > len(known) else b""
    return Ink(form, numbers[:, :, None].astype(np.uint16), made)
