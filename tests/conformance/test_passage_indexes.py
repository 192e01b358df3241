"""The laws of `PassageIndex`, over every engine."""

import random
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from knowledge.base import Entry, Scope, SparseVector
from knowledge.errors import KnowledgeError
from knowledge.index.base import Holding, PassageIndex
from knowledge.index.statistics import Frequencies
from tests.knowledge.backends import BACKENDS, Backend, backend_of
from tests.knowledge.builders import (
    IDENTITY,
    NOON,
    entry,
    passage_id,
    scope,
    sparse,
    vector,
)

# The client's double of a server searches without the indexes a server would have.
pytestmark = pytest.mark.filterwarnings("ignore:Payload indexes have no effect:UserWarning")

DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)


@pytest.fixture(params=BACKENDS)
async def backend(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Backend]:
    async with backend_of(request.param, tmp_path) as opened:
        yield opened


@pytest.fixture
async def index(backend: Backend) -> AsyncIterator[PassageIndex]:
    opened = await open_index(backend)
    yield opened
    await opened.close()


async def open_index(backend: Backend, brand: str = "brand") -> PassageIndex:
    index = backend.index(brand)
    await index.open(IDENTITY)
    return index


async def found(
    index: PassageIndex, seen: Scope | None = None, terms: SparseVector | None = None
) -> set[str]:
    """Give the ids of all that either query returns."""
    both = await index.search(vector(1), terms or sparse(1), seen or scope(), 50)
    return {hit.id for hit in (*both.dense, *both.lexical)}


class TestSearch:
    async def test_both_queries_give_the_engine_s_own_scores(self, index: PassageIndex) -> None:
        await index.upsert([entry(1, terms=(1, 2, 3)), entry(2, terms=(4,))])

        both = await index.search(vector(1), SparseVector((1, 3), (0.5, 2.0)), scope(), 5)

        assert [hit.id for hit in both.dense] == [passage_id(1), passage_id(2)]
        assert both.dense[0].score == pytest.approx(1.0, abs=1e-5)
        assert [hit.id for hit in both.lexical] == [passage_id(1)]
        assert both.lexical[0].score == pytest.approx(2.5)

    async def test_equal_scores_are_in_the_order_of_the_ids(self, index: PassageIndex) -> None:
        await index.upsert([entry(n, dense=vector(1)) for n in (5, 3, 9, 1)])

        both = await index.search(vector(1), sparse(1), scope(), 10)

        wanted = [passage_id(n) for n in (1, 3, 5, 9)]
        assert [hit.id for hit in both.lexical] == wanted
        assert [hit.id for hit in both.dense] == wanted

    async def test_no_more_than_the_depth_comes_back(self, index: PassageIndex) -> None:
        await index.upsert([entry(n) for n in range(1, 8)])

        both = await index.search(vector(1), sparse(1), scope(), 3)

        assert (len(both.dense), len(both.lexical)) == (3, 3)

    async def test_question_without_terms_is_asked_by_vector_alone(
        self, index: PassageIndex
    ) -> None:
        await index.upsert([entry(1)])

        both = await index.search(vector(1), sparse(), scope(), 3)

        assert (len(both.dense), len(both.lexical)) == (1, 0)

    async def test_vector_of_another_size_is_refused(self, index: PassageIndex) -> None:
        with pytest.raises(KnowledgeError, match="8 dimensions, got 3"):
            await index.search([1.0, 0.0, 0.0], sparse(1), scope(), 3)


class TestScope:
    @pytest.mark.parametrize("field", ["region", "channel", "audience"])
    async def test_passage_for_some_is_seen_by_them_alone(
        self, index: PassageIndex, field: str
    ) -> None:
        one: dict[str, Any] = {field: "a"}
        other: dict[str, Any] = {field: "b"}
        both: dict[str, Any] = {field: ["a", "b"]}
        await index.upsert([entry(1), entry(2, **one), entry(3, **both)])

        assert await found(index, scope(**one)) == {passage_id(n) for n in (1, 2, 3)}
        assert await found(index, scope(**other)) == {passage_id(1), passage_id(3)}
        assert await found(index, scope()) == {passage_id(1)}

    async def test_empty_list_is_everyone(self, index: PassageIndex) -> None:
        await index.upsert([entry(1, region=[], channel=[], audience=[])])

        assert await found(index, scope(region="华东")) == {passage_id(1)}

    async def test_only_the_bases_asked_for_are_searched(self, index: PassageIndex) -> None:
        await index.upsert([entry(1, base="faq"), entry(2, base="policy"), entry(3, base="shop")])

        assert await found(index, scope(bases={"faq", "shop"})) == {passage_id(1), passage_id(3)}
        assert len(await found(index, scope())) == 3

    async def test_window_holds_from_its_first_second_to_before_its_last(
        self, index: PassageIndex
    ) -> None:
        first, last = NOON.timestamp(), (NOON + DAY).timestamp()
        await index.upsert([entry(1, valid_from=first, valid_to=last)])

        seen = {
            moment: bool(await found(index, scope(moment)))
            for moment in (NOON - SECOND, NOON, NOON + DAY - SECOND, NOON + DAY)
        }

        assert list(seen.values()) == [False, True, True, False]

    async def test_passage_of_a_closed_release_is_not_found(self, index: PassageIndex) -> None:
        await index.upsert([entry(1, release_from=1, release_to=2), entry(2, release_from=2)])

        assert await found(index) == {passage_id(2)}


class TestBrands:
    async def test_the_same_entry_of_two_brands_is_two_passages(self, backend: Backend) -> None:
        one, other = await open_index(backend, "one"), await open_index(backend, "other")
        await one.upsert([entry(1, text="一号店")])
        await other.upsert([entry(1, text="二号店")])

        texts = [
            (await index.read([passage_id(1)]))[passage_id(1)]["text"] for index in (one, other)
        ]

        assert texts == ["一号店", "二号店"]
        assert (await one.count(), await other.count()) == (1, 1)
        await one.close()
        await other.close()

    async def test_no_call_reaches_another_brand(self, backend: Backend) -> None:
        one, other = await open_index(backend, "one"), await open_index(backend, "other")
        await one.upsert([entry(1), entry(2)])

        removed = await other.remove("main", "returns")

        assert removed == 0
        assert await found(other) == set()
        assert await other.read([passage_id(1)]) == {}
        assert await other.holdings("main") == ()
        assert await other.frequencies([1]) == Frequencies(0, (0,))
        assert await one.count() == 2
        await one.close()
        await other.close()


class TestWriting:
    async def test_entry_put_in_again_replaces_the_one_of_its_id(self, index: PassageIndex) -> None:
        await index.upsert([entry(1, text="旧", terms=(1,))])
        await index.upsert([entry(1, text="新", terms=(2,))])

        assert await index.count() == 1
        assert (await index.read([passage_id(1)]))[passage_id(1)]["text"] == "新"
        assert await index.frequencies([1, 2]) == Frequencies(1, (0, 1))

    async def test_the_last_of_two_entries_with_one_id_stays(self, index: PassageIndex) -> None:
        await index.upsert([entry(1, text="旧"), entry(1, text="新")])

        assert (await index.read([passage_id(1)]))[passage_id(1)]["text"] == "新"
        assert await index.frequencies([1]) == Frequencies(1, (1,))

    async def test_nothing_is_put_in_where_one_vector_has_another_size(
        self, index: PassageIndex
    ) -> None:
        with pytest.raises(KnowledgeError, match="got 2"):
            await index.upsert([entry(1), entry(2, dense=[1.0, 0.0])])

        assert await index.count() == 0

    async def test_putting_in_nothing_is_nothing(self, index: PassageIndex) -> None:
        await index.upsert([])

        assert await index.count() == 0

    async def test_removing_a_document_leaves_the_others(self, index: PassageIndex) -> None:
        await index.upsert(
            [
                entry(1, document="a", terms=(1,)),
                entry(2, document="a", terms=(1, 2)),
                entry(3, document="b", terms=(2,)),
                entry(4, document="a", base="other", terms=(1,)),
            ]
        )

        removed = await index.remove("main", "a")

        assert removed == 2
        assert await index.frequencies([1, 2]) == Frequencies(2, (1, 1))
        assert set(await index.read([passage_id(n) for n in range(1, 5)])) == {
            passage_id(3),
            passage_id(4),
        }

    async def test_removing_may_keep_one_version(self, index: PassageIndex) -> None:
        await index.upsert([entry(1, digest="old"), entry(2, digest="new")])

        assert await index.remove("main", "returns", keep="new") == 1
        assert await found(index) == {passage_id(2)}

    async def test_holdings_tell_every_version_of_every_document(self, index: PassageIndex) -> None:
        await index.upsert(
            [
                entry(1, document="a", digest="1", version=1, of=2),
                entry(2, document="a", digest="1", version=1, of=2),
                entry(3, document="a", digest="2", version=2, of=3),
                entry(4, document="b", digest="1", version=1, of=1, source="b.md"),
                entry(5, base="other"),
            ]
        )

        held = await index.holdings("main")

        assert held == (
            Holding("a", "returns.md", "1", version=1, passages=2, expected=2),
            Holding("a", "returns.md", "2", version=2, passages=1, expected=3),
            Holding("b", "b.md", "1", version=1, passages=1, expected=1),
        )
        assert [holding.complete for holding in held] == [True, False, True]
        assert await index.holdings("main", "b") == held[2:]


class TestOpening:
    async def test_everything_is_there_after_it_is_opened_again(self, backend: Backend) -> None:
        index = await open_index(backend)
        await index.upsert([entry(1, terms=(1, 2)), entry(2, terms=(2,))])
        before = await index.search(vector(2), sparse(1, 2), scope(), 5)
        await index.close()

        again = await open_index(backend)

        assert await again.search(vector(2), sparse(1, 2), scope(), 5) == before
        assert await again.frequencies([1, 2, 3]) == Frequencies(2, (1, 2, 0))
        await again.close()

    async def test_what_was_kept_from_some_is_so_after_it_is_opened_again(
        self, backend: Backend
    ) -> None:
        index = await open_index(backend)
        await index.upsert([entry(1, audience="staff"), entry(2, valid_to=NOON.timestamp())])
        await index.close()

        again = await open_index(backend)

        assert await found(again) == set()
        assert await found(again, scope(NOON - SECOND, audience="staff")) == {
            passage_id(1),
            passage_id(2),
        }
        await again.close()

    @pytest.mark.parametrize(
        "other",
        [
            replace(IDENTITY, embedder="another"),
            replace(IDENTITY, dimension=4),
            replace(IDENTITY, tokenizer="another"),
        ],
        ids=["embedder", "dimension", "tokenizer"],
    )
    async def test_index_built_otherwise_is_refused(self, backend: Backend, other: object) -> None:
        index = await open_index(backend)
        await index.upsert([entry(1)])
        await index.close()

        with pytest.raises(KnowledgeError, match="import its documents again"):
            await backend.index().open(other)  # type: ignore[arg-type] # parametrised as object

        again = await open_index(backend)
        assert await again.count() == 1
        await again.close()

    async def test_open_index_is_refused_to_who_has_another_embedder(
        self, index: PassageIndex
    ) -> None:
        with pytest.raises(KnowledgeError, match="import its documents again"):
            await index.open(replace(IDENTITY, embedder="another"))

    async def test_index_that_was_not_opened_says_so(self, backend: Backend) -> None:
        with pytest.raises(KnowledgeError, match="call open"):
            await backend.index().search(vector(1), sparse(1), scope(), 3)

    async def test_closing_what_was_not_opened_is_nothing(self, backend: Backend) -> None:
        await backend.index().close()

    async def test_settling_twice_changes_nothing(self, index: PassageIndex) -> None:
        await index.upsert([entry(1)])
        await index.settle()
        await index.settle()

        assert await found(index) == {passage_id(1)}


def random_entries(chance: random.Random) -> list[Entry]:
    return [
        entry(
            number,
            terms=chance.sample(range(1, 30), 6),
            base=chance.choice(["faq", "policy"]),
            region=chance.choice(["", "", "华东", ["华东", "华南"]]),
            channel=chance.choice(["", "wechat"]),
            audience=chance.choice(["", "member"]),
            valid_from=chance.choice([None, NOON.timestamp() + chance.randint(-3, 3)]),
            valid_to=chance.choice([None, NOON.timestamp() + chance.randint(-3, 9)]),
            release_to=chance.choice([None, None, 3]),
        )
        for number in range(1, 80)
    ]


def random_scope(chance: random.Random) -> Scope:
    return scope(
        NOON + timedelta(seconds=chance.randint(-4, 10)),
        bases=chance.choice([(), ("faq",), ("faq", "policy"), ("none",)]),
        region=chance.choice(["", "华东", "华南"]),
        channel=chance.choice(["", "wechat"]),
        audience=chance.choice(["", "member"]),
    )


@pytest.mark.parametrize("kind", [kind for kind in BACKENDS if kind != "edge"])
@pytest.mark.parametrize("seed", range(3))
async def test_engines_agree_on_passages_and_scores(tmp_path: Path, kind: str, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - not a secret
    entries = random_entries(chance)
    async with backend_of("edge", tmp_path) as edge, backend_of(kind, tmp_path) as other:
        indexes = [await open_index(edge), await open_index(other)]
        for index in indexes:
            await index.upsert(entries)
            await index.remove("faq", "nothing")
        for _ in range(25):
            seen, terms = random_scope(chance), chance.sample(range(1, 30), 5)
            asked = SparseVector(tuple(sorted(terms)), tuple(chance.random() for _ in terms))
            dense = vector(chance.randint(100, 999))

            one, two = [await index.search(dense, asked, seen, 100) for index in indexes]

            for mine, theirs in ((one.dense, two.dense), (one.lexical, two.lexical)):
                scores = {hit.id: hit.score for hit in theirs}
                assert {hit.id for hit in mine} == scores.keys()
                assert [hit.score for hit in mine] == pytest.approx(
                    [scores[hit.id] for hit in mine], abs=1e-4
                )
        for index in indexes:
            await index.close()
