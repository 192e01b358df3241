"""`zhanggui audit`."""

import sys
from dataclasses import asdict
from pathlib import Path

import click

from labelling.evidence.heads import SignedHead
from runtime.cli.output import Exit, as_json, console, json_option, run
from runtime.cli.settings import read_settings
from runtime.container import database_url
from runtime.store.accounts import Brands
from runtime.store.audit import AuditLog, ChainFault
from runtime.store.database import Database


@click.group()
def audit() -> None:
    """Prove what happened."""


@audit.command()
@click.option("--brand", help="check one brand's conversations only")
@json_option
def verify(brand: str | None, *, to_json: bool) -> None:
    """Check the hash chain of every conversation."""
    faults = run(_verify(brand), to_json=to_json)
    if to_json:
        as_json({"faults": [asdict(fault) for fault in faults]})
    elif not faults:
        console().print("every chain holds")
    for fault in [] if to_json else faults:
        console().print(f"conversation {fault.conversation}, entry {fault.sequence}: {fault.what}")
    sys.exit(Exit.FINDING if faults else Exit.FINE)


@audit.command()
@click.argument("target", metavar="OUT.zip", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--with-keys", is_flag=True, help="so that texts can be looked up; keep it secret")
@json_option
def export(target: Path, *, with_keys: bool, to_json: bool) -> None:
    """Sign the whole log and write it for others; `evidence/verifier.py` checks it alone."""
    from runtime.evidence import export_log

    work = export_log(read_settings(quiet=True), target, with_keys=with_keys)
    _tell(run(work, to_json=to_json), target, to_json=to_json)


@audit.command()
@click.argument("output", metavar="ID")
@click.argument("target", metavar="OUT.zip", type=click.Path(dir_okay=False, path_type=Path))
@json_option
def prove(output: str, target: Path, *, to_json: bool) -> None:
    """Write the entries of one conversation, or of an output's, with their proofs."""
    from runtime.evidence import prove_entries

    work = prove_entries(read_settings(quiet=True), output, target)
    _tell(run(work, to_json=to_json), target, to_json=to_json)


def _tell(head: SignedHead, target: Path, *, to_json: bool) -> None:
    if to_json:
        as_json({"path": str(target), **head.as_dict()})
    else:
        console().print(
            f"{target}: {head.size} entries under root {head.root.hex()}, signed {head.at:%F %T}",
            markup=False,
        )


async def _verify(brand: str | None) -> list[ChainFault]:
    database = Database(database_url(read_settings(quiet=True)))
    try:
        async with database.read() as session:
            chosen = (await Brands(session).get(brand)).id if brand else None
            return [fault async for fault in AuditLog(session).faults(chosen)]
    finally:
        await database.close()
