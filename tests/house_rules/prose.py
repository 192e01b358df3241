"""A rule about texts: what customers read stands in a catalogue."""

import ast
import re
from collections.abc import Iterator

from tests.house_rules.source import Source

_HAN = re.compile(r"[\u3400-\u9fff]")
# A run of numerals is a table, not a text.
_RUN = re.compile(
    r"(?![零〇一二三四五六七八九十百千万亿两半]+(?![\u3400-\u9fff]))[\u3400-\u9fff]{4,}"
)
_SENTENCE_MARK = re.compile("[，。！？；：、…“”《》]")
_RAW = re.compile(r"[fF]?[rR]")
_PATTERN = re.compile(r"\(\?|\\[sdwSDW]|\[[^\]]-")


def user_text(source: Source) -> Iterator[tuple[int, str]]:
    """Texts stand in runtime/messages/*.toml, data files or prompts.py, not between the code.

    A text is a run of four Han characters, or Han with a mark of a sentence. Single words of a
    table, regular expressions and docstrings are none.
    """
    if not source.under("agents/", "channels/", "runtime/"):
        return
    if source.name == "prompts.py" or not _HAN.search(source.text):
        return
    none = _docstrings(source) | _patterns(source)
    for node in source.nodes:
        if not isinstance(node, ast.Constant) or id(node) in none:
            continue
        if isinstance(node.value, str) and _reads(node.value) and not _raw(source, node):
            yield node.lineno, "put it into runtime/messages/zh.toml and en.toml, or prompts.py"


def _reads(text: str) -> bool:
    if not _HAN.search(text) or _PATTERN.search(text):
        return False
    return bool(_RUN.search(text) or _SENTENCE_MARK.search(text))


def _docstrings(source: Source) -> set[int]:
    """Give the strings that stand by themselves: docstrings of modules, classes and attributes."""
    return {
        id(node.value)
        for node in source.nodes
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }


def _patterns(source: Source) -> set[int]:
    return {
        id(part)
        for _, name, call in source.calls
        if name.startswith("re.")
        for part in ast.walk(call)
    }


def _raw(source: Source, node: ast.Constant) -> bool:
    """Tell whether a string is raw, as patterns are and prose is not."""
    line = source.text.splitlines()[node.lineno - 1].encode()
    return bool(_RAW.match(line[node.col_offset :].decode(errors="ignore")))
