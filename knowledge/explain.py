"""Why a passage was found, and whether it answers or only looks as if it did."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from knowledge.base import SparseVector
from knowledge.index.statistics import Frequencies
from knowledge.lexical import Question, inverse_document_frequency, normalise, stop_words

SHOWN_TERMS = 12
LOOK_ALIKE = 0.5
"""How like a question must be to a negative wording, at the least, to be taken for it."""

_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
_OTHER_RUN = re.compile(r"[^\W_\u3400-\u4dbf\u4e00-\u9fff]+")


@dataclass(frozen=True, slots=True)
class WeighedQuestion:
    """A question's terms, and what each weighs in this brand: its count times its rarity."""

    terms: tuple[str, ...]
    vector: SparseVector

    def evidence_in(self, text: str) -> tuple[float, tuple[str, ...]]:
        """Give the share of the question's weight that a text holds, and its telling terms."""
        whole = normalise(text)
        runs = frozenset(_OTHER_RUN.findall(whole))
        weighed = zip(self.vector.values, self.terms, strict=True)
        held = [(weight, term) for weight, term in weighed if _holds(whole, runs, term)]
        total = sum(self.vector.values)
        share = sum(weight for weight, _ in held) / total if total else 0.0
        return min(share, 1.0), _telling(term[1:] for _, term in sorted(held, key=_most_telling))


def weigh(question: Question, frequencies: Frequencies) -> WeighedQuestion:
    """Weigh a question's terms by how few of the brand's passages hold them."""
    weights = (
        count * inverse_document_frequency(frequencies.passages, holding)
        for count, holding in zip(question.counts, frequencies.holding, strict=True)
    )
    return WeighedQuestion(question.terms, SparseVector(question.ids, tuple(weights)))


def is_look_alike(question: str, wordings: Iterable[str], negatives: Sequence[str]) -> bool:
    """Say whether a question is one that an entry's author said it does not answer."""
    asked = _pairs(question)
    negative = max((_similarity(asked, _pairs(text)) for text in negatives), default=0.0)
    positive = max((_similarity(asked, _pairs(text)) for text in wordings), default=0.0)
    return negative >= LOOK_ALIKE and negative > positive


def _holds(whole: str, runs: frozenset[str], term: str) -> bool:
    """Look for a term; Chinese has no word borders, but 7 is not in 17."""
    kind, text = term[0], term[1:]
    if _HAN.search(text):
        return text in whole
    if kind != "w":
        return text in runs
    before = "(?<![0-9])" if text[0].isdecimal() else ""
    after = "(?![0-9])" if text[-1].isdecimal() else ""
    return re.search(f"{before}{re.escape(text)}{after}", whole) is not None


def _most_telling(weighed: tuple[float, str]) -> tuple[float, int, str]:
    weight, term = weighed
    return -weight, -len(term), term


def _telling(terms: Iterable[str]) -> tuple[str, ...]:
    """Leave out what a term before it already says, and pairs that are half a particle."""
    stop, shown = stop_words(), list[str]()
    for term in terms:
        if stop.isdisjoint(term) and not any(term in other for other in shown):
            shown.append(term)
    return tuple(shown[:SHOWN_TERMS])


def _pairs(text: str) -> frozenset[str]:
    plain = "".join(character for character in normalise(text) if character.isalnum())
    return frozenset(plain[i : i + 2] for i in range(max(1, len(plain) - 1)))


def _similarity(one: frozenset[str], other: frozenset[str]) -> float:
    """Dice's coefficient: twice what is shared, over what there is."""
    return 2 * len(one & other) / (len(one) + len(other))
