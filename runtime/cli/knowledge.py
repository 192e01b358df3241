"""`zhanggui knowledge`."""

import sys
from dataclasses import asdict
from pathlib import Path

import click

from runtime.cli.output import Exit, as_json, console, json_option, run
from runtime.cli.settings import read_settings


@click.group()
def knowledge() -> None:
    """Curate what agents may say."""


@knowledge.command("import")
@click.argument("folder", type=click.Path(exists=True, path_type=Path))
@click.option("--brand", required=True, help="short name of the brand")
@click.option("--base", default="main", show_default=True, help="knowledge base to import into")
@click.option("--remove-missing", is_flag=True, help="take out what is no longer in the folder")
@json_option
def import_(folder: Path, brand: str, base: str, *, remove_missing: bool, to_json: bool) -> None:
    """Import documents; what did not change is skipped, what broke off goes on."""
    from runtime.imports import import_folder

    settings = read_settings(quiet=True)
    work = import_folder(settings, folder, brand, base, remove_missing=remove_missing)
    report = run(work, to_json=to_json)
    if to_json:
        as_json(asdict(report))
    else:
        console().print(
            f"added {len(report.added)}, replaced {len(report.replaced)}, "
            f"unchanged {len(report.unchanged)}, removed {len(report.removed)}, "
            f"failed {len(report.failed)}; "
            f"{report.passages} passages"
        )
        for source, reason in report.failed.items():
            console().print(f"[red]{source}[/red]: {reason}")
    sys.exit(Exit.FINDING if report.failed else Exit.FINE)
