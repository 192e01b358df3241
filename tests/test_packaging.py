"""Our top-level names are ours alone, and the wheel ships what runs and no more."""

import importlib.util
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Mapping, Sequence
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tests.house_rules.project import ROOT, files

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
DISTRIBUTION = PROJECT["project"]["name"]
PACKAGES = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]


def rivals(owners: Mapping[str, Sequence[str]]) -> dict[str, set[str]]:
    """Give the distributions that bring one of our top-level names."""
    others = {name: set(owners.get(name, ())) - {DISTRIBUTION} for name in PACKAGES}
    return {name: who for name, who in others.items() if who}


def test_every_package_with_code_or_pages_is_named_for_the_wheel() -> None:
    assert PACKAGES == [
        "agents",
        "channels",
        "console",
        "knowledge",
        "labelling",
        "migrations",
        "runtime",
        "simulators",
    ]


def test_each_top_level_name_is_ours_alone() -> None:
    assert rivals(packages_distributions()) == {}, (
        "a dependency brings one of our names: pip would let one overwrite the other"
    )


def test_a_dependency_with_one_of_our_names_is_found() -> None:
    owners = {"agents": ["openai-agents", DISTRIBUTION], "channels": [DISTRIBUTION], "x": ["y"]}

    assert rivals(owners) == {"agents": {"openai-agents"}}


@pytest.mark.parametrize("name", [name for name in PACKAGES if name != "console"])
def test_importing_one_of_our_names_gives_ours(name: str) -> None:
    spec = importlib.util.find_spec(name)

    assert spec is not None
    assert spec.origin == str(ROOT / name / "__init__.py")


def test_it_is_marked_as_never_to_be_uploaded() -> None:
    assert "Private :: Do Not Upload" in PROJECT["project"]["classifiers"]


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Build the wheel; give what is in it."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(  # noqa: S603 -- our own build, by this interpreter
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.mark.slow  # builds a wheel in a process of its own
class TestWheel:
    def test_it_ships_every_file_of_our_packages(self, names: set[str]) -> None:
        ours = {str(path) for path in files() if path.parts[0] in PACKAGES}

        assert ours - names == set()

    def test_it_ships_nothing_else_but_its_metadata(self, names: set[str]) -> None:
        tops = {Path(name).parts[0] for name in names}

        assert {top for top in tops if not top.endswith(".dist-info")} == set(PACKAGES)

    @pytest.mark.parametrize("suffix", [".toml", ".html", ".md", ".csv", ".txt", ".json", ".css"])
    def test_data_files_are_with_it(self, names: set[str], suffix: str) -> None:
        assert any(name.endswith(suffix) for name in names if ".dist-info" not in name)

    def test_its_command_and_its_licence_are_with_it(self, names: set[str]) -> None:
        metadata = {Path(name).name for name in names if ".dist-info" in name}

        assert {"entry_points.txt", "LICENSE", "METADATA"} <= metadata


def test_the_walk_leaves_out_what_git_ignores(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text(".venv/\n__pycache__/\n/data/\n.env\n.coverage*\n")
    for name in (
        "a/data/words.txt",
        "a/__pycache__/a.pyc",
        ".venv/bin/x",
        "data/x",
        ".env",
        ".env.example",
        ".coverage.1",
        ".git/config",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()

    found = sorted(str(path) for path in files(tmp_path))

    assert found == [".env.example", ".gitignore", "a/data/words.txt"]
