"""A deterministic embedder that needs nothing: signed feature hashing of words and characters."""

import asyncio
import zlib
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from knowledge.base import Embedder
from knowledge.lexical import LexicalEncoder, plain_encoder

DIMENSION = 1024
CHARACTER_SHARE = 0.5
"""Single characters count half: with that, words and pairs the mean reciprocal rank is best."""

_GOLDEN = np.uint64(2654435761)
_LOW_BITS = np.uint64(0xFFFFFFFF)


class HashingEmbedder(Embedder):
    """Places texts near each other that share words, pairs and characters; it knows no meaning.

    It stands in where no embedding service is set up, and keeps tests and demo deterministic.
    """

    def __init__(self, encoder: LexicalEncoder | None = None, dimension: int = DIMENSION) -> None:
        """`encoder` cuts the texts; one with a brand's lexicon keeps the brand's words whole."""
        self._encoder = encoder or plain_encoder()
        self._dimension = dimension

    @property
    @override
    def name(self) -> str:
        return f"hashing-1/{self._encoder.name}"

    @property
    @override
    def dimension(self) -> int:
        return self._dimension

    @override
    async def embed_documents(self, texts: Sequence[str]) -> list[list[float]]:
        vectors = []
        for text in texts:
            vectors.append(self._embed(text))
            # A text takes half a millisecond; others get their turn in between.
            await asyncio.sleep(0)
        return vectors

    @override
    async def embed_question(self, text: str) -> list[float]:
        return self._embed(text)

    def _embed(self, text: str) -> list[float]:
        terms = self._encoder.terms(text) or Counter([text])
        hashes = np.fromiter((zlib.crc32(term.encode()) for term in terms), np.uint64, len(terms))
        # CRC alone is linear: a multiplication makes slot and sign depend on every bit.
        mixed = (hashes * _GOLDEN) & _LOW_BITS
        slots = ((mixed * np.uint64(self._dimension)) >> np.uint64(32)).astype(np.intp)
        signs = np.where(mixed & np.uint64(1 << 5), 1.0, -1.0)
        sums = np.bincount(slots, signs * _weights(terms), self._dimension)
        length = float(np.linalg.norm(sums))
        if not length:
            # Two terms can cancel out; the text still needs a direction.
            sums[slots[0]], length = 1.0, 1.0
        vector: list[float] = (sums / length).tolist()
        return vector


def _weights(terms: Counter[str]) -> NDArray[np.float64]:
    """Dampen repetition by the square root."""
    shares = (CHARACTER_SHARE if term.startswith("c") else 1.0 for term in terms)
    weights = (share * count for share, count in zip(shares, terms.values(), strict=True))
    return np.sqrt(np.fromiter(weights, np.float64, len(terms)))
