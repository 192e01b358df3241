"""Citations: `[n]` in an answer points at the n-th of the passages its reply carries.

The marks stay in the text: a front of ours makes them tap targets. A front that cannot shows the
text of `with_sources`, which says in words what the numbers mean.
"""

import re
from collections.abc import Sequence
from itertools import groupby

from knowledge.base import Passage

CITATION = re.compile(r"\s*[\[［【](\d{1,2})[\]］】]")


class Citations:
    """Numbers passages anew in the order an answer cites them."""

    def __init__(self, passages: Sequence[Passage]) -> None:
        """`passages` are numbered from 1 as the model was shown them."""
        self._passages = passages
        self._cited: list[Passage] = []

    @property
    def cited(self) -> tuple[Passage, ...]:
        """The passages cited so far, in order; all that were shown where none is."""
        return tuple(self._cited or self._passages)

    def renumber(self, sentence: str) -> str:
        """Rewrite a sentence's citations; those of passages that were not shown go."""
        return CITATION.sub(lambda match: self._cite(int(match[1])), sentence)

    def _cite(self, shown: int) -> str:
        if not 0 < shown <= len(self._passages):
            return ""
        passage = self._passages[shown - 1]
        if passage not in self._cited:
            self._cited.append(passage)
        return f"[{self._cited.index(passage) + 1}]"


def with_sources(text: str, passages: Sequence[Passage], heading: str) -> str:
    """Add a line that names the documents behind the numbers, for fronts without tap targets.

    A document that the text names itself is not named again.
    """
    numbered = enumerate(passages, start=1)
    sources = [
        "".join(f"[{number}]" for number, _ in group) + f"《{title}》"
        for title, group in groupby(numbered, key=lambda pair: pair[1].title)
        if f"《{title}》" not in text
    ]
    if not sources or not CITATION.search(text):
        return text
    return f"{text}\n{heading}{'；'.join(sources)}"
