"""Texts that look like Chinese: made up by rule, the same at every run."""

import numpy as np

_COMMON = range(0x4E00, 0x5200)
"""A thousand characters."""
_WORDS = 4_000
_SEED = 20_260_101


class Writer:
    """Writes passages whose words are as unevenly common as those of real ones."""

    def __init__(self) -> None:
        self._chance = np.random.default_rng(_SEED)
        lengths = self._chance.integers(2, 4, _WORDS)
        self._words = ["".join(map(chr, self._chance.choice(_COMMON, size))) for size in lengths]
        ranks = np.arange(1, _WORDS + 1, dtype=np.float64)
        self._shares = (1 / ranks) / np.sum(1 / ranks)

    def passage(self, sentences: int = 4, words: int = 12) -> str:
        """Write a passage of about a hundred characters."""
        return "".join("".join(self._some(words)) + "。" for _ in range(sentences))

    def question(self, passage: str, characters: int = 10) -> str:
        """Ask about a passage, in its own words and one of others."""
        start = int(self._chance.integers(0, max(1, len(passage) - characters)))
        return passage[start : start + characters] + self._some(1)[0]

    def _some(self, count: int) -> list[str]:
        places = self._chance.choice(_WORDS, count, p=self._shares)
        return [self._words[place] for place in places]
