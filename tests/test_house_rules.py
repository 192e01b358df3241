"""Rules of the house that no linter knows; each is proved on examples, then run over every file."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import MappingProxyType

import pytest

from channels.registry import CHANNELS
from tests.house_rules.examples import BROKEN, KEPT, Examples
from tests.house_rules.project import (
    ROOT,
    adapter_gaps,
    adapters,
    independent_channels,
    sources,
    texts,
    traces,
)
from tests.house_rules.rules import RULES
from tests.house_rules.source import Finding, Source, findings

BREAKS_COMMIT = "session.commit()"


@cache
def everything() -> list[Finding]:
    """Look once at every file of ours."""
    return [finding for source in sources() for finding in findings(source, RULES)]


def each(examples: Examples) -> Iterator[object]:
    for name, cases in examples.items():
        for number, (path, text) in enumerate(cases):
            yield pytest.param(name, Source(path, text), id=f"{name}-{number}")


class TestRules:
    def test_every_rule_has_examples_of_both_kinds(self) -> None:
        assert set(BROKEN) == set(KEPT) == set(RULES)

    @pytest.mark.parametrize(("name", "source"), list(each(BROKEN)))
    def test_what_breaks_a_rule_is_found_with_a_remedy(self, name: str, source: Source) -> None:
        found = list(RULES[name](source))

        assert found
        assert all(line and remedy for line, remedy in found)

    @pytest.mark.parametrize(("name", "source"), list(each(KEPT)))
    def test_what_keeps_a_rule_is_let_pass(self, name: str, source: Source) -> None:
        assert list(RULES[name](source)) == []


class TestEscapes:
    @pytest.mark.parametrize(
        "text",
        [
            f"{BREAKS_COMMIT}  # rule-skip: commit: a driver without sessions\n",
            f"# rule-skip: commit: a driver without sessions\n{BREAKS_COMMIT}\n",
            f"f(\n    {BREAKS_COMMIT},\n)  # rule-skip: commit: a driver without sessions\n",
            f"# rule-skip: commit: a driver without sessions\nif {BREAKS_COMMIT}:\n    pass\n",
            f"if x:\n    {BREAKS_COMMIT}  # rule-skip: commit: a driver without sessions\ny = 1\n",
        ],
    )
    def test_a_reason_lets_a_statement_off(self, text: str) -> None:
        assert findings(Source("runtime/a.py", text), RULES) == []

    def test_a_finding_names_place_rule_and_remedy(self) -> None:
        (finding,) = findings(Source("runtime/a.py", f"\n{BREAKS_COMMIT}\n"), RULES)

        assert str(finding) == (
            "runtime/a.py:2: commit: let `async with sessions.begin()` commit, once a step"
        )

    @pytest.mark.parametrize(
        ("text", "rules", "remedy"),
        [
            (f"{BREAKS_COMMIT}  # rule-skip: commit:\n", ["rule-skip"], "say why"),
            (f"{BREAKS_COMMIT}  # rule-skip: commit\n", ["rule-skip"], "say why"),
            (
                f"{BREAKS_COMMIT}  # rule-skip: comit: x\n",
                ["commit", "rule-skip"],
                "no rule 'comit'",
            ),
            ("x = 1  # rule-skip: commit: x\n", ["rule-skip"], "take the comment away"),
            (f"# rule-skip: commit: x\n\n{BREAKS_COMMIT}\n", ["commit", "rule-skip"], "take the"),
        ],
    )
    def test_an_escape_that_is_not_in_order_is_a_finding(
        self, text: str, rules: list[str], remedy: str
    ) -> None:
        found = findings(Source("runtime/a.py", text), RULES)

        assert sorted(finding.rule for finding in found) == rules
        assert remedy in " ".join(map(str, found))


class TestTraces:
    @pytest.mark.parametrize(
        "text",
        [
            "cd /{}/main".format("work"),
            "see `/{}/x.log`".format("tmp"),
            "'/{}/alice/data'".format("home"),
            "/{}/alice".format("Users"),
            "https://{}.org/simple".format("pypi"),
            "https://files.{}.org/packages".format("pythonhosted"),
            "https://registry.{}.org/x".format("npmjs"),
            "https://{}.example.com/simple".format("mirrors"),
        ],
    )
    def test_a_machine_path_and_a_package_host_are_found(self, text: str) -> None:
        assert traces(text)

    @pytest.mark.parametrize(
        "text",
        [
            "a framework/work/x of ours",
            "https://example.com/work/x",
            "a folder tmp/ beside it",
            "/home",
            "/webhooks/{channel}/{account}",
            "/workers",
        ],
    )
    def test_other_paths_and_hosts_are_not(self, text: str) -> None:
        assert traces(text) == []

    def test_no_file_tells_of_a_machine_or_of_where_packages_come_from(self) -> None:
        found = {path: traces(text) for path, text in texts() if traces(text)}

        assert found == {}, "say it without the path or the host: others build elsewhere"


class TestAdapters:
    @pytest.fixture
    def project(self, tmp_path: Path) -> Path:
        """Make a project with one whole adapter of a platform and one of our own front."""
        for name in (
            "channels/wechat/__init__.py",
            "docs/channels/wechat.md",
            "tests/channels/wechat/payloads/text.json",
            "simulators/wechat/app.py",
            "channels/webchat/__init__.py",
            "docs/channels/webchat.md",
            "tests/channels/webchat/payloads/text.json",
        ):
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).touch()
        return tmp_path

    def test_a_whole_adapter_lacks_nothing(self, project: Path) -> None:
        assert adapter_gaps(project, CHANNELS) == []

    @pytest.mark.parametrize(
        ("name", "gap"),
        [
            ("docs/channels/wechat.md", "add docs/channels/wechat.md"),
            ("tests/channels/wechat/payloads/text.json", "add tests/channels/wechat/payloads/*"),
            ("simulators/wechat/app.py", "add simulators/wechat/*.py"),
        ],
    )
    def test_each_thing_that_is_missing_is_named(self, project: Path, name: str, gap: str) -> None:
        (project / name).unlink()

        assert adapter_gaps(project, CHANNELS) == [gap]

    def test_a_folder_without_a_registry_line_is_named(self, project: Path) -> None:
        registry = MappingProxyType(
            {name: front for name, front in CHANNELS.items() if name != "webchat"}
        )

        gaps = adapter_gaps(project, registry)

        assert gaps == ["add a front of channels/webchat/ to channels/registry.py"]

    def test_every_adapter_is_whole(self) -> None:
        assert adapter_gaps(ROOT, CHANNELS) == []

    def test_the_import_contract_keeps_every_adapter_apart(self) -> None:
        contract = independent_channels((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

        assert contract == [f"channels.{folder}" for folder in adapters(ROOT)]


@pytest.mark.parametrize("name", [*RULES, "rule-skip"])
def test_every_file_of_ours_keeps_the_rule(name: str) -> None:
    broken = [str(finding) for finding in everything() if finding.rule == name]

    assert broken == [], "\n".join(broken)
