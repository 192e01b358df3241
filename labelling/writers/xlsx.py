"""The explicit label in a workbook: a row below the first sheet, and its page header."""

import html
import re

from labelling.writers.archive import Archive
from labelling.writers.base import Kind, Label
from labelling.writers.office import appended, package, relations, words
from labelling.writers.refusal import refuse
from labelling.writers.statements import statement
from labelling.writers.xml_places import find, spliced

_LAST_ROW = 1_048_576
_ROW_DEPTH = 3
# What may stand after the header and footer in a sheet, by ECMA-376 part 1, §18.3.1.99.
_AFTER_HEADER = frozenset(
    {
        "rowBreaks", "colBreaks", "customProperties", "cellWatches", "ignoredErrors", "smartTags",
        "drawing", "drawingHF", "legacyDrawing", "legacyDrawingHF", "picture", "oleObjects",
        "controls", "webPublishItems", "tableParts", "extLst",
    }
)  # fmt: skip


class XlsxNoticeWriter:
    """Puts the notice below the rows of the first sheet that is shown, and above printed pages.

    A row at the end moves no cell, so that no formula, table or chart points elsewhere than before.
    """

    name = "xlsx-notice"
    kind = Kind.EXPLICIT

    def write(self, content: bytes, label: Label) -> bytes:
        archive = package(content)
        part = _first_sheet(archive)
        sheet = _Sheet(archive.read(part))
        if sheet.notice == label.notice:
            return content
        return archive.replaced({part: sheet.marked(label.notice)})

    def read(self, content: bytes) -> str | None:
        archive = package(content)
        return _Sheet(archive.read(_first_sheet(archive))).notice


def _first_sheet(archive: Archive) -> str:
    for _, book in relations(archive, "", "officeDocument"):
        sheets = find(archive.read(book), lambda name, depth: (name, depth) == ("sheet", 3))
        targets = dict(relations(archive, book, "worksheet"))
        for sheet in sheets:
            if sheet.attributes.get("state", "visible") == "visible":
                for name, value in sheet.attributes.items():
                    if name.endswith("relationships}id") and value in targets:
                        return targets[value]
    return refuse("it shows no sheet of cells")


class _Sheet:
    def __init__(self, xml: bytes) -> None:
        self._xml = xml
        found = find(xml, _matters, newest="row")
        self._root = found[0]
        self._last = next((one for one in found if one.name == "row"), None)
        data = [one for one in found if one.name == "sheetData"]
        if len(data) != 1:
            refuse("a sheet has no cells")
        self._data = data[0]
        self._headers = [one for one in found if one.name in {"headerFooter", "oddHeader"}]
        self._later = [one for one in found if one.name in _AFTER_HEADER]

    @property
    def notice(self) -> str | None:
        """What the last row says if it is a notice."""
        return statement(self._last.text) if self._last else None

    def marked(self, notice: str) -> bytes:
        number = self._next_row()
        row = (
            f'<row xmlns="{words(self._root.namespace).decode()}" r="{number}">'
            f'<c r="A{number}" t="inlineStr"><is><t>{html.escape(notice)}</t></is></c></row>'
        ).encode()
        # From the end to the front, so that places found before stay right.
        xml = self._with_header(notice)
        return appended(xml, self._data, row)

    def _next_row(self) -> int:
        if self._last is None:
            return 1
        told = self._last.attributes.get("r", "")
        last = int(told) if re.fullmatch(r"\d{1,7}", told) else _LAST_ROW
        if last >= _LAST_ROW:
            refuse("its first sheet has no row left or no numbers")
        return last + 1

    def _with_header(self, notice: str) -> bytes:
        # A header in use is left alone: it belongs to the author, and the row carries the words.
        if self._headers:
            return self._xml
        space = f' xmlns="{words(self._root.namespace).decode()}"'
        header = (
            f"<headerFooter{space}><oddHeader>&amp;L{html.escape(notice)}</oddHeader></headerFooter>"
        ).encode()
        if self._later:
            at = self._later[0].start
            return spliced(self._xml, (at, at, header))
        return appended(self._xml, self._root, header)


def _matters(name: str, depth: int) -> bool:
    if depth == 1:
        return True
    return depth == (_ROW_DEPTH if name == "row" else _ROW_DEPTH - 1)
