"""`zhanggui doctor`."""

import sys
from dataclasses import asdict

import click

from runtime.cli.output import Exit, as_json, console, json_option, run
from runtime.cli.settings import read_settings


@click.command()
@json_option
def doctor(*, to_json: bool) -> None:
    """Check that this installation can work, and say what to do where it cannot."""
    from runtime.diagnosis import examine

    findings = run(examine(read_settings(quiet=True)), to_json=to_json)
    if to_json:
        as_json([asdict(finding) for finding in findings])
    else:
        for finding in findings:
            mark = "[green]fine[/green]" if finding.fine else "[red]amiss[/red]"
            console().print(f"{mark}  {finding.name}: {finding.what}")
    sys.exit(Exit.FINE if all(finding.fine for finding in findings) else Exit.FINDING)
