"""Documents to chunks: cut along their structure, packed to a size that reads as one thought."""

import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from uuid import UUID, uuid5

from knowledge.base import Block, BlockKind, Chunk, Document

VERSION = 1
"""Raise it when the same document would be cut otherwise: every document is then imported anew."""

TARGET_CHARACTERS = 320
MAX_CHARACTERS = 450
PATH = " › "

_NAMESPACE = UUID("6f6c3a0e-3f0b-5d7c-9a55-1f6f6d2f8f11")
_SENTENCE = re.compile(r".+?(?:[。！？!?；;…\n]+[”’」』）)]*|(?<=[^\d])\.(?=\s)|$)", re.DOTALL)
_CLAUSE = re.compile(r".+?(?:[，,、：:\s]+|$)", re.DOTALL)


def document_id(base: str, source: str) -> str:
    """Name a document: the same over all its versions."""
    return str(uuid5(_NAMESPACE, f"{base}\n{source}"))


def chunk(document: Document, *, base: str, digest: str) -> tuple[Chunk, ...]:
    """Cut a document into chunks, in reading order.

    Laws: nothing of any block is lost; no chunk mixes two headings; an answer stays whole; no
    other text is longer than `MAX_CHARACTERS`; the same input gives the same ids.
    """
    identity = document_id(base, document.source)
    return tuple(
        Chunk(
            id=str(uuid5(_NAMESPACE, f"{identity}\n{digest}\n{ordinal}")),
            ordinal=ordinal,
            heading=PATH.join(block.headings),
            text=block.text,
            searchable=_searchable(document.title, block),
            similar=block.similar,
            negative=block.negative,
        )
        for ordinal, block in enumerate(_packed(document.blocks))
    )


def _searchable(title: str, block: Block) -> str:
    context = PATH.join([title, *block.headings] if title else block.headings)
    return "\n".join(filter(None, [context, *block.similar, block.text]))


def _packed(blocks: Iterable[Block]) -> Iterator[Block]:
    for (headings, answer), group in groupby(
        blocks, lambda b: (b.headings, b.kind is BlockKind.FAQ)
    ):
        if answer:
            yield from group
            continue
        for text in _filled(block.text for block in group):
            yield Block(text=text, headings=headings)


def _filled(texts: Iterable[str]) -> Iterator[str]:
    """Join short texts up to the target; split what is over the maximum."""
    held = ""
    for text in filter(None, map(str.strip, texts)):
        if held and len(held) + 1 + len(text) > TARGET_CHARACTERS:
            yield held
            held = ""
        held = f"{held}\n{text}" if held else text
        if len(held) > MAX_CHARACTERS:
            *full, held = split(held)
            yield from full
    if held:
        yield held


def split(text: str, target: int = TARGET_CHARACTERS, limit: int = MAX_CHARACTERS) -> list[str]:
    """Split at sentences, at clauses where a sentence is over the limit, else at the limit."""
    pieces: list[str] = []
    held = ""
    for part in _bounded(text, limit):
        if held and len(held) + len(part) > target:
            pieces.append(held)
            held = ""
        held += part
    if pieces and len(pieces[-1]) + len(held) <= limit:
        held = pieces.pop() + held
    pieces.append(held)
    return [stripped for piece in pieces if (stripped := piece.strip())]


def _bounded(text: str, limit: int) -> Iterator[str]:
    for sentence in _SENTENCE.findall(text):
        if len(sentence) <= limit:
            yield sentence
            continue
        for clause in _CLAUSE.findall(sentence):
            for start in range(0, len(clause), limit):
                yield clause[start : start + limit]
