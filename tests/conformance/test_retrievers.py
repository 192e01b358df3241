"""The laws of `Retriever`, over the hybrid one on every engine, and over the fake."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from knowledge.base import Passage, Retriever
from knowledge.embedders.hashing import HashingEmbedder
from knowledge.ingest import SourceFile, ingest
from knowledge.retrieve import HybridRetriever
from tests.fakes.retriever import FakeRetriever
from tests.knowledge.backends import BACKENDS, backend_of
from tests.knowledge.builders import scope

pytestmark = pytest.mark.filterwarnings("ignore:Payload indexes have no effect:UserWarning")

FILES = {
    "returns.md": "# 退换货\n\n签收后七天内可以无理由退货。\n\n## 运费\n\n退货运费由顾客承担。",
    "delivery.md": "# 配送\n\n## 运费\n\n满 99 元包邮，不满收 8 元运费。",
    "stores.txt": "门店\n\n杭州门店早上十点开门，晚上十点打烊。",
}


@pytest.fixture(params=[*BACKENDS, "fake"])
async def retriever(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Retriever]:
    if request.param == "fake":
        yield FakeRetriever(
            [
                Passage(str(n), "main", "d", "退换货", "", "签收后七天内可以退货", "r.md", n / 9)
                for n in range(1, 8)
            ]
        )
        return
    async with backend_of(request.param, tmp_path) as backend:
        index, embedder = backend.index(), HashingEmbedder()
        files = [SourceFile(name, text.encode) for name, text in FILES.items()]
        await ingest(files, "main", index, embedder)
        yield HybridRetriever(index, embedder)
        await index.close()


async def test_best_comes_first_and_no_more_than_asked_for(retriever: Retriever) -> None:
    passages = await retriever.retrieve("签收后几天内可以退货", scope(), limit=2)

    assert len(passages) == 2
    assert "七天内" in passages[0].text
    assert passages[0].score >= passages[1].score


async def test_the_same_question_finds_the_same_in_the_same_order(retriever: Retriever) -> None:
    first = await retriever.retrieve("退货运费谁承担", scope())

    assert await retriever.retrieve("退货运费谁承担", scope()) == first != ()


@pytest.mark.parametrize("question", ["", "  \n", "？？？", "请问一下呢", "你好，在吗"])
async def test_question_that_asks_for_nothing_finds_nothing(
    retriever: Retriever, question: str
) -> None:
    assert await retriever.retrieve(question, scope()) == ()


async def test_no_base_but_those_of_the_scope_is_searched(retriever: Retriever) -> None:
    assert await retriever.retrieve("七天内退货", scope(bases={"other"})) == ()
    assert await retriever.retrieve("七天内退货", scope(bases={"main", "other"})) != ()


async def test_limit_of_none_finds_none(retriever: Retriever) -> None:
    assert await retriever.retrieve("七天内退货", scope(), limit=0) == ()
