"""What the pages say is so: links, commands, settings, tables, and the commands' own output."""

import ast
import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from pydantic import BaseModel

from channels.base import Capabilities
from channels.registry import CHANNELS
from runtime.cli.main import main
from runtime.settings import Settings
from runtime.store.tables.every import metadata
from tests.pages import ROOT, Page, every_page

PAGES = every_page()
ARCHITECTURE = Page("docs/architecture.md")
OPERATIONS = Page("docs/operations.md")
PACKAGES = ("agents", "channels", "knowledge", "labelling", "migrations", "runtime", "simulators")
_SETTING = re.compile(r"ZHANGGUI_[A-Z0-9_]+")
_OTHER_EACH_TIME = re.compile(r"\d\d:\d\d:\d\d\.\d{6}|\b[0-9a-f]{32}\b")
each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.path)


@each_page
def test_every_link_within_the_project_leads_somewhere(page: Page) -> None:
    broken = [link for link in page.links if "://" not in link and not _leads(page, link)]

    assert broken == []


@each_page
def test_every_command_of_ours_exists(page: Page) -> None:
    faults = [fault for line in page.code for fault in _command_faults(line)]

    assert faults == []


@each_page
def test_every_task_is_in_the_makefile(page: Page) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))

    assert set(_tasks(page)) <= targets


@each_page
def test_every_setting_exists(page: Page) -> None:
    known = set(_defaults(Settings))
    groups = {name.rpartition("__")[0] + "__" for name in known if "__" in name}

    assert set(_SETTING.findall(page.text)) <= known | groups


@each_page
def test_no_page_names_a_machine_or_where_packages_come_from(page: Page) -> None:
    paths = re.findall(r"(?<![\w.}>])/(?:home|root|Users|tmp|work|mnt|opt)/\S*", page.text)
    hosts = re.findall(r"://[^\s/)]*(?:pypi|pythonhosted|npm|conda|mirror|nexus)\S*", page.text)

    assert (paths, hosts) == ([], [])


def test_the_two_commands_come_first() -> None:
    first = Page("README.md").fences[0]

    assert [line.split("#")[0].strip() for line in first.body.splitlines()] == [
        "make demo",
        "make test",
    ]


def test_the_table_of_settings_is_whole_and_its_defaults_are_right() -> None:
    table = {row[0].strip("`"): row[1].strip("`") for row in OPERATIONS.table("settings")}

    assert table == _defaults(Settings)


def test_the_list_of_what_production_needs_is_whole() -> None:
    assert tuple(OPERATIONS.after("production")) == Settings.model_construct().missing_in_production


def test_the_tree_is_the_one_on_the_disk() -> None:
    tree = _tree(ARCHITECTURE.fence("tree"))
    opened = {str(Path(path).parent) for path in tree} | set(PACKAGES)
    lacking = {path for folder in opened for path in _on_disk(ROOT / folder)} - tree

    assert {path for path in tree if not (ROOT / path).exists()} == set()
    assert lacking == set(), "add these lines to the tree of docs/architecture.md"


def test_the_data_model_is_that_of_the_schema() -> None:
    tables = metadata().tables
    rows = {row[0].strip("`"): set(re.findall(r"`(\w+)`", row[2])) for row in _data_model()}

    assert set(rows) == set(tables)
    for name, named in rows.items():
        assert named <= set(tables[name].columns.keys()), name
        assert set(tables[name].primary_key.columns.keys()) <= named, name


def test_every_import_contract_is_explained() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]

    assert [row[0] for row in ARCHITECTURE.table("contracts")] == [
        contract["name"] for contract in contracts["contracts"]
    ]


def test_every_log_event_is_explained() -> None:
    cells = [row[0] for row in OPERATIONS.table("events")]
    told = {name for cell in cells for name in re.findall(r"`(\w+)`", cell)}

    assert told == set(_first_arguments("log", {"info", "warning", "error", "exception"}))


def test_every_span_is_named() -> None:
    assert set(OPERATIONS.after("spans")) == set(_first_arguments("", {"span"}))


def test_the_table_of_channels_is_that_of_their_capabilities() -> None:
    rows = {
        row[0].strip("`"): row[1:] for row in Page("docs/channels/README.md").table("capabilities")
    }

    assert rows == {name: _told(front.capabilities) for name, front in CHANNELS.items()}


def test_every_channel_has_its_page_in_the_index() -> None:
    index = Page("docs/channels/README.md")
    pages = {path.name for path in (ROOT / "docs/channels").glob("*.md")} - {"README.md"}

    assert pages <= set(index.links)
    assert all(f"`{name}`" in index.text for name in CHANNELS)


# Slow: each command is a process of its own, and the demo indexes a whole brand.
@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "page",
    [page for page in PAGES if any(fence.mark == "run" for fence in page.fences)],
    ids=lambda page: page.path,
)
def test_the_commands_run_and_say_what_the_page_shows(page: Page, tmp_path: Path) -> None:
    said = ""
    for fence in page.fences:
        if fence.mark == "run":
            said = _run(fence.language, fence.body, tmp_path)
        elif fence.mark == "output":
            assert _not_said(fence.body, said) == []


def _leads(page: Page, link: str) -> bool:
    path, _, anchor = link.partition("#")
    target = (ROOT / page.path).parent / path if path else ROOT / page.path
    if not target.exists():
        return False
    return not anchor or anchor in Page(str(target.resolve().relative_to(ROOT))).anchors


def _command_faults(line: str) -> Iterator[str]:
    for found in re.findall(r"(?:^|[\s|/])zhanggui((?: [^|&;#]*)?)", line):
        if fault := _fault(shlex.split(found)):
            yield f"zhanggui{found}: {fault}"


def _fault(words: list[str]) -> str:
    command: click.Command = main
    context = click.Context(command)
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        inner = command.get_command(context, words[0])
        if inner is None:
            return f"there is no {words[0]!r}"
        command, words = inner, words[1:]
    known = {option for parameter in command.get_params(context) for option in parameter.opts}
    unknown = {word.partition("=")[0] for word in words if word.startswith("--")} - known
    return f"there is no {', '.join(sorted(unknown))}" if unknown else ""


def _tasks(page: Page) -> Iterator[str]:
    for line in page.code:
        for words in re.findall(r"(?:^|\s)make((?: [a-z-]+)+)", line.partition("#")[0]):
            yield from words.split()


def _defaults(model: type[BaseModel], prefix: str = "ZHANGGUI_") -> dict[str, str]:
    defaults: dict[str, str] = {}
    for name, field in model.model_fields.items():
        full = f"{prefix}{name.upper()}"
        if isinstance(field.default, BaseModel):
            defaults |= _defaults(type(field.default), f"{full}__")
        else:
            defaults[full] = "" if field.default is None else str(field.default)
    return defaults


def _tree(drawing: str) -> set[str]:
    """Read a drawing: two spaces a level, folders end in a slash, words follow the name."""
    paths: set[str] = set()
    folders: list[str] = []
    for line in drawing.splitlines():
        name = line.split()[0]
        depth = (len(line) - len(line.lstrip())) // 2
        folders[depth:] = [name.rstrip("/")]
        paths.add("/".join(folders))
    return paths


def _on_disk(folder: Path) -> set[str]:
    unlisted = {"__init__.py", "__pycache__", "data", "artefacts"}
    return {
        str(path.relative_to(ROOT))
        for path in folder.iterdir()
        if path.name not in unlisted
        and not path.name.startswith(".")
        and not path.name.endswith(".egg-info")
        and (folder == ROOT or path.name != "README.md")
    }


def _data_model() -> list[list[str]]:
    return ARCHITECTURE.table("tables")


def _first_arguments(owner: str, methods: set[str]) -> Iterator[str]:
    """Give what calls of these methods, or functions, say first, wherever ours make them."""
    for path in (path for name in PACKAGES for path in (ROOT / name).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and node.args and _called(node.func, owner, methods):
                assert isinstance(node.args[0], ast.Constant)
                yield str(node.args[0].value)


def _called(function: ast.expr, owner: str, methods: set[str]) -> bool:
    if isinstance(function, ast.Attribute):
        owned = isinstance(function.value, ast.Name) and function.value.id == owner
        return owned and function.attr in methods
    return not owner and isinstance(function, ast.Name) and function.id in methods


def _told(can: Capabilities) -> list[str]:
    characters = f", {can.max_text_characters} characters" if can.max_text_characters else ""
    return [
        f"{can.max_text_bytes} bytes{characters}",
        str(can.max_parts),
        f"{can.reply_window / 3600:.0f} hours" if can.reply_window else "none",
        "yes" if can.streams else "no",
        "yes" if can.idempotent else "no",
    ]


def _run(language: str, body: str, folder: Path) -> str:
    """Run a block as a reader would who has the virtual environment active; give what it says."""
    commands = {
        "bash": ["bash", "-euo", "pipefail", "-c", body],
        "python": [sys.executable, "-c", body],
    }
    environment = {name: value for name, value in os.environ.items() if "ZHANGGUI" not in name}
    environment |= {
        "PATH": f"{Path(sys.executable).parent}:{environment['PATH']}",
        "ZHANGGUI_DATA": str(folder / "data"),
    }
    done = subprocess.run(  # noqa: S603 - the commands are those of our own pages
        commands[language], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def _not_said(shown: str, said: str) -> list[str]:
    """Give the shown lines that do not come, in their order; `…` stands for any lines."""
    lines = [_plain(line) for line in said.splitlines()]
    missing = []
    for line in (_plain(line) for line in shown.splitlines()):
        if line in lines:
            del lines[: lines.index(line) + 1]
        elif line != "…":
            missing.append(line)
    return missing


def _plain(line: str) -> str:
    return _OTHER_EACH_TIME.sub("*", line.replace("─", "")).strip()
