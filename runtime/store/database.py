"""The database: units of work that mean the same on SQLite and PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Concatenate, ParamSpec, TypeVar

import orjson
from sqlalchemy import (
    URL,
    Connection,
    CursorResult,
    Engine,
    Executable,
    QueuePool,
    create_engine,
    event,
    make_url,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.exc import DataError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from runtime.errors import RuntimeFault, StoreRefusedError, StoreUnavailableError, ValueRefusedError
from runtime.store.tables.base import Table

_BUSY_MILLISECONDS = 10_000
_TOLD = 120
"""Characters of a refused statement that an error shows."""
_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")


class Session:
    """Statements of one unit of work.

    They are of SQLAlchemy's Core, without its mapper: a turn makes some two dozen, and the mapper
    took twice as long over them as the database.
    """

    def __init__(self, connection: Connection | AsyncConnection) -> None:
        self._connection = connection

    @property
    def dialect(self) -> str:
        """Name the dialect that is spoken."""
        return self._connection.dialect.name

    async def execute(
        self,
        statement: Executable,
        values: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
    ) -> CursorResult[*tuple[Any, ...]]:
        """Execute a statement; its rows are read already."""
        return await self.run(Connection.execute, statement, values)

    async def run(
        self,
        function: Callable[Concatenate[Connection, _Arguments], _Result],
        *arguments: _Arguments.args,
        **named: _Arguments.kwargs,
    ) -> _Result:
        """Run a function that works on a connection without awaiting."""
        if isinstance(self._connection, Connection):
            return function(self._connection, *arguments, **named)
        return await self._connection.run_sync(function, *arguments, **named)


class Database:
    """Hands out sessions: `begin` is a unit of work, `read` a consistent look."""

    def __init__(self, url: str | URL, *, pool_size: int = 10) -> None:
        """Nothing is connected before the first session."""
        self.url = make_url(url)
        options: dict[str, Any] = {
            "pool_size": pool_size,
            # Or an error's text would carry what customers wrote into the logs.
            "hide_parameters": True,
            "json_serializer": _json,
            "json_deserializer": orjson.loads,
        }
        self._server: AsyncEngine | None = None
        if self.url.get_backend_name() == "sqlite":
            self.engine = _sqlite(self.url, options)
        else:
            self._server = create_async_engine(self.url, pool_pre_ping=True, **options)
            self.engine = self._server.sync_engine
        # SQLite has one writer. Waiting here is fair and exact; its own busy handler sleeps in
        # steps of up to 100 ms.
        self._writing = asyncio.Lock()

    @property
    def embedded(self) -> bool:
        """Whether the database is a file of this process, called in the event loop's thread."""
        return self._server is None

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Session]:
        """Open a unit of work: committed at the end, rolled back by any error.

        Raises:
            StoreUnavailableError: The database is away; nothing was written.
            StoreRefusedError: It will not hold what was to be written.
        """
        if self._server is not None:
            async with _translated(), self._server.begin() as remote:
                yield Session(remote)
        else:
            async with self._writing, _translated():
                with self.engine.begin() as connection:
                    yield Session(connection)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Session]:
        """Open a look at the rows, which nothing may be written through.

        Raises:
            StoreUnavailableError: The database is away.
        """
        if self._server is not None:
            async with _translated(), self._server.connect() as remote:
                yield Session(remote)
        else:
            async with _translated():
                with self.engine.connect().execution_options(read_only=True) as connection:
                    yield Session(connection)

    async def close(self) -> None:
        """Close every connection."""
        if self._server is not None:
            await self._server.dispose()
        else:
            self.engine.dispose()


@asynccontextmanager
async def _translated() -> AsyncIterator[None]:
    try:
        yield
    except (OperationalError, InterfaceError, PoolTimeoutError, OSError) as error:
        failure: RuntimeFault = StoreUnavailableError(
            f"the database gave no answer ({type(error).__name__})"
        )
    except DBAPIError as error:
        if error.connection_invalidated:
            failure = StoreUnavailableError("the database cut the connection")
        else:
            kind, statement = type(error.orig).__name__, (error.statement or "")[:_TOLD]
            refused = ValueRefusedError if isinstance(error, DataError) else StoreRefusedError
            failure = refused(f"the database answered {kind} to {statement!r}")
    else:
        return
    # Without the driver's own error, which may quote a customer's row.
    raise failure from None


def _sqlite(url: URL, options: Mapping[str, Any]) -> Engine:
    engine = create_engine(
        url,
        poolclass=QueuePool,
        # One connection more rather than a wait, which would be the event loop's.
        max_overflow=-1,
        # One thread at a time uses a connection; which one differs when loops follow each other.
        connect_args={"check_same_thread": False},
        **options,
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


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


def _json(value: object) -> str:
    return orjson.dumps(value).decode()


def insert_once(session: Session, table: type[Table]) -> Any:
    """Make an insert that leaves rows alone which are there already.

    Both dialects spell it alike, but SQLAlchemy has one construct for each.
    """
    construct = postgresql.insert if session.dialect == "postgresql" else sqlite_insert
    return construct(table.core()).on_conflict_do_nothing()
