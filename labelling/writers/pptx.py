"""The explicit label in a presentation: a plate on every slide."""

import re

from labelling.writers.archive import Archive
from labelling.writers.base import Kind, Label
from labelling.writers.office import package, parts_of_type, words
from labelling.writers.refusal import refuse
from labelling.writers.statements import statement
from labelling.writers.xml_places import Element, find, spliced

_SLIDE = "presentationml.slide+xml"
_TREE_DEPTH = 3
"""`sld`, `cSld`, `spTree`."""
_NAME = "AIGC notice"
# In English metric units, 12,700 a point. At the upper left, as in pictures: vendors put their
# marks at the lower right.
_LEFT, _TOP, _HEIGHT = 127_000, 127_000, 330_200
_FONT = 1400
"""In hundredths of a point: as large as the smallest text that is advised for slides."""
_SIGN_WIDTH = 177_800
_TRANSITIONAL = "http://schemas.openxmlformats.org/drawingml/2006/main"
_STRICT = "http://purl.oclc.org/ooxml/drawingml/main"
_HIGHEST_ID = 2**31 - 1


class PptxNoticeWriter:
    """Puts the notice on top of every slide; on the slide, for a master may be hidden."""

    name = "pptx-notice"
    kind = Kind.EXPLICIT

    def write(self, content: bytes, label: Label) -> bytes:
        archive = package(content)
        changes = {}
        for part in _slides(archive):
            slide = _Slide(archive.read(part))
            if slide.notice != label.notice:
                changes[part] = slide.marked(label.notice)
        return archive.replaced(changes) if changes else content

    def read(self, content: bytes) -> str | None:
        archive = package(content)
        notices = {_Slide(archive.read(part)).notice for part in _slides(archive)}
        notice = notices.pop()
        return statement(notice) if notice and not notices else None


def _slides(archive: Archive) -> list[str]:
    if found := list(parts_of_type(archive, _SLIDE)):
        return found
    return refuse("it has no slides")


class _Slide:
    def __init__(self, xml: bytes) -> None:
        self._xml = xml
        found = find(xml, _matters)
        trees = [one for one in found if one.name == "spTree"]
        if len(trees) != 1 or trees[0].empty:
            refuse("a slide has no place for shapes")
        self._tree = trees[0]
        self._shapes = [one for one in found if one.name == "sp"]
        self._ids = [one for one in found if one.name == "cNvPr"]
        # It must be the last child where there is one.
        self._extensions = next((one for one in found if one.name == "extLst"), None)

    @property
    def notice(self) -> str | None:
        """What our plate says; None where there is none."""
        shape = self._plate()
        return shape.text.strip() if shape else None

    def _plate(self) -> Element | None:
        for shape in self._shapes:
            if any(one.attributes.get("name") == _NAME for one in self._ids_in(shape)):
                return shape
        return None

    def _ids_in(self, shape: Element) -> list[Element]:
        return [one for one in self._ids if shape.start < one.start < shape.end]

    def marked(self, notice: str) -> bytes:
        old = self._plate()
        taken = {one.attributes.get("id", "") for one in self._ids}
        numbers = [int(value) for value in taken if re.fullmatch(r"\d{1,10}", value)]
        number = max(numbers, default=0) + 1
        if number > _HIGHEST_ID:
            number = next(n for n in range(2, len(taken) + 3) if str(n) not in taken)
        last = self._extensions.start if self._extensions else self._tree.until
        plate = _shape(self._tree.namespace, notice, number)
        gone = [(old.start, old.end, b"")] if old else []
        return spliced(self._xml, (last, last, plate), *gone)


def _matters(name: str, depth: int) -> bool:
    if name in {"sp", "extLst"}:
        return depth == _TREE_DEPTH + 1
    return (name, depth) == ("spTree", _TREE_DEPTH) or name == "cNvPr"


def _shape(namespace: str, notice: str, number: int) -> bytes:
    drawing = _STRICT if namespace.startswith("http://purl.oclc.org/") else _TRANSITIONAL
    width = _SIGN_WIDTH * (len(notice) + 1)
    return (
        f'<p:sp xmlns:p="{words(namespace).decode()}" xmlns:a="{drawing}"><p:nvSpPr>'
        f'<p:cNvPr id="{number}" name="{_NAME}"/>'
        f'<p:cNvSpPr txBox="1"/><p:nvPr userDrawn="1"/></p:nvSpPr><p:spPr>'
        f'<a:xfrm><a:off x="{_LEFT}" y="{_TOP}"/><a:ext cx="{width}" cy="{_HEIGHT}"/></a:xfrm>'
        f'<a:prstGeom prst="rect"><a:avLst/></a:prstGeom>'
        f'<a:solidFill><a:srgbClr val="FFFFFF"/></a:solidFill></p:spPr>'
        f'<p:txBody><a:bodyPr wrap="none" lIns="63500" tIns="25400" rIns="63500" bIns="25400" '
        f'anchor="ctr"/><a:lstStyle/><a:p><a:r><a:rPr lang="zh-CN" altLang="en-US" sz="{_FONT}">'
        f'<a:solidFill><a:srgbClr val="202020"/></a:solidFill></a:rPr>'
        f"<a:t>{words(notice).decode()}</a:t></a:r></a:p></p:txBody></p:sp>"
    ).encode()
