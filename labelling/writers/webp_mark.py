"""The explicit mark of WebP, animations included.

A lossless picture stays what it was outside the mark. VP8 predicts every block from the ones
before, so a lossy one is coded anew whole, as finely as it was: its own quantiser says how fine.
"""

import io

# What an encoder of Pillow takes by name is of any type.
from typing import Any

from PIL import Image

from labelling import marks
from labelling.writers import exif
from labelling.writers.base import Kind, Label
from labelling.writers.pictures import decoding, frames_of, opened
from labelling.writers.webp import Chunk, chunks

_QUICK = 0
"""The method of the encoder that meets our time; the finer ones take three to ten times as long."""
_FINE = 90


class WebpMarkWriter:
    """Draws the wording into a WebP, and into every frame of an animation (GB 45438-2025 §5.2)."""

    name = "webp-mark"
    kind = Kind.EXPLICIT

    @decoding("WEBP")
    def write(self, content: bytes, label: Label) -> bytes:
        found = list(chunks(content))
        picture = opened(content, "WEBP")
        mark = marks.stored_mark(*picture.size, _orientation(content, found), label.notice)
        drawn: list[Image.Image] = []
        durations: list[int] = []
        unmarked = 0
        for frame in frames_of(picture):
            unmarked += not marks.shows(frame.crop(mark.box), mark)
            whole = frame.copy()
            whole.paste(mark.image.convert(whole.mode), mark.box)
            drawn.append(whole)
            durations.append(frame.info.get("duration", 0))
        return _coded(content, found, drawn, durations, picture) if unmarked else content

    @decoding("WEBP")
    def read(self, content: bytes) -> str | None:
        found = list(chunks(content))
        picture = opened(content, "WEBP")
        for mark, words in marks.possible(*picture.size, _orientation(content, found)):
            if all(marks.shows(frame.crop(mark.box), mark) for frame in frames_of(picture)):
                return words
        return None


def _coded(
    content: bytes,
    found: list[Chunk],
    drawn: list[Image.Image],
    durations: list[int],
    picture: Image.Image,
) -> bytes:
    first = _first_picture(content, found)
    how: dict[str, Any] = {"lossless": True} if first is None else {"quality": quality_of(first)}
    kept = {b"EXIF": "exif", b"XMP ": "xmp", b"ICCP": "icc_profile"}
    how |= {kept[chunk.name]: chunk.body(content) for chunk in found if chunk.name in kept}
    if len(drawn) > 1:
        how |= {
            "save_all": True,
            "append_images": drawn[1:],
            "duration": durations,
            "loop": picture.info.get("loop", 0),
            "background": picture.info.get("background", (0, 0, 0, 0)),
        }
    made = io.BytesIO()
    drawn[0].save(made, "WEBP", method=_QUICK, exact=True, alpha_quality=100, **how)
    return made.getvalue()


def _orientation(content: bytes, found: list[Chunk]) -> int:
    body = next((chunk.body(content) for chunk in found if chunk.name == b"EXIF"), b"")
    return exif.orientation_of(body.removeprefix(b"Exif\0\0"))


def _first_picture(content: bytes, found: list[Chunk]) -> bytes | None:
    """Give the first lossy picture, or None where all are lossless."""
    for chunk in found:
        if chunk.name == b"VP8 ":
            return chunk.body(content)
        if chunk.name == b"ANMF":
            body = chunk.body(content)
            at = body.find(b"VP8 ", 16)
            if at > 0:
                return body[at + 8 :]
    return None


def quality_of(frame: bytes) -> float:
    """Tell how finely a VP8 frame was coded, on the scale of its usual encoder."""
    bits = _Bits(frame[10:])
    # Colour space and clamping; then the segments, each with a quantiser of its own (RFC 6386 §9).
    bits.take(2)
    own, absolute = [], False
    if bits.take(1):
        new_map, new_data = bits.take(1), bits.take(1)
        if new_data:
            absolute = bool(bits.take(1))
            own = [bits.optional(7) for _ in range(4)]
            for _ in range(4):
                bits.optional(6)
        for _ in range(3 * new_map):
            bits.take(8 * bits.take(1))
    bits.take(10)
    if bits.take(1) and bits.take(1):
        for _ in range(8):
            bits.optional(6)
    bits.take(2)
    base = bits.take(7)
    each = [value if absolute else base + value for value in own] or [base]
    finest = min(max(sum(each) / len(each), 0), 127)
    linear = (1 - finest / 127) ** 3
    return 100 * (1.5 * linear if linear < 0.5 else (linear + 1) / 2)  # noqa: PLR2004


class _Bits:
    """The boolean decoder of RFC 6386 §7, for bits that are as likely 0 as 1."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 2
        self._value = int.from_bytes(data[:2].ljust(2, b"\0"), "big")
        self._range = 255
        self._shifts = 0

    def take(self, count: int) -> int:
        """Read a number of so many bits."""
        number = 0
        for _ in range(count):
            number = number << 1 | self._bit()
        return number

    def optional(self, count: int) -> int:
        """Read a number with a sign, or 0 where a bit says there is none."""
        if not self.take(1):
            return 0
        value = self.take(count)
        return -value if self.take(1) else value

    def _bit(self) -> int:
        split = 1 + ((self._range - 1) * 128 >> 8)
        bit = int(self._value >= split << 8)
        if bit:
            self._range -= split
            self._value -= split << 8
        else:
            self._range = split
        while self._range < 128:  # noqa: PLR2004
            self._value <<= 1
            self._range <<= 1
            self._shifts += 1
            if self._shifts == 8:  # noqa: PLR2004
                self._shifts = 0
                self._value |= int.from_bytes(self._data[self._at : self._at + 1], "big")
                self._at += 1
        return bit
