"""`zhanggui inspect` and `zhanggui conformance`: for people and for programs."""

import sys
from pathlib import Path
from typing import Any

import orjson
import pytest

from labelling.certificates import self_made
from labelling.conformance import documents, pictures, recordings
from labelling.conformance.cases import members, value
from labelling.content import MediaType
from labelling.manifest import Credentials, ManifestSigner
from runtime.cli.output import Exit
from runtime.clock import now
from tests.runtime.cli.conftest import Zhanggui, said

KEYS = ["path", "verdict", "label", "places", "fields", "strict", "issues", "explicit", "c2pa"]
LABELLED = pictures.png(pictures.png_xmp(pictures.packet(value())))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Files of several kinds, some in a folder below; the screen is wide enough for their paths."""
    monkeypatch.setenv("COLUMNS", "240")
    made = tmp_path / "files"
    (made / "below").mkdir(parents=True)
    (made / "a.png").write_bytes(LABELLED)
    (made / "below" / "b.wav").write_bytes(recordings.wav())
    (made / "c.txt").write_text("正文。（内容由AI生成）", encoding="utf-8")
    (made / "d.csv").write_text("a,b", encoding="utf-8")
    (made / "d.csv.aigc.json").write_text(value("2"), encoding="utf-8")
    (made / "link.png").symlink_to(made / "a.png")
    return made


def lines(output: str) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in output.splitlines()]


class TestInspect:
    def test_it_says_one_object_a_file(self, zhanggui: Zhanggui, folder: Path) -> None:
        shown = zhanggui("inspect", "--json", str(folder))

        found = lines(shown.stdout)
        assert shown.exit_code == Exit.FINE
        assert [list(one) for one in found] == [KEYS] * 4
        assert [(Path(one["path"]).name, one["verdict"]) for one in found] == [
            ("a.png", "confirmed"),
            ("b.wav", "absent"),
            ("c.txt", "suspected"),
            ("d.csv", "declared"),
        ]

    def test_it_says_everything_of_a_label(self, zhanggui: Zhanggui, folder: Path) -> None:
        assert said(zhanggui("inspect", "--json", str(folder / "a.png"))) == {
            "path": str(folder / "a.png"),
            "verdict": "confirmed",
            "label": "1",
            "places": ["xmp"],
            "fields": members(),
            "strict": True,
            "issues": [],
            "explicit": None,
            "c2pa": None,
        }

    def test_it_tells_people_in_a_table(self, zhanggui: Zhanggui, folder: Path) -> None:
        shown = zhanggui("inspect", str(folder / "a.png"), str(folder / "c.txt"))

        assert shown.exit_code == Exit.FINE
        assert "属于 confirmed" in shown.output
        assert "疑似 suspected" in shown.output
        assert shown.output.splitlines()[-1] == "属于 1，疑似 1"

    @pytest.mark.parametrize(
        ("content", "verdict"),
        [
            (pictures.png(pictures.png_xmp(pictures.packet(value("0")))), "malformed"),
            (
                recordings.wav((b"AIGC", value().encode()), (b"AIGC", value("3").encode())),
                "conflicting",
            ),
        ],
    )
    def test_a_label_that_does_not_hold_is_a_finding(
        self, zhanggui: Zhanggui, folder: Path, content: bytes, verdict: str
    ) -> None:
        (folder / "z").write_bytes(content)

        shown = zhanggui("inspect", "--json", str(folder))

        assert shown.exit_code == Exit.FINDING
        assert lines(shown.stdout)[-1]["verdict"] == verdict

    @pytest.mark.parametrize("content", [b"", b"\x80 of no kind", documents.zipped({"a": b"b"})])
    def test_what_cannot_be_read_is_refused_and_the_rest_is_read(
        self, zhanggui: Zhanggui, folder: Path, content: bytes
    ) -> None:
        (folder / "z[x]").write_bytes(content)

        shown, told = zhanggui("inspect", "--json", str(folder)), zhanggui("inspect", str(folder))

        assert shown.exit_code == told.exit_code == Exit.REFUSED
        assert len(lines(shown.stdout)) == 5
        assert lines(shown.stdout)[-1]["verdict"] is None
        assert lines(shown.stdout)[-1]["error"] == "UnsupportedMediaError"
        assert "拒读 refused" in told.output
        assert "z[x]" in told.output

    def test_a_manifest_is_checked(self, zhanggui: Zhanggui, folder: Path) -> None:
        made = self_made("测试", now())
        signer = ManifestSigner(Credentials(made.chain, made.key))
        (folder / "s.png").write_bytes(signer.sign(LABELLED, MediaType.PNG))

        shown = zhanggui("inspect", "--json", str(folder / "s.png"))

        assert said(shown)["c2pa"] == {"state": "Valid", "codes": ["signingCredential.untrusted"]}
        assert said(shown)["strict"]
        assert "Valid" in zhanggui("inspect", str(folder / "s.png")).output

    @pytest.mark.parametrize("arguments", [(), ("missing.png",)])
    def test_a_wrong_call_ends_with_two(
        self, zhanggui: Zhanggui, arguments: tuple[str, ...]
    ) -> None:
        assert zhanggui("inspect", *arguments).exit_code == Exit.USAGE


class TestConformance:
    @pytest.mark.slow  # tries a thousand cases
    def test_our_reader_is_right_on_every_case(self, zhanggui: Zhanggui) -> None:
        shown, told = zhanggui("conformance", "--json"), zhanggui("conformance")

        outcome = said(shown)
        assert shown.exit_code == told.exit_code == Exit.FINE
        assert outcome["right"] == outcome["total"] >= 300
        assert told.output.splitlines()[-1] == f"{outcome['total']} / {outcome['total']}"

    def test_a_tool_that_says_nothing_is_refused(self, zhanggui: Zhanggui) -> None:
        shown = zhanggui("conformance", "--json", "--tool", f"{sys.executable} -c 0")

        assert shown.exit_code == Exit.REFUSED
        assert said(shown)["error"] == "ToolError"

    @pytest.mark.slow  # starts a process a case
    def test_a_tool_that_is_wrong_is_a_finding(self, zhanggui: Zhanggui, tmp_path: Path) -> None:
        script = tmp_path / "tool"
        script.write_text("""#!/bin/sh\necho '{"verdict": "absent"}'\n""", encoding="utf-8")
        script.chmod(0o755)

        shown = zhanggui("conformance", "--tool", str(script))

        assert shown.exit_code == Exit.FINDING
        assert "png/generated: confirmed due, absent" in shown.output

    @pytest.mark.slow  # writes a thousand files
    def test_the_cases_can_be_written(self, zhanggui: Zhanggui, tmp_path: Path) -> None:
        shown = zhanggui("conformance", "--write", str(tmp_path / "cases"))

        assert shown.exit_code == Exit.FINE
        assert (tmp_path / "cases" / "cases.json").is_file()
