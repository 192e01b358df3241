"""The embedder that needs nothing."""

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from knowledge.embedders.hashing import HashingEmbedder
from knowledge.lexical import LexicalEncoder

PINNED = [
    0.376,
    0.0,
    0.531,
    0.0,
    0.0,
    0.0,
    0.0,
    0.376,
    0.0,
    0.376,
    0.11,
    -0.376,
    0.0,
    -0.266,
    -0.266,
    0.0,
]
"""Made by this embedder; a change means that every index has to be built again."""


async def test_vectors_stay_the_same_over_releases() -> None:
    vector = await HashingEmbedder(dimension=16).embed_question("满 99 元包邮")

    assert [round(number, 3) for number in vector] == PINNED


async def test_lexicon_is_part_of_the_name() -> None:
    assert HashingEmbedder(LexicalEncoder(["岫棠里"])).name != HashingEmbedder().name


@given(st.text(max_size=80), st.integers(1, 64))
@example("万丈", 1)  # whose terms cancel each other out
async def test_any_text_has_a_direction(text: str, dimension: int) -> None:
    vector = await HashingEmbedder(dimension=dimension).embed_question(text)

    assert len(vector) == dimension
    assert math.hypot(*vector) == pytest.approx(1.0)
