"""The laws of `Embedder`, over the one that asks a service and the one that needs none."""

import math
from collections.abc import AsyncIterator
from itertools import pairwise

import pytest

from knowledge.base import Embedder
from knowledge.embedders.hashing import HashingEmbedder
from tests.knowledge.platform import embedder_at, served, simulator

TEXTS = ["签收后七天内可以无理由退货", "满 99 元包邮", "A", "重重重重", "😀", " "]


@pytest.fixture(params=["hashing", "dashscope"])
async def embedder(request: pytest.FixtureRequest) -> AsyncIterator[Embedder]:
    if request.param == "hashing":
        yield HashingEmbedder()
        return
    with served(simulator().app) as address:
        async with embedder_at(address) as opened:
            yield opened


def likeness(one: list[float], other: list[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))


async def test_all_vectors_have_the_dimension_and_length_one(embedder: Embedder) -> None:
    vectors = [*await embedder.embed_documents(TEXTS[:5]), await embedder.embed_question(TEXTS[0])]

    assert {len(vector) for vector in vectors} == {embedder.dimension}
    assert [math.hypot(*vector) for vector in vectors] == pytest.approx([1.0] * 6)


async def test_vectors_come_in_the_order_of_the_texts_however_many(embedder: Embedder) -> None:
    texts = [f"第{number}条说明" for number in range(23)]

    together = await embedder.embed_documents(texts)
    alone = [(await embedder.embed_documents([text]))[0] for text in texts]

    assert together == [pytest.approx(vector) for vector in alone]
    assert all(one != other for one, other in pairwise(together))


async def test_the_same_text_gives_the_same_vector(embedder: Embedder) -> None:
    first = await embedder.embed_documents(TEXTS[:2])

    assert await embedder.embed_documents(TEXTS[:2]) == first


async def test_question_is_nearest_to_the_text_it_is_about(embedder: Embedder) -> None:
    returns, postage = await embedder.embed_documents(TEXTS[:2])

    asked = await embedder.embed_question("七天内能退货吗")

    assert likeness(asked, returns) > likeness(asked, postage)


async def test_no_texts_give_no_vectors(embedder: Embedder) -> None:
    assert await embedder.embed_documents([]) == []


async def test_name_tells_what_made_the_vectors(embedder: Embedder) -> None:
    assert embedder.name.startswith(("hashing-1/", "dashscope/text-embedding-v4"))
