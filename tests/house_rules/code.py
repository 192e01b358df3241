"""Rules about how code is written here."""

import ast
import re
from collections.abc import Iterator

from tests.house_rules.source import Source, dotted, last

Found = Iterator[tuple[int, str]]

_LONGEST_FILE = 400
_CLOCKS = re.compile(r"(?:^|\.)(?:datetime\.(?:now|today|utcnow)|date\.today|time\.time(?:_ns)?)$")
_WAITS = frozenset({"time.sleep", "asyncio.sleep", "anyio.sleep"})
# What holds a connection, a thread, a setting or a compiled graph.
_COSTLY = re.compile(
    r"(?:(?:^|\.)Settings|Client|Engine|Graph|Pool|Executor|Container|FastAPI|Starlette|Redis|EdgeShard"
    r"|sessionmaker|create_\w*engine|create_app|build_graph|from_url|open|connect)$"
)
_ISSUE = re.compile(r"#\d+")
_BANNER = re.compile(r"#\s*(?:[-=*#~_]{4,}.*|(?:Step|STEP)\s*\d+\b.*|.*[-=*#~]{6,})")
_LEFT_OPEN = re.compile(r"\b(?:TODO|FIXME|XXX)\b")


def init_docstring(source: Source) -> Found:
    """An `__init__.py` holds one line: its docstring."""
    if source.name != "__init__.py":
        return
    for node in source.tree.body[1:] if ast.get_docstring(source.tree) else source.tree.body:
        yield node.lineno, "import from the module that defines the thing; say here what it is"
    if not ast.get_docstring(source.tree):
        yield 1, "say in one sentence what lives in the package"


def commit(source: Source) -> Found:
    """Nobody commits by hand."""
    for line, name, _ in source.calls:
        if name.endswith(".commit"):
            yield line, "let `async with sessions.begin()` commit, once a step"


def clock(source: Source) -> Found:
    """The time is a parameter."""
    if source.under("runtime/clock.py"):
        return
    for node in source.nodes:
        if isinstance(node, ast.Attribute) and _CLOCKS.search(dotted(node)):
            yield node.lineno, "take the time from the `now` handed in; runtime/clock.py has it"


def built_on_import(source: Source) -> Found:
    """Importing a module starts nothing."""
    for node in _run_on_import(source.tree):
        if isinstance(node, ast.Call):
            name = dotted(node.func)
            compiled = last(name) == "compile" and not name.startswith("re.")
            if _COSTLY.search(name) or compiled:
                yield node.lineno, f"build `{name}` in a function that runtime/container.py calls"


def _run_on_import(node: ast.AST) -> Iterator[ast.AST]:
    """Walk what runs when the module is imported: all but the bodies of functions."""
    yield node
    if isinstance(node, ast.If) and _compared(node) == "__name__":
        return
    for name, value in ast.iter_fields(node):
        if name == "body" and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from _run_on_import(child)


def _compared(node: ast.If) -> str:
    """Give the left side of the condition, such as `__name__`."""
    return dotted(node.test.left) if isinstance(node.test, ast.Compare) else "?"


def file_length(source: Source) -> Found:
    """A file is one noun."""
    lines = len(source.text.splitlines())
    exempt = source.under("migrations/versions/") or "/payloads/" in source.path
    if lines > _LONGEST_FILE and not exempt:
        yield 1, f"{lines} lines, {_LONGEST_FILE} is the most: move a noun of its own out"


def no_print(source: Source) -> Found:
    """Output goes through one console."""
    for line, name, _ in source.calls:
        if name in {"print", "pprint", "pprint.pprint", "sys.stdout.write"}:
            yield line, "write through the console of runtime/cli/output.py, or log an event"


def todo_issue(source: Source) -> Found:
    """What is left open has an issue."""
    if not _LEFT_OPEN.search(source.text):
        return
    for line, comment in source.comments:
        if _LEFT_OPEN.search(comment) and not _ISSUE.search(comment):
            yield line, "do it now, or name the issue: '#123'"


def sleep(source: Source) -> Found:
    """A test waits for what happens, never for time to pass."""
    if not source.under("tests/"):
        return
    for line, name, call in source.calls:
        yields = call.args and isinstance(call.args[0], ast.Constant) and call.args[0].value == 0
        if last(name) == "wait_for_timeout" or (name in _WAITS and not yields):
            yield line, "wait for the event itself, or hand in a clock"
    for node in source.nodes:
        if isinstance(node, ast.ImportFrom) and any(
            f"{node.module}.{alias.name}" in _WAITS for alias in node.names
        ):
            yield node.lineno, "wait for the event itself, or hand in a clock"


def banner(source: Source) -> Found:
    """A comment says why, in sentences: no banner, no count of steps."""
    for line, comment in source.comments if _BANNER.search(source.text) else []:
        if _BANNER.fullmatch(comment):
            yield line, "say why in a sentence, or take it away: files are short enough to read"
