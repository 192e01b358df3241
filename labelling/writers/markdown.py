"""The labels in Markdown: a quoted line at the start, and `AIGC` in the front matter."""

import json
import re

from labelling.writers.base import Kind, Label
from labelling.writers.payload import KEY, compact
from labelling.writers.refusal import refuse
from labelling.writers.statements import statement

_BOM = "\ufeff"
_FENCE = re.compile(r"---[ \t]*\r?\n")
_CLOSING = re.compile(r"^(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)", re.MULTILINE)
_PROPERTY = re.compile(r"""(?:[\w.-]+|"[^"\n]*"|'[^'\n]*')[ \t]*:(?:[ \t\r\n]|\Z)""")
# The entry and what is indented below it.
_ENTRY = re.compile(
    r"""^(["']?)AIGC\1[ \t]*:.*(?:\n(?:[ \t]+\S.*|[ \t]*\r?(?=\n[ \t]+\S)))*\n?""",
    re.MULTILINE | re.IGNORECASE,
)
_VALUE = re.compile(r"^[ \t]+(\w+): '((?:[^'\n]|'')*)'\r?$", re.MULTILINE)
_QUOTED_LINE = re.compile(r"\s*>[ \t]*([^\r\n]*)")


class MarkdownNoticeWriter:
    """Puts `> 内容由AI生成` before the text (GB 45438-2025 §5.1: at the start)."""

    name = "markdown-notice"
    kind = Kind.EXPLICIT

    def write(self, content: bytes, label: Label) -> bytes:
        if self.read(content) == label.notice:
            return content
        text = _decoded(content)
        start = _body(text)
        line = _newline(text)
        return (text[:start] + f"> {label.notice}{line}{line}" + text[start:]).encode()

    def read(self, content: bytes) -> str | None:
        text = _decoded(content)
        found = _QUOTED_LINE.match(text, _body(text))
        return statement(found[1]) if found else None


class FrontMatterWriter:
    """Writes `AIGC` into the YAML front matter (TC260-PG-20258A), merged with what stands there.

    Values are quoted: without quotes, a number of digits would be read as one and lose zeros.
    """

    name = "markdown-front-matter"
    kind = Kind.IMPLICIT

    def write(self, content: bytes, label: Label) -> bytes:
        if self.read(content) == compact(label.aigc):
            return content
        text = _decoded(content)
        line = _newline(text)
        entry = f"{KEY}:{line}" + "".join(
            f"  {key}: '{value.replace(chr(39), chr(39) * 2)}'{line}"
            for key, value in label.aigc.as_dict().items()
        )
        matter = _front_matter(text)
        if matter is None:
            start = len(_BOM) if text.startswith(_BOM) else 0
            return f"{text[:start]}---{line}{entry}---{line}{text[start:]}".encode()
        first, last = matter
        # One label a file: what stood under the name is replaced.
        others = _ENTRY.sub("", text[first:last])
        return (text[:first] + others + entry + text[last:]).encode()

    def read(self, content: bytes) -> str | None:
        text = _decoded(content)
        matter = _front_matter(text)
        found = _ENTRY.search(text, *matter) if matter else None
        if found is None:
            return None
        values = {key: value.replace("''", "'") for key, value in _VALUE.findall(found[0])}
        return json.dumps(values, separators=(",", ":")) if values else None


def _decoded(content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        refuse("it is not in UTF-8", error)


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text[:4096] else "\n"


def _front_matter(text: str) -> tuple[int, int] | None:
    """Give where the front matter stands between its fences; None where there is none."""
    opening = _FENCE.match(text, len(_BOM) if text.startswith(_BOM) else 0)
    closing = _CLOSING.search(text, opening.end()) if opening else None
    if opening is None or closing is None:
        return None
    first, last = opening.end(), closing.start()
    lines = [line for line in text[first:last].splitlines() if line.strip()]
    told = next((line for line in lines if not line.startswith("#")), "")
    if not told or _PROPERTY.match(told):
        return first, last
    if told.startswith(("{", "- ", "!", "&", "?")):
        refuse("its front matter is no mapping in block style, so nothing can be merged into it")
    # A rule, some words, and another rule.
    return None


def _body(text: str) -> int:
    """Give where the text begins, after the front matter."""
    matter = _front_matter(text)
    if matter is None:
        return len(_BOM) if text.startswith(_BOM) else 0
    closing = _CLOSING.match(text, matter[1])
    assert closing is not None
    return closing.end()
