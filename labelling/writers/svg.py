"""SVG: a visible plate with the wording, and the label as XMP in `<metadata>`.

The drawing is spliced, not written anew: scripts, styles and spaces stay byte for byte. It is
drawn last, so that nothing covers it, and in styles that no sheet of the drawing overrules.
"""

import math
import re
from dataclasses import dataclass, field
from typing import NoReturn
from xml.sax.saxutils import escape

# It ships no types.
from defusedxml import DefusedXmlException  # type: ignore[import-untyped]
from defusedxml.ElementTree import (  # type: ignore[import-untyped]
    ParseError,
    XMLParser,
)

from labelling.errors import LabellingError, UnsupportedMediaError
from labelling.writers import xmp
from labelling.writers.base import Kind, Label
from labelling.writers.payload import compact

_NAMESPACE = "http://www.w3.org/2000/svg"
_MARK = "aigc-notice"
_MOST_BYTES = 32 << 20
_DEEPEST = 256
_TAG = re.compile(rb"""<(?:[^<>"']|"[^"]*"|'[^']*')*>""")
_NAMED_TYPE = re.compile(rb"<!DOCTYPE\s+svg(?:[^<>\[\]\"']|\"[^\"<>]*\"|'[^'<>]*')*>")
_LENGTH = re.compile(r"\s*([0-9]*\.?[0-9]+(?:[eE][+-]?[0-9]+)?)\s*([a-z]*)\s*")
_PX = {"": 1.0, "px": 1.0, "pt": 4 / 3, "pc": 16.0, "mm": 96 / 25.4, "cm": 96 / 2.54, "in": 96.0}
_FAMILIES = (
    "'Noto Sans CJK SC','Noto Sans SC','Source Han Sans SC','PingFang SC','Microsoft YaHei',"
    "SimHei,'WenQuanYi Micro Hei',sans-serif"
)
_SEEN = (
    "display:inline!important;visibility:visible!important;opacity:1!important;"
    "transform:none!important;filter:none!important;mask:none!important;clip-path:none!important"
)
# Of what a font of ours is not sure to draw, every sign is at least three fifths of its size high.
_INK_OF_SIZE = 0.6


class SvgNoticeWriter:
    """Draws the wording at the upper left of an SVG (GB 45438-2025 §5.2)."""

    name = "svg-notice"
    kind = Kind.EXPLICIT

    def write(self, content: bytes, label: Label) -> bytes:
        content = _without_document_type(content)
        found = _Drawing.of(content)
        if found.words == label.notice and len(found.marks) == 1:
            return content
        edits = [(start, end, b"") for start, end in found.marks]
        mark = _mark(found.attributes, label.notice).encode()
        edits.append((found.closed_at, found.closed_at, mark))
        return xmp.joined(content, edits)

    def read(self, content: bytes) -> str | None:
        return _Drawing.of(content).words


class SvgXmpWriter:
    """Puts `TC260:AIGC` into the `<metadata>` of an SVG."""

    name = "svg-xmp"
    kind = Kind.IMPLICIT

    def write(self, content: bytes, label: Label) -> bytes:
        content = _without_document_type(content)
        found = _Drawing.of(content)
        value = compact(label.aigc)
        spliced = xmp.spliced(content, value)
        if spliced is not None:
            return spliced
        packet = f'<metadata xmlns="{_NAMESPACE}">'.encode() + xmp.rdf(value) + b"</metadata>"
        return xmp.joined(content, [(found.opened_at, found.opened_at, packet)])

    def read(self, content: bytes) -> str | None:
        _Drawing.of(content)
        return xmp.label_in(content)


@dataclass(slots=True)
class _Drawing:
    """What a pass over a drawing found, in bytes from its start."""

    attributes: dict[str, str] = field(default_factory=dict)
    opened_at: int = 0
    """Just after the root's opening tag."""
    closed_at: int = 0
    """Where the root's closing tag begins."""
    marks: list[tuple[int, int]] = field(default_factory=list)
    words: str | None = None

    @classmethod
    def of(cls, content: bytes) -> "_Drawing":
        """Read a drawing.

        Raises:
            UnsupportedMediaError: It is no SVG, or brings entities.
        """
        if len(content) > _MOST_BYTES:
            _refuse("it is too large")
        walk = _Walk(content)
        try:
            walk.parser.feed(content)
            walk.parser.close()
        except (ParseError, DefusedXmlException, ValueError) as error:
            msg = f"an SVG cannot be read: {error}"
            raise UnsupportedMediaError(msg) from error
        return walk.found


class _Walk:
    """The target of the parser."""

    def __init__(self, content: bytes) -> None:
        self.found = _Drawing()
        self.parser = XMLParser(target=self, encoding="utf-8", forbid_dtd=True)
        self._content = content
        self._depth = 0
        self._mark: tuple[int, int] | None = None
        self._said: list[str] = []

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        at = self.parser.parser.CurrentByteIndex
        self._depth += 1
        if self._depth > _DEEPEST:
            _refuse("it is too deep")
        if self._depth == 1:
            if tag != f"{{{_NAMESPACE}}}svg":
                _refuse("its root is no svg element")
            opening = _TAG.match(self._content, at)
            assert opening is not None
            if opening[0].endswith(b"/>"):
                _refuse("there is nothing drawn")
            self.found.attributes, self.found.opened_at = attributes, opening.end()
        elif attributes.get("id") == _MARK and self._mark is None:
            self._mark, self._said = (self._depth, at), []

    def data(self, words: str) -> None:
        self._said.append(words)

    def end(self, tag: str) -> None:
        at = self.parser.parser.CurrentByteIndex
        if self._mark and self._mark[0] == self._depth:
            start = self._mark[1]
            self.found.marks.append((start, self._content.index(b">", max(at, start)) + 1))
            self.found.words, self._mark = "".join(self._said).strip() or None, None
        self._depth -= 1
        self.found.closed_at = at

    def close(self) -> None:
        """Nothing is kept open."""


def _without_document_type(content: bytes) -> bytes:
    """Take out a document type that only names what an SVG is; one that defines things stays.

    Careful readers refuse every document type, ours among them, and no drawing needs this one.
    """
    return _NAMED_TYPE.sub(b"", content, count=1)


def _mark(attributes: dict[str, str], words: str) -> str:
    left, top, width, height = _shown(attributes)
    shortest = min(width, height)
    size = 0.05 * shortest / _INK_OF_SIZE
    across = sum(size * (1.0 if sign > "\xff" else 0.7) for sign in words)
    if across + size > width:
        msg = f"an SVG of {width:g} x {height:g} has no room for a mark"
        raise LabellingError(msg)
    left, top = left + 0.015 * shortest, top + 0.015 * shortest
    plate = (
        f'<rect x="{left:g}" y="{top:g}" width="{across + size:g}" height="{1.6 * size:g}" '
        f'style="fill:#202020!important;stroke:#fff!important;'
        f"stroke-width:{size / 24:g}px!important;fill-opacity:1!important;"
        f'stroke-opacity:1!important;{_SEEN}"/>'
    )
    text = (
        f'<text x="{left + size / 2:g}" y="{top + 1.15 * size:g}" textLength="{across:g}" '
        f'lengthAdjust="spacingAndGlyphs" style="fill:#fff!important;fill-opacity:1!important;'
        f"stroke:none!important;font:{size:g}px {_FAMILIES}!important;text-anchor:start!important;"
        f'writing-mode:horizontal-tb!important;{_SEEN}">{escape(words)}</text>'
    )
    return f'<g xmlns="{_NAMESPACE}" id="{_MARK}" style="{_SEEN}">{plate}{text}</g>'


def _shown(attributes: dict[str, str]) -> tuple[float, float, float, float]:
    """Give left, top, width and height of what is shown, in the drawing's own units."""
    box = attributes.get("viewBox", "").replace(",", " ").split()
    try:
        numbers = [float(number) for number in box]
    except ValueError:
        numbers = []
    if len(numbers) != 4:  # noqa: PLR2004 - left, top, width, height
        numbers = [0.0, 0.0, _px(attributes.get("width")), _px(attributes.get("height"))]
    left, top, width, height = numbers
    if not all(map(math.isfinite, numbers)) or min(width, height) <= 0:
        _refuse("it does not say how large it is")
    return left, top, width, height


def _px(length: str | None) -> float:
    found = _LENGTH.fullmatch(length or "")
    return float(found[1]) * _PX.get(found[2], 0.0) if found else 0.0


def _refuse(why: str) -> NoReturn:
    msg = f"an SVG cannot be read: {why}"
    raise UnsupportedMediaError(msg)
