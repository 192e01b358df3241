"""`zhanggui label`: what a model made, what others made, and what leaves under a waiver."""

from pathlib import Path

import pytest

from labelling import reader
from labelling.reader import Verdict
from runtime.cli.output import Exit
from tests.runtime.cli.conftest import Zhanggui, said

PAGE = "# 护肤建议\n\n每日早晚各一次。\n"
SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="200" height="200"><rect width="9"/></svg>'


@pytest.fixture
def page(tmp_path: Path) -> Path:
    path = tmp_path / "page.md"
    path.write_text(PAGE, encoding="utf-8")
    return path


class TestLabel:
    def test_what_a_model_made_is_labelled(self, zhanggui: Zhanggui, page: Path) -> None:
        shown = zhanggui("label", "page.md", "out.md")
        told = said(zhanggui("label", "page.md", "again.md", "--json"))

        assert shown.exit_code == Exit.FINE
        assert "text/markdown" in shown.output
        assert told["aigc"]["Label"] == "1"
        reading = reader.read_path(page.with_name("again.md"))
        assert reading.fields is not None
        assert reading.fields.as_dict() == told["aigc"]

    def test_a_manifest_is_signed_with_a_chain_of_our_own(
        self, zhanggui: Zhanggui, tmp_path: Path
    ) -> None:
        (tmp_path / "a.svg").write_text(SVG, encoding="utf-8")

        first = said(zhanggui("label", "a.svg", "b.svg", "--json"))
        second = said(zhanggui("label", "a.svg", "c.svg", "--ancestor", "a.svg", "--json"))

        assert first["writers"][-1] == second["writers"][-1] == "c2pa"
        assert (tmp_path / "data" / "manifest-root.pem").exists()

    def test_what_cannot_be_labelled_is_refused(self, zhanggui: Zhanggui, tmp_path: Path) -> None:
        (tmp_path / "a.bin").write_bytes(b"\x00\x01\x02")

        refused = zhanggui("label", "a.bin", "b.bin")

        assert refused.exit_code == Exit.REFUSED
        assert not (tmp_path / "b.bin").exists()

    def test_a_certificate_that_cannot_be_read_is_told(
        self, zhanggui: Zhanggui, tmp_path: Path
    ) -> None:
        (tmp_path / "a.svg").write_text(SVG, encoding="utf-8")

        refused = zhanggui(
            "label",
            "a.svg",
            "b.svg",
            labelling__manifest_chain="gone.pem",
            labelling__manifest_key="gone.pem",
        )

        assert refused.exit_code == Exit.REFUSED
        assert "gone.pem" in refused.stderr

    @pytest.mark.parametrize(
        "options",
        [
            ("--waiver", "w"),
            ("--declared",),
            ("--carried", "--ancestor", "page.md"),
        ],
    )
    def test_options_that_do_not_go_together_are_a_wrong_call(
        self, zhanggui: Zhanggui, page: Path, options: tuple[str, ...]
    ) -> None:
        assert zhanggui("label", "page.md", "out.md", *options).exit_code == Exit.USAGE


class TestCarried:
    def test_what_others_made_gets_our_part(self, zhanggui: Zhanggui, page: Path) -> None:
        silent = said(zhanggui("label", "--carried", "page.md", "a.md", "--json"))
        declared = said(zhanggui("label", "--carried", "--declared", "page.md", "b.md", "--json"))

        assert (silent["outcome"], silent["aigc"]) == ("none", None)
        assert declared["notice"] == "内容可能由AI生成"
        assert page.with_name("a.md").read_text(encoding="utf-8") == PAGE
        assert reader.read_path(page.with_name("b.md")).verdict is Verdict.DECLARED


class TestWaiver:
    def test_under_a_waiver_the_words_are_left_out_and_it_is_on_record(
        self, zhanggui: Zhanggui, audited: Path, page: Path
    ) -> None:
        facts = ("--agreement", "1", "--identity", "李", "--recipient", "王", "--reason", "印刷")
        waiver = said(zhanggui("waivers", "add", "demo", *facts, "--json"))["reference"]

        made = zhanggui("label", "page.md", "out.md", "--waiver", waiver, "--brand", "demo")

        assert made.exit_code == Exit.FINE
        reading = reader.read_path(page.with_name("out.md"))
        assert (reading.explicit, reading.verdict) == (None, Verdict.CONFIRMED)
        (listed,) = said(zhanggui("waivers", "list", "demo", "--json"))
        assert listed["outputs"] == 1

    def test_a_waiver_that_is_not_there_lets_nothing_out(
        self, zhanggui: Zhanggui, audited: Path, page: Path
    ) -> None:
        refused = zhanggui("label", "page.md", "out.md", "--waiver", "none", "--brand", "demo")

        assert refused.exit_code == Exit.REFUSED
        assert not page.with_name("out.md").exists()
