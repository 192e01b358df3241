"""The signs that our wordings are written in, as a font that ships with the project."""

from functools import cache
from pathlib import Path

from PIL import ImageFont

from labelling.wording import INTERFACE_NOTICE, TEXT_NOTICE

FONT_PATH = Path(__file__).parent / "fonts" / "NotoSansCJKsc-Notice.otf"

_UPLOAD_NOTICES = "内容可能由AI生成（作者声明）内容疑似由AI生成"
_ELEMENTS = "AI人工智能生成合成"
_MATTERS = "以下本图片视频音文字"
_ASCII = "".join(map(chr, range(0x20, 0x7F)))
SIGNS = "".join(
    sorted({*INTERFACE_NOTICE, *TEXT_NOTICE, *_UPLOAD_NOTICES, *_ELEMENTS, *_MATTERS, *_ASCII})
)
"""Every sign the font has: those of our wordings, and ASCII."""


def font_path() -> Path:
    """Give the file of the font: OpenType with CFF outlines, SIL Open Font License 1.1."""
    return FONT_PATH


@cache
def font_bytes() -> bytes:
    """Give the font itself."""
    return FONT_PATH.read_bytes()


@cache
def font(size_px: int) -> ImageFont.FreeTypeFont:
    """Give the font in one size, for Pillow."""
    # The basic layout needs no shaping library, so that every machine draws the same pixels.
    return ImageFont.truetype(FONT_PATH, size_px, layout_engine=ImageFont.Layout.BASIC)
