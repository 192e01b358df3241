"""Rules about files and folders, and the walk over them."""

import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from fnmatch import fnmatch
from pathlib import Path

from channels.base import Channel
from labelling.content import Surface
from tests.house_rules.source import Source

ROOT = Path(__file__).parents[2]
_CODE = (
    "agents",
    "bench",
    "channels",
    "knowledge",
    "labelling",
    "migrations",
    "runtime",
    "simulators",
    "tests",
)
_ADAPTERS = "Channels do not know each other"
# Written so that this file does not hold what it forbids.
_MACHINE_PATH = re.compile(r"(?<![\w.:/-])/(?:work|tmp|farm|root|home/\w+|Users/\w+)\b(?!\w)")
_REGISTRY = re.compile(
    r"\b(?:pypi\.org|pythonhosted\.org|test\.pypi|registry\.npmjs|registry\.yarnpkg"
    r"|proxy\.golang\.org|static\.crates\.io|index\.crates\.io|conda\.anaconda\.org"
    r"|mirrors?\.[a-z]+\.(?:com|cn|edu)|pypi\.[a-z.]+\.(?:cn|edu|com))\b"
)


def sources(root: Path = ROOT) -> Iterator[Source]:
    """Give every Python file of ours."""
    for package in _CODE:
        for path in sorted((root / package).rglob("*.py")):
            yield Source(path.relative_to(root).as_posix(), path.read_text(encoding="utf-8"))


def files(root: Path = ROOT) -> Iterator[Path]:
    """Give every file that is not ignored, by its path from the root."""
    ignored = (root / ".gitignore").read_text(encoding="utf-8").split()
    for folder, folders, names in os.walk(root):
        here = Path(folder).relative_to(root)
        folders[:] = [name for name in folders if not _ignored(here / name, ignored, "/")]
        yield from (here / name for name in names if not _ignored(here / name, ignored, ""))


def texts(root: Path = ROOT) -> Iterator[tuple[str, str]]:
    """Give every text file that is not ignored, by its path from the root, with its text."""
    for path in files(root):
        content = (root / path).read_bytes()
        if b"\0" not in content:
            yield path.as_posix(), content.decode()


def _ignored(path: Path, patterns: list[str], mark: str) -> bool:
    """Tell whether a path is git's own, or stands in .gitignore; `mark` is `/` for a folder."""
    return path.name == ".git" or any(
        fnmatch(f"/{path.as_posix()}{mark}", pattern)
        or fnmatch(f"{path.name}{mark}", pattern)
        or fnmatch(path.name, pattern)
        for pattern in patterns
    )


def traces(text: str) -> list[str]:
    """Give the paths of a machine and the hosts of package registries in a text."""
    return [*_MACHINE_PATH.findall(text), *_REGISTRY.findall(text)]


def adapter_gaps(root: Path, channels: Mapping[str, type[Channel]]) -> list[str]:
    """Give what an adapter lacks: registry line, captured payloads, simulator, page."""
    fronts: dict[str, list[type[Channel]]] = {}
    for front in channels.values():
        fronts.setdefault(front.__module__.split(".")[1], []).append(front)
    gaps = []
    for folder in adapters(root):
        needed = [f"docs/channels/{folder}.md", f"tests/channels/{folder}/payloads/*"]
        # What is shown on a front of our own has no platform behind it to simulate.
        if any(front.capabilities.surface is Surface.PLATFORM for front in fronts.get(folder, [])):
            needed.append(f"simulators/{folder}/*.py")
        gaps += [f"add {pattern}" for pattern in needed if not any(root.glob(pattern))]
        if folder not in fronts:
            gaps.append(f"add a front of channels/{folder}/ to channels/registry.py")
    return gaps


def adapters(root: Path) -> list[str]:
    """Give the folders under channels/, each a platform."""
    return sorted(path.parent.name for path in (root / "channels").glob("*/__init__.py"))


def independent_channels(pyproject: str) -> list[str]:
    """Give the modules that the import contract keeps apart."""
    contracts = tomllib.loads(pyproject)["tool"]["importlinter"]["contracts"]
    return [
        module
        for contract in contracts
        if contract["name"] == _ADAPTERS
        for module in contract["modules"]
    ]
