"""SQLite for an event loop, without a thread: a call takes microseconds, handing it over more.

Measured on the turn path: the driver that keeps a thread for each connection hands some three
hundred calls a turn over to it and back, which took longer than the statements themselves. The
commit's write to the disk is the one call that lasts, about a quarter of a millisecond.
"""

import sqlite3
from typing import Any

from sqlalchemy import URL
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.pool import AsyncAdaptedQueuePool, Pool
from typing_extensions import override

DRIVER = "sqlite+inline"


class _Cursor(sqlite3.Cursor):
    """A cursor that SQLAlchemy's asyncio extension can be done with; there is nothing to await."""

    server_side = False

    async def _async_soft_close(self) -> None:
        """Rows are read already, or go with the cursor."""


class _Connection(sqlite3.Connection):
    """A connection that makes such cursors."""

    @override
    def cursor(self, factory: Any = _Cursor) -> Any:
        return super().cursor(factory)


class InlineSqlite(SQLiteDialect_pysqlite):
    """The standard library's driver, called in the event loop's own thread."""

    driver = "inline"
    supports_statement_cache = True
    is_async = True

    @classmethod
    @override
    def get_pool_class(cls, url: URL) -> type[Pool]:
        return AsyncAdaptedQueuePool

    @override
    def create_connect_args(self, url: URL) -> Any:
        arguments, options = super().create_connect_args(url)
        # One thread at a time uses a connection; which one may differ when loops follow each other.
        return arguments, {**options, "check_same_thread": False, "factory": _Connection}


def register() -> None:
    """Make the driver known to SQLAlchemy."""
    registry.register("sqlite.inline", __name__, InlineSqlite.__name__)
