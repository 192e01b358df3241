"""Table rows as sentences that carry their header."""

from collections.abc import Iterator, Sequence

from knowledge.base import Block, BlockKind
from knowledge.errors import DocumentUnreadableError


def row_text(header: Sequence[str], cells: Sequence[str]) -> str:
    """Say a row with the name of each column, so that it is understood alone."""
    names = [*header, *[""] * (len(cells) - len(header))]
    return "；".join(
        f"{name}：{cell}" if name else cell
        for name, cell in zip(names, cells, strict=False)
        if cell
    )


def row_blocks(
    rows: Sequence[Sequence[str]], headings: tuple[str, ...], *, header: bool
) -> Iterator[Block]:
    """Make a block of each row; `header` says that the first one names the columns."""
    names = rows[0] if header and rows else ()
    body = rows[1:] if header and len(rows) > 1 else rows
    for cells in body:
        if text := row_text(names if body is not rows else (), cells):
            yield Block(text, BlockKind.ROW, headings)


class RowCount:
    """Counts rows over a whole document and refuses one too many."""

    def __init__(self, source: str, limit: int) -> None:
        self._source = source
        self._limit = limit
        self._rows = 0

    def add(self, rows: int = 1) -> None:
        self._rows += rows
        if self._rows > self._limit:
            msg = f"{self._source!r} has over {self._limit} rows: divide it into several files"
            raise DocumentUnreadableError(msg)
