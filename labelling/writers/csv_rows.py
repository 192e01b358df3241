"""The explicit label in a table of comma-separated values: its last row.

There is no place for metadata in such a file, so no chain stands for it in the registry: the
words alone do not make it a labelled file. Whoever exports one puts the sidecar beside it.
"""

import csv
import io

from labelling.output import Aigc
from labelling.writers.base import Kind, Label
from labelling.writers.payload import compact
from labelling.writers.refusal import refuse
from labelling.writers.statements import statement

SIDECAR_ENDING = ".aigc.json"
"""Behind the whole name of the file that it tells of."""


class CsvNoticeWriter:
    """Puts the notice into a row of its own at the end, so that the header stays the first."""

    name = "csv-notice"
    kind = Kind.EXPLICIT

    def write(self, content: bytes, label: Label) -> bytes:
        if self.read(content) == label.notice:
            return content
        end = b"\r\n" if b"\r\n" in content[:4096] else b"\n"
        between = b"" if not content or content.endswith((b"\n", b"\r")) else end
        labelled = content + between + label.notice.encode() + end
        if _last_row(labelled) != [label.notice]:
            refuse("a quoted cell in it is not closed")
        return labelled

    def read(self, content: bytes) -> str | None:
        row = _last_row(content)
        return statement(row[0]) if len(row) == 1 else None


def sidecar(aigc: Aigc) -> bytes:
    """Give the content of the file beside a file that has no place for metadata."""
    return f'{{"AIGC":{compact(aigc)}}}\n'.encode()


def _last_row(content: bytes) -> list[str]:
    last: list[str] = []
    try:
        text = content.decode("utf-8-sig")
        for row in csv.reader(io.StringIO(text, newline="")):
            last = row or last
    except (UnicodeDecodeError, csv.Error) as error:
        refuse("it is no table in UTF-8", error)
    return last
