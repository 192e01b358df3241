"""The database: units of work that mean the same on SQLite and PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import URL, Connection, event, make_url
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from runtime.errors import StoreUnavailableError
from runtime.store import sqlite
from runtime.store.tables.base import Table

_BUSY_MILLISECONDS = 10_000


class Database:
    """Hands out sessions: `begin` is a unit of work, `read` a consistent look."""

    def __init__(self, url: str | URL, *, pool_size: int = 10) -> None:
        """Nothing is connected before the first session."""
        self.url = make_url(url)
        self.embedded = self.url.get_backend_name() == "sqlite"
        if self.embedded:
            sqlite.register()
            self.url = self.url.set(drivername=sqlite.DRIVER)
        options: dict[str, Any] = {} if self.embedded else {"pool_pre_ping": True}
        self.engine = create_async_engine(
            self.url,
            pool_size=pool_size,
            # Or an error's text would carry what customers wrote into the logs.
            hide_parameters=True,
            **options,
        )
        if self.embedded:
            event.listen(self.engine.sync_engine, "connect", _prepare_sqlite)
            event.listen(self.engine.sync_engine, "begin", _begin_sqlite)
        self._sessions = async_sessionmaker(self.engine, expire_on_commit=False)
        self._readers = async_sessionmaker(
            self.engine.execution_options(read_only=True), expire_on_commit=False
        )
        # SQLite has one writer. Waiting here is fair and exact; its own busy handler sleeps in
        # steps of up to 100 ms.
        self._writing = asyncio.Lock()

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncSession]:
        """Open a unit of work: committed at the end, rolled back by any error.

        Raises:
            StoreUnavailableError: The database is away; nothing was written.
        """
        if not self.embedded:
            async with _translated(), self._sessions.begin() as session:
                yield session
            return
        async with self._writing, _translated(), self._sessions.begin() as session:
            yield session

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """Open a look at the rows, which nothing may be written through.

        Raises:
            StoreUnavailableError: The database is away.
        """
        async with _translated(), self._readers() as session:
            yield session

    async def close(self) -> None:
        """Close every connection."""
        await self.engine.dispose()


@asynccontextmanager
async def _translated() -> AsyncIterator[None]:
    try:
        yield
    except (OperationalError, InterfaceError, PoolTimeoutError, OSError) as error:
        msg = f"the database gave no answer ({type(error).__name__})"
        raise StoreUnavailableError(msg) from error
    except DBAPIError as error:
        if not error.connection_invalidated:
            raise
        msg = "the database cut the connection"
        raise StoreUnavailableError(msg) from error


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # SQLAlchemy's own "begin" is to come from `_begin_sqlite`, not from the driver.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"busy_timeout={_BUSY_MILLISECONDS}",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    read_only = connection.get_execution_options().get("read_only", False)
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")


def insert_once(session: AsyncSession, table: type[Table]) -> Any:
    """Make an insert that leaves rows alone which are there already.

    Both dialects spell it alike, but SQLAlchemy has one construct for each.
    """
    dialect = session.get_bind().dialect.name
    construct = postgresql.insert if dialect == "postgresql" else sqlite_insert
    return construct(table.core()).on_conflict_do_nothing()
