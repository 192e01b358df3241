"""Entries, scopes and indexes for tests, everything defaulted."""

import math
import random
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from knowledge.base import Entry, Scope, SparseVector
from knowledge.index.base import Identity
from knowledge.index.payload import Value

DIMENSION = 8
IDENTITY = Identity("test-embedder", DIMENSION, "test-tokenizer")
NOON = datetime(2026, 6, 18, 12, 0, tzinfo=UTC)


def passage_id(number: int) -> str:
    return str(UUID(int=number))


def vector(seed: int) -> list[float]:
    """Give a direction of its own for each seed."""
    chance = random.Random(seed)  # noqa: S311 - not a secret
    numbers = [chance.gauss(0, 1) for _ in range(DIMENSION)]
    length = math.hypot(*numbers)
    return [number / length for number in numbers]


def sparse(*terms: int) -> SparseVector:
    return SparseVector(tuple(sorted(terms)), tuple(1.0 for _ in terms))


def entry(
    number: int = 1,
    *,
    dense: Sequence[float] | None = None,
    terms: Sequence[int] = (1,),
    text: str = "七天无理由退货",
    **payload: Any,
) -> Entry:
    kept: dict[str, Value] = {
        "base": "main",
        "document": "returns",
        "version": 1,
        "digest": "d1",
        "of": 1,
        "title": "退换货",
        "heading": "",
        "source": "returns.md",
        "region": "",
        "channel": "",
        "audience": "",
        "release_from": 0,
        "release_to": None,
        "valid_from": None,
        "valid_to": None,
    }
    return Entry(
        passage_id(number), text, {**kept, **payload}, dense or vector(number), sparse(*terms)
    )


def scope(at: datetime = NOON, **seen: Any) -> Scope:
    if "bases" in seen:
        seen["bases"] = frozenset(seen["bases"])
    return Scope(at, **seen)
