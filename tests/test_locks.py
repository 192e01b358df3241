"""The locks pin everything by hash, tell no address, and are not stale."""

import re
import tomllib
from collections.abc import Iterable

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.house_rules.project import ROOT

LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-uv.lock")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
RUN_TIME = PROJECT["dependencies"]
DEVELOPMENT = [*RUN_TIME, *PROJECT["optional-dependencies"]["dev"]]
# One requirement with its hashes; a marker may stand between them.
_ENTRY = re.compile(
    r"^(?P<name>[a-z0-9-]+)==(?P<version>[\w.+!-]+)(?: ; [^\n\\]+)?"
    r"(?P<hashes>(?: \\\n    --hash=sha256:[0-9a-f]{64})+)$",
    re.MULTILINE,
)


def lock(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def rest(text: str) -> str:
    """Give what of a lock is no requirement pinned by hash; nothing may be."""
    return _ENTRY.sub("", text).strip()


def pinned(text: str) -> dict[str, set[Version]]:
    """Give the versions of every requirement; more than one where markers tell them apart."""
    versions: dict[str, set[Version]] = {}
    for entry in _ENTRY.finditer(text):
        versions.setdefault(entry["name"], set()).add(Version(entry["version"]))
    return versions


def stale(dependencies: Iterable[str], text: str) -> list[str]:
    """Give the dependencies that a lock does not satisfy."""
    versions = pinned(text)
    wanted = [Requirement(dependency) for dependency in dependencies]
    return [
        str(requirement)
        for requirement in wanted
        if not any(
            requirement.specifier.contains(version)
            for version in versions.get(canonicalize_name(requirement.name), ())
        )
    ]


@pytest.mark.parametrize("name", LOCKS)
class TestLock:
    def test_every_line_belongs_to_a_requirement_pinned_by_hash(self, name: str) -> None:
        assert rest(lock(name)) == "", "run 'make lock'"

    def test_it_tells_no_address(self, name: str) -> None:
        assert re.findall(r"://|index-url|find-links| @ ", lock(name)) == []


@pytest.mark.parametrize(
    ("name", "dependencies"),
    [("requirements.lock", RUN_TIME), ("requirements-dev.lock", DEVELOPMENT)],
)
def test_a_lock_satisfies_the_project(name: str, dependencies: list[str]) -> None:
    assert stale(dependencies, lock(name)) == [], "run 'make lock'"


def test_development_runs_on_the_versions_that_ship() -> None:
    ships, develops = pinned(lock("requirements.lock")), pinned(lock("requirements-dev.lock"))

    assert {name: develops.get(name) for name in ships} == ships


def test_what_only_developers_need_does_not_ship() -> None:
    ships = pinned(lock("requirements.lock"))

    assert ships.keys().isdisjoint({"pytest", "mypy", "ruff", "hypothesis", "playwright"})


def test_the_installer_is_pinned_alone() -> None:
    assert set(pinned(lock("requirements-uv.lock"))) == {"uv"}


class TestChecks:
    GOOD = "anyio==4.0 \\\n    --hash=sha256:" + "a" * 64

    @pytest.mark.parametrize(
        "text",
        [
            "anyio==4.0",
            "anyio>=4.0 \\\n    --hash=sha256:" + "a" * 64,
            "anyio==4.0 \\\n    --hash=sha256:" + "a" * 63,
            "anyio==4.0 \\\n    --hash=md5:" + "a" * 64,
            f"--index-url https://example.com/simple\n{GOOD}",
            f"{GOOD}\nhttpx @ https://example.com/httpx.whl",
            f"# from https://example.com\n{GOOD}",
        ],
    )
    def test_a_line_that_is_not_pinned_by_hash_is_found(self, text: str) -> None:
        assert rest(text)

    @pytest.mark.parametrize("dependency", ["anyio>=4.1", "httpx", "anyio<4"])
    def test_a_dependency_that_the_lock_does_not_satisfy_is_found(self, dependency: str) -> None:
        assert stale([dependency], self.GOOD) == [dependency]

    @pytest.mark.parametrize("dependency", ["anyio>=4", "AnyIO", "anyio[trio]~=4.0"])
    def test_a_dependency_that_it_does_satisfy_is_not(self, dependency: str) -> None:
        assert rest(self.GOOD) == ""
        assert stale([dependency], self.GOOD) == []
