"""Lists of questions and answers in CSV, as a spreadsheet writes them."""

import csv
import io
from collections.abc import Iterator, Mapping

from knowledge.base import Block, BlockKind, Document
from knowledge.errors import DocumentUnreadableError
from knowledge.loaders.base import Limits, decode, finish
from knowledge.loaders.tables import RowCount

TITLE = "常见问题"
COLUMNS = ("question", "similar", "negative", "answer", "category")
_REQUIRED = frozenset({"question", "answer"})
_SHOWN_FAULTS = 10


def load_faq(content: bytes, source: str, limits: Limits) -> Document:
    """Read questions and answers; `similar` and `negative` hold lists separated by `|`.

    All faults are told at once, by row, the way the spreadsheet numbers them.
    """
    blocks: list[Block] = []
    faults: list[str] = []
    seen: dict[str, int] = {}
    count = RowCount(source, limits.max_rows)
    for number, row in _rows(decode(content, source), source):
        count.add()
        if fault := _fault(row, seen):
            faults.append(f"row {number} {fault}")
            continue
        seen[row["question"].strip()] = number
        blocks.append(_block(row))
    if faults:
        more = f", and {rest} more" if (rest := len(faults) - _SHOWN_FAULTS) > 0 else ""
        msg = f"{source!r} must be put right: {'; '.join(faults[:_SHOWN_FAULTS])}{more}"
        raise DocumentUnreadableError(msg)
    return finish(Document(TITLE, source, tuple(blocks)))


def _rows(text: str, source: str) -> Iterator[tuple[int, Mapping[str, str]]]:
    reader = csv.reader(io.StringIO(text), strict=True)
    try:
        header = [name.strip().lower() for name in next(reader, [])]
        if not set(header) >= _REQUIRED or len(set(header)) != len(header):
            msg = f"{source!r} needs the columns {', '.join(COLUMNS)} in its first row, each once"
            raise DocumentUnreadableError(msg)
        for number, cells in enumerate(reader, start=2):
            if any(cell.strip() for cell in cells):
                spare = {"": "more"} if len(cells) > len(header) else {}
                yield number, dict(zip(header, cells, strict=False)) | spare
    except csv.Error as error:
        msg = f"{source!r} is broken CSV near line {reader.line_num}: look for an open quote"
        raise DocumentUnreadableError(msg) from error


def _fault(row: Mapping[str, str], seen: Mapping[str, int]) -> str:
    question = row.get("question", "").strip()
    if "" in row:
        return "has more cells than the first row: quote a cell that holds a comma"
    if not question:
        return "has no question"
    if not row.get("answer", "").strip():
        return "has no answer"
    if question in seen:
        return f"asks the same as row {seen[question]}"
    return ""


def _block(row: Mapping[str, str]) -> Block:
    category = row.get("category", "").strip()
    question = row["question"].strip()
    return Block(
        text=row["answer"].strip(),
        kind=BlockKind.FAQ,
        headings=(category, question) if category else (question,),
        similar=_list(row.get("similar", "")),
        negative=_list(row.get("negative", "")),
    )


def _list(cell: str) -> tuple[str, ...]:
    return tuple(item for part in cell.replace("｜", "|").split("|") if (item := part.strip()))
