"""What knowledge is made of, and the ports others find it through."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose eyes a question is asked with: nothing outside it is ever found.

    The brand is not in here: an index belongs to one brand and cannot be asked about another.
    """

    at: datetime
    """The moment asked about, aware; what is not valid then is not found."""
    bases: frozenset[str] = frozenset()
    """Knowledge bases to look in; empty means all of the brand's."""
    region: str = ""
    channel: str = ""
    audience: str = ""


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of a document that was found, with the reasons it was found for."""

    id: str
    base: str
    document: str
    """The document's id: stable over versions."""
    title: str
    """The document's title, as shown to customers in a citation."""
    heading: str
    """Where in the document, ` › ` between levels; empty at the top."""
    text: str
    source: str
    """File name or address the document was loaded from."""
    score: float
    """Fused rank score; orders passages of one search, means nothing across searches."""
    dense_score: float = 0.0
    """Cosine similarity in [-1, 1]; 0.0 where the dense query did not return it."""
    lexical_score: float = 0.0
    """Sparse dot product, ≥ 0; 0.0 where the lexical query did not return it."""
    coverage: float = 0.0
    """Share of the question's inverse-document-frequency mass that this text holds, in [0, 1]."""
    terms: tuple[str, ...] = ()
    """The question's terms that occur in it, most telling first."""
    release: int = 0
    """Number of the knowledge release it was read from."""


class Retriever(Protocol):
    """Finds passages of one brand.

    Laws: order is deterministic; nothing outside the scope is returned; an empty or stop-word
    question returns nothing.
    """

    async def retrieve(self, question: str, scope: Scope, limit: int = 6) -> tuple[Passage, ...]:
        """Find at most `limit` passages, best first.

        Raises:
            IndexUnavailableError: The index or the embedder gave no answer.
        """
        ...


class Embedder(Protocol):
    """Turns text into dense vectors of one fixed dimension, all of length one."""

    @property
    def name(self) -> str:
        """Name and version; an index refuses vectors of another."""
        ...

    @property
    def dimension(self) -> int: ...

    async def embed_documents(self, texts: Sequence[str]) -> list[list[float]]:
        """Embed passages.

        Raises:
            IndexUnavailableError: The embedding service gave no answer within its budget.
        """
        ...

    async def embed_question(self, text: str) -> list[float]:
        """Embed a question; some models treat it otherwise than a passage."""
        ...


@dataclass(frozen=True, slots=True)
class SparseVector:
    """Term ids and weights; ids are stable hashes, ascending."""

    indices: tuple[int, ...]
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """A chunk as the index keeps it."""

    id: str
    """UUID in its text form: the same document, version and place give the same id."""
    text: str
    payload: Mapping[str, str | int | float | list[str] | None]
    """Carries from day one: base, document, version, digest, title, heading, source, region,
    channel, audience, release_from, release_to, valid_from, valid_to (the last four numbers; None
    is open)."""
    dense: Sequence[float]
    sparse: SparseVector


class BlockKind(StrEnum):
    """What a block is, as far as cutting it into chunks goes."""

    PROSE = "prose"
    ITEM = "item"
    ROW = "row"
    FAQ = "faq"


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of a document that reads as one: a paragraph, an item, a row, an answer."""

    text: str
    kind: BlockKind = BlockKind.PROSE
    headings: tuple[str, ...] = ()
    """The path that leads to it, outermost first; an answer's last heading is its question."""
    similar: tuple[str, ...] = ()
    """Other wordings of the question; they find the block and are not shown."""
    negative: tuple[str, ...] = ()
    """Look-alike questions that this block does not answer."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Whom a document is for and when it holds; empty is everyone, None is open."""

    regions: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    audiences: tuple[str, ...] = ()
    valid_from: datetime | None = None
    """Aware; the first moment it holds."""
    valid_to: datetime | None = None
    """Aware; the first moment it no longer holds."""


@dataclass(frozen=True, slots=True)
class Document:
    """What a loader makes of a file: its title and its blocks, in reading order."""

    title: str
    source: str
    """File name or address it was loaded from."""
    blocks: tuple[Block, ...]
    reach: Reach = Reach()


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a document, cut to be embedded and found."""

    id: str
    """UUID in its text form, the same for the same base, document, content and place."""
    ordinal: int
    heading: str
    text: str
    """What is shown: without the title and headings that stand beside it."""
    searchable: str
    """What is embedded and indexed: title, heading path, other wordings and the text."""
    similar: tuple[str, ...] = ()
    negative: tuple[str, ...] = ()
