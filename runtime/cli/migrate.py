"""`zhanggui migrate`."""

import click

from runtime.cli.output import as_json, console, json_option, run
from runtime.cli.settings import read_settings
from runtime.container import database_url
from runtime.store import migrate as migrations
from runtime.store.database import Database


@click.command()
@json_option
def migrate(*, to_json: bool) -> None:
    """Bring the database to the schema this version needs."""
    before, after = run(_migrate(), to_json=to_json)
    if to_json:
        as_json({"before": before, "after": after})
    elif before == after:
        console().print(f"the database is at {after} already")
    else:
        console().print(f"the database went from {before or 'empty'} to {after}")


async def _migrate() -> tuple[str | None, str]:
    database = Database(database_url(read_settings(quiet=True)))
    try:
        before = await migrations.current(database)
        return before, await migrations.upgrade(database)
    finally:
        await database.close()
