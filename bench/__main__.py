"""`python -m bench`: measure, and print each figure beside its reference and its target."""

import os
from pathlib import Path

import click
from rich.console import Console

from bench.figures import Plan
from bench.machine import describe
from bench.registry import MEASUREMENTS
from bench.report import as_json, print_table
from bench.runner import measured


@click.command()
@click.option("--only", multiple=True, type=click.Choice(list(MEASUREMENTS)), help="measure this")
@click.option("--quick", is_flag=True, help="a look: few observations, nothing to quote")
@click.option("--json", "json_file", type=click.Path(dir_okay=False, path_type=Path))
def bench(*, only: tuple[str, ...], quick: bool, json_file: Path | None) -> None:
    """Measure, each figure beside its reference and its target."""
    # What is set for a real installation must not be measured, nor its services be called.
    for name in [name for name in os.environ if name.startswith("ZHANGGUI_")]:
        del os.environ[name]
    console, machine = Console(soft_wrap=True, highlight=False), describe()
    results = []
    for name in only or MEASUREMENTS:
        Console(stderr=True).print(f"measuring {name}", style="dim")
        results.append(measured(name, Plan(quick=quick)))
    print_table(console, machine, results, quick=quick)
    if json_file is not None:
        json_file.write_bytes(as_json(machine, results, quick=quick))


if __name__ == "__main__":
    bench()
