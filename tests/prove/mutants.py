"""The gate with one line taken out or weakened: a test must fail for every such gate."""

import ast
import copy
import importlib.util
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from types import ModuleType
from typing import Final

from typing_extensions import override

# What stands between a draft and a platform: of each module, the functions and classes that do.
GATE: Final = {
    "labelling.stage": (
        "LabellingStage.label",
        "LabellingStage.label_file",
        "LabellingStage.label_stream",
        "LabellingStage.restore",
        "LabellingStage.restore_event",
        "EventStream",
        "_label_part",
    ),
    "labelling.marking": ("Marker", "require_medium", "_marked", "_marked_file", "_check"),
    "labelling.output": (
        "_check",
        "LabelledPart",
        "LabelledOutput",
        "LabelledEvent",
        "_Uncopyable",
    ),
    "labelling.policy": ("Waiver", "due"),
    "labelling.wording": ("compliant", "checked"),
    "channels.base": ("Channel.send", "Channel.push", "_require"),
    "runtime.pipeline": ("label", "word"),
}


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change to one module."""

    module: str
    number: int
    line: int
    what: str

    @property
    def name(self) -> str:
        """Name it so that it can be asked for again."""
        return f"{self.module}:{self.number}"


def mutants() -> list[Mutant]:
    """Give every mutant of the gate, in order."""
    return [
        Mutant(module, number, line, what)
        for module in GATE
        for number, (line, what, _) in enumerate(_mutations(module))
    ]


def install(name: str) -> None:
    """Have a module imported with one change, in this process."""
    module, _, number = name.partition(":")
    _, _, tree = list(_mutations(module))[int(number)]
    sys.meta_path.insert(0, _Finder(module, tree))


def _mutations(module: str) -> Iterator[tuple[int, str, ast.Module]]:
    spec = importlib.util.find_spec(module)
    assert spec is not None
    assert isinstance(spec.loader, SourceFileLoader)
    source = spec.loader.get_data(spec.loader.path).decode()
    tree = ast.parse(source)
    places = [
        (body, place)
        for wanted in GATE[module]
        for body in _bodies(_found(tree, wanted.split(".")))
        for place in range(len(body))
    ]
    for number, (body, place) in enumerate(places):
        for what in _changes(body[place]):
            changed = copy.deepcopy(tree)
            again = [
                (found, at)
                for wanted in GATE[module]
                for found in _bodies(_found(changed, wanted.split(".")))
                for at in range(len(found))
            ]
            _apply(*again[number], what)
            yield body[place].lineno, what, ast.fix_missing_locations(changed)


def _found(tree: ast.AST, names: Sequence[str]) -> ast.AST:
    for name in names:
        tree = next(
            node
            for node in ast.iter_child_nodes(tree)
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
            and node.name == name
        )
    return tree


def _bodies(tree: ast.AST) -> Iterator[list[ast.stmt]]:
    """Give every block within functions; what a class declares is left alone."""
    for node in ast.walk(tree):
        for field in ("body", "orelse", "finalbody"):
            block = getattr(node, field, None)
            if (
                isinstance(block, list)
                and block
                and not isinstance(node, ast.ClassDef | ast.Module)
            ):
                yield block


def _changes(statement: ast.stmt) -> Iterator[str]:
    if isinstance(statement, ast.Raise):
        yield "not raised"
    elif isinstance(statement, ast.If):
        yield "never"
        yield "always"
    elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call | ast.Await):
        yield "left out"
    elif isinstance(statement, ast.For):
        yield "not gone through"


def _apply(body: list[ast.stmt], place: int, what: str) -> None:
    statement = body[place]
    if isinstance(statement, ast.If):
        statement.test = ast.Constant(what == "always")
    elif isinstance(statement, ast.For):
        statement.iter = ast.Tuple([], ast.Load())
    else:
        body[place] = ast.Pass()


class _Finder(MetaPathFinder, Loader):
    """Gives one module from a changed tree."""

    def __init__(self, module: str, tree: ast.Module) -> None:
        self._module = module
        self._tree = tree

    @override
    def find_spec(self, fullname: str, path: object, target: object = None) -> ModuleSpec | None:
        if fullname != self._module:
            return None
        return ModuleSpec(fullname, self)

    @override
    def exec_module(self, module: ModuleType) -> None:
        exec(compile(self._tree, f"<changed {self._module}>", "exec"), module.__dict__)  # noqa: S102 - our own source
