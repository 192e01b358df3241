"""Servers for tests: Redis and PostgreSQL where they answer, a corner of one's own in each."""

import itertools
import os
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import cache

import psycopg
import pytest
from fakeredis import FakeAsyncRedis, FakeServer
from psycopg import sql
from redis import Redis as BlockingRedis
from redis.asyncio import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from runtime.queue.redis_client import shared_client

REDIS_URL = os.environ.get("ZHANGGUI_TEST_REDIS_URL", "redis://127.0.0.1:6379/0")
DATABASE_URL = os.environ.get(
    "ZHANGGUI_TEST_DATABASE_URL", "postgresql+psycopg://postgres@127.0.0.1:5432/postgres"
)

FAKEREDIS = "fakeredis"
MEMORY = "memory"
REDIS = pytest.param("redis", marks=pytest.mark.servers)

_corners = itertools.count()


@dataclass(frozen=True, slots=True)
class Corner:
    """One test's own place in a back end: no other test, worker or run sees its keys."""

    backend: str
    prefix: str
    redis: Redis | None
    """None in process."""

    @property
    def client(self) -> Redis:
        assert self.redis is not None
        return self.redis

    async def clear(self) -> None:
        """Delete what stands here, as a flushed server would."""
        async for key in self.client.scan_iter(f"{self.prefix}:*"):
            await self.client.delete(key)


def need_server(name: str, problem: str | None) -> None:
    """Go on where there is no problem; else skip, or fail where servers are required."""
    if problem is None:
        return
    if os.environ.get("REQUIRE_SERVERS") == "1":
        pytest.fail(f"REQUIRE_SERVERS=1, but {name} does not answer: {problem}")
    pytest.skip(f"no {name}: {problem}")


@cache
def redis_problem() -> str | None:
    """Tell why no Redis can be used; None where one answers."""
    try:
        with BlockingRedis.from_url(
            REDIS_URL, socket_connect_timeout=1, retry=Retry(NoBackoff(), 0)
        ) as redis:
            redis.ping()
    except RedisError as error:
        return str(error)
    return None


@cache
def database_problem() -> str | None:
    """Tell why no PostgreSQL can be used; None where one answers."""
    try:
        _administer(sql.SQL("SELECT 1"))
    except psycopg.Error as error:
        return str(error)
    return None


@contextmanager
def fresh_database(template: str = "") -> Iterator[str]:
    """Make a PostgreSQL database, give its SQLAlchemy URL, drop it afterwards.

    It is empty, or a copy of the one that the URL `template` names, which nobody may be using.
    """
    need_server("PostgreSQL", database_problem())
    name = f"zhanggui_test_{_corner_name()}"
    # template0: nobody can be connected to it, so several workers may copy it at once.
    original = template.rpartition("/")[2] or "template0"
    _administer(
        sql.SQL("CREATE DATABASE {} TEMPLATE {} ENCODING 'UTF8'").format(
            sql.Identifier(name), sql.Identifier(original)
        )
    )
    try:
        yield f"{DATABASE_URL.rsplit('/', 1)[0]}/{name}"
    finally:
        _administer(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@contextmanager
def own_redis() -> Iterator[str]:
    """Give the URL of a numbered Redis database that nobody else uses, emptied afterwards."""
    need_server("Redis", redis_problem())
    address = REDIS_URL.rpartition("/")[0]
    for number in range(1, 16):
        with BlockingRedis.from_url(f"{address}/{number}") as redis:
            # It lapses by itself where a run was killed before its end.
            if redis.set("test-owner", _corner_name(), nx=True, ex=300):
                try:
                    yield f"{address}/{number}"
                finally:
                    redis.flushdb()
                return
    pytest.fail("every numbered Redis database is in use")


@asynccontextmanager
async def redis_corner(backend: str) -> AsyncIterator[Corner]:
    """Open a corner in a back end, and clear it afterwards."""
    prefix = f"test-{_corner_name()}"
    if backend == MEMORY:
        yield Corner(backend, prefix, None)
    elif backend == FAKEREDIS:
        async with FakeAsyncRedis(server=FakeServer(), client_name=prefix) as fake:
            yield Corner(backend, prefix, fake)
    else:
        need_server("Redis", redis_problem())
        async with shared_client(f"{REDIS_URL}?client_name={prefix}") as redis:
            corner = Corner(backend, prefix, redis)
            try:
                yield corner
            finally:
                await corner.clear()


@pytest.fixture
def postgres_url() -> Iterator[str]:
    """An empty PostgreSQL database for one test."""
    with fresh_database() as url:
        yield url


@pytest.fixture(params=[MEMORY, FAKEREDIS, REDIS])
async def corner(request: pytest.FixtureRequest) -> AsyncIterator[Corner]:
    """A corner in every back end: in process, in a fake Redis, in a real one."""
    async with redis_corner(request.param) as opened:
        yield opened


@pytest.fixture(params=[FAKEREDIS, REDIS])
async def shared_corner(request: pytest.FixtureRequest) -> AsyncIterator[Corner]:
    """A corner in every Redis."""
    async with redis_corner(request.param) as opened:
        yield opened


def _corner_name() -> str:
    # Not the worker's name alone: several runs may share one server.
    return f"{uuid.uuid4().hex[:12]}_{next(_corners)}"


def _administer(statement: sql.SQL | sql.Composed) -> None:
    url = DATABASE_URL.replace("+psycopg", "", 1)
    with psycopg.connect(url, autocommit=True, connect_timeout=2) as connection:
        connection.execute(statement)
