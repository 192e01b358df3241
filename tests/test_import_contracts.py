"""Who may import whom: the contracts hold, and each breaks when it should."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import grimp
import pytest
from importlinter.api import read_configuration
from importlinter.contracts.forbidden import ForbiddenContract
from importlinter.contracts.independence import IndependenceContract
from importlinter.contracts.layers import LayersContract
from importlinter.contracts.protected import ProtectedContract
from importlinter.domain.contract import Contract

from tests.house_rules.project import ROOT

KINDS: Mapping[str, type[Contract]] = {
    "forbidden": ForbiddenContract,
    "independence": IndependenceContract,
    "layers": LayersContract,
    "protected": ProtectedContract,
}
CONFIGURATION = read_configuration(str(ROOT / "pyproject.toml"))
SESSION = CONFIGURATION["session_options"]
CONTRACTS: Mapping[str, Contract] = {
    options["name"]: KINDS[options["type"]](
        name=options["name"], session_options=SESSION, contract_options=options
    )
    for options in CONFIGURATION["contracts_options"]
}
# Contract, importer, imported: an import that must not be, for every contract.
FORBIDDEN = (
    ("Layers", "labelling.stage", "runtime.clock"),
    ("Layers", "agents.run", "channels.base"),
    ("Layers", "channels.base", "agents.turn"),
    ("Layers", "knowledge.base", "labelling.content"),
    ("Layers", "channels.base", "runtime.settings"),
    ("Only the labelling stage can seal", "channels.base", "labelling._seal"),
    ("Only the labelling stage can seal", "runtime.pipeline", "labelling._seal"),
    ("Only the labelling stage can seal", "labelling.reader", "labelling._seal"),
    ("Only the runtime runs the labelling stage", "channels.base", "labelling.stage"),
    ("Only the runtime runs the labelling stage", "agents.run", "labelling.stage"),
    (
        "Agents know the drafts they write, not how drafts are labelled",
        "agents.run",
        "labelling.output",
    ),
    (
        "Agents know the drafts they write, not how drafts are labelled",
        "agents.turn",
        "labelling.writers.text",
    ),
    ("Domain packages know no web framework and no database", "channels.base", "sqlalchemy"),
    ("Domain packages know no web framework and no database", "labelling.stage", "fastapi"),
    ("Domain packages know no web framework and no database", "knowledge.base", "redis"),
    ("Domain packages know no web framework and no database", "agents.run", "starlette"),
    ("Only the index adapters know Qdrant", "runtime.container", "qdrant_client"),
    ("Only the index adapters know Qdrant", "knowledge.retrieve", "qdrant_edge"),
    ("Simulators share no code with what they simulate", "simulators.wire", "channels.base"),
    ("Simulators share no code with what they simulate", "simulators.wire", "runtime.clock"),
    ("Channels do not know each other", "channels.wechat.crypto", "channels.douyin.signature"),
    ("Channels do not know each other", "channels.webchat.channel", "channels.wechat.crypto"),
)


@pytest.fixture(scope="module")
def imports() -> grimp.ImportGraph:
    """Read every import of ours once; nothing is run and nothing is kept."""
    return grimp.build_graph(
        *SESSION["root_packages"], include_external_packages=True, cache_dir=None
    )


@pytest.mark.parametrize("name", CONTRACTS)
def test_the_contract_holds(name: str, imports: grimp.ImportGraph) -> None:
    assert CONTRACTS[name].check(imports, verbose=False).kept


def test_there_is_a_forbidden_import_for_every_contract() -> None:
    assert {name for name, _, _ in FORBIDDEN} == set(CONTRACTS)


@pytest.mark.parametrize(("name", "importer", "imported"), FORBIDDEN)
def test_a_forbidden_import_breaks_its_contract(
    name: str, importer: str, imported: str, imports: grimp.ImportGraph
) -> None:
    assert importer in imports.modules
    present = imports.direct_import_exists(importer=importer, imported=imported)
    if imported not in imports.modules:
        imports.add_module(imported, is_squashed=True)

    imports.add_import(importer=importer, imported=imported)
    kept = CONTRACTS[name].check(imports, verbose=False).kept
    if not present:
        imports.remove_import(importer=importer, imported=imported)

    assert not kept


@pytest.mark.slow  # starts the linter's own process, twice, on a copy of the packages
def test_the_command_itself_refuses_a_forbidden_import(tmp_path: Path) -> None:
    for package in SESSION["root_packages"]:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("*.md"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)

    before = lint_imports(tmp_path)
    seal = tmp_path / "channels" / "sneaky.py"
    seal.write_text('"""An adapter that makes its own seal."""\n\nimport labelling._seal\n')
    after = lint_imports(tmp_path)

    assert "Only the labelling stage can seal KEPT" in before
    assert "Only the labelling stage can seal BROKEN" in after
    assert "channels.sneaky -> labelling._seal" in after


def lint_imports(project: Path) -> str:
    """Run the linter as `make imports` does, on another project."""
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    ran = subprocess.run(  # noqa: S603 -- our own tool, by its full path
        command,
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(project), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    return ran.stdout
