"""Fusion, and what a passage says of how it was found."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.base import Passage
from knowledge.embedders.hashing import HashingEmbedder
from knowledge.index.base import Hit
from knowledge.index.edge import EdgePassageIndex
from knowledge.ingest import IngestOptions, SourceFile, ingest
from knowledge.lexical import LexicalEncoder
from knowledge.retrieve import Fused, HybridRetriever, fuse
from tests.knowledge.builders import scope

HITS = st.lists(
    st.builds(Hit, st.sampled_from("abcdefgh"), st.floats(0, 1, width=16)),
    max_size=8,
    unique_by=lambda hit: hit.id,
)
FAQ = """question,similar,negative,answer,category
满多少包邮,多少钱免运费|包邮吗,满多少可以用新人券,满 99 元包邮。,配送
新人券怎么用,,,首单满 158 元减 20 元。,会员
"""


class TestFuse:
    def test_both_scores_are_kept_and_each_list_has_its_share(self) -> None:
        fused = fuse([Hit("a", 0.9), Hit("b", 0.5)], [Hit("b", 40.0), Hit("c", 10.0)], 0.25)

        assert fused == (
            Fused("b", 0.75, dense=0.5, lexical=40.0),
            Fused("a", 0.25, dense=0.9, lexical=0.0),
            Fused("c", 0.0, dense=0.0, lexical=10.0),
        )

    def test_equal_scores_go_by_id(self) -> None:
        assert [one.id for one in fuse([Hit("b", 1.0), Hit("a", 1.0)], [])] == ["a", "b"]

    def test_nothing_found_is_nothing_fused(self) -> None:
        assert fuse([], []) == ()

    @given(HITS, HITS, st.floats(0, 1))
    def test_order_of_the_lists_does_not_matter_and_nothing_is_lost(
        self, dense: list[Hit], lexical: list[Hit], share: float
    ) -> None:
        fused = fuse(dense, lexical, share)

        assert fuse(dense[::-1], lexical[::-1], share) == fused
        assert {one.id for one in fused} == {hit.id for hit in (*dense, *lexical)}
        assert all(0 <= one.score <= 1 + 1e-9 for one in fused)
        assert [one.score for one in fused] == sorted((one.score for one in fused), reverse=True)


class TestHybridRetriever:
    @pytest.fixture
    async def retriever(self, tmp_path: Path) -> AsyncIterator[HybridRetriever]:
        index, embedder = EdgePassageIndex(tmp_path / "brand", "brand"), HashingEmbedder()
        page = "# 退换货\n\n## 期限\n\n签收后七天内可以无理由退货。"
        files = [SourceFile("faq.csv", FAQ.encode), SourceFile("returns.md", page.encode)]
        await ingest(files, "main", index, embedder, options=IngestOptions(release=3))
        yield HybridRetriever(index, embedder)
        await index.close()

    async def found(self, retriever: HybridRetriever, question: str) -> tuple[Passage, ...]:
        return await retriever.retrieve(question, scope(), limit=3)

    async def test_passage_says_where_it_stands_and_why_it_was_found(
        self, retriever: HybridRetriever
    ) -> None:
        best = (await self.found(retriever, "七天内可以退货吗"))[0]

        assert (best.base, best.title, best.heading, best.source, best.release) == (
            "main",
            "退换货",
            "期限",
            "returns.md",
            3,
        )
        assert best.text == "签收后七天内可以无理由退货。"
        assert {"七天", "退货"} < set(best.terms)
        assert best.dense_score > 0
        assert best.lexical_score > 0

    async def test_answer_is_found_by_another_wording_and_shown_alone(
        self, retriever: HybridRetriever
    ) -> None:
        best = (await self.found(retriever, "多少钱免运费"))[0]

        assert (best.text, best.heading) == ("满 99 元包邮。", "配送 › 满多少包邮")
        assert best.coverage == pytest.approx(1.0)

    async def test_question_that_an_answer_disclaims_does_not_find_it(
        self, retriever: HybridRetriever
    ) -> None:
        passages = await self.found(retriever, "满多少能用新人券")

        assert "满 99 元包邮。" not in [passage.text for passage in passages]
        assert passages[0].text == "首单满 158 元减 20 元。"

    async def test_coverage_is_the_share_that_the_passage_holds(
        self, retriever: HybridRetriever
    ) -> None:
        whole = (await self.found(retriever, "无理由退货"))[0]
        part = (await self.found(retriever, "无理由退货，西瓜冰淇淋蛋糕"))[0]

        assert whole.coverage == pytest.approx(1.0)
        assert 0 < part.coverage < 0.6

    async def test_lexicon_of_the_retriever_must_be_that_of_the_index(
        self, retriever: HybridRetriever, tmp_path: Path
    ) -> None:
        encoder = LexicalEncoder(["新人券"])
        index = EdgePassageIndex(tmp_path / "lexicon", "brand")
        files = [SourceFile("faq.csv", FAQ.encode)]
        await ingest(files, "main", index, HashingEmbedder(encoder), encoder=encoder)

        passages = await HybridRetriever(index, HashingEmbedder(encoder), encoder).retrieve(
            "新人券怎么用", scope()
        )

        assert passages[0].terms[0] == "新人券"
        await index.close()
