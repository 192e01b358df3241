"""HTML: the main text without what surrounds it."""

from collections.abc import Iterator, Sequence

from selectolax.lexbor import LexborHTMLParser, LexborNode

from knowledge.base import Block, BlockKind, Document
from knowledge.errors import DocumentUnreadableError
from knowledge.loaders.base import Limits, decode, finish, stem
from knowledge.loaders.outline import BREAK, Outline, joined
from knowledge.loaders.tables import RowCount, row_blocks

_DROPPED = (
    "script, style, noscript, template, nav, footer, aside, form, button, svg, iframe, head, "
    "[hidden], [aria-hidden=true], [role=navigation], [style*='display:none'], "
    "[style*='display: none']"
)
_MAIN = ("main", "[role=main]", "article", "body")
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_INLINE = frozenset(
    "a abbr b bdi bdo br cite code data del dfn em font i img ins kbd label mark q s samp small "  # noqa: SIM905 - as a list it would fill the page
    "span strong sub sup time tt u var wbr -text".split()
)
_MAX_SPAN = 200


def load_html(content: bytes, source: str, limits: Limits) -> Document:
    """Read a page; the title is its first top heading, else what the page calls itself."""
    page = LexborHTMLParser(decode(content, source))
    named = page.css_first("title")
    called = named.text(strip=True) if named else ""
    for node in page.css(_DROPPED):
        node.decompose()
    main = next((found for name in _MAIN if (found := page.css_first(name))), None)
    reader = _Reader(source, limits)
    blocks = tuple(reader.read(main)) if main else ()
    return finish(Document(reader.outline.title or called or stem(source), source, blocks))


class _Reader:
    """Walks one page's tree."""

    def __init__(self, source: str, limits: Limits) -> None:
        self.outline = Outline()
        self._source = source
        self._max_depth = limits.max_depth
        self._rows = RowCount(source, limits.max_rows)

    def read(self, node: LexborNode, depth: int = 0) -> Iterator[Block]:
        if depth > self._max_depth:
            msg = f"{self._source!r} is nested over {self._max_depth} levels deep: simplify it"
            raise DocumentUnreadableError(msg)
        run: list[str] = []
        for child in node.iter(include_text=True):
            tag = child.tag or ""
            if tag in _INLINE:
                run.append(BREAK if tag == "br" else child.text())
                continue
            yield from self._prose(run)
            run = []
            yield from self._block(child, tag, depth)
        yield from self._prose(run)

    def _block(self, node: LexborNode, tag: str, depth: int) -> Iterator[Block]:
        if tag in _HEADINGS:
            self.outline.enter(int(tag[1]), joined(node.text()))
        elif tag == "table":
            yield from self._table(node)
        elif tag == "li":
            for block in self.read(node, depth + 1):
                yield Block(f"- {block.text}", BlockKind.ITEM, block.headings)
        else:
            yield from self.read(node, depth + 1)

    def _prose(self, run: list[str]) -> Iterator[Block]:
        if text := joined("".join(run)):
            yield Block(text, BlockKind.PROSE, self.outline.path)

    def _table(self, node: LexborNode) -> Iterator[Block]:
        found = [row for part in node.iter() for row in part.iter() if row.tag == "tr"]
        self._rows.add(len(found))
        rows = [row for row in _grid(found) if any(row)]
        header = bool(rows) and (node.css_first("th") is not None or _names_columns(rows))
        yield from row_blocks(rows, self.outline.path, header=header)


def _grid(rows: Sequence[LexborNode]) -> Iterator[list[str]]:
    """Lay cells out, repeating what spans several rows or columns, so that each row is whole."""
    held: dict[int, tuple[int, str]] = {}
    for row in rows:
        cells: list[str] = []
        for cell in (child for child in row.iter() if child.tag in {"td", "th"}):
            _fill(cells, held)
            text, down = joined(cell.text()), _span(cell, "rowspan")
            for _ in range(_span(cell, "colspan")):
                if down > 1:
                    held[len(cells)] = (down - 1, text)
                cells.append(text)
        _fill(cells, held)
        yield cells


def _fill(cells: list[str], held: dict[int, tuple[int, str]]) -> None:
    while len(cells) in held:
        left, text = held.pop(len(cells))
        if left > 1:
            held[len(cells)] = (left - 1, text)
        cells.append(text)


def _span(cell: LexborNode, name: str) -> int:
    value = cell.attributes.get(name) or ""
    return min(int(value), _MAX_SPAN) if value.isdecimal() and value != "0" else 1


def _names_columns(rows: Sequence[Sequence[str]]) -> bool:
    """Say whether the first row reads like column names, for pages that do not mark them."""
    first = rows[0]
    plain = all(cell and not any(map(str.isdigit, cell)) for cell in first)
    return plain and len(rows) > 1 and len(set(first)) == len(first) > 1
