"""How many passages hold each term: what tells a rare word from a common one."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_HEAD = np.dtype("<u8")
_CELL = np.dtype("<u4")


@dataclass(frozen=True, slots=True)
class Frequencies:
    """How many passages there are, and how many of them hold each term asked about."""

    passages: int
    holding: tuple[int, ...]


class TermStatistics:
    """Counts over one brand's passages, in two packed columns, since brands have a million terms.

    Law: taking out what was put in leaves what was there before.
    """

    def __init__(self) -> None:
        self.passages = 0
        self._terms: NDArray[np.uint32] = np.empty(0, _CELL)
        self._counts: NDArray[np.uint32] = np.empty(0, _CELL)
        self._changes: Counter[int] = Counter()

    def add(self, passages: Iterable[Sequence[int]]) -> None:
        """Count passages in, each given as its term ids."""
        for terms in passages:
            self.passages += 1
            self._changes.update(terms)

    def remove(self, passages: Iterable[Sequence[int]]) -> None:
        """Count passages out that were counted in."""
        for terms in passages:
            self.passages -= 1
            self._changes.subtract(terms)

    def look_up(self, terms: Sequence[int]) -> Frequencies:
        """Say how many passages hold each of these terms."""
        if not self._terms.size:
            return Frequencies(self.passages, tuple(self._changes[term] for term in terms))
        asked = np.asarray(terms, _CELL)
        places = np.minimum(np.searchsorted(self._terms, asked), self._terms.size - 1)
        known = np.where(self._terms[places] == asked, self._counts[places], 0).tolist()
        counts = zip(terms, known, strict=True)
        return Frequencies(
            self.passages, tuple(known + self._changes[term] for term, known in counts)
        )

    def pack(self) -> bytes:
        """Give the counts as bytes, the same for the same passages in whatever order they came."""
        self._merge()
        head = np.asarray([self.passages, self._terms.size], _HEAD)
        return head.tobytes() + self._terms.tobytes() + self._counts.tobytes()

    @classmethod
    def unpack(cls, packed: bytes) -> "TermStatistics":
        """Read what `pack` gave."""
        passages, size = np.frombuffer(packed, _HEAD, 2).tolist()
        columns = np.frombuffer(packed, _CELL, offset=2 * _HEAD.itemsize)
        statistics = cls()
        statistics.passages = passages
        statistics._terms, statistics._counts = columns[:size], columns[size:]
        return statistics

    def _merge(self) -> None:
        changed = np.fromiter(self._changes.keys(), np.int64, len(self._changes))
        by = np.fromiter(self._changes.values(), np.int64, len(self._changes))
        terms = np.concatenate([self._terms.astype(np.int64), changed])
        counts = np.concatenate([self._counts.astype(np.int64), by])
        unique, places = np.unique(terms, return_inverse=True)
        sums = np.bincount(places, weights=counts, minlength=unique.size).astype(np.int64)
        self._terms = unique[sums > 0].astype(_CELL)
        self._counts = sums[sums > 0].astype(_CELL)
        self._changes.clear()
