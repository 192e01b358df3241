from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect

from runtime.store import migrate
from runtime.store.database import Database
from runtime.store.tables.every import metadata

POSTGRES = pytest.param("postgresql", marks=pytest.mark.servers)


@pytest.fixture(params=["sqlite", POSTGRES])
async def empty(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    url = (
        f"sqlite:///{tmp_path / 'empty.db'}"
        if request.param == "sqlite"
        else request.getfixturevalue("postgres_url")
    )
    database = Database(url)
    yield database
    await database.close()


def differences(connection: Connection) -> list[Any]:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return list(compare_metadata(context, metadata()))


def downgrade(connection: Connection) -> list[str]:
    settings = migrate.config()
    settings.attributes["connection"] = connection
    command.downgrade(settings, "base")
    return inspect(connection).get_table_names()


async def test_an_empty_database_comes_to_the_newest_revision(empty: Database) -> None:
    assert await migrate.current(empty) is None

    assert await migrate.upgrade(empty) == migrate.newest()
    assert await migrate.current(empty) == migrate.newest()


async def test_the_migrated_schema_is_the_one_the_code_sees(empty: Database) -> None:
    await migrate.upgrade(empty)

    async with empty.read() as session:
        found = await session.run(differences)

    assert found == []


async def test_upgrading_twice_changes_nothing(empty: Database) -> None:
    first = await migrate.upgrade(empty)

    assert await migrate.upgrade(empty) == first


async def test_the_way_back_leaves_nothing_behind(empty: Database) -> None:
    await migrate.upgrade(empty)

    async with empty.begin() as session:
        left = await session.run(downgrade)

    assert left == ["alembic_version"]


def test_there_is_one_head() -> None:
    assert len(ScriptDirectory.from_config(migrate.config()).get_heads()) == 1
