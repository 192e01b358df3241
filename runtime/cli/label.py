"""`zhanggui label`."""

from pathlib import Path
from typing import Any

import click

from runtime.cli.output import as_json, console, json_option, run
from runtime.cli.settings import read_settings

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.argument("source", metavar="IN", type=_FILE)
@click.argument("target", metavar="OUT", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--ancestor", type=_FILE, help="what a model made it from; the manifest names it")
@click.option("--carried", is_flag=True, help="others made it: keep their label and add our part")
@click.option("--declared", is_flag=True, help="with --carried: the uploader says a model made it")
@click.option("--waiver", help="reference of a waiver of the explicit label")
@click.option("--brand", help="with --waiver: whose it is")
@json_option
def label(
    source: Path,
    target: Path,
    ancestor: Path | None,
    waiver: str | None,
    brand: str | None,
    *,
    carried: bool,
    declared: bool,
    to_json: bool,
) -> None:
    """Label what a model made: the mark, the metadata and, where one is taken, the manifest.

    OUT is whole or as it was before. Nothing takes a label off again.
    """
    from runtime.labels import label_file, propagate_file

    complaints = {
        "--waiver and --brand go together": bool(waiver) != bool(brand),
        "--declared goes with --carried": declared and not carried,
        "--carried goes with neither --waiver nor --ancestor": carried and (waiver or ancestor),
    }
    for complaint, applies in complaints.items():
        if applies:
            raise click.UsageError(complaint)
    settings = read_settings(quiet=True)
    if carried:
        made = run(propagate_file(settings, source, target, declared=declared), to_json=to_json)
        told: dict[str, Any] = {
            "outcome": made.outcome.value,
            "notice": made.notice,
            "aigc": made.aigc.as_dict() if made.aigc else None,
        }
    else:
        under = (waiver, brand) if waiver and brand else None
        record = run(
            label_file(settings, source, target, ancestor=ancestor, waiver=under), to_json=to_json
        )
        told = {
            "media_type": record.parts[0].media_type.value,
            "writers": list(record.parts[0].writers),
            "aigc": record.aigc.as_dict() if record.aigc else None,
            "sha256": record.parts[0].digest_after,
        }
    if to_json:
        as_json({"path": str(target), **told})
    for name, value in [] if to_json else told.items():
        console().print(f"{name}: {value}", markup=False)
