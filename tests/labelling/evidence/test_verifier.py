"""The stand-alone verifier: it finds what was touched, and tells what the log knows."""

import ast
import io
import json
import runpy
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from labelling.evidence import verifier
from labelling.evidence.bundle import Witness, write_whole
from labelling.evidence.verifier import UnreadableError, main, verify
from tests.labelling.evidence.logs import (
    OTHER,
    SIGNER,
    Log,
    changed,
    example,
    member,
    part,
    whole,
)


@pytest.fixture
def log() -> Log:
    return example()


@pytest.fixture
def bundle(log: Log, tmp_path: Path) -> Path:
    return whole(log, tmp_path / "bundle.zip")


def lines(path: Path, name: str = "entries.jsonl") -> list[bytes]:
    return member(path, name).splitlines(keepends=True)


def with_lines(path: Path, entries: list[bytes], name: str = "entries.jsonl") -> Path:
    return changed(path, name, b"".join(entries))


def told(*arguments: str | Path) -> tuple[int, str]:
    out = io.StringIO()
    code = main([str(argument) for argument in arguments], out)
    return code, out.getvalue()


class TestWhole:
    def test_an_untouched_log_is_whole(self, bundle: Path, log: Log) -> None:
        report = verify(bundle)

        assert report.faults == []
        assert (report.entries, report.heads) == (len(log.entries), 2)
        assert report.keys == [SIGNER.public_key.hex()]
        assert report.log == "log-1"

    def test_the_key_may_be_given(self, bundle: Path) -> None:
        assert verify(bundle, pinned=SIGNER.public_key.hex().upper()).faults == []
        assert "another key" in verify(bundle, pinned=OTHER.public_key.hex()).faults[0]

    def test_an_empty_log_is_whole(self, tmp_path: Path) -> None:
        empty = Log()
        empty.sign()

        assert verify(whole(empty, tmp_path / "a")).faults == []

    def test_heads_of_one_size_are_no_fault(self, log: Log, tmp_path: Path) -> None:
        log.sign()
        log.sign()

        assert verify(whole(log, tmp_path / "a")).faults == []

    def test_every_missing_entry_is_found(self, bundle: Path) -> None:
        entries = lines(bundle)

        for place in range(len(entries)):
            with_lines(bundle, entries[:place] + entries[place + 1 :])
            assert verify(bundle).fault_count

    def test_every_added_entry_is_found(self, bundle: Path) -> None:
        entries = lines(bundle)

        for place in range(len(entries) + 1):
            with_lines(bundle, [*entries[:place], entries[place - 1], *entries[place:]])
            assert verify(bundle).fault_count

    def test_every_two_entries_that_changed_places_are_found(self, bundle: Path) -> None:
        entries = lines(bundle)

        for place in range(len(entries) - 1):
            swapped = [*entries]
            swapped[place : place + 2] = reversed(swapped[place : place + 2])
            assert verify(with_lines(bundle, swapped)).fault_count

    def test_it_tells_where_an_entry_was_altered(self, bundle: Path) -> None:
        entries = lines(bundle)
        entries[7] = entries[7].replace(b"qwen-max", b"qwen-min")

        faults = verify(with_lines(bundle, entries)).faults

        assert any("entry 8 ('conversation-0' 6)" in fault for fault in faults)
        assert any("the first 12 entries" in fault for fault in faults)

    def test_it_tells_where_an_entry_is_missing(self, bundle: Path) -> None:
        entries = lines(bundle)

        faults = verify(with_lines(bundle, entries[:4] + entries[5:])).faults

        assert any("'conversation-1' 3): entries are missing before it" in one for one in faults)
        assert any("entries are missing: a head covers 18, 17 are there" in one for one in faults)
        assert any("the bundle tells of 18" in one for one in faults)

    def test_an_entry_of_another_form_is_told(self, bundle: Path) -> None:
        report = verify(with_lines(bundle, [*lines(bundle), b"{}\n"]))

        assert any("has not the form of an entry" in fault for fault in report.faults)
        assert any("entries were added" in fault for fault in report.faults)

    def test_no_more_faults_are_listed_than_a_person_reads(self, bundle: Path) -> None:
        report = verify(with_lines(bundle, [b"{}\n"] * 200))

        assert len(report.faults) == 100
        assert report.fault_count > 200


MEMBERS = ("entries.jsonl", "heads.jsonl", "public_keys.json")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(name=st.sampled_from(MEMBERS), place=st.integers(min_value=0), bit=st.integers(0, 7))
def test_every_flipped_bit_is_found(tmp_path: Path, name: str, place: int, bit: int) -> None:
    path = tmp_path / "bundle.zip"
    if not path.exists():
        whole(example(2, 1), path)
    before = member(path, name)
    content = bytearray(before)
    content[place % len(content)] ^= 1 << bit
    touched = changed(Path(shutil.copy(path, tmp_path / "touched")), name, bytes(content))

    try:
        report = verify(touched, pinned=SIGNER.public_key.hex())
    except UnreadableError:
        return

    # The case of a hexadecimal digit means nothing in a signature or a key, and something in a
    # key's name.
    same = name != "entries.jsonl" and content.lower() == before.lower()
    assert report.fault_count or same


class TestHeads:
    def heads(self, bundle: Path) -> list[dict[str, Any]]:
        return [json.loads(line) for line in lines(bundle, "heads.jsonl")]

    def put(self, bundle: Path, heads: list[dict[str, Any]]) -> list[str]:
        told = [json.dumps(head).encode() + b"\n" for head in heads]
        return verify(with_lines(bundle, told, "heads.jsonl")).faults

    def test_without_a_head_nothing_is_proved(self, bundle: Path) -> None:
        assert "no head is signed, so nothing is proved" in self.put(bundle, [])

    def test_heads_in_another_order_are_told(self, bundle: Path) -> None:
        assert any(
            "smaller than the one before" in one
            for one in self.put(bundle, self.heads(bundle)[::-1])
        )

    def test_a_head_of_another_log_is_told(self, bundle: Path, log: Log) -> None:
        other = SIGNER.sign("log-2", 18, log.tree.root(), at=log.heads[-1].at).as_dict()

        assert any(
            "of another log" in one for one in self.put(bundle, [*self.heads(bundle), other])
        )

    def test_a_head_under_a_key_that_is_not_there_is_told(self, bundle: Path, log: Log) -> None:
        log.sign(OTHER)

        assert any(
            "not signed by the key" in one for one in self.put(bundle, [log.heads[-1].as_dict()])
        )

    def test_a_history_that_was_rewritten_and_signed_anew_needs_another_key(
        self, tmp_path: Path
    ) -> None:
        forged = example()
        forged.heads = []
        forged.sign(OTHER)
        keys = {OTHER.key_id: OTHER.public_key}
        path = tmp_path / "forged"
        with path.open("wb") as target:
            write_whole(target, forged.entries, Witness(forged.heads, keys))

        assert verify(path).keys == [OTHER.public_key.hex()]
        assert verify(path, pinned=SIGNER.public_key.hex()).fault_count == 1


class TestPart:
    def test_chosen_entries_are_proved(self, log: Log, tmp_path: Path) -> None:
        report = verify(part(log, [0, 5, 17], tmp_path / "a"), "out-1")

        assert report.faults == []
        assert report.entries == 3

    def test_proofs_that_were_touched_are_found(self, log: Log, tmp_path: Path) -> None:
        path = part(log, [4, 5], tmp_path / "a")
        entries = lines(path, "proofs.jsonl")

        for wrong in (
            [entries[0].replace(b"qwen-max", b"qwen-min"), entries[1]],
            [entries[0].replace(b'"index":4', b'"index":5'), entries[1]],
            [entries[0].replace(b'"index":4', b'"index":99'), entries[1]],
            [json.dumps({**json.loads(entries[0]), "proof": []}).encode() + b"\n", entries[1]],
            [json.dumps({**json.loads(entries[0]), "proof": ["00" * 32] * 9}).encode() + b"\n"],
        ):
            faults = verify(with_lines(path, wrong, "proofs.jsonl")).faults
            assert "is not in the log under the newest head" in faults[0]

    def test_a_missing_entry_is_found(self, log: Log, tmp_path: Path) -> None:
        path = part(log, [4, 5], tmp_path / "a")

        faults = verify(with_lines(path, lines(path, "proofs.jsonl")[:1], "proofs.jsonl")).faults

        assert faults == ["there are 1 entries, and the bundle tells of 2"]

    @pytest.mark.parametrize("proof", [[], ["00" * 32], ["00" * 32] * 9])
    def test_heads_that_do_not_continue_each_other_are_found(
        self, log: Log, tmp_path: Path, proof: list[str]
    ) -> None:
        path = part(log, [], tmp_path / "a")
        wrong = [json.dumps({"proof": proof}).encode() + b"\n"]

        assert "does not continue" in verify(with_lines(path, wrong, "consistency.jsonl")).faults[0]
        assert "is missing" in verify(changed(path, "consistency.jsonl", b"")).faults[0]

    @pytest.mark.parametrize("sizes", [(0, 4), (3, 3), (1, 2, 8), (7, 9), (4, 6, 6, 18)])
    def test_heads_of_any_sizes_continue_each_other(
        self, tmp_path: Path, sizes: tuple[int, ...]
    ) -> None:
        log = Log()
        for number in range(max(sizes) + 1):
            for _ in range(sizes.count(number)):
                log.sign()
            log.add("conversation-1", "received", {"inbound": str(number)})
        log.entries.pop()

        assert verify(part(log, [], tmp_path / "a")).faults == []

    def test_without_a_head_nothing_is_proved(self, log: Log, tmp_path: Path) -> None:
        path = changed(part(log, [3], tmp_path / "a"), "heads.jsonl", b"")

        assert "no head is signed, so nothing is proved" in verify(path).faults


class TestUnreadable:
    @pytest.mark.parametrize(
        ("name", "content"),
        [
            ("manifest.json", b'{"format":"other","kind":"whole"}\n'),
            ("manifest.json", b'{"format":"zhanggui audit bundle v1","kind":"half"}\n'),
            ("manifest.json", b"no json\n"),
            ("manifest.json", b"[]\n"),
            ("manifest.json", b""),
            ("heads.jsonl", b"{}\n"),
            ("heads.jsonl", None),
            ("entries.jsonl", None),
            ("entries.jsonl", b"cut off"),
            ("public_keys.json", b"1\n"),
        ],
    )
    def test_a_bundle_of_another_form_is_refused(
        self, bundle: Path, name: str, content: bytes | None
    ) -> None:
        with pytest.raises(UnreadableError):
            verify(changed(bundle, name, content))

    @pytest.mark.parametrize("content", [b"", b"no bundle", b"PK"])
    def test_what_is_no_bundle_is_refused(self, tmp_path: Path, content: bytes) -> None:
        path = tmp_path / "a"
        path.write_bytes(content)

        with pytest.raises(UnreadableError, match="'a' cannot be checked"):
            verify(path)
        with pytest.raises(UnreadableError, match="'b' cannot be checked"):
            verify(tmp_path / "b")

    def test_a_line_without_an_end_does_not_fill_the_memory(
        self, bundle: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(verifier, "LONGEST_LINE", 1000)

        with pytest.raises(UnreadableError, match="too long"):
            verify(changed(bundle, "entries.jsonl", b"0" * 2000 + b"\n"))


def test_conversations_that_are_silent_for_long_are_forgotten_and_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verifier, "MOST_CONVERSATIONS", 2)
    report = verify(whole(example(9, 3), tmp_path / "a"))

    assert report.faults == []
    assert report.not_followed == 6


class TestProgram:
    def test_it_says_what_it_found_and_ends_accordingly(self, bundle: Path) -> None:
        assert told(bundle)[0] == 0
        assert told(bundle, "out-1")[0] == 0
        assert told(bundle, "nothing", "--json")[0] == 3
        assert told(bundle, "--key", OTHER.public_key.hex())[0] == 1
        assert told(bundle.with_name("none"))[0] == 2

    def test_it_writes_for_persons_and_for_programs(self, bundle: Path) -> None:
        assert told(bundle)[1].startswith("日志完整 the log is whole\n{")
        assert "日志中没有此内容" in told(bundle, "nothing")[1]
        assert json.loads(told(bundle, "out-1", "--json")[1])["found"][0]["output"] == "out-1"
        assert "日志有误" in told(bundle, "--key", OTHER.public_key.hex())[1]
        assert "error" in json.loads(told(bundle.with_name("none"), "--json")[1])

    def test_it_runs_alone_in_an_empty_folder(self, bundle: Path, tmp_path: Path) -> None:
        alone = tmp_path / "alone"
        alone.mkdir()
        program = shutil.copy(verifier.__file__, alone / "verifier.py")

        done = subprocess.run(  # noqa: S603
            [sys.executable, "-P", program, bundle, "out-1", "--json"],
            cwd=alone,
            env={},
            capture_output=True,
            check=True,
            timeout=30,
        )

        assert json.loads(done.stdout)["found"][0]["model"] == "qwen-max"

    def test_it_is_a_program(
        self, bundle: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr(sys, "argv", ["verifier.py", str(bundle)])

        with pytest.raises(SystemExit) as ended:
            runpy.run_path(verifier.__file__, run_name="__main__")

        assert ended.value.code == 0
        assert capsys.readouterr().out.startswith("日志完整")

    def test_it_imports_nothing_of_ours(self) -> None:
        tree = ast.parse(Path(verifier.__file__).read_text())

        roots = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                roots |= {alias.name.split(".")[0] for alias in node.names}
            if isinstance(node, ast.ImportFrom):
                roots.add((node.module or "").split(".")[0])
        assert roots - set(sys.stdlib_module_names) == {"cryptography"}
