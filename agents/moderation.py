"""Guards over what comes in and what goes out: size, injection, disclosure."""

import codecs
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Literal

from agents.guards import Finding, Verdict
from agents.patterns import read_patterns

_INVISIBLE = re.compile(r"[\u200b-\u200f\u2060\ufeff\u00ad]")
_BLANKS = re.compile(r"[\s_]+")
_SPREAD = re.compile(r"(?<=[一-龥]) (?=[一-龥])")
_LATIN = re.compile(r"[A-Za-z]{3,}")
_LATIN_WORDS = 4
"""Words from which on a text may be Latin in disguise."""
_SHARED_RUN = 14
"""Characters in a row that an answer and the instructions do not share by chance."""


def fold(text: str) -> str:
    """Bring a text to the one form that patterns are written for."""
    visible = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text))
    return _SPREAD.sub("", _BLANKS.sub(" ", visible)).lower()


@dataclass(frozen=True, slots=True)
class SizeGuard:
    """Refuses what no customer types."""

    max_chars: int = 2000
    name: str = "size"

    async def check(self, text: str) -> Finding:
        """Count."""
        if len(text) <= self.max_chars:
            return Finding(Verdict.PASS, text)
        return Finding(Verdict.REFUSE, text, self.name)


class InjectionGuard:
    """Refuses clear attempts to give the model other orders, turned round or rotated as well.

    What it lets through meets a prompt that takes customer text for data, and the output guards.
    """

    name = "injection"

    async def check(self, text: str) -> Finding:
        """Look for attacks in the text and its disguises."""
        for variant in _disguises(text):
            found = _match("injection", fold(variant))
            if found:
                return Finding(Verdict.REFUSE, text, f"{self.name}:{found}")
        return Finding(Verdict.PASS, text)


class DisclosureGuard:
    """Refuses answers that claim to be a person or show what the model was told."""

    name = "disclosure"

    def __init__(self, instructions: str) -> None:
        """`instructions` is the system prompt that must not come out."""
        self._runs = _runs(_letters(instructions))

    async def check(self, text: str) -> Finding:
        """Look for claims and for the instructions' own words."""
        found = _match("disclosure", fold(text))
        if not found and not self._runs.isdisjoint(_runs(_letters(text))):
            found = "prompt_leak"
        if found:
            return Finding(Verdict.REFUSE, text, f"{self.name}:{found}")
        return Finding(Verdict.PASS, text)


def _disguises(text: str) -> Iterator[str]:
    yield text
    if len(_LATIN.findall(text)) >= _LATIN_WORDS:
        yield text[::-1]
        yield codecs.encode(text, "rot13")


def _letters(text: str) -> str:
    return "".join(character for character in fold(text) if character.isalnum())


def _runs(text: str) -> frozenset[str]:
    return frozenset(text[at : at + _SHARED_RUN] for at in range(len(text) - _SHARED_RUN + 1))


def _match(table: Literal["injection", "disclosure"], text: str) -> str:
    return next((name for name, pattern in _compiled(table) if pattern.search(text)), "")


@cache
def _compiled(table: Literal["injection", "disclosure"]) -> tuple[tuple[str, re.Pattern[str]], ...]:
    rows = read_patterns("agents", "moderation.toml")[table]
    return tuple((row["name"], re.compile("|".join(row["patterns"]))) for row in rows)
