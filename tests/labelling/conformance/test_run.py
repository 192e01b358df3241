"""Any tool can be tried on the cases, and what it says wrongly is told."""

import json
import sys
from pathlib import Path

import pytest

from labelling.conformance.cases import Case, Group
from labelling.conformance.run import (
    Outcome,
    Said,
    ToolError,
    ours,
    run,
    tried,
    tried_by,
    written,
)
from labelling.sniff import sniff

CASE = Case(
    "txt/x", Group.VALID, "txt", b"x", ("confirmed",), "1", strict=True, beside='{"Label":"1"}'
)


def tool(code: str) -> str:
    return f'"{sys.executable}" -c "{code}"'


def answer(said: str, folder: Path) -> Said:
    return tried_by(tool(f"print({said!r})".replace('"', '\\"')))(folder)


@pytest.mark.parametrize(
    ("said", "found"),
    [
        (Said("confirmed", "1", strict=True), None),
        (Said("confirmed"), None),
        (Said("absent"), "absent"),
        (Said("confirmed", "2", strict=True), "label 2"),
        (Said("confirmed", "1", strict=False), "not strict"),
    ],
)
def test_an_answer_is_held_against_the_case(said: Said, found: str | None, tmp_path: Path) -> None:
    failure = tried(CASE, lambda _: said, tmp_path)

    assert (failure and failure.found) == found


def test_a_strict_answer_to_a_sloppy_label_is_wrong(tmp_path: Path) -> None:
    sloppy = Case("txt/y", Group.SLOPPY, "txt", b"y", ("confirmed",), strict=False)

    failure = tried(sloppy, lambda _: Said("confirmed", strict=True), tmp_path)

    assert failure is not None
    assert (failure.case, failure.expected, failure.found) == ("txt/y", "confirmed", "strict")


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    seen: list[bool] = []

    def reads(path: Path) -> Said:
        seen.append(path.with_name(f"{path.name}.aigc.json").exists())
        return Said("absent")

    tried(CASE, reads, tmp_path)

    assert seen == [True]
    assert list(tmp_path.iterdir()) == []


def test_another_tool_says_its_verdict_in_json(tmp_path: Path) -> None:
    said = answer(json.dumps({"verdict": "confirmed", "label": 1, "strict": True}), tmp_path)

    assert said == Said("confirmed", "1", strict=True)


def test_a_verdict_of_null_is_a_refusal(tmp_path: Path) -> None:
    assert answer('{"verdict": null}', tmp_path) == Said("refused")


@pytest.mark.parametrize("printed", ["", "yes", "[]", "{}", '"confirmed"'])
def test_a_tool_that_prints_no_verdict_is_an_error(printed: str, tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="no JSON object with a verdict"):
        answer(printed, tmp_path)


def test_a_tool_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="cannot be run"):
        tried_by("./no-such-tool")(tmp_path)


def test_a_tool_that_hangs_has_an_answer_of_its_own(tmp_path: Path) -> None:
    hangs = tried_by(tool("input() or __import__('signal').pause()"), patience_s=0.2)
    endless = tried_by(tool("while True: pass"), patience_s=0.2)

    assert endless(tmp_path) == Said("timeout")
    with pytest.raises(ToolError):
        # It has no input to wait for.
        hangs(tmp_path)


def test_a_run_tells_what_was_wrong_by_group() -> None:
    outcome = run(lambda _: Said("absent"), made=lambda: [CASE])

    assert (outcome.right, outcome.total) == (0, 1)
    assert outcome.groups["valid"] == (0, 1)
    assert outcome.as_dict()["failures"] == [
        {"case": "txt/x", "expected": "confirmed", "found": "absent"}
    ]
    assert Outcome().total == 0


@pytest.mark.slow  # writes a thousand files
def test_the_cases_can_be_written_for_others(tmp_path: Path) -> None:
    count = written(tmp_path)
    listed = json.loads((tmp_path / "cases.json").read_text(encoding="utf-8"))

    assert len(listed) == count
    valid = [entry for entry in listed if entry["case"] == "png/generated"]
    content = (tmp_path / valid[0]["file"]).read_bytes()
    assert sniff(content).value == "image/png"
    assert ours(tmp_path / valid[0]["file"]) == Said("confirmed", "1", strict=True)
