"""The project's font as a PDF embeds it: bare CFF with the outlines of the signs in use."""

import struct
import zlib
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from labelling.errors import LabellingError
from labelling.glyphs import font_bytes

_UNITS = 1000
_END_OF_GLYPH = b"\x0e"
_CHARSET, _CHAR_STRINGS = 15, 17
_ONE_RANGE = 2
"""The format of a charset whose ranges are counted in 16 bits."""
_BASIC_PLANE = 4
_ESCAPE = 12
_FIRST_OPERAND = 28
_INTEGER_BYTES = {28: 2, 29: 4}
_FRACTION, _TWO_BYTES, _TWO_BYTES_NEGATIVE = 30, 247, 251


@dataclass(frozen=True, slots=True)
class PdfFont:
    """What the dictionaries of a font need for one wording."""

    program: bytes
    """CFF, deflated; all outlines but those in use are empty."""
    glyphs: tuple[int, ...]
    """The numbers of the wording's signs, in order; in this font CIDs are the same."""
    widths: tuple[int, ...]
    """In thousandths of the size."""


@lru_cache(maxsize=8)
def pdf_font(words: str) -> PdfFont:
    """Give the font for a wording.

    Raises:
        LabellingError: The font lacks a sign of it.
    """
    tables = _tables(font_bytes())
    glyph_of = characters(tables["cmap"])
    if missing := sorted({sign for sign in words if ord(sign) not in glyph_of}):
        msg = f"the font has no {missing!r}: add them to labelling/glyphs.py and make it anew"
        raise LabellingError(msg)
    glyphs = tuple(glyph_of[ord(sign)] for sign in words)
    widths = _widths(tables)
    return PdfFont(
        program=zlib.compress(_with_outlines_of(tables["CFF "], frozenset(glyphs)), 9),
        glyphs=glyphs,
        widths=tuple(widths[min(glyph, len(widths) - 1)] for glyph in glyphs),
    )


def _tables(font: bytes) -> dict[str, bytes]:
    count = struct.unpack_from(">4xH", font)[0]
    tables = {}
    for number in range(count):
        tag, _, offset, length = struct.unpack_from(">4s3L", font, 12 + 16 * number)
        tables[tag.decode()] = font[offset : offset + length]
    return tables


def characters(cmap: bytes) -> dict[int, int]:
    """Give the glyphs of characters by a font's table of them.

    Raises:
        LabellingError: It has no format 4, as every font of the basic plane has.
    """
    for number in range(struct.unpack_from(">2xH", cmap)[0]):
        start = struct.unpack_from(">4xL", cmap, 4 + 8 * number)[0]
        if struct.unpack_from(">H", cmap, start)[0] == _BASIC_PLANE:
            return _format_4(cmap, start)
    msg = "the font's table of characters has no format 4"
    raise LabellingError(msg)


def _format_4(cmap: bytes, start: int) -> dict[int, int]:
    count = struct.unpack_from(">H", cmap, start + 6)[0] // 2
    columns = [
        struct.unpack_from(f">{count}H", cmap, start + 14 + 2 * count * column + gap)
        for column, gap in enumerate((0, 2, 2, 2))
    ]
    offsets_at = start + 16 + 6 * count
    glyphs = {}
    for number, (last, first, delta, offset) in enumerate(zip(*columns, strict=True)):
        for character in range(first, last + 1):
            glyph = character
            if offset:
                at = offsets_at + 2 * number + offset + 2 * (character - first)
                # The last segment is a stop sign, whose offset may lead nowhere.
                glyph = struct.unpack_from(">H", cmap, at)[0] if at + 2 <= len(cmap) else 0
            glyph = (glyph + delta) & 0xFFFF if glyph or not offset else 0
            if glyph:
                glyphs[character] = glyph
    return glyphs


def _widths(tables: dict[str, bytes]) -> list[int]:
    count = struct.unpack_from(">H", tables["hhea"], 34)[0]
    units = struct.unpack_from(">H", tables["head"], 18)[0]
    advances = struct.unpack_from(">" + "H2x" * count, tables["hmtx"])
    return [advance * _UNITS // units for advance in advances]


def _with_outlines_of(cff: bytes, glyphs: frozenset[int]) -> bytes:
    """Empty the outlines of all other glyphs, in place, so that no offset in the font moves."""
    top = _top_dictionary(cff)
    start = top[_CHAR_STRINGS]
    offsets, data, end = _index(cff, start)
    outlines = [
        cff[data + first : data + last] if number in glyphs else _END_OF_GLYPH
        for number, (first, last) in enumerate(pairwise(offsets))
    ]
    size = cff[start + 2]
    at, places = 1, []
    for outline in (*outlines, b""):
        places.append(at.to_bytes(size, "big"))
        at += len(outline)
    index = cff[start : start + 3] + b"".join(places) + b"".join(outlines)
    emptied = cff[:start] + index.ljust(end - start, b"\0") + cff[end:]
    # Numbered straight through, so that the text of a page names glyphs without a table.
    charset = struct.pack(">BHH", _ONE_RANGE, 1, len(outlines) - 2)
    place = top[_CHARSET]
    return emptied[:place] + charset + emptied[place + len(charset) :]


def _index(cff: bytes, start: int) -> tuple[list[int], int, int]:
    """Read an INDEX: offsets, where the data are counted from, and its end."""
    count, size = struct.unpack_from(">HB", cff, start)
    first = start + 3
    offsets = [
        int.from_bytes(cff[first + size * number : first + size * (number + 1)], "big")
        for number in range(count + 1)
    ]
    data = first + size * (count + 1) - 1
    return offsets, data, data + offsets[-1]


def _top_dictionary(cff: bytes) -> dict[int, int]:
    """Give the last operand of every operator (Adobe Technical Note 5176, §4 and §9)."""
    _, _, names_end = _index(cff, cff[2])
    offsets, data, _ = _index(cff, names_end)
    at, end, operand = data + offsets[0], data + offsets[1], 0
    found = {}
    while at < end:
        byte = cff[at]
        if byte == _ESCAPE:
            at += 2
        elif byte < _FIRST_OPERAND:
            found[byte] = operand
            at += 1
        else:
            at, operand = _operand(cff, at, byte)
    return found


def _operand(cff: bytes, at: int, byte: int) -> tuple[int, int]:
    """Read a number: where it ends, and its value; that of a fraction does not matter."""
    if byte in _INTEGER_BYTES:
        length = _INTEGER_BYTES[byte]
        return at + 1 + length, int.from_bytes(cff[at + 1 : at + 1 + length], "big", signed=True)
    if byte == _FRACTION:
        while cff[at] & 0x0F != 0x0F:  # noqa: PLR2004 -- the half byte that ends a fraction
            at += 1
        return at + 1, 0
    if byte < _TWO_BYTES:
        return at + 1, byte - 139
    if byte < _TWO_BYTES_NEGATIVE:
        return at + 2, (byte - _TWO_BYTES) * 256 + cff[at + 1] + 108
    return at + 2, -(byte - _TWO_BYTES_NEGATIVE) * 256 - cff[at + 1] - 108
