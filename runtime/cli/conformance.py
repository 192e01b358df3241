"""`zhanggui conformance`."""

import sys
from pathlib import Path

import click

from runtime.cli.output import Exit, as_json, console, json_option, progress, refuse


@click.command()
@click.option("--tool", metavar="COMMAND", help="try another tool: COMMAND PATH prints a verdict")
@click.option(
    "--write",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="only write the cases and cases.json into a folder",
)
@json_option
def conformance(tool: str | None, folder: Path | None, *, to_json: bool) -> None:
    """Try a reader of labels on every case; without --tool, our own.

    COMMAND is run once a case with the path of a file behind it. It prints one JSON object whose
    `verdict` is confirmed, declared, suspected, absent, malformed, conflicting or refused; `label`,
    where it is printed, is compared as well.
    """
    from labelling.conformance.run import ToolError, ours, run, tried_by, written

    if folder is not None:
        count = written(folder)
        console().print(f"{count} cases")
        return
    try:
        outcome = run(tried_by(tool) if tool else ours, progress("conformance", to_json=to_json))
    except ToolError as error:
        refuse(error, to_json=to_json)
    if to_json:
        as_json(outcome.as_dict())
    else:
        for failure in outcome.failures:
            console().print(f"[red]{failure.case}[/red]: {failure.expected} due, {failure.found}")
        for group, (right, total) in outcome.groups.items():
            console().print(f"{group:12} {right:4} / {total}")
        console().print(f"{outcome.right} / {outcome.total}")
    sys.exit(Exit.FINDING if outcome.failures else Exit.FINE)
