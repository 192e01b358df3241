"""Hybrid search as agents use it, against the engine's own call on the same passages."""

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from qdrant_edge import EdgeShard, Query, QueryBatchRequest, QueryRequest
from qdrant_edge import SparseVector as EdgeSparseVector

from bench.figures import (
    Figure,
    Plan,
    Reading,
    Readings,
    Target,
    median,
    milliseconds,
    quantile,
)
from bench.texts import Writer
from knowledge.base import Entry, Scope, SparseVector
from knowledge.embedders.hashing import HashingEmbedder
from knowledge.explain import weigh
from knowledge.index.base import Identity
from knowledge.index.edge import EdgePassageIndex
from knowledge.index.folder import IndexFolder
from knowledge.lexical import LexicalEncoder
from knowledge.retrieve import DEPTH, HybridRetriever
from runtime import clock
from runtime.ids import new_id

_SIZES = (1_000, 10_000, 50_000)
_QUICK_SIZES = (1_000,)
_BATCH = 500
_QUESTIONS = 100
_ROUNDS = 3
_BRAND = "bench"
_RAW = "Qdrant Edge, two queries in one batch"


def _figures(size: int) -> tuple[Figure, ...]:
    return (
        Figure(f"p50_{size}", f"hybrid search, {size:,} passages, p50", "ms", Target(10), _RAW),
        Figure(
            f"p99_{size}",
            f"hybrid search, {size:,} passages, p99",
            "ms",
            reference=_RAW,
            reason="the issue sets a bound for the median alone",
        ),
        Figure(
            f"times_{size}",
            f"hybrid search, {size:,} passages, p50 against raw",
            "×",
            Target(2),
            "the raw call",
        ),
    )


FIGURES = tuple(figure for size in _SIZES for figure in _figures(size))


async def measure(plan: Plan) -> Readings:
    """Fill one index after the other and ask it, the engine's own call and ours in turns."""
    readings: dict[str, Reading] = {}
    for size in _QUICK_SIZES if plan.quick else _SIZES:
        with tempfile.TemporaryDirectory(prefix="zhanggui-bench-") as folder:
            bed = _Bed(Path(folder) / "index")
            built = await bed.fill(size)
            for _ in range(plan.size(_ROUNDS, 1)):
                bed.ask_raw()
                await bed.ask_ours()
            readings |= bed.readings(size, built)
    return readings


class _Bed:
    """One index under measurement."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._encoder = LexicalEncoder()
        self._embedder = HashingEmbedder(self._encoder)
        self._identity = Identity.of(self._embedder, self._encoder)
        self._asked: list[tuple[str, Sequence[float], SparseVector]] = []
        self._ours: list[float] = []
        self._raw: list[float] = []

    async def fill(self, size: int) -> float:
        """Put passages in and get questions ready; give the seconds until it was settled."""
        index, writer = EdgePassageIndex(self._path, _BRAND), Writer()
        began = time.perf_counter()
        await index.open(self._identity)
        texts = [writer.passage() for _ in range(size)]
        for start in range(0, size, _BATCH):
            await index.upsert(await self._entries(texts[start : start + _BATCH]))
        await index.settle()
        built = time.perf_counter() - began
        for text in texts[:: size // _QUESTIONS][:_QUESTIONS]:
            question = writer.question(text)
            terms = self._encoder.question(question)
            weighed = weigh(terms, await index.frequencies(terms.ids))
            dense = await self._embedder.embed_question(question)
            self._asked.append((question, dense, weighed.vector))
        await index.close()
        return built

    async def ask_ours(self) -> None:
        """Time a question's way through the retriever."""
        index = EdgePassageIndex(self._path, _BRAND)
        retriever = HybridRetriever(index, self._embedder, self._encoder)
        scope = Scope(at=clock.now(), channel="webchat")
        await retriever.retrieve(self._asked[0][0], scope)
        for question, _, _ in self._asked:
            began = time.perf_counter()
            found = await retriever.retrieve(question, scope)
            self._ours.append(time.perf_counter() - began)
            assert found
        await index.close()

    def ask_raw(self) -> None:
        """Time the engine's call: the same vectors and limits, no filter and no payloads."""
        folder = IndexFolder(self._path)
        record = folder.read()
        assert record is not None
        shard = EdgeShard.load(str(folder.shard(record.shard)))
        for _, dense, sparse in [self._asked[0], *self._asked]:
            vector = EdgeSparseVector(list(sparse.indices), list(sparse.values))
            nearest = QueryRequest(limit=DEPTH, query=Query.Nearest(list(dense), using="dense"))
            holding = QueryRequest(limit=DEPTH, query=Query.Nearest(vector, using="sparse"))
            began = time.perf_counter()
            shard.query_batch(QueryBatchRequest([nearest, holding]))
            self._raw.append(time.perf_counter() - began)
        shard.close()
        folder.release()

    def readings(self, size: int, built: float) -> dict[str, Reading]:
        """Give what was found, at one size."""
        count = len(self._ours)
        note = (
            f"made-up Chinese text, hashing embedder, 1,024 dimensions; filled in {built:.0f} s; "
            f"slowest {milliseconds(max(self._ours)):.1f} ms"
        )
        ours, raw = median(self._ours), median(self._raw)
        late, raw_late = quantile(self._ours, 0.99), quantile(self._raw, 0.99)
        return {
            f"p50_{size}": Reading(milliseconds(ours), count, milliseconds(raw), note),
            f"p99_{size}": Reading(milliseconds(late), count, milliseconds(raw_late)),
            f"times_{size}": Reading(ours / raw, count, 1.0),
        }

    async def _entries(self, texts: Sequence[str]) -> list[Entry]:
        vectors = await self._embedder.embed_documents(texts)
        return [
            Entry(new_id(), text, _payload(text), dense, self._encoder.document(text))
            for text, dense in zip(texts, vectors, strict=True)
        ]


def _payload(text: str) -> dict[str, str | int | float | list[str] | None]:
    return {
        "base": "main",
        "document": text[:8],
        "version": 1,
        "digest": text[:8],
        "of": 1,
        "title": text[:6],
        "heading": text[6:12],
        "source": "made-up.md",
        "release_from": 0,
    }
