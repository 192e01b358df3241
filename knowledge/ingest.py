"""Files into an index: load, chunk, embed, index; what did not change is skipped."""

import asyncio
import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from knowledge import chunking
from knowledge.base import Chunk, Document, Embedder, Entry
from knowledge.chunking import chunk, document_id
from knowledge.concurrency import all_of
from knowledge.errors import IndexUnavailableError, KnowledgeError
from knowledge.index.base import Holding, Identity, PassageIndex
from knowledge.index.payload import Value
from knowledge.lexical import LexicalEncoder, plain_encoder
from knowledge.loaders.base import Limits, check_size
from knowledge.loaders.registry import SUFFIXES, load

BATCH = 40
"""Passages embedded and indexed at a time; four calls of an embedding service, or 30 ms of ours."""

AT_ONCE = 4
"""Documents in work at a time."""

FEW = 20
"""Documents that are looked up one by one, which spares reading the whole base."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """Something to ingest: its name, by which it is known from now on, and its bytes."""

    name: str
    read: Callable[[], bytes]
    """Called in a thread.

    Raises:
        DocumentUnreadableError: It is over a limit.
        OSError: It cannot be read.
    """
    media_type: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an import has come, after each document."""

    source: str
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What became of every source, by name."""

    added: tuple[str, ...]
    replaced: tuple[str, ...]
    unchanged: tuple[str, ...]
    removed: tuple[str, ...]
    failed: Mapping[str, str]
    """Why, and what to do about it."""
    passages: int
    """Passages that were indexed by this call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestOptions:
    """What a caller may want otherwise."""

    limits: Limits = field(default_factory=Limits)
    release: int = 0
    """Number of the knowledge release that the passages belong to."""
    remove_missing: bool = False
    """Take out documents of the base that are no longer among the sources."""
    skip: Collection[str] = ()
    """Names in a folder that are not knowledge."""
    executor: Executor | None = None
    """Where documents are parsed; the event loop's threads unless a process pool is given."""
    progress: Callable[[Progress], None] | None = None


async def ingest_folder(
    folder: Path,
    base: str,
    index: PassageIndex,
    embedder: Embedder,
    *,
    encoder: LexicalEncoder | None = None,
    options: IngestOptions | None = None,
) -> IngestReport:
    """Import all files of a folder, and of those in it, whose suffix a loader reads.

    Raises:
        KnowledgeError: The index was built with another embedder or tokenizer.
        IndexUnavailableError: The index or the embedder gave no answer; the same call goes on
            where this one stopped.
    """
    options = options or IngestOptions()
    files = await asyncio.to_thread(_files, folder, options)
    return await ingest(files, base, index, embedder, encoder=encoder, options=options)


async def ingest(
    sources: Sequence[SourceFile],
    base: str,
    index: PassageIndex,
    embedder: Embedder,
    *,
    encoder: LexicalEncoder | None = None,
    options: IngestOptions | None = None,
) -> IngestReport:
    """Import documents into a base. A document that fails leaves its last good version standing.

    Raises:
        KnowledgeError: The index was built with another embedder or tokenizer.
        IndexUnavailableError: The index or the embedder gave no answer; the same call goes on
            where this one stopped.
    """
    encoder = encoder or plain_encoder()
    await index.open(Identity.of(embedder, encoder))
    work = _Ingestion(base, index, embedder, encoder, options or IngestOptions())
    return await work.run(sources)


class _Ingestion:
    """One import in progress."""

    def __init__(
        self,
        base: str,
        index: PassageIndex,
        embedder: Embedder,
        encoder: LexicalEncoder,
        options: IngestOptions,
    ) -> None:
        self._base = base
        self._index = index
        self._embedder = embedder
        self._encoder = encoder
        self._options = options
        self._held: dict[str, list[Holding]] = {}
        self._outcomes: dict[str, str] = {}
        self._failed: dict[str, str] = {}
        self._passages = 0

    async def run(self, sources: Sequence[SourceFile]) -> IngestReport:
        await self._look_up(sources)
        try:
            await self._work_off(sources)
            removed = await self._remove_missing(sources) if self._options.remove_missing else ()
        finally:
            await self._index.settle()
        return IngestReport(
            added=self._names("added"),
            replaced=self._names("replaced"),
            unchanged=self._names("unchanged"),
            removed=removed,
            failed=dict(sorted(self._failed.items())),
            passages=self._passages,
        )

    async def _look_up(self, sources: Sequence[SourceFile]) -> None:
        """Learn what is held: of a few documents one by one, else of the whole base at once."""
        few = len(sources) <= FEW and not self._options.remove_missing
        asked = [document_id(self._base, source.name) for source in sources] if few else [""]
        for document in asked:
            for holding in await self._index.holdings(self._base, document):
                self._held.setdefault(holding.document, []).append(holding)

    async def _work_off(self, sources: Sequence[SourceFile]) -> None:
        waiting = iter(sources)
        await all_of(self._work(waiting, len(sources)) for _ in range(AT_ONCE))

    async def _work(self, waiting: Iterator[SourceFile], total: int) -> None:
        for source in waiting:
            held = self._held.get(document_id(self._base, source.name), [])
            try:
                self._outcomes[source.name] = await self._import(source, held)
            except (KnowledgeError, OSError) as error:
                if isinstance(error, IndexUnavailableError):
                    raise
                self._failed[source.name] = _reason(error)
            if self._options.progress:
                done = len(self._outcomes) + len(self._failed)
                self._options.progress(Progress(source.name, done, total))

    async def _import(self, source: SourceFile, held: Sequence[Holding]) -> str:
        """Bring one document up to date; say what that took."""
        content = await asyncio.to_thread(source.read)
        digest = _digest(self._base, source.name, content)
        if [known.digest for known in held if known.complete] == [digest] and len(held) == 1:
            return "unchanged"
        loop, limits = asyncio.get_running_loop(), self._options.limits
        document = await loop.run_in_executor(
            self._options.executor,
            load,
            content,
            source.name,
            source.media_type,
            limits,
        )
        chunks = chunk(document, base=self._base, digest=digest)
        await self._write(document, chunks, digest, held)
        return "replaced" if any(known.digest != digest for known in held) else "added"

    async def _write(
        self,
        document: Document,
        chunks: Sequence[Chunk],
        digest: str,
        held: Sequence[Holding],
    ) -> None:
        """Put the new version in before the old goes, so that there is always one to find."""
        identity = document_id(self._base, document.source)
        common = self._common(document, identity, digest, held, len(chunks))
        try:
            for batch in _batches(chunks):
                vectors = await self._embedder.embed_documents([one.searchable for one in batch])
                await self._index.upsert(
                    [
                        self._entry(one, common, vector)
                        for one, vector in zip(batch, vectors, strict=True)
                    ]
                )
        except KnowledgeError as error:
            if not error.retryable:
                # Half a version is worse than the last whole one.
                last = next((known.digest for known in held if known.complete), "")
                await self._index.remove(self._base, identity, keep=last)
            raise
        await self._index.remove(self._base, identity, keep=digest)
        self._passages += len(chunks)

    def _common(
        self,
        document: Document,
        identity: str,
        digest: str,
        held: Sequence[Holding],
        expected: int,
    ) -> dict[str, Value]:
        """Give the part of the payload that all passages of a document share."""
        reach = document.reach
        return {
            "base": self._base,
            "document": identity,
            "version": 1
            + max((known.version for known in held if known.digest != digest), default=0),
            "digest": digest,
            "of": expected,
            "title": document.title,
            "source": document.source,
            "region": list(reach.regions),
            "channel": list(reach.channels),
            "audience": list(reach.audiences),
            "release_from": self._options.release,
            "release_to": None,
            "valid_from": reach.valid_from.timestamp() if reach.valid_from else None,
            "valid_to": reach.valid_to.timestamp() if reach.valid_to else None,
        }

    def _entry(self, chunk: Chunk, common: Mapping[str, Value], vector: Sequence[float]) -> Entry:
        own: dict[str, Value] = {
            "ordinal": chunk.ordinal,
            "heading": chunk.heading,
            "similar": list(chunk.similar),
            "negative": list(chunk.negative),
        }
        sparse = self._encoder.document(chunk.searchable)
        return Entry(chunk.id, chunk.text, {**common, **own}, vector, sparse)

    async def _remove_missing(self, sources: Sequence[SourceFile]) -> tuple[str, ...]:
        present = {document_id(self._base, source.name) for source in sources}
        gone = {key: held[0].source for key, held in self._held.items() if key not in present}
        for document in gone:
            await self._index.remove(self._base, document)
        return tuple(sorted(gone.values()))

    def _names(self, outcome: str) -> tuple[str, ...]:
        return tuple(sorted(name for name, what in self._outcomes.items() if what == outcome))


def _files(folder: Path, options: IngestOptions) -> list[SourceFile]:
    """List what can be loaded, by name; hidden files and links, which may lead out, are not."""
    found = (
        (path.relative_to(folder).as_posix(), path)
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() in SUFFIXES and path.is_file() and not path.is_symlink()
    )
    return [
        SourceFile(name, partial(_read, path, name, options.limits))
        for name, path in found
        if name not in options.skip and not any(part.startswith(".") for part in name.split("/"))
    ]


def _read(path: Path, name: str, limits: Limits) -> bytes:
    check_size(path.stat().st_size, name, limits)
    return path.read_bytes()


def _digest(base: str, name: str, content: bytes) -> str:
    """Name a version: by its bytes, and by how they are cut."""
    head = f"{chunking.VERSION}\n{base}\n{name}\n".encode()
    return hashlib.sha256(head + content).hexdigest()


def _batches(chunks: Sequence[Chunk]) -> Iterator[Sequence[Chunk]]:
    return (chunks[start : start + BATCH] for start in range(0, len(chunks), BATCH))


def _reason(error: KnowledgeError | OSError) -> str:
    return str(error) if isinstance(error, KnowledgeError) else f"cannot be read: {error.strerror}"
