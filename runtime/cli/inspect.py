"""`zhanggui inspect`."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import click
import orjson

from runtime.cli.output import Exit, console, json_option, progress

# The three outcomes of the Measures, Article 6, and the three that are none; Chinese first.
_WORDS: Final = {
    "confirmed": ("属于", "green"),
    "declared": ("可能", "green"),
    "suspected": ("疑似", "yellow"),
    "absent": ("无标识", "dim"),
    "malformed": ("有误", "red"),
    "conflicting": ("矛盾", "red"),
    None: ("拒读", "red"),
}
_FINDINGS = {"malformed", "conflicting"}


@click.command()
@click.argument(
    "paths", nargs=-1, required=True, metavar="PATH…", type=click.Path(exists=True, path_type=Path)
)
@json_option
def inspect(paths: tuple[Path, ...], *, to_json: bool) -> None:
    """Read the labels of files; of a folder, of every file in it.

    With --json it prints one object a file, each on a line of its own. What cannot be read has no
    verdict but an error. That nothing was found never means that no AI made it.
    """
    files = [file for path in paths for file in _files(path)]
    found = []
    for file in progress("inspect", to_json=to_json)(files):
        said = _inspected(file)
        found.append(said)
        if to_json:
            sys.stdout.buffer.write(orjson.dumps(said) + b"\n")
    if to_json:
        sys.stdout.buffer.flush()
    else:
        _print(found)
    verdicts = {said["verdict"] for said in found}
    if None in verdicts:
        sys.exit(Exit.REFUSED)
    sys.exit(Exit.FINDING if verdicts & _FINDINGS else Exit.FINE)


def _files(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        yield path
        return
    for inner in sorted(path.rglob("*")):
        # What a link points to is read where it stands, or not at all.
        if inner.is_file() and not inner.is_symlink() and not inner.name.endswith(".aigc.json"):
            yield inner


def _inspected(file: Path) -> dict[str, Any]:
    from labelling.errors import LabellingError
    from labelling.reader import read_path
    from labelling.reading.credentials import validate

    try:
        reading = read_path(file)
        manifest = validate(reading.media_type, file) if reading.c2pa else None
    except LabellingError as error:
        return _said(file) | {"error": type(error).__name__, "message": str(error)}
    return _said(file) | {
        "verdict": reading.verdict.value,
        "label": reading.label,
        "places": list(reading.places),
        "fields": reading.fields.as_dict() if reading.fields else None,
        "strict": reading.strict,
        "issues": list(reading.issues),
        "explicit": reading.explicit,
        "c2pa": {"state": manifest.state, "codes": list(manifest.codes)} if manifest else None,
    }


def _said(file: Path) -> dict[str, Any]:
    return {
        "path": str(file),
        "verdict": None,
        "label": None,
        "places": [],
        "fields": None,
        "strict": False,
        "issues": [],
        "explicit": None,
        "c2pa": None,
    }


def _print(found: list[dict[str, Any]]) -> None:
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for title in ("结论", "文件", "说明"):
        table.add_column(title, overflow="fold")
    for said in found:
        word, style = _WORDS[said["verdict"]]
        verdict = f"[{style}]{word}[/{style}] {said['verdict'] or 'refused'}"
        table.add_row(verdict, escape(said["path"]), escape(" · ".join(_details(said))))
    console().print(table)
    counted = {verdict: sum(said["verdict"] == verdict for said in found) for verdict in _WORDS}
    console().print(
        "，".join(f"{_WORDS[verdict][0]} {count}" for verdict, count in counted.items() if count)
    )


def _details(said: dict[str, Any]) -> Iterator[str]:
    """Say in a few words what stands behind a verdict."""
    if said["places"]:
        yield f"{'规范' if said['strict'] else '不规范'} {', '.join(said['places'])}"
    if said["explicit"]:
        yield f"显式 {said['explicit']}"
    if said["c2pa"]:
        yield f"凭证 {said['c2pa']['state']}"
    if why := said.get("message") or ", ".join(said["issues"]):
        yield why
