"""What was found: a table for people, JSON for programs."""

from collections.abc import Sequence
from dataclasses import asdict

import orjson
from rich.console import Console
from rich.table import Table

from bench.figures import Figure, Reading, Target
from bench.registry import MEASUREMENTS
from bench.runner import Result


def print_table(console: Console, machine: str, results: Sequence[Result], *, quick: bool) -> None:
    """Print each figure beside its reference and its target."""
    console.print(machine)
    table = Table(title="quick run: too few observations to quote" if quick else None)
    for heading in ("figure", "measured", "reference", "target", "", "n"):
        right = heading not in {"figure", ""}
        table.add_column(heading, justify="right" if right else "left")
    notes: list[str] = []
    for result in results:
        for figure in MEASUREMENTS[result.name].figures:
            reading = result.readings.get(figure.key)
            table.add_row(*_row(figure, reading))
            notes += _notes(figure, reading)
        table.add_section()
    console.print(table)
    for note in notes:
        console.print(note, style="dim")
    for result in results:
        console.print(
            f"{result.name}: {result.seconds:.0f} s, load average {result.load:.1f} before, "
            f"others took {result.others:.0%} of the machine"
        )


def as_json(machine: str, results: Sequence[Result], *, quick: bool) -> bytes:
    """Give all that was found."""
    found = {"machine": machine, "quick": quick, "measurements": [_json(one) for one in results]}
    return orjson.dumps(found, option=orjson.OPT_INDENT_2)


def _row(figure: Figure, reading: Reading | None) -> tuple[str, ...]:
    target = _bound(figure)
    if reading is None:
        return figure.title, "left out", "", target, "", ""
    verdict = ""
    if figure.target is not None:
        met = figure.target.met_by(reading.value)
        verdict = "[green]met[/green]" if met else "[red]missed[/red]"
    reference = "" if reading.reference is None else _amount(reading.reference, figure.unit)
    measured = _amount(reading.value, figure.unit)
    return figure.title, measured, reference, target, verdict, f"{reading.n:,}"


def _notes(figure: Figure, reading: Reading | None) -> list[str]:
    if reading is None:
        return []
    reference = f"reference: {figure.reference}" if figure.reference else ""
    told = "; ".join(filter(None, (reference, figure.reason, reading.note)))
    return [f"{figure.title}: {told}"]


def _bound(figure: Figure) -> str:
    target: Target | None = figure.target
    if target is None:
        return ""
    return f"{'≥' if target.at_least else '≤'} {_amount(target.bound, figure.unit)}"


def _amount(value: float, unit: str) -> str:
    digits = 2 if value < 10 and value != round(value) else 1 if value < 100 else 0  # noqa: PLR2004 - three figures tell enough
    return f"{value:,.{digits}f} {unit}".rstrip()


def _json(result: Result) -> dict[str, object]:
    return {
        "name": result.name,
        "seconds": result.seconds,
        "load_average": result.load,
        "others": result.others,
        "figures": [
            asdict(figure) | {"reading": asdict(reading)}
            for figure in MEASUREMENTS[result.name].figures
            if (reading := result.readings.get(figure.key))
        ],
    }
