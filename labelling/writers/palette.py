"""The mark in the colours of a palette: those it has, and greys of ours where it has room."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Colour = tuple[int, int, int]

_PLATE, _INK = 32, 255
_GREYS = (_PLATE, _INK, 144, 88, 200)
"""What the mark is drawn with at best: first what it cannot do without, then what lies between."""
_NEAR = 8
_LEAST_CONTRAST = 4.5
_NEVER = 1 << 16


def numbers_for(
    greys: NDArray[np.uint8], known: Sequence[Colour], usable: Sequence[bool], free: Sequence[int]
) -> tuple[NDArray[np.uint8], list[Colour]] | None:
    """Give the mark's pixels as numbers, and the palette that goes with them.

    Args:
        greys: The mark.
        known: The palette as it is.
        usable: Which of it is opaque.
        free: Numbers that no pixel has, in rising order; they may lie behind the palette.

    Returns:
        None where the palette cannot show the mark in a contrast of 4.5.
    """
    colours = list(known)
    opaque = [*usable]
    room = list(free)
    for grey in _GREYS:
        if not room:
            break
        if any(
            opaque[at] and max(abs(part - grey) for part in one) <= _NEAR
            for at, one in enumerate(colours)
        ):
            continue
        number = room.pop(0)
        missing = number + 1 - len(colours)
        colours += [(0, 0, 0)] * missing
        opaque += [False] * missing
        colours[number], opaque[number] = (grey, grey, grey), True
    table = np.array(colours or [(0, 0, 0)], np.int32)
    light = table @ np.array([299, 587, 114]) // 1000
    gaudy = table.max(axis=1) - table.min(axis=1)
    barred = np.where(np.array(opaque or [False]), 0, _NEVER)
    cost = abs(light[None, :] - np.arange(256)[:, None]) + gaudy + barred
    numbers = cost.argmin(axis=1).astype(np.uint8)
    chosen = numbers[[_PLATE, _INK]]
    if barred[chosen].any() or _contrast(*table[chosen]) < _LEAST_CONTRAST:
        return None
    return numbers[greys], colours


def _contrast(dark: NDArray[np.int32], light: NDArray[np.int32]) -> float:
    """Give the contrast of two colours as WCAG defines it."""
    return (_luminance(light) + 0.05) / (_luminance(dark) + 0.05)


def _luminance(colour: NDArray[np.int32]) -> float:
    parts = colour / 255
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)  # noqa: PLR2004
    return float(linear @ np.array([0.2126, 0.7152, 0.0722]))
