"""The port passages are kept behind and searched through, and what every engine shares."""

import asyncio
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Self, final

from knowledge.base import Embedder, Entry, Scope, SparseVector
from knowledge.errors import KnowledgeError
from knowledge.index.payload import EVERYTHING, Payload, Sieve, of_document, within
from knowledge.index.statistics import Frequencies, TermStatistics
from knowledge.lexical import LexicalEncoder

PAGE = 1000
"""Passages read at a time where all are read."""

HELD_KEYS = ("document", "digest", "version", "source", "of")
"""What `holdings` reads of a payload."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What an index was built with; vectors and terms of another mean nothing in it."""

    embedder: str
    dimension: int
    tokenizer: str

    @classmethod
    def of(cls, embedder: Embedder, encoder: LexicalEncoder) -> Self:
        """Say what passages are, or are to be, prepared with."""
        return cls(embedder.name, embedder.dimension, encoder.name)


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage one query returned, with the engine's own score."""

    id: str
    score: float


@dataclass(frozen=True, slots=True)
class Found:
    """What the two queries of a search returned, each best first, equal scores by id."""

    dense: tuple[Hit, ...]
    lexical: tuple[Hit, ...]


@dataclass(frozen=True, slots=True)
class Holding:
    """A version of a document as far as the index holds it."""

    document: str
    source: str
    digest: str
    version: int
    passages: int
    expected: int
    """Passages it was cut into; fewer are held where an import was cut off."""

    @property
    def complete(self) -> bool:
        return self.passages == self.expected


class PassageIndex(ABC):
    """The passages of one brand.

    Laws: nothing of another brand is ever returned or touched; nothing outside the scope is
    returned; an entry put in again replaces the one of its id; the order of equal scores is that
    of the ids; what was put in before `settle` or `close` is there after the index is opened
    again; an index is opened only with the identity it was built with. One writer per brand.
    """

    def __init__(self, brand: str) -> None:
        self.brand = brand
        self._identity: Identity | None = None
        self._statistics = TermStatistics()
        self._writing = asyncio.Lock()
        self._settled = True
        self._doubtful = False

    @final
    async def open(self, identity: Identity) -> None:
        """Make ready for vectors and terms of this identity; everyone who uses an index says his.

        Opening what is open asks nobody anything.

        Raises:
            KnowledgeError: It was built with another embedder or tokenizer, or is another's.
            IndexUnavailableError: The engine gave no answer; the same call may be made again.
        """
        if self._identity is None:
            async with self._writing:
                if self._identity is None:
                    await self._open(identity)
                    self._identity = identity
        refuse_other(self.brand, self._identity, identity)

    @property
    def identity(self) -> Identity:
        """What it was built with.

        Raises:
            KnowledgeError: It was not opened.
        """
        if self._identity is None:
            msg = f"index of {self.brand!r} is not open: call open() first"
            raise KnowledgeError(msg)
        return self._identity

    @final
    async def upsert(self, entries: Sequence[Entry]) -> None:
        """Put entries in, each in place of the one with its id.

        Raises:
            KnowledgeError: A vector has another dimension; nothing was put in.
            IndexUnavailableError: The engine did not take them; the same call may be made again.
        """
        unique = {entry.id: entry for entry in entries}
        for entry in unique.values():
            self._check(entry.dense)
        if not unique:
            return
        async with self._writing:
            replaced = await self._terms_by_id(tuple(unique))
            async with self._change():
                await self._put(tuple(unique.values()))
                self._statistics.remove(replaced)
                self._statistics.add(entry.sparse.indices for entry in unique.values())

    @final
    async def remove(self, base: str, document: str, *, keep: str = "") -> int:
        """Take a document out, except its version of the digest `keep`; say how many passages.

        Raises:
            IndexUnavailableError: The engine gave no answer; the same call may be made again.
        """
        sieve = of_document(base, document, keep)
        async with self._writing:
            gone = [terms async for page in self._terms(sieve) for terms in page]
            if gone:
                async with self._change():
                    await self._drop(sieve)
                    self._statistics.remove(gone)
        return len(gone)

    @final
    async def search(
        self, dense: Sequence[float], lexical: SparseVector, scope: Scope, depth: int
    ) -> Found:
        """Ask for the `depth` nearest by vector and by terms, both in one batch.

        Raises:
            KnowledgeError: The vector has another dimension.
            IndexUnavailableError: The engine gave no answer.
        """
        self._check(dense)
        nearest, holding = await self._query(dense, lexical, within(scope), depth)
        return Found(_ordered(nearest), _ordered(holding))

    @final
    async def frequencies(self, terms: Sequence[int]) -> Frequencies:
        """Say how many of the brand's passages hold each term."""
        await self._refresh()
        return self._statistics.look_up(terms)

    @final
    async def holdings(self, base: str, document: str = "") -> tuple[Holding, ...]:
        """Tell the versions held of a base's documents, or of one of them.

        Raises:
            IndexUnavailableError: The engine gave no answer.
        """
        counts: Counter[tuple[str, str]] = Counter()
        heads: dict[tuple[str, str], Payload] = {}
        async for page in self._payloads(of_document(base, document)):
            for payload in page:
                version = (str(payload["document"]), str(payload["digest"]))
                counts[version] += 1
                heads[version] = payload
            await asyncio.sleep(0)
        return tuple(
            Holding(
                document=version[0],
                source=str(heads[version].get("source", "")),
                digest=version[1],
                version=_whole(heads[version].get("version")),
                passages=count,
                expected=_whole(heads[version].get("of")),
            )
            for version, count in sorted(counts.items())
        )

    @final
    async def settle(self) -> None:
        """Make what was put in durable and quick to search; call it after an import.

        Raises:
            IndexUnavailableError: The engine gave no answer; the same call may be made again.
        """
        async with self._writing:
            if self._doubtful:
                await self._recount()
            if not self._settled:
                await self._save(self._statistics)
                self._settled = True

    @final
    @asynccontextmanager
    async def _change(self) -> AsyncIterator[None]:
        """Note that passages and counts part ways, until both were changed and saved."""
        if self._settled:
            await self._unsettle()
            self._settled = False
        doubtful, self._doubtful = self._doubtful, True
        yield
        self._doubtful = doubtful

    @final
    async def _recount(self) -> None:
        """Count all passages anew, because a writer was cut off."""
        statistics = TermStatistics()
        async for page in self._terms(EVERYTHING):
            statistics.add(page)
            await asyncio.sleep(0)
        self._statistics = statistics
        self._doubtful = False
        self._settled = False

    @final
    def _check(self, dense: Sequence[float]) -> None:
        if len(dense) != self.identity.dimension:
            kept = self.identity.dimension
            msg = f"index of {self.brand!r} holds vectors of {kept} dimensions, got {len(dense)}"
            raise KnowledgeError(msg)

    @abstractmethod
    async def _open(self, identity: Identity) -> None:
        """Open what is kept, or begin it."""

    @abstractmethod
    async def read(self, ids: Collection[str]) -> Mapping[str, Payload]:
        """Give the payloads of these passages, with their text; what is gone is left out."""

    @abstractmethod
    async def count(self) -> int:
        """Say how many passages the brand has."""

    @abstractmethod
    async def close(self) -> None:
        """Settle the books and let go; it may be opened again."""

    @abstractmethod
    async def _refresh(self) -> None:
        """See to it that the statistics are those of the last writer, more or less."""

    @abstractmethod
    async def _put(self, entries: Sequence[Entry]) -> None: ...

    @abstractmethod
    async def _drop(self, sieve: Sieve) -> None: ...

    @abstractmethod
    async def _query(
        self, dense: Sequence[float], lexical: SparseVector, sieve: Sieve, depth: int
    ) -> tuple[list[Hit], list[Hit]]: ...

    @abstractmethod
    async def _terms_by_id(self, ids: Sequence[str]) -> list[Sequence[int]]:
        """Give the term ids of those of these passages that are held."""

    @abstractmethod
    def _terms(self, sieve: Sieve) -> AsyncIterator[list[Sequence[int]]]:
        """Give the term ids of all passages that pass, in pages."""

    @abstractmethod
    def _payloads(self, sieve: Sieve) -> AsyncIterator[list[Payload]]:
        """Give the `HELD_KEYS` of all that pass, in pages."""

    @abstractmethod
    async def _unsettle(self) -> None:
        """Record, before the first write, that the saved statistics are no longer true."""

    @abstractmethod
    async def _save(self, statistics: TermStatistics) -> None:
        """Make passages and statistics durable, and record that they agree."""


def _ordered(hits: Sequence[Hit]) -> tuple[Hit, ...]:
    return tuple(sorted(hits, key=lambda hit: (-hit.score, hit.id)))


def _whole(value: object) -> int:
    return int(value) if isinstance(value, int | float) else 0


def refuse_other(brand: str, recorded: Identity, asked: Identity) -> None:
    """Refuse to open an index that was built otherwise.

    Raises:
        KnowledgeError: The embedder, its dimension or the tokenizer is another.
    """
    if recorded != asked:
        msg = (
            f"index of {brand!r} was built with {recorded}, not {asked}: "
            "import its documents again into an empty one"
        )
        raise KnowledgeError(msg)
