"""Qdrant Edge: passages in a folder, searched in process; the embedded default."""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any

from qdrant_edge import (
    CountRequest,
    Distance,
    EdgeConfig,
    EdgeOptimizersConfig,
    EdgeShard,
    EdgeSparseVectorParams,
    EdgeVectorParams,
    FieldCondition,
    Filter,
    MatchAny,
    PayloadSchemaType,
    Point,
    Query,
    QueryBatchRequest,
    QueryRequest,
    RangeFloat,
    ScoredPoint,
    ScrollRequest,
    UpdateOperation,
)
from qdrant_edge import Record as EdgeRecord
from qdrant_edge import SparseVector as EdgeSparseVector
from typing_extensions import override

from knowledge.base import Entry, SparseVector
from knowledge.errors import IndexUnavailableError, KnowledgeError
from knowledge.index.base import HELD_KEYS, PAGE, Hit, Identity, PassageIndex, refuse_other
from knowledge.index.folder import IndexFolder, Record
from knowledge.index.payload import KEYWORDS, NUMBERS, SCOPED, Payload, Sieve, narrowed, stored
from knowledge.index.settling import build_graph
from knowledge.index.statistics import TermStatistics

GRAPH_BYTES = 10_000_000
"""Bytes of vectors that are scanned rather than found by graph; 2 500 passages take 2 ms."""

_BYTES_A_NUMBER = 4
_STALE_SHARE = 0.2


class EdgePassageIndex(PassageIndex):
    """One brand's passages in one folder, which one process has open at a time.

    Calls of the engine block, and are made where they stand: it holds the interpreter's lock, so
    a thread would cost 0.2 ms and free nobody. The one long call, building the graph, goes to a
    process of its own.
    """

    def __init__(self, path: Path, brand: str, *, graph_bytes: int = GRAPH_BYTES) -> None:
        """`path` is the brand's own folder; it is made, and locked, at the first `open`."""
        super().__init__(brand)
        self._path = path
        self._graph_bytes = graph_bytes
        self._opened: _Opened | None = None
        self._stale = 0

    @property
    def _shard(self) -> EdgeShard:
        return self._parts.shard

    @property
    def _parts(self) -> "_Opened":
        if self._opened is None:
            msg = f"index of {self.brand!r} is not open: call open() first"
            raise KnowledgeError(msg)
        return self._opened

    @override
    async def _open(self, identity: Identity) -> None:
        folder = IndexFolder(self._path)
        try:
            record = folder.read() or _begin(folder, self.brand, identity)
            _refuse_other_brand(record, self.brand)
            refuse_other(self.brand, record.identity, identity)
            with _Translated(self.brand):
                shard = EdgeShard.load(str(folder.shard(record.shard)))
        except BaseException:
            folder.release()
            raise
        self._opened = _Opened(folder, record, shard)
        await self._resume()

    async def _resume(self) -> None:
        """Go on from what was saved; count anew where the last writer was cut off."""
        folder, record = self._parts.folder, self._parts.record
        for number in (record.shard - 1, record.shard + 1):
            folder.remove_shard(number)
        if record.settled:
            self._statistics = TermStatistics.unpack(folder.read_statistics())
        else:
            await self._recount()

    @override
    async def close(self) -> None:
        if self._opened is None:
            return
        try:
            await self.settle()
        finally:
            opened, self._opened, self._identity = self._opened, None, None
            opened.shard.close()
            opened.folder.release()

    @override
    async def read(self, ids: Collection[str]) -> Mapping[str, Payload]:
        with _Translated(self.brand):
            records = self._shard.retrieve(list(ids), with_payload=True, with_vector=False)
        return {str(record.id): record.payload or {} for record in records}

    @override
    async def count(self) -> int:
        with _Translated(self.brand):
            return self._shard.count(CountRequest(exact=True))

    @override
    async def _refresh(self) -> None:
        """Nobody else writes here."""

    @override
    async def _put(self, entries: Sequence[Entry]) -> None:
        payloads = [stored(entry) for entry in entries]
        record = self._parts.record
        self._keep(replace(record, narrowed=record.narrowed.union(*map(narrowed, payloads))))
        points = [
            Point(entry.id, {"dense": list(entry.dense), "sparse": _sparse(entry.sparse)}, payload)
            for entry, payload in zip(entries, payloads, strict=True)
        ]
        self._update(UpdateOperation.upsert_points(points), stale=len(points))

    @override
    async def _drop(self, sieve: Sieve) -> None:
        condition = _filter(sieve)
        with _Translated(self.brand):
            stale = self._shard.count(CountRequest(exact=True, filter=condition))
        self._update(UpdateOperation.delete_points_by_filter(condition), stale=stale)

    def _update(self, operation: UpdateOperation, stale: int) -> None:
        with _Translated(self.brand):
            self._shard.update(operation)
        self._stale += stale

    @override
    async def _query(
        self, dense: Sequence[float], lexical: SparseVector, sieve: Sieve, depth: int
    ) -> tuple[list[Hit], list[Hit]]:
        # Each condition costs 0.4 ms at 50 000 passages, and most brands narrow by one or none.
        condition = _filter(sieve.without(SCOPED - self._parts.record.narrowed))
        nearest, holding = (
            QueryRequest(limit=depth, query=query, filter=condition, with_payload=False)
            for query in (
                Query.Nearest(list(dense), using="dense"),
                Query.Nearest(_sparse(lexical), using="sparse"),
            )
        )
        with _Translated(self.brand):
            batch = self._shard.query_batch(QueryBatchRequest([nearest, holding]))
        return _hits(batch[0]), _hits(batch[1])

    @override
    async def _terms_by_id(self, ids: Sequence[str]) -> list[Sequence[int]]:
        with _Translated(self.brand):
            records = self._shard.retrieve(list(ids), with_payload=False, with_vector=["sparse"])
        return [_indices(record) for record in records]

    @override
    async def _terms(self, sieve: Sieve) -> AsyncIterator[list[Sequence[int]]]:
        for page in self._pages(sieve, payload=False, vector=["sparse"]):
            yield [_indices(record) for record in page]

    @override
    async def _payloads(self, sieve: Sieve) -> AsyncIterator[list[Payload]]:
        for page in self._pages(sieve, payload=list(HELD_KEYS), vector=False):
            yield [record.payload or {} for record in page]

    def _pages(
        self, sieve: Sieve, *, payload: bool | list[str], vector: bool | list[str]
    ) -> Iterator[list[EdgeRecord]]:
        condition, offset = _filter(sieve), None
        while True:
            request = ScrollRequest(offset, PAGE, condition, payload, vector)
            with _Translated(self.brand):
                records, offset = self._shard.scroll(request)
            yield records
            if offset is None:
                return

    @override
    async def _unsettle(self) -> None:
        self._keep(replace(self._parts.record, settled=False))

    @override
    async def _save(self, statistics: TermStatistics) -> None:
        with _Translated(self.brand):
            self._shard.flush()
        if self._graph_is_due():
            await self._build_graph()
        self._parts.folder.write_statistics(statistics.pack())
        self._keep(replace(self._parts.record, settled=True))

    def _keep(self, record: Record) -> None:
        """Change the record, on disk first."""
        if record != self._parts.record:
            self._parts.folder.write(record)
            self._parts.record = record

    def _graph_is_due(self) -> bool:
        with _Translated(self.brand):
            info = self._shard.info()
        # The engine counts every sparse vector as indexed, and a dense one once it is in a graph.
        scanned = max(0, 2 * info.points_count - info.indexed_vectors_count)
        a_vector = self._parts.record.identity.dimension * _BYTES_A_NUMBER
        worn = self._stale > _STALE_SHARE * info.points_count
        return max(scanned, self._stale if worn else 0) * a_vector >= self._graph_bytes

    async def _build_graph(self) -> None:
        """Build it in a copy, while customers go on searching the original, and change over."""
        opened = self._parts
        old, new = opened.record.shard, opened.record.shard + 1
        await asyncio.to_thread(opened.folder.copy_shard, old)
        await build_graph(opened.folder.shard(new))
        with _Translated(self.brand):
            shard = EdgeShard.load(str(opened.folder.shard(new)))
        opened.shard.close()
        opened.shard, self._stale = shard, 0
        self._keep(replace(opened.record, shard=new))
        await asyncio.to_thread(opened.folder.remove_shard, old)


@dataclass(slots=True)
class _Opened:
    """What an open index has in hand."""

    folder: IndexFolder
    record: Record
    shard: EdgeShard


class _Translated:
    """Turns what the engine raises into our error.

    The engine raises bare `Exception`s and nothing narrower, so the exact class is asked for:
    mistakes of ours have classes of their own and pass.
    """

    def __init__(self, brand: str) -> None:
        self._brand = brand

    def __enter__(self) -> None:
        """Have nothing to prepare."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        if kind is Exception:
            msg = f"index of {self._brand!r} gave no answer"
            raise IndexUnavailableError(msg) from error


def _begin(folder: IndexFolder, brand: str, identity: Identity) -> Record:
    """Make an empty shard and its record, in this order: a record names only what is there."""
    record = Record(brand, identity, shard=0, settled=True)
    folder.remove_shard(record.shard)
    place = folder.shard(record.shard)
    place.mkdir()
    config = EdgeConfig(
        vectors={"dense": EdgeVectorParams(identity.dimension, Distance.Cosine)},
        sparse_vectors={"sparse": EdgeSparseVectorParams()},
        optimizers=EdgeOptimizersConfig(indexing_threshold=1),
    )
    with _Translated(brand):
        shard = EdgeShard.create(str(place), config)
        for key in KEYWORDS:
            shard.update(UpdateOperation.create_field_index(key, PayloadSchemaType.Keyword))
        for key in NUMBERS:
            shard.update(UpdateOperation.create_field_index(key, PayloadSchemaType.Float))
        shard.close()
    folder.write_statistics(TermStatistics().pack())
    folder.write(record)
    return record


def _refuse_other_brand(record: Record, brand: str) -> None:
    if record.brand != brand:
        msg = f"the index folder is of {record.brand!r}, not {brand!r}: name another folder"
        raise KnowledgeError(msg)


def _filter(sieve: Sieve) -> Filter:
    return Filter(
        must=[
            *(FieldCondition(key, match=MatchAny(list(of))) for key, of in sieve.any_of.items()),
            *(FieldCondition(key, range=RangeFloat(lte=n)) for key, n in sieve.at_most.items()),
            *(FieldCondition(key, range=RangeFloat(gt=n)) for key, n in sieve.above.items()),
        ],
        must_not=[
            FieldCondition(key, match=MatchAny(list(of))) for key, of in sieve.none_of.items()
        ],
    )


def _sparse(vector: SparseVector) -> EdgeSparseVector:
    return EdgeSparseVector(list(vector.indices), list(vector.values))


def _hits(points: Sequence[ScoredPoint]) -> list[Hit]:
    return [Hit(str(point.id), point.score) for point in points]


def _indices(record: EdgeRecord) -> Sequence[int]:
    # The stubs give every shape a vector may have; the field asked for is always this one.
    vector: Any = record.vector
    indices: list[int] = vector["sparse"].indices
    return indices
