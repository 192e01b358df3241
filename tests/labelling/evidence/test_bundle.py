"""The export of a log."""

import io
import zipfile
from pathlib import Path

import pytest

from labelling.evidence.bundle import BundleError, Witness, write_part, write_whole
from tests.labelling.evidence.logs import Log, example, whole


@pytest.fixture
def log() -> Log:
    return example()


class TestExport:
    def test_a_log_without_a_head_is_not_exported(self) -> None:
        with pytest.raises(BundleError, match="sign one first"):
            write_whole(io.BytesIO(), [], Witness([], {}))

    def test_entries_that_are_not_those_under_the_head_are_not_exported(self, log: Log) -> None:
        with pytest.raises(BundleError, match="not those under its newest head"):
            write_whole(io.BytesIO(), log.entries[1:], log.witness)
        with pytest.raises(BundleError, match="entry 3"):
            write_part(io.BytesIO(), [(3, log.entries[4])], log.node, log.witness)
        with pytest.raises(BundleError, match="entry 18"):
            write_part(io.BytesIO(), [(18, "")], log.node, log.witness)

    def test_a_tree_that_is_not_the_one_under_the_head_is_not_exported(self, log: Log) -> None:
        log.nodes[0, 17] = bytes(32)
        log.nodes[1, 8] = bytes(32)

        with pytest.raises(BundleError, match="tree of log 'log-1'"):
            write_part(io.BytesIO(), [], log.node, log.witness)

    def test_the_same_log_gives_the_same_bytes(self, log: Log, tmp_path: Path) -> None:
        one, two = whole(log, tmp_path / "a"), whole(log, tmp_path / "b")

        assert one.read_bytes() == two.read_bytes()
        with zipfile.ZipFile(one) as source:
            assert source.testzip() is None
