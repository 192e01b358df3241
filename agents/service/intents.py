"""What a customer wants, told by patterns; no model is asked for it."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from agents.patterns import read_patterns

_NOT_WORDS = re.compile(r"[^\w+]|_")
_BREAK = ","


class Intent(StrEnum):
    """What a customer wants."""

    QUESTION = "question"
    GREETING = "greeting"
    THANKS = "thanks"
    WANTS_PERSON = "wants_person"
    COMPLAINT = "complaint"
    OUT_OF_SCOPE = "out_of_scope"
    NO_WORDS = "no_words"
    """Nothing but pictures."""


def read_intent(messages: Sequence[str]) -> Intent:
    """Tell what messages that came together want."""
    texts = [folded for message in messages if (folded := _fold(message))]
    if not texts:
        return Intent.QUESTION if any(map(str.strip, messages)) else Intent.NO_WORDS
    matching = (rule.intent for rule in _rules() if rule.matches(texts))
    return next(matching, Intent.QUESTION)


@dataclass(frozen=True, slots=True)
class _Rule:
    intent: Intent
    any: re.Pattern[str] | None
    whole: re.Pattern[str] | None
    unless: re.Pattern[str] | None

    def matches(self, texts: Sequence[str]) -> bool:
        if self.any and any(self._holds(self.any, text) for text in texts):
            return True
        # Taken out piece by piece: one pattern that repeats them would backtrack without end.
        return self.whole is not None and not self.whole.sub("", "".join(texts)).strip(_BREAK)

    def _holds(self, pattern: re.Pattern[str], text: str) -> bool:
        rest = self.unless.sub(_BREAK, text) if self.unless else text
        return pattern.search(rest) is not None


def _fold(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).lower()
    return _BREAK.join(filter(None, _NOT_WORDS.split(folded)))


@cache
def _rules() -> tuple[_Rule, ...]:
    rows = read_patterns("agents.service", "intents.toml")["intent"]
    return tuple(
        _Rule(
            Intent(row["name"]),
            any=_joined(row.get("any", ())),
            whole=_joined(row.get("whole", ())),
            unless=_joined(row.get("unless", ())),
        )
        for row in rows
    )


def _joined(patterns: Sequence[str]) -> re.Pattern[str] | None:
    return re.compile("|".join(patterns)) if patterns else None
