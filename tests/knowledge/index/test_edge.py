"""What is the embedded index's own: its folder, its graph, and coming back after a crash."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from typing_extensions import override

from knowledge.base import Entry
from knowledge.errors import IndexUnavailableError, KnowledgeError
from knowledge.index.edge import EdgePassageIndex
from knowledge.index.statistics import Frequencies
from tests.knowledge.builders import IDENTITY, entry, passage_id, scope, sparse, vector


class ForgetfulIndex(EdgePassageIndex):
    """Loses the engine's answer to the next write, which was done."""

    loses = False

    @override
    async def _put(self, entries: Sequence[Entry]) -> None:
        await super()._put(entries)
        if self.loses:
            self.loses = False
            msg = "answer lost"
            raise IndexUnavailableError(msg)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "brand"


@pytest.fixture
async def index(place: Path) -> AsyncIterator[ForgetfulIndex]:
    opened = ForgetfulIndex(place, "brand")
    await opened.open(IDENTITY)
    yield opened
    await opened.close()


@pytest.fixture
async def graphed(place: Path) -> AsyncIterator[EdgePassageIndex]:
    """An index that builds a graph for whatever it holds."""
    opened = EdgePassageIndex(place, "brand", graph_bytes=1)
    await opened.open(IDENTITY)
    yield opened
    await opened.close()


async def reopened(place: Path, brand: str = "brand") -> EdgePassageIndex:
    index = EdgePassageIndex(place, brand)
    await index.open(IDENTITY)
    return index


def shards(place: Path) -> list[str]:
    return sorted(path.name for path in place.glob("shard-*"))


class TestFolder:
    async def test_folder_that_is_open_is_refused(self, index: ForgetfulIndex, place: Path) -> None:
        with pytest.raises(KnowledgeError, match="one process has it at a time"):
            await reopened(place)

        assert await index.count() == 0

    async def test_folder_of_another_brand_is_refused(
        self, index: ForgetfulIndex, place: Path
    ) -> None:
        await index.close()

        with pytest.raises(KnowledgeError, match="is of 'brand', not 'other'"):
            await reopened(place, "other")

    async def test_folder_of_another_schema_is_refused(
        self, index: ForgetfulIndex, place: Path
    ) -> None:
        await index.close()
        record = json.loads((place / "index.json").read_text())
        (place / "index.json").write_text(json.dumps(record | {"schema": 99}))

        with pytest.raises(KnowledgeError, match="schema 99: import its documents again"):
            await reopened(place)

    async def test_folder_the_engine_cannot_open_is_unavailable_and_let_go(
        self, index: ForgetfulIndex, place: Path
    ) -> None:
        await index.close()
        shutil.move(place / "shard-0", place / "away")

        with pytest.raises(IndexUnavailableError, match="index of 'brand' gave no answer"):
            await reopened(place)

        shutil.move(place / "away", place / "shard-0")
        again = await reopened(place)
        assert await again.count() == 0
        await again.close()

    async def test_index_can_be_opened_again_after_it_was_closed(
        self, index: ForgetfulIndex
    ) -> None:
        await index.upsert([entry(1)])
        await index.close()
        await index.open(IDENTITY)

        assert await index.count() == 1

    async def test_index_that_was_not_opened_cannot_be_counted(self, place: Path) -> None:
        with pytest.raises(KnowledgeError, match="call open"):
            await EdgePassageIndex(place, "brand").count()

    async def test_two_who_open_it_at_once_open_it_once(self, place: Path) -> None:
        index = EdgePassageIndex(place, "brand")

        await asyncio.gather(index.open(IDENTITY), index.open(IDENTITY))

        assert await index.count() == 0
        await index.close()


class TestCrash:
    async def test_counts_are_right_after_a_writer_was_cut_off(
        self, index: ForgetfulIndex, place: Path, tmp_path: Path
    ) -> None:
        await index.upsert([entry(1, terms=(1, 2))])
        await index.settle()
        await index.upsert([entry(2, terms=(2,)), entry(3, terms=(2, 3))])

        # What a crash leaves is the folder as it stands, without a farewell.
        crashed = tmp_path / "crashed"
        shutil.copytree(place, crashed)
        again = await reopened(crashed)

        assert await again.frequencies([1, 2, 3]) == Frequencies(3, (1, 3, 1))
        await again.close()

    async def test_lost_answer_is_not_counted_twice(self, index: ForgetfulIndex) -> None:
        index.loses = True
        with pytest.raises(IndexUnavailableError):
            await index.upsert([entry(1, terms=(1, 2))])

        await index.upsert([entry(1, terms=(1, 2))])
        await index.settle()

        assert await index.frequencies([1, 2]) == Frequencies(1, (1, 1))

    async def test_graph_that_was_not_finished_is_cleared_away(
        self, index: ForgetfulIndex, place: Path
    ) -> None:
        await index.close()
        shutil.copytree(place / "shard-0", place / "shard-1")

        again = await reopened(place)

        assert not (place / "shard-1").exists()
        await again.close()


class TestGraph:
    """The graph is built by another Python, whose start takes most of a second."""

    @pytest.mark.slow
    async def test_search_is_the_same_with_a_graph_and_goes_on_while_it_is_built(
        self, graphed: EdgePassageIndex, place: Path
    ) -> None:
        await graphed.upsert([entry(n, terms=(n, n % 7)) for n in range(10, 300)])
        before = await graphed.search(vector(5), sparse(55, 66, 77), scope(), 8)

        settling = asyncio.create_task(graphed.settle())
        meanwhile = []
        while not settling.done():
            meanwhile.append(await graphed.search(vector(5), sparse(55, 66, 77), scope(), 8))
            await asyncio.wait({settling}, timeout=0.02)
        await settling

        after = await graphed.search(vector(5), sparse(55, 66, 77), scope(), 8)
        assert len(meanwhile) > 3
        assert all(found.lexical == before.lexical for found in (*meanwhile, after))
        assert [hit.id for hit in after.dense] == [hit.id for hit in before.dense]
        assert shards(place) == ["shard-1"]

    @pytest.mark.slow
    async def test_index_with_a_graph_takes_more_and_is_there_after_reopening(
        self, graphed: EdgePassageIndex, place: Path
    ) -> None:
        await graphed.upsert([entry(n) for n in range(1, 300)])
        await graphed.settle()
        await graphed.upsert([entry(1, text="新"), entry(999)])
        await graphed.close()

        again = await reopened(place)

        assert await again.count() == 300
        assert (await again.read([passage_id(1)]))[passage_id(1)]["text"] == "新"
        await again.close()

    @pytest.mark.slow
    async def test_graph_is_built_anew_where_much_of_it_is_stale(
        self, graphed: EdgePassageIndex, place: Path
    ) -> None:
        for text in ("一", "二"):
            await graphed.upsert([entry(n, text=text) for n in range(1, 300)])
            await graphed.settle()

        assert shards(place) == ["shard-2"]
        assert await graphed.count() == 299

    async def test_few_passages_need_no_graph(self, place: Path) -> None:
        index = await reopened(place)
        await index.upsert([entry(n) for n in range(1, 300)])
        await index.close()

        assert shards(place) == ["shard-0"]
