"""The audit log as evidence, from the command line."""

import asyncio
import sqlite3
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from sqlalchemy import select

from labelling import evidence
from runtime.cli.output import Exit
from runtime.container import build
from runtime.settings import Settings
from runtime.store.conversations import Conversations
from runtime.store.outbox import Outbox
from runtime.store.tables.conversations import ConversationRow
from runtime.store.tables.outputs import OutputRow
from tests.runtime.cli.conftest import Zhanggui, said

VERIFIER = Path(evidence.__file__).with_name("verifier.py")


def verified(bundle: Path, *subject: str) -> subprocess.CompletedProcess[str]:
    # Apart from everything else, as whoever checks us does it.
    return subprocess.run(  # noqa: S603 - our own file
        [sys.executable, "-I", str(VERIFIER), str(bundle), *subject],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def answer(audited: Path) -> tuple[str, str]:
    """The id and the words of the answer that left."""

    async def look() -> tuple[str, str]:
        async with build(Settings(data=audited)) as container, container.database.read() as session:
            conversation = (await session.execute(select(ConversationRow.id))).scalar_one()
            output = (await session.execute(select(OutputRow.id))).scalar_one()
            held = await Conversations(session, container.keys).get(conversation)
            (stored,) = await Outbox(session).every([output], held)
            return output, "".join(part.text for part in stored.parts)

    return asyncio.run(look())


class TestExport:
    def test_the_whole_log_can_be_checked_without_us(
        self, zhanggui: Zhanggui, audited: Path, tmp_path: Path
    ) -> None:
        exported = zhanggui("audit", "export", "log.zip", "--json")

        assert exported.exit_code == Exit.FINE
        assert said(exported)["size"] == 3
        checked = verified(tmp_path / "log.zip")
        assert checked.returncode == 0, checked.stdout + checked.stderr

    def test_with_the_keys_a_text_is_found(
        self, zhanggui: Zhanggui, answer: tuple[str, str], tmp_path: Path
    ) -> None:
        zhanggui("audit", "export", "open.zip", "--with-keys")
        zhanggui("audit", "export", "closed.zip")

        assert verified(tmp_path / "open.zip", answer[1]).returncode == 0
        assert verified(tmp_path / "closed.zip", answer[1]).returncode == 3

    def test_a_flipped_bit_is_found(
        self, zhanggui: Zhanggui, audited: Path, tmp_path: Path
    ) -> None:
        zhanggui("audit", "export", "log.zip")
        forged = tmp_path / "forged.zip"
        with zipfile.ZipFile(tmp_path / "log.zip") as source, zipfile.ZipFile(forged, "w") as made:
            for name in source.namelist():
                made.writestr(name, source.read(name).replace(b'"delivered"', b'"delivereD"'))

        assert verified(forged).returncode == 1

    def test_a_log_that_was_tampered_with_is_not_signed_away(
        self, zhanggui: Zhanggui, audited: Path
    ) -> None:
        assert zhanggui("audit", "export", "before.zip").exit_code == Exit.FINE
        database = sqlite3.connect(audited / "zhanggui.db")
        with database:
            database.execute("update audit set entry = replace(entry, 'received', 'imagined')")
        database.close()

        assert zhanggui("audit", "export", "after.zip").exit_code == Exit.REFUSED
        assert not Path("after.zip").exists()

    def test_a_place_that_cannot_be_written_is_told(
        self, zhanggui: Zhanggui, audited: Path
    ) -> None:
        refused = zhanggui("audit", "export", "nowhere/log.zip")

        assert refused.exit_code == Exit.REFUSED
        assert "cannot be written" in refused.stderr


class TestProve:
    def test_an_outputs_entries_are_proved(
        self, zhanggui: Zhanggui, answer: tuple[str, str], tmp_path: Path
    ) -> None:
        assert zhanggui("audit", "prove", answer[0], "part.zip").exit_code == Exit.FINE

        checked = verified(tmp_path / "part.zip", answer[0])
        assert checked.returncode == 0, checked.stdout + checked.stderr

    def test_what_is_not_there_cannot_be_proved(self, zhanggui: Zhanggui, audited: Path) -> None:
        assert zhanggui("audit", "prove", "nothing", "part.zip").exit_code == Exit.REFUSED


class TestNotary:
    def test_it_tells_of_an_id(self, zhanggui: Zhanggui, answer: tuple[str, str]) -> None:
        by_output = zhanggui("notary", answer[0], "--json")
        (told,) = said(by_output)
        by_number = said(zhanggui("notary", told["aigc"]["ProduceID"], "--json"))

        assert by_output.exit_code == Exit.FINE
        assert by_number == [told]
        assert (told["brand"], told["channel"], told["account"]) == ("demo", "webchat", "main")
        assert told["model"] == "extractive-1"
        assert told["passages"]
        assert [kind for kind, _ in told["became"]] == ["delivered"]
        assert told["chain_holds"]

    def test_it_tells_of_words(self, zhanggui: Zhanggui, answer: tuple[str, str]) -> None:
        by_words = zhanggui("notary", answer[1])

        assert by_words.exit_code == Exit.FINE
        assert "extractive-1" in by_words.output
        assert "链完整" in by_words.output

    def test_it_tells_of_a_file(self, zhanggui: Zhanggui, answer: tuple[str, str]) -> None:
        Path("kept.txt").write_text(answer[1], encoding="utf-8")

        (told,) = said(zhanggui("notary", "kept.txt", "--json"))

        assert told["output"] == answer[0]

    def test_that_nothing_is_on_record_is_a_finding(
        self, zhanggui: Zhanggui, audited: Path
    ) -> None:
        nothing = zhanggui("notary", "这句话从来没有说过。")

        assert nothing.exit_code == Exit.FINDING
        assert "不表示" in nothing.output

    def test_a_broken_chain_is_a_finding(
        self, zhanggui: Zhanggui, audited: Path, answer: tuple[str, str]
    ) -> None:
        database = sqlite3.connect(audited / "zhanggui.db")
        with database:
            database.execute("update audit set entry = replace(entry, 'received', 'imagined')")
        database.close()

        broken = zhanggui("notary", answer[0])

        assert broken.exit_code == Exit.FINDING
        assert "链已断" in broken.output
