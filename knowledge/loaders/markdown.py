"""Markdown: headings, paragraphs, list items, tables."""

from collections.abc import Iterator

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode
from selectolax.lexbor import LexborHTMLParser

from knowledge.base import Block, BlockKind, Document
from knowledge.errors import DocumentUnreadableError
from knowledge.loaders.base import Limits, decode, finish, stem
from knowledge.loaders.front_matter import divide, reach_of
from knowledge.loaders.outline import BREAK, Outline, joined
from knowledge.loaders.tables import RowCount, row_blocks

_LISTS = frozenset({"bullet_list", "ordered_list"})


def load_markdown(content: bytes, source: str, limits: Limits) -> Document:
    """Read Markdown; the first top heading is the title unless the front matter names one."""
    fields, text = divide(decode(content, source))
    # The parser drops what is nested deeper than it is told, so it is told one level more.
    parser = MarkdownIt("commonmark", {"maxNesting": limits.max_depth + 1}).enable("table")
    tokens = parser.parse(text)
    if max((token.level for token in tokens), default=0) >= limits.max_depth:
        msg = f"{source!r} is nested over {limits.max_depth} levels deep: simplify it"
        raise DocumentUnreadableError(msg)
    tree = SyntaxTreeNode(tokens)
    reader = _Reader(fields.get("title", ""), RowCount(source, limits.max_rows))
    blocks = tuple(reader.read(tree))
    title = reader.outline.title or stem(source)
    return finish(Document(title, source, blocks, reach_of(fields, source)))


class _Reader:
    """Walks one document's tree."""

    def __init__(self, title: str, rows: RowCount) -> None:
        self.outline = Outline(title)
        self._rows = rows

    def read(self, node: SyntaxTreeNode) -> Iterator[Block]:
        for child in node.children:
            if child.type == "heading":
                self.outline.enter(int(child.tag[1:]), _inline(child))
            elif child.type in _LISTS:
                yield from self._items(child)
            elif child.type == "table":
                yield from self._table(child)
            elif child.type == "blockquote":
                yield from self.read(child)
            elif text := _text(child):
                yield Block(text, BlockKind.PROSE, self.outline.path)

    def _items(self, node: SyntaxTreeNode) -> Iterator[Block]:
        for text in _item_texts(node):
            yield Block(text, BlockKind.ITEM, self.outline.path)

    def _table(self, node: SyntaxTreeNode) -> Iterator[Block]:
        rows = [
            [_inline(cell) for cell in row.children]
            for part in node.children
            for row in part.children
        ]
        self._rows.add(len(rows))
        yield from row_blocks(rows, self.outline.path, header=True)


def _item_texts(node: SyntaxTreeNode) -> Iterator[str]:
    """Give each item with its own marker and, indented below it, what it holds."""
    start = int(node.attrs.get("start", 1))
    for number, item in enumerate(node.children, start=start):
        marker = f"{number}. " if node.type == "ordered_list" else "- "
        inner = "\n".join(_inner_lines(item))
        if inner:
            yield marker + inner.replace("\n", "\n  ")


def _inner_lines(node: SyntaxTreeNode) -> Iterator[str]:
    for child in node.children:
        if child.type in _LISTS:
            yield from _item_texts(child)
        elif child.children and child.type != "paragraph":
            yield from _inner_lines(child)
        elif text := _text(child):
            yield text


def _text(node: SyntaxTreeNode) -> str:
    if node.type == "html_block":
        return joined(LexborHTMLParser(node.content).text(separator=" "))
    return (_inline(node) if node.children else node.content).strip()


def _inline(node: SyntaxTreeNode) -> str:
    """Give the text of a heading, a paragraph or a cell."""
    tokens = (child.token for child in node.children if child.type == "inline")
    return joined(
        "".join(_leaf(leaf) for token in tokens if token for leaf in token.children or ())
    )


def _leaf(token: Token) -> str:
    breaks = {"softbreak": "\n", "hardbreak": BREAK, "html_inline": ""}
    return breaks.get(token.type, token.content)
