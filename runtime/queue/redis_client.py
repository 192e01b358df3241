"""Redis as the queue, the leases and the hub use it: clients of one's own, writes in one go."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from redis.asyncio import BlockingConnectionPool, ConnectionPool, Redis
from redis.asyncio.client import Pipeline
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialWithJitterBackoff, NoBackoff
from redis.exceptions import RedisError, WatchError
from redis.maint_notifications import MaintNotificationsConfig

_MAX_BATCH = 512

# The pool writes these into its own settings; they belong to that pool and not to the address.
_POOL_STATE = frozenset(
    {
        "himport_registry",
        "maint_notifications_config",
        "maint_notifications_pool_handler",
        "orig_host_address",
        "orig_socket_connect_timeout",
        "orig_socket_timeout",
    }
)

Command = tuple[str | int | bytes, ...]


def shared_client(url: str, *, connections: int = 32) -> Redis:
    """Make the client that all of a process share; the caller closes it.

    Who finds every connection busy waits for one, and a lost connection is tried twice again, in
    about a second: longer than that, and the caller's own retries know better.
    """
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=connections,
        timeout=5,
        retry=Retry(ExponentialWithJitterBackoff(base=0.1, cap=1), 2),
    )
    return Redis.from_pool(pool)


def unretried_client(redis: Redis) -> Redis:
    """Make a client for the same server that shows every lost connection and answers in text.

    A retry that nobody sees loses what a blocking read or a subscription had been given: whoever
    reads must know that the connection broke. The caller closes the client.
    """
    pool = redis.connection_pool
    # Any: the pool's settings are whatever its connection class takes.
    settings: dict[str, Any] = {
        name: value for name, value in pool.connection_kwargs.items() if name not in _POOL_STATE
    }
    settings |= {
        "decode_responses": True,
        "encoding_errors": "replace",  # Foreign bytes must not end a reader.
        "legacy_responses": False,
        "retry": Retry(NoBackoff(), 0),
        "maint_notifications_config": MaintNotificationsConfig(enabled=False),
    }
    return Redis.from_pool(ConnectionPool(connection_class=pool.connection_class, **settings))


async def transact(
    redis: Redis,
    keys: Sequence[str],
    decide: Callable[[Pipeline], Awaitable[Sequence[Command]]],
) -> bool:
    """Do what `decide` gives, all of it and only while the keys stay as `decide` saw them.

    False where it gave nothing or was too late. A transaction and no script: it is as exact, needs
    no second language, and runs wherever the tests do.
    """
    async with redis.pipeline() as pipeline:
        await pipeline.watch(*keys)
        commands = await decide(pipeline)
        if not commands:
            return False
        pipeline.multi()  # type: ignore[no-untyped-call]  # redis-py leaves it untyped
        for command in commands:
            pipeline.execute_command(*command)
        try:
            replies = await pipeline.execute()
        except WatchError:
            return False
    return all(replies)


async def change_where(redis: Redis, key: str, value: bytes, command: Command) -> bool:
    """Run a command on a key only while it has the value; False where it has not."""

    async def decide(pipeline: Pipeline) -> Sequence[Command]:
        return [command] if await pipeline.get(key) == value else []

    return await transact(redis, [key], decide)


class _Batch:
    """Commands that will leave together."""

    def __init__(self) -> None:
        self.commands: list[Command] = []
        self.sent: asyncio.Task[list[Any]]
        """Any: each command's reply has its own shape."""


class RedisWriter:
    """Sends what many tasks write at the same time in one round trip, in the order of the calls."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._open: _Batch | None = None
        self._turn = asyncio.Lock()

    async def run(self, *commands: Command) -> None:
        """Send the commands, one after the other.

        Raises:
            RedisError: Redis gave no answer or refused one of them.
        """
        batch = self._open or self._new_batch()
        first = len(batch.commands)
        batch.commands.extend(commands)
        if len(batch.commands) >= _MAX_BATCH:
            self._open = None
        # Shielded: the caller's end must not take the others' commands with it.
        replies = await asyncio.shield(batch.sent)
        for reply in replies[first : first + len(commands)]:
            if isinstance(reply, RedisError):
                raise reply

    def _new_batch(self) -> _Batch:
        self._open = batch = _Batch()
        batch.sent = asyncio.create_task(self._send(batch))
        return batch

    async def _send(self, batch: _Batch) -> list[Any]:
        # While one batch is on its way the next one gathers.
        async with self._turn:
            if self._open is batch:
                self._open = None
            pipeline = self._redis.pipeline(transaction=False)
            for command in batch.commands:
                pipeline.execute_command(*command)
            replies: list[Any] = await pipeline.execute(raise_on_error=False)
            return replies
