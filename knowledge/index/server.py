"""Qdrant server or cluster: all brands in one collection, each a tenant of it."""

import time
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID, uuid5

from qdrant_client import AsyncQdrantClient, models
from qdrant_client.common.client_exceptions import QdrantException
from qdrant_client.http.exceptions import ApiException
from typing_extensions import override

from knowledge.base import Entry, SparseVector
from knowledge.errors import IndexUnavailableError
from knowledge.index.base import HELD_KEYS, PAGE, Hit, Identity, PassageIndex, refuse_other
from knowledge.index.payload import EVERYTHING, KEYWORDS, NUMBERS, Payload, Sieve, stored
from knowledge.index.records import BrandRecord, BrandRecords
from knowledge.index.statistics import TermStatistics

COLLECTION = "zhanggui"
REFRESH_SECONDS = 30.0
"""How long another process's imports may go unnoticed by the weights of terms."""

_NAMESPACE = UUID("0f0a35d4-5f0e-5b3c-8f1c-6c0b1f1d7a52")
_PASSAGE = "passage"


class ServerPassageIndex(PassageIndex):
    """One brand's passages among those of others: every call carries the brand.

    The server's points have ids of their own, made of brand and passage, so that two brands with
    the same document do not write over each other.
    """

    def __init__(
        self,
        client: AsyncQdrantClient,
        brand: str,
        *,
        collection: str = COLLECTION,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`client` is owned by the container, which closes it; `clock` gives seconds."""
        super().__init__(brand)
        self._client = client
        self._collection = collection
        self._records = BrandRecords(client, f"{collection}-records", brand)
        self._clock = clock
        self._refresh_at = 0.0
        self._revision = 0

    @override
    async def _open(self, identity: Identity) -> None:
        with _translated(self.brand):
            # The records are made last, so that where they are, everything is.
            if not await self._records.exist():
                await self._create(identity.dimension)
                await self._records.begin()
            record = await self._records.read()
            if record is None:
                await self._records.save(identity, self._statistics, self._revision)
            else:
                refuse_other(self.brand, record.identity, identity)
                self._adopt(record)
        self._refresh_at = self._clock() + REFRESH_SECONDS

    @override
    async def close(self) -> None:
        if not self._settled:
            await self.settle()
        self._identity = None

    @override
    async def read(self, ids: Collection[str]) -> Mapping[str, Payload]:
        asked = [self._point_id(key) for key in ids]
        with _translated(self.brand):
            records = await self._client.retrieve(self._collection, asked)
        payloads = (record.payload or {} for record in records)
        return {payload[_PASSAGE]: payload for payload in payloads}

    @override
    async def count(self) -> int:
        with _translated(self.brand):
            result = await self._client.count(self._collection, self._filter(EVERYTHING))
        return result.count

    @override
    async def _refresh(self) -> None:
        if not self._settled or self._clock() < self._refresh_at:
            return
        self._refresh_at = self._clock() + REFRESH_SECONDS
        with _translated(self.brand):
            if await self._records.revision() != self._revision:
                self._adopt(await self._records.read())

    def _adopt(self, record: BrandRecord | None) -> None:
        """Take over what the last writer saved; if it was cut off, the next one counts anew."""
        if record:
            self._statistics = TermStatistics.unpack(record.statistics)
            self._revision = record.revision
            self._doubtful = not record.settled

    async def _create(self, dimension: int) -> None:
        if not await self._client.collection_exists(self._collection):
            await self._client.create_collection(
                self._collection,
                {"dense": models.VectorParams(size=dimension, distance=models.Distance.COSINE)},
                {"sparse": models.SparseVectorParams()},
                # A graph per brand instead of one for all: nobody searches across brands.
                hnsw_config=models.HnswConfigDiff(m=0, payload_m=16),
            )
        tenant = models.KeywordIndexParams(type=models.KeywordIndexType.KEYWORD, is_tenant=True)
        await self._client.create_payload_index(self._collection, "brand", tenant)
        for key in KEYWORDS:
            keyword = models.PayloadSchemaType.KEYWORD
            await self._client.create_payload_index(self._collection, key, keyword)
        for key in NUMBERS:
            number = models.PayloadSchemaType.FLOAT
            await self._client.create_payload_index(self._collection, key, number)

    @override
    async def _put(self, entries: Sequence[Entry]) -> None:
        points = [
            models.PointStruct(
                id=self._point_id(entry.id),
                vector={"dense": list(entry.dense), "sparse": _sparse(entry.sparse)},
                payload=stored(entry) | {"brand": self.brand, _PASSAGE: entry.id},
            )
            for entry in entries
        ]
        with _translated(self.brand):
            await self._client.upsert(self._collection, points)

    @override
    async def _drop(self, sieve: Sieve) -> None:
        selector = models.FilterSelector(filter=self._filter(sieve))
        with _translated(self.brand):
            await self._client.delete(self._collection, selector)

    @override
    async def _query(
        self, dense: Sequence[float], lexical: SparseVector, sieve: Sieve, depth: int
    ) -> tuple[list[Hit], list[Hit]]:
        condition = self._filter(sieve)
        requests = [
            models.QueryRequest(
                query=vector, using=using, filter=condition, limit=depth, with_payload=[_PASSAGE]
            )
            for using, vector in (("dense", list(dense)), ("sparse", _sparse(lexical)))
        ]
        with _translated(self.brand):
            nearest, holding = await self._client.query_batch_points(self._collection, requests)
        return _hits(nearest.points), _hits(holding.points)

    @override
    async def _terms_by_id(self, ids: Sequence[str]) -> list[Sequence[int]]:
        asked = [self._point_id(key) for key in ids]
        with _translated(self.brand):
            records = await self._client.retrieve(
                self._collection, asked, with_payload=False, with_vectors=["sparse"]
            )
        return [_indices(record) for record in records]

    @override
    async def _terms(self, sieve: Sieve) -> AsyncIterator[list[Sequence[int]]]:
        async for page in self._pages(sieve, payload=False, vectors=["sparse"]):
            yield [_indices(record) for record in page]

    @override
    async def _payloads(self, sieve: Sieve) -> AsyncIterator[list[Payload]]:
        async for page in self._pages(sieve, payload=list(HELD_KEYS), vectors=False):
            yield [record.payload or {} for record in page]

    async def _pages(
        self, sieve: Sieve, *, payload: bool | list[str], vectors: bool | list[str]
    ) -> AsyncIterator[list[models.Record]]:
        condition = self._filter(sieve)
        # The client gives back what it takes as an offset, in a union of its own.
        offset: Any = None
        while True:
            with _translated(self.brand):
                records, offset = await self._client.scroll(
                    self._collection,
                    condition,
                    limit=PAGE,
                    offset=offset,
                    with_payload=payload,
                    with_vectors=vectors,
                )
            yield records
            if offset is None:
                return

    @override
    async def _unsettle(self) -> None:
        with _translated(self.brand):
            await self._records.unsettle()

    @override
    async def _save(self, statistics: TermStatistics) -> None:
        with _translated(self.brand):
            await self._records.save(self.identity, statistics, self._revision + 1)
        self._revision += 1

    def _point_id(self, passage: str) -> str:
        return str(uuid5(_NAMESPACE, f"{self.brand}\n{passage}"))

    def _filter(self, sieve: Sieve) -> models.Filter:
        brand = models.FieldCondition(key="brand", match=models.MatchValue(value=self.brand))
        return models.Filter(
            must=[
                brand,
                *(_any(key, of) for key, of in sieve.any_of.items()),
                *(
                    models.FieldCondition(key=key, range=models.Range(lte=number))
                    for key, number in sieve.at_most.items()
                ),
                *(
                    models.FieldCondition(key=key, range=models.Range(gt=number))
                    for key, number in sieve.above.items()
                ),
            ],
            must_not=[_any(key, of) for key, of in sieve.none_of.items()],
        )


@contextmanager
def _translated(brand: str) -> Iterator[None]:
    """Turn what the client raises into our error."""
    try:
        yield
    except (ApiException, QdrantException) as error:
        msg = f"index of {brand!r} got no answer from the Qdrant server"
        raise IndexUnavailableError(msg) from error


def _any(key: str, of: Sequence[str]) -> models.FieldCondition:
    return models.FieldCondition(key=key, match=models.MatchAny(any=list(of)))


def _sparse(vector: SparseVector) -> models.SparseVector:
    return models.SparseVector(indices=list(vector.indices), values=list(vector.values))


def _hits(points: Sequence[models.ScoredPoint]) -> list[Hit]:
    return [Hit(str((point.payload or {})[_PASSAGE]), point.score) for point in points]


def _indices(record: models.Record) -> Sequence[int]:
    # The client's type gives every shape a vector may have; this one was asked for.
    vector: Any = record.vector
    indices: list[int] = vector["sparse"].indices
    return indices


def connect(url: str, api_key: str | None) -> AsyncQdrantClient:
    """Make a client of a server or a cluster; the caller closes it."""
    return AsyncQdrantClient(url=url, api_key=api_key)
