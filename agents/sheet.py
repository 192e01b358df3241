"""The sheet a model answers from: numbered passages and the question, each clearly delimited.

Text from outside cannot close a delimiter: its angle brackets are widened. What `render` wrote
`read` reads, so that the offline model answers from exactly what a remote one is shown.
"""

import re
from dataclasses import dataclass

# rule-skip: user-text: a mark for the model; the customer never sees it
NOT_IN_PASSAGES = "【资料未载】"
"""What a model says where the passages do not; the customer never sees it."""

_ASKED = "问题："  # rule-skip: user-text: a heading of the sheet, read by the model
_WIDEN = str.maketrans({"<": "＜", ">": "＞", '"': "＂"})
_PASSAGE = re.compile(
    r'<passage title="(?P<title>[^"<>]*)" heading="(?P<heading>[^"<>]*)">'
    r"\n\[\d+\] (?P<text>[^<>]*)\n</passage>"
)


@dataclass(frozen=True, slots=True)
class Quote:
    """A passage as a model is shown it."""

    title: str
    heading: str
    text: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """All that a model is told of one turn, masked."""

    quotes: tuple[Quote, ...]
    question: str
    earlier: str = ""
    """What the question leans on, where it says little by itself."""
    history: str = ""
    summary: str = ""
    profile: str = ""

    def render(self) -> str:
        """Write the sheet down; sections without content are left out."""
        passages = "\n".join(_render(number, quote) for number, quote in enumerate(self.quotes, 1))
        sections = {
            "passages": passages,
            "summary": self.summary.translate(_WIDEN),
            "profile": self.profile.translate(_WIDEN),
            "history": self.history.translate(_WIDEN),
            "earlier": self.earlier.translate(_WIDEN),
            "question": _ASKED + self.question.translate(_WIDEN),
        }
        return "\n\n".join(
            f"<{name}>\n{body}\n</{name}>" for name, body in sections.items() if body
        )


def _render(number: int, quote: Quote) -> str:
    title, heading, text = (
        part.translate(_WIDEN) for part in (quote.title, quote.heading, quote.text)
    )
    return f'<passage title="{title}" heading="{heading}">\n[{number}] {text}\n</passage>'


def read(text: str) -> Sheet:
    """Read a sheet back; a text that holds none gives an empty one."""
    quotes = tuple(
        Quote(match["title"], match["heading"], match["text"]) for match in _PASSAGE.finditer(text)
    )
    names = ("question", "earlier", "history", "summary", "profile")
    sections = {name: _section(name, text) for name in names}
    sections["question"] = sections["question"].removeprefix(_ASKED)
    return Sheet(quotes, **sections)


def _section(name: str, text: str) -> str:
    match = re.search(rf"<{name}>\n([^<>]*)\n</{name}>", text)
    return match[1] if match else ""
