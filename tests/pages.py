"""The pages of the project, taken apart as their readers see them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class Fence:
    """A block of code, with the comment before it: `<!-- run -->`."""

    mark: str
    language: str
    body: str


@dataclass(frozen=True)
class Page:
    """A page, by its path from the root of the project."""

    path: str

    @cached_property
    def text(self) -> str:
        return (ROOT / self.path).read_text(encoding="utf-8")

    @cached_property
    def tokens(self) -> list[Token]:
        return MarkdownIt("commonmark").enable("table").parse(self.text)

    @cached_property
    def fences(self) -> list[Fence]:
        before = [None, *self.tokens]
        return [
            Fence(_mark(previous), token.info.strip(), token.content)
            for previous, token in zip(before, self.tokens, strict=False)
            if token.type == "fence"
        ]

    @cached_property
    def code(self) -> list[str]:
        """Every line of a shell block, and every piece of code in a sentence."""
        shell = [fence.body for fence in self.fences if fence.language == "bash"]
        lines = [line for body in shell for line in body.splitlines()]
        return lines + [token.content for token in self._inline() if token.type == "code_inline"]

    @cached_property
    def links(self) -> list[str]:
        targets = [token.attrGet("href") or token.attrGet("src") for token in self._inline()]
        return [str(target) for target in targets if target]

    @cached_property
    def anchors(self) -> set[str]:
        """What a link may point to, the way code hosts make it of a heading."""
        headings = re.findall(r"^#+ (.+)$", self.text, re.MULTILINE)
        return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in headings}

    def table(self, mark: str) -> list[list[str]]:
        """Give the cells of the first table after a comment, row by row, without the head."""
        rows: list[list[str]] = []
        tokens = iter(self.tokens)
        for token in tokens:
            if _mark(token) == mark:
                break
        for token in tokens:
            if token.type == "tr_open":
                rows.append([])
            elif token.type == "inline" and rows:
                rows[-1].append(token.content)
            elif token.type == "table_close":
                break
        return rows[1:]

    def fence(self, mark: str) -> str:
        """Give the block of code after a comment."""
        return next(fence.body for fence in self.fences if fence.mark == mark)

    def after(self, mark: str) -> list[str]:
        """Give the pieces of code in the paragraph or list after a comment."""
        section = self.text.partition(f"<!-- {mark} -->\n")[2].strip()
        return re.findall(r"`([^`]+)`", section.partition("\n\n")[0])

    def _inline(self) -> Iterator[Token]:
        for token in self.tokens:
            yield from token.children or ()


def _mark(token: Token | None) -> str:
    comment = re.fullmatch(r"<!-- (\w+) -->\s*", token.content) if token else None
    return comment[1] if comment else ""


def every_page() -> list[Page]:
    """Find the pages: at the root, in `docs/`, and in the packages."""
    folders = ("docs", "channels", "labelling", "simulators")
    found = [
        *ROOT.glob("*.md"),
        *(page for name in folders for page in (ROOT / name).rglob("*.md")),
    ]
    return [Page(str(path.relative_to(ROOT))) for path in sorted(found)]
