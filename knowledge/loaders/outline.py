"""Where in a document a reader stands: its title and the path of headings."""

import re

BREAK = "\x1e"
"""Stands for a line break that is meant; no text that was decoded holds it."""

_LINE_END = re.compile(r"\s*\n\s*")
_SPACES = re.compile(r"[ \t\u00a0\u3000]+")


class Outline:
    """Follows headings; the first top heading becomes the title and leaves the path."""

    def __init__(self, title: str = "") -> None:
        self.title = title
        self._path: list[tuple[int, str]] = []

    @property
    def path(self) -> tuple[str, ...]:
        return tuple(text for _, text in self._path)

    def enter(self, level: int, text: str) -> None:
        """Go under a heading; an empty one is only the end of what was before."""
        self._path = [(above, name) for above, name in self._path if above < level]
        if level == 1 and not self.title:
            self.title = text
        elif text and text != self.title:
            self._path.append((level, text))


def joined(text: str) -> str:
    """Lay out inline text; a line end in the source is a space only between letters."""
    lines = (_LINE_END.sub(_line_end, _SPACES.sub(" ", line).strip()) for line in text.split(BREAK))
    return "\n".join(filter(None, lines))


def _line_end(match: re.Match[str]) -> str:
    before, after = match.string[match.start() - 1], match.string[match.end()]
    return " " if before.isascii() and after.isascii() else ""
