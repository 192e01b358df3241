"""The explicit mark of pictures, frames and pages: where it stands, how large, and its pixels.

The mark is a plate with the wording in it, at the upper left as the picture is shown. It is not
at the lower right, where vendors put theirs: covering somebody's mark would be hiding a label
(Measures, Article 10). The plate is opaque, so that the contrast is the same on any background.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from PIL import Image, ImageDraw, ImageStat

from labelling.errors import LabellingError
from labelling.glyphs import font
from labelling.wording import NOTICE

SMALLEST_SIDE = 64
"""In pixels: below it there is no room for legible words."""

INK = (255, 255, 255, 255)
PLATE = (32, 32, 32, 255)
RIM = (255, 255, 255, 255)
"""White on nearly black has a contrast of 16; the rim sets the plate off on a dark picture."""

WORDINGS = (NOTICE, "内容可能由AI生成", "内容疑似由AI生成", "AI生成")
"""What a mark of ours may say, and what is looked for when one is read."""

_SHARE_OF_SIDE = 20
"""The ink of the smallest sign is a twentieth of the shortest side (GB 45438-2025 §5.2)."""
_LEAST_FONT_PX = 12
_INKED = 128
"""From this opacity on, a pixel counts as ink."""
_COARSE_GRID = 16
_COARSE_FROM = 480
"""From this shortest side on, the plate keeps to the blocks that codecs work in."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Where the mark stands and how it is set; all numbers in pixels."""

    left: int
    top: int
    width: int
    height: int
    font_px: int
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Mark:
    """A plate with the wording in it, ready to be pasted."""

    image: Image.Image
    """RGBA, and opaque all over."""
    left: int
    top: int

    @property
    def box(self) -> tuple[int, int, int, int]:
        """Left, top, right and bottom in the picture; right and bottom are just outside."""
        return (self.left, self.top, self.left + self.image.width, self.top + self.image.height)


@lru_cache(maxsize=256)
def plan(width: int, height: int, words: str) -> Plan:
    """Decide where the mark stands in a picture of this size, as shown.

    Raises:
        LabellingError: The picture has no room for legible words.
    """
    shortest = min(width, height)
    if shortest < SMALLEST_SIDE:
        msg = f"a picture of {width} x {height} has no room for a mark: {SMALLEST_SIDE} is least"
        raise LabellingError(msg)
    size = font_size(words, -(-shortest // _SHARE_OF_SIDE))
    grid = _COARSE_GRID if shortest >= _COARSE_FROM else 2
    # 1.5 % of the shortest side, and never less than the rim of the plate needs.
    margin = _up(max(2, -(-shortest * 3 // 200)), grid)
    for count in range(1, len(words) + 1):
        lines = _broken(words, count)
        inner_width = max(_right(line, size) for line in lines)
        plate_width = _up(inner_width + 2 * _padding(size), grid)
        plate_height = _up(_leading(size) * count + _padding(size) // 2, grid)
        if plate_width + 2 * margin <= width and plate_height + 2 * margin <= height:
            return Plan(margin, margin, plate_width, plate_height, size, lines)
    msg = f"{words!r} finds no room in a picture of {width} x {height}"
    raise LabellingError(msg)


def plate_for(width: int, height: int, words: str) -> Mark:
    """Draw the mark of a picture, a frame or a page of this size, as shown.

    Raises:
        LabellingError: There is no room for legible words.
    """
    planned = plan(width, height, words)
    return Mark(_drawn(planned).copy(), planned.left, planned.top)


def stored_mark(width: int, height: int, orientation: int, words: str) -> Mark:
    """Draw the mark of a picture that is stored in this size and shown turned, as EXIF has it.

    Raises:
        LabellingError: There is no room for legible words.
    """
    if orientation >= _FIRST_TURNED:
        shown = plate_for(height, width, words)
    else:
        shown = plate_for(width, height, words)
    if orientation == 1:
        return shown
    left, top, right, bottom = shown.box
    # Seen from the other side: the plate is as far from that edge as it is from this one.
    from_right, from_bottom = (
        (height - right, width - bottom)
        if orientation >= _FIRST_TURNED
        else (width - right, height - bottom)
    )
    places = {
        2: (from_right, top),
        3: (from_right, from_bottom),
        4: (left, from_bottom),
        5: (top, left),
        6: (top, from_right),
        7: (from_bottom, from_right),
        8: (from_bottom, left),
    }
    return Mark(shown.image.transpose(_BACK[orientation]), *places[orientation])


_FIRST_TURNED = 5
_BACK = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
"""What undoes an orientation of EXIF."""


def shows(box: Image.Image, mark: Mark) -> bool:
    """Tell whether a picture's part in the mark's box shows the mark, legibly.

    Codecs blur, and palettes are coarse; yet ink must be light and the plate dark nearly all over,
    and the one must stand out from the other.
    """
    if box.size != mark.image.size:
        return False
    seen = _on_grey(box)
    drawn = mark.image.convert("L")
    light = seen.point(lambda value: 255 * (value >= _HALF))
    ink = drawn.point(lambda value: 255 * (value >= _SURELY_INK))
    plate = drawn.point(lambda value: 255 * (value <= _SURELY_PLATE))
    return (
        ImageStat.Stat(light, ink).mean[0] >= _NEARLY_ALL * 255
        and ImageStat.Stat(light, plate).mean[0] <= (1 - _NEARLY_ALL) * 255
        and _light(seen, ink) + 0.05 >= _LEAST_CONTRAST * (_light(seen, plate) + 0.05)
    )


def _light(picture: Image.Image, part: Image.Image) -> float:
    """Give the light of a part of a picture in greys, as contrast is reckoned with."""
    return float((ImageStat.Stat(picture, part).mean[0] / 255) ** 2.2)


def possible(width: int, height: int, orientation: int) -> Iterator[tuple[Mark, str]]:
    """Give the marks of ours that a picture may have, as it is stored, and their wording."""
    for words in WORDINGS:
        try:
            yield stored_mark(width, height, orientation, words), words
        except LabellingError:
            continue


def read(picture: Image.Image, orientation: int) -> str | None:
    """Give the wording of a mark of ours in a picture as it is stored, or None."""
    for mark, words in possible(*picture.size, orientation):
        if shows(picture.crop(mark.box), mark):
            return words
    return None


_HALF = 128
_SURELY_INK, _SURELY_PLATE = 208, 48
_NEARLY_ALL = 0.95
_LEAST_CONTRAST = 4.5


def _on_grey(box: Image.Image) -> Image.Image:
    """Give a part in greys; what is transparent shows a ground that is neither ink nor plate."""
    if box.mode.startswith("I;16"):
        return box.convert("I").point(lambda value: value * (1 / 257)).convert("L")
    if not box.has_transparency_data:
        return box.convert("RGB").convert("L")
    ground = Image.new("RGBA", box.size, (_HALF, _HALF, _HALF, 255))
    # On mid grey a transparent hole is light in the plate and dark in no ink: it fails the one.
    return Image.alpha_composite(ground, box.convert("RGBA")).convert("L")


@lru_cache(maxsize=256)
def font_size(words: str, ink_px: int) -> int:
    """Give the smallest size of the font in which every sign's ink is as high as this."""
    # A capital letter takes about 0.73 of the size: begin just below, then measure and grow.
    size = max(_LEAST_FONT_PX, ink_px * 4 // 3)
    while least_ink(words, size) < ink_px:
        size += 1
    return size


def least_ink(words: str, size: int) -> int:
    """Measure the ink of the lowest sign, in pixels of the bitmap; punctuation is no sign."""
    return min(_ink_height(sign, size) for sign in words if sign.isalnum())


def _ink_height(sign: str, size: int) -> int:
    left, top, right, bottom = map(int, font(size).getbbox(sign))
    drawn = Image.new("L", (right - left, bottom - top))
    ImageDraw.Draw(drawn).text((-left, -top), sign, fill=255, font=font(size))
    box = drawn.point(lambda value: 255 * (value >= _INKED)).getbbox()
    return box[3] - box[1] if box else 0


@lru_cache(maxsize=16)
def _drawn(planned: Plan) -> Image.Image:
    plate = Image.new("RGBA", (planned.width, planned.height), PLATE)
    pen = ImageDraw.Draw(plate)
    rim = max(1, planned.font_px // 24)
    pen.rectangle((0, 0, planned.width - 1, planned.height - 1), outline=RIM, width=rim)
    used = _leading(planned.font_px) * len(planned.lines)
    for number, line in enumerate(planned.lines):
        left = (planned.width - _right(line, planned.font_px)) // 2
        top = (planned.height - used) // 2 + number * _leading(planned.font_px)
        _, above, _, below = font(planned.font_px).getbbox(_TALLEST)
        shift = (_leading(planned.font_px) - (below - above)) // 2 - above
        pen.text((left, top + shift), line, fill=INK, font=font(planned.font_px))
    return plate


_TALLEST = "容成"
"""Signs that reach as high and as low as any."""


def _padding(size: int) -> int:
    return max(3, size // 3)


def _leading(size: int) -> int:
    """Tell how far apart two lines stand."""
    return size + max(2, size // 6)


def _right(line: str, size: int) -> int:
    return int(font(size).getlength(line) + 0.999)


def _up(value: int, grid: int) -> int:
    return -(-value // grid) * grid


def _broken(words: str, count: int) -> tuple[str, ...]:
    """Break words into lines of about the same length, and never inside a Latin word."""
    length = len(words)
    places = [0]
    for number in range(1, count):
        place = max(length * number // count, places[-1] + 1)
        while place < length and words[place - 1].isascii() and words[place].isascii():
            place -= 1
        places.append(place)
    return tuple(words[start:end] for start, end in pairwise([*places, length]))
