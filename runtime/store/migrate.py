"""Bring a database to the schema this code needs."""

from importlib.resources import files

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from runtime.store.database import Database


async def upgrade(database: Database, revision: str = "head") -> str:
    """Run the revisions a database lacks, in one transaction; give the one it is at then.

    Raises:
        StoreUnavailableError: The database is away; nothing was changed.
    """
    async with database.begin() as session:
        return await session.run(_upgrade, revision)


async def current(database: Database) -> str | None:
    """Give the revision a database is at; None where it is empty.

    Raises:
        StoreUnavailableError: The database is away.
    """
    async with database.read() as session:
        return await session.run(_current)


def newest() -> str:
    """Give the revision this code needs."""
    head = ScriptDirectory.from_config(config()).get_current_head()
    assert head is not None
    return head


def config() -> Config:
    """Give Alembic's configuration; the revisions are found in the installed package."""
    made = Config()
    made.set_main_option("script_location", str(files("migrations")))
    return made


def _upgrade(connection: Connection, revision: str) -> str:
    settings = config()
    settings.attributes["connection"] = connection
    command.upgrade(settings, revision)
    return _current(connection) or ""


def _current(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()
