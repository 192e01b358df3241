"""`zhanggui audit`."""

import sys
from dataclasses import asdict

import click

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


async def _verify(brand: str | None) -> list[ChainFault]:
    database = Database(database_url(read_settings(quiet=True)))
    try:
        async with database.read() as session:
            chosen = (await Brands(session).get(brand)).id if brand else None
            return [fault async for fault in AuditLog(session).faults(chosen)]
    finally:
        await database.close()
