"""What a house rule looks at, what it finds, and how a line is let off."""

import ast
import io
import re
import tokenize
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath

from typing_extensions import override

_ESCAPE = re.compile(r"#\s*rule-skip:\s*(?P<rule>[\w-]*):?\s*(?P<reason>.*)")


@dataclass(frozen=True)
class Source:
    """A Python file, by its path from the root of the project."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.path)

    @cached_property
    def nodes(self) -> list[ast.AST]:
        return list(ast.walk(self.tree))

    @cached_property
    def calls(self) -> list[tuple[int, str, ast.Call]]:
        """Every call with its line and the dotted name of what is called."""
        return [
            (node.lineno, dotted(node.func), node)
            for node in self.nodes
            if isinstance(node, ast.Call)
        ]

    @cached_property
    def comments(self) -> list[tuple[int, str]]:
        """Every comment with its line."""
        tokens = tokenize.generate_tokens(io.StringIO(self.text).readline)
        return [
            (token.start[0], token.string) for token in tokens if token.type == tokenize.COMMENT
        ]

    @property
    def name(self) -> str:
        return PurePosixPath(self.path).name

    def under(self, *folders: str) -> bool:
        """Tell whether it is one of these files, or in one of these folders (with a `/`)."""
        return any(
            self.path.startswith(folder) if folder.endswith("/") else self.path == folder
            for folder in folders
        )


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """A line that breaks a rule, with the remedy."""

    path: str
    line: int
    rule: str
    remedy: str

    @override
    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.rule}: {self.remedy}"


Rule = Callable[[Source], Iterable[tuple[int, str]]]
"""Gives the lines that break it, each with the remedy."""


def findings(source: Source, rules: Mapping[str, Rule]) -> list[Finding]:
    """Give what breaks a rule and is not let off, and every letting off that is not in order."""
    escapes = list(_escapes(source))
    standing = []
    for name, rule in rules.items():
        for line, remedy in rule(source):
            excusing = [one for one in escapes if one.rule == name and line in one.reach]
            for escape in excusing:
                escape.used = True
            if not excusing:
                standing.append(Finding(source.path, line, name, remedy))
    standing += [
        Finding(source.path, escape.line, "rule-skip", remedy)
        for escape in escapes
        if (remedy := escape.remedy(rules))
    ]
    return sorted(set(standing))


@dataclass(slots=True)
class _Escape:
    """A comment that lets the statement it stands on, or above, off a rule."""

    line: int
    rule: str
    reason: str
    reach: range
    used: bool = False

    def remedy(self, rules: Mapping[str, Rule]) -> str:
        """Say what is wrong with the comment itself; empty where it is in order."""
        if self.rule not in rules:
            return f"there is no rule {self.rule!r}; there are {', '.join(sorted(rules))}"
        if not self.reason:
            return f"say why: '# rule-skip: {self.rule}: <reason>'"
        return "" if self.used else f"nothing here breaks {self.rule!r}: take the comment away"


def _escapes(source: Source) -> Iterator[_Escape]:
    if "rule-skip" not in source.text:
        return
    for line, comment in source.comments:
        if match := _ESCAPE.search(comment):
            yield _Escape(line, match["rule"], match["reason"], _reach(source, line))


def _reach(source: Source, line: int) -> range:
    """Give the lines of the statement that a comment stands on, or else above."""
    spans = [
        range(node.lineno, (node.end_lineno or node.lineno) + 1)
        for node in source.nodes
        if isinstance(node, ast.stmt) and not hasattr(node, "body")
    ]
    on = (span for span in spans if line in span)
    above = (span for span in spans if span.start == line + 1)
    return next(on, None) or next(above, range(line, line + 2))


def dotted(node: ast.expr) -> str:
    """Give the dotted name of an expression, with `?` for what has none."""
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else "?"


def last(name: str) -> str:
    """Give the last word of a dotted name."""
    return name.rpartition(".")[2]
