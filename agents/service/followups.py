"""What to search for: the question itself, or with what it leans on."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from agents.masking import PLACEHOLDER
from agents.patterns import read_patterns
from agents.service.intents import Intent, read_intent
from agents.turn import Utterance

_NOT_WORDS = re.compile(r"[\W_]+")
_SHORT = 8
"""Characters up to which a question that points nowhere may still lean on the one before."""
_REACH = 120
"""Characters of earlier questions that are searched for with a new one."""


@dataclass(frozen=True, slots=True)
class Searches:
    """What to search for, in the order to try it, and the earlier questions that are leant on."""

    texts: tuple[str, ...]
    earlier: str = ""


def plan_searches(question: str, recent: Sequence[Utterance]) -> Searches:
    """Complete a question that says little by itself with the customer's questions before it.

    One that points back is searched for with them only; one that is merely short goes first by
    itself, because it may as well open another subject.
    """
    alone = _searchable(question)
    earlier = " ".join(reversed([*_earlier(recent)]))[-_REACH:]
    if not earlier:
        return Searches((alone,))
    completed = f"{earlier} {alone}"
    if leans(question):
        return Searches((completed,), earlier)
    if len(_NOT_WORDS.sub("", alone)) <= _SHORT:
        return Searches((alone, completed), earlier)
    return Searches((alone,))


def leans(question: str) -> bool:
    """Tell whether a question points back, or is about nothing without what came before."""
    pointers, fillers = _patterns()
    folded = _NOT_WORDS.sub("", unicodedata.normalize("NFKC", question))
    return pointers.search(folded) is not None or len(fillers.sub("", folded)) <= 1


def _earlier(recent: Sequence[Utterance]) -> Iterator[str]:
    """Go back over the customer's questions to the one that stands by itself."""
    for utterance in reversed(recent):
        if utterance.role != "customer" or read_intent([utterance.text]) is not Intent.QUESTION:
            continue
        yield _searchable(utterance.text)
        if not leans(utterance.text):
            return


def _searchable(text: str) -> str:
    return " ".join(PLACEHOLDER.sub(" ", text).split())


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    data = read_patterns("agents.service", "followups.toml")
    fillers = sorted(data["fillers"], key=len, reverse=True)
    return re.compile("|".join(data["pointers"])), re.compile("|".join(fillers))
