"""Files into an index, and what happens where that stops half-way."""

from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from typing_extensions import override

from knowledge.base import Embedder
from knowledge.embedders.hashing import HashingEmbedder
from knowledge.errors import IndexUnavailableError, KnowledgeError
from knowledge.index.edge import EdgePassageIndex
from knowledge.ingest import (
    BATCH,
    FEW,
    IngestOptions,
    IngestReport,
    Progress,
    SourceFile,
    ingest,
    ingest_folder,
)
from knowledge.loaders.base import Limits
from knowledge.retrieve import HybridRetriever
from tests.knowledge.builders import NOON, scope

FAQ = "question,answer\n" + "".join(f"问题{n},答案{n}。\n" for n in range(3 * BATCH))


class BrittleEmbedder(Embedder):
    """Breaks at its n-th batch, once, with an error it is given."""

    def __init__(self, error: KnowledgeError, at: int) -> None:
        self._inner = HashingEmbedder()
        self._error = error
        self._left = at

    @property
    @override
    def name(self) -> str:
        return self._inner.name

    @property
    @override
    def dimension(self) -> int:
        return self._inner.dimension

    @override
    async def embed_documents(self, texts: Sequence[str]) -> list[list[float]]:
        self._left -= 1
        if self._left == 0:
            raise self._error
        return await self._inner.embed_documents(texts)

    @override
    async def embed_question(self, text: str) -> list[float]:
        return await self._inner.embed_question(text)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "brand"
    write(place, "returns.md", "# 退换货\n\n七天内可退。")
    write(place, "products/cream.md", "# 面霜\n\n- 价格：238 元")
    write(place, "about.txt", "关于\n\n一家店。")
    return place


@pytest.fixture
async def index(tmp_path: Path) -> AsyncIterator[EdgePassageIndex]:
    index = EdgePassageIndex(tmp_path / "index", "brand")
    yield index
    await index.close()


def write(folder: Path, name: str, text: str) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


async def imported(
    folder: Path,
    index: EdgePassageIndex,
    embedder: Embedder | None = None,
    options: IngestOptions | None = None,
) -> IngestReport:
    return await ingest_folder(
        folder, "main", index, embedder or HashingEmbedder(), options=options
    )


async def texts(index: EdgePassageIndex, question: str) -> list[str]:
    found = await HybridRetriever(index, HashingEmbedder()).retrieve(question, scope())
    return [passage.text for passage in found]


class TestWhatChanged:
    async def test_first_import_adds_everything(
        self, folder: Path, index: EdgePassageIndex
    ) -> None:
        report = await imported(folder, index)

        assert report == IngestReport(
            added=("about.txt", "products/cream.md", "returns.md"),
            replaced=(),
            unchanged=(),
            removed=(),
            failed={},
            passages=3,
        )
        assert (await texts(index, "面霜价格"))[0] == "- 价格：238 元"

    async def test_second_import_of_the_same_does_nothing(
        self, folder: Path, index: EdgePassageIndex
    ) -> None:
        await imported(folder, index)

        report = await imported(folder, index)

        assert report.unchanged == ("about.txt", "products/cream.md", "returns.md")
        assert (report.added, report.replaced, report.passages) == ((), (), 0)

    async def test_changed_document_replaces_its_last_version(
        self, folder: Path, index: EdgePassageIndex
    ) -> None:
        await imported(folder, index)
        write(folder, "returns.md", "# 退换货\n\n十五天内可退。")

        report = await imported(folder, index)

        assert (report.replaced, report.passages) == (("returns.md",), 1)
        assert (await texts(index, "几天内可退"))[0] == "十五天内可退。"
        assert "七天内可退。" not in await texts(index, "七天内可退")
        versions = {one.source: one.version for one in await index.holdings("main")}
        assert versions == {"about.txt": 1, "products/cream.md": 1, "returns.md": 2}

    async def test_document_that_is_gone_stays_until_asked_to_go(
        self, folder: Path, index: EdgePassageIndex
    ) -> None:
        await imported(folder, index)
        (folder / "about.txt").unlink()

        kept = await imported(folder, index)
        gone = await imported(folder, index, options=IngestOptions(remove_missing=True))

        assert (kept.removed, gone.removed) == ((), ("about.txt",))
        assert await index.count() == 2

    async def test_bases_do_not_touch_each_other(
        self, folder: Path, index: EdgePassageIndex
    ) -> None:
        await imported(folder, index)

        options = IngestOptions(remove_missing=True)
        report = await ingest([], "other", index, HashingEmbedder(), options=options)

        assert report.removed == ()
        assert await index.count() == 3

    async def test_many_documents_are_looked_up_together(
        self, tmp_path: Path, index: EdgePassageIndex
    ) -> None:
        for number in range(FEW + 1):
            write(tmp_path / "many", f"{number}.txt", f"第{number}条说明")

        await imported(tmp_path / "many", index)
        report = await imported(tmp_path / "many", index)

        assert len(report.unchanged) == FEW + 1


class TestFaults:
    async def test_file_that_cannot_be_read_is_told_and_the_others_go_on(
        self, folder: Path, index: EdgePassageIndex
    ) -> None:
        write(folder, "faq.csv", "question,answer\n问,\n")
        write(folder, "big.txt", "字" * 1000)

        report = await imported(folder, index, options=IngestOptions(limits=Limits(max_bytes=999)))

        assert len(report.added) == 3
        assert report.failed["faq.csv"].endswith("row 2 has no answer")
        assert report.failed["big.txt"] == "'big.txt' is 3000 bytes, over 999: divide it"

    async def test_file_that_vanished_is_told(self, index: EdgePassageIndex) -> None:
        missing = SourceFile("gone.md", Path("/nowhere/gone.md").read_bytes)

        report = await ingest([missing], "main", index, HashingEmbedder())

        assert report.failed == {"gone.md": "cannot be read: No such file or directory"}

    async def test_document_that_no_longer_loads_leaves_its_last_version(
        self, folder: Path, index: EdgePassageIndex
    ) -> None:
        await imported(folder, index)
        write(folder, "returns.md", "")

        report = await imported(folder, index, options=IngestOptions(remove_missing=True))

        assert (list(report.failed), report.removed) == (["returns.md"], ())
        assert "七天内可退。" in await texts(index, "七天内可退")

    async def test_text_that_the_embedder_refuses_leaves_the_last_whole_version(
        self, folder: Path, index: EdgePassageIndex
    ) -> None:
        write(folder, "faq.csv", "question,answer\n旧问题,旧答案。\n")
        await imported(folder, index)
        write(folder, "faq.csv", FAQ)

        report = await imported(folder, index, BrittleEmbedder(KnowledgeError("refused"), at=2))

        assert report.failed == {"faq.csv": "refused"}
        assert await index.count() == 4
        assert "旧答案。" in await texts(index, "旧问题")

    async def test_index_built_with_another_embedder_is_refused(
        self, folder: Path, index: EdgePassageIndex
    ) -> None:
        await imported(folder, index)

        with pytest.raises(KnowledgeError, match="import its documents again"):
            await imported(folder, index, HashingEmbedder(dimension=256))


class TestCutOff:
    @pytest.mark.parametrize("at", [1, 2, 3])
    async def test_the_same_call_goes_on_where_the_first_stopped(
        self, folder: Path, index: EdgePassageIndex, at: int
    ) -> None:
        write(folder, "faq.csv", FAQ)
        away = IndexUnavailableError("away")

        with pytest.raises(IndexUnavailableError, match="away"):
            await imported(folder, index, BrittleEmbedder(away, at))
        report = await imported(folder, index)

        assert len(report.added) + len(report.unchanged) == 4
        assert await index.count() == 3 * BATCH + 3
        assert all(held.complete for held in await index.holdings("main"))

    async def test_replacing_that_was_cut_off_ends_with_the_new_version_alone(
        self, folder: Path, index: EdgePassageIndex
    ) -> None:
        write(folder, "faq.csv", "question,answer\n旧问题,旧答案。\n")
        await imported(folder, index)
        write(folder, "faq.csv", FAQ)
        with pytest.raises(IndexUnavailableError):
            await imported(folder, index, BrittleEmbedder(IndexUnavailableError("away"), at=3))
        assert "旧答案。" in await texts(index, "旧问题")

        report = await imported(folder, index)

        assert (report.replaced, report.passages) == (("faq.csv",), 3 * BATCH)
        assert await index.count() == 3 * BATCH + 3


class TestOptions:
    async def test_progress_is_told_after_each_document(
        self, folder: Path, index: EdgePassageIndex
    ) -> None:
        write(folder, "empty.md", "")
        told: list[Progress] = []

        await imported(folder, index, options=IngestOptions(progress=told.append))

        assert [progress.done for progress in told] == [1, 2, 3, 4]
        assert {progress.total for progress in told} == {4}
        assert {progress.source for progress in told} >= {"empty.md", "returns.md"}

    async def test_skipped_hidden_and_linked_files_are_not_knowledge(
        self, folder: Path, index: EdgePassageIndex, tmp_path: Path
    ) -> None:
        write(folder, "README.md", "# 说明")
        write(folder, ".cache/old.md", "# 旧")
        write(folder, "logo.svg", "<svg/>")
        write(tmp_path, "secret.md", "# 别处")
        (folder / "link.md").symlink_to(tmp_path / "secret.md")

        report = await imported(folder, index, options=IngestOptions(skip=("README.md",)))

        assert report.added == ("about.txt", "products/cream.md", "returns.md")

    async def test_parsing_may_be_done_elsewhere(
        self, folder: Path, index: EdgePassageIndex
    ) -> None:
        with ThreadPoolExecutor(1, thread_name_prefix="parsing") as executor:
            report = await imported(folder, index, options=IngestOptions(executor=executor))

        assert len(report.added) == 3

    async def test_reach_and_release_of_a_document_are_kept(self, index: EdgePassageIndex) -> None:
        text = "---\nregion: 华东\nvalid_to: 2026-06-18T20:00:01\n---\n# 活动\n\n满减。"
        await ingest(
            [SourceFile("sale.md", text.encode)],
            "main",
            index,
            HashingEmbedder(),
            options=IngestOptions(release=7),
        )
        retriever = HybridRetriever(index, HashingEmbedder())

        seen = await retriever.retrieve("满减活动", scope(NOON, region="华东"))
        elsewhere = await retriever.retrieve("满减活动", scope(NOON))

        assert [(one.text, one.release) for one in seen] == [("满减。", 7)]
        assert elsewhere == ()
