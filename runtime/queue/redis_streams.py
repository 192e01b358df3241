"""The turn queue over Redis Streams: one stream and one group a shard."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, cast

from redis.asyncio import Redis
from redis.exceptions import RedisError
from typing_extensions import override

from runtime.queue.backlog import Backlog
from runtime.queue.base import Job, QueueError, TurnQueue, shard_of
from runtime.queue.redis_client import RedisWriter, unretried_client
from runtime.tasks import end

# A shard has one owner, so one name serves all: what its last owner left is the next one's.
_GROUP = _CONSUMER = "owner"
_FIELD = "conversation"
_PAGE = 256

_Entries = Sequence[tuple[str, Mapping[str, str] | None]]


class _Owned:
    """What this process knows of a shard since it adopted it."""

    def __init__(self, shard: int, key: str) -> None:
        self.shard = shard
        self.key = key
        self.backlog = Backlog()
        self.struck: set[str] = set()
        """Done since the last look at what is pending."""
        self.stale = True
        """What is pending must be read before anything new."""


class RedisTurnQueue(TurnQueue):
    """Keeps the jobs in Redis, where they outlive every worker.

    One task reads for all shards that are waited for, in one blocking command. What is pending in
    Redis and not known here is read again at `adopt`, after a lost connection and every `audit`
    seconds: the last heals what was given to a worker that did not know yet that it lost the shard.
    """

    def __init__(
        self,
        redis: Redis,
        shards: int = 64,
        prefix: str = "zhanggui",
        *,
        block: float = 0.25,
        audit: float = 2.0,
    ) -> None:
        """`redis` is owned by the container; `block` bounds the wait of a newly adopted shard."""
        self._redis = redis
        self._writer = RedisWriter(redis)
        self._reader = unretried_client(redis)
        self._shards = shards
        self._prefix = prefix
        self._block = block
        self._audit = audit
        self._audited = 0.0
        self._owned: dict[int, _Owned] = {}
        self._demand = asyncio.Event()
        self._reading: asyncio.Task[None] | None = None
        self._failure: BaseException | None = None

    @property
    @override
    def shards(self) -> int:
        return self._shards

    @override
    async def put(self, conversation: str) -> None:
        """Add a job; where only the answer of Redis was lost, a job too many may be there."""
        shard = shard_of(conversation, self._shards)
        with _translated(shard):
            await self._writer.run(("XADD", self._key(shard), "*", _FIELD, conversation))

    @override
    async def adopt(self, shard: int) -> None:
        with _translated(shard):
            await self._create_groups([self._key(shard)])
        self._owned[shard] = _Owned(shard, self._key(shard))
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._read())
            self._reading.add_done_callback(self._ended)

    @override
    async def take(self, shard: int, *, wait: float) -> Job | None:
        """Give the next job of an adopted shard.

        Raises:
            QueueError: Redis is away, and was still away after `wait` seconds.
        """
        self._demand.set()
        job = await self._owned[shard].backlog.take(wait)
        if job is None and self._failure is not None:
            msg = f"Redis gives no jobs of shard {shard}"
            raise QueueError(msg) from self._failure
        return job

    @override
    async def done(self, job: Job) -> None:
        key = self._key(job.shard)
        # Deleted first: a crash between the two leaves a pending name without content, which the
        # next reader strikes off; the other way round the entry would stay for ever.
        with _translated(job.shard):
            await self._writer.run(("XDEL", key, job.token), ("XACK", key, _GROUP, job.token))
        owned = self._owned.get(job.shard)
        if owned is not None:
            owned.struck.add(job.token)
            owned.backlog.strike(job.token)

    @override
    async def check(self) -> None:
        try:
            await self._redis.ping()
        except RedisError as error:
            msg = "Redis gave no answer to the queue"
            raise QueueError(msg) from error

    @override
    async def close(self) -> None:
        """Stop reading; what is not done stays pending for the next owner."""
        if self._reading is not None:
            await end(self._reading)
        await self._reader.aclose()

    def _key(self, shard: int) -> str:
        return f"{self._prefix}:turns:{shard}"

    async def _create_groups(self, keys: Sequence[str]) -> None:
        pipeline = self._redis.pipeline(transaction=False)
        for key in keys:
            pipeline.execute_command("XGROUP", "CREATE", key, _GROUP, "0", "MKSTREAM")
        for reply in await pipeline.execute(raise_on_error=False):
            if isinstance(reply, RedisError) and not str(reply).startswith("BUSYGROUP"):
                raise reply

    async def _read(self) -> None:
        while True:
            self._demand.clear()
            wanted = [owned for owned in self._owned.values() if owned.backlog.wanted]
            if not wanted:
                await self._demand.wait()
                continue
            try:
                await self._read_once(wanted)
            except RedisError as error:
                self._failure = error
                self._mark_stale()
                await asyncio.sleep(self._block)
            else:
                self._failure = None

    async def _read_once(self, wanted: Sequence[_Owned]) -> None:
        if self._failure is not None:
            # The server may have come back empty, without the groups.
            await self._create_groups([owned.key for owned in wanted])
        now = asyncio.get_running_loop().time()
        if now - self._audited >= self._audit:
            self._audited = now
            self._mark_stale()
        await self._read_pending([owned for owned in wanted if owned.stale])
        await self._read_new(wanted)

    async def _read_pending(self, stale: Sequence[_Owned]) -> None:
        for owned in stale:
            owned.struck.clear()
        by_key = {owned.key: owned for owned in stale}
        after = dict.fromkeys(by_key, "0")
        while after:
            pages = await self._receive(after, block=None)
            for key, entries in pages.items():
                await self._add(by_key[key], entries)
            after = {key: entries[-1][0] for key, entries in pages.items() if len(entries) == _PAGE}
        for owned in stale:
            owned.stale = False

    async def _read_new(self, wanted: Sequence[_Owned]) -> None:
        by_key = {owned.key: owned for owned in wanted}
        block = max(1, round(self._block * 1000))
        pages = await self._receive(dict.fromkeys(by_key, ">"), block=block)
        for key, entries in pages.items():
            await self._add(by_key[key], entries)

    async def _receive(
        self, after: Mapping[str, str], *, block: int | None
    ) -> Mapping[str, _Entries]:
        # Any: redis-py types every shape that keys and replies may have; here there is one of each.
        streams: dict[Any, Any] = {**after}
        pages: Any = await self._reader.xreadgroup(
            _GROUP, _CONSUMER, streams, count=_PAGE, block=block
        )
        return cast("Mapping[str, _Entries]", pages)

    async def _add(self, owned: _Owned, entries: _Entries) -> None:
        if self._owned[owned.shard] is not owned:
            return  # Adopted anew in the meantime: this is pending, and read again in order.
        empty = []
        for token, fields in entries:
            if token in owned.backlog or token in owned.struck:
                continue
            if fields and _FIELD in fields:
                owned.backlog.add(Job(fields[_FIELD], owned.shard, token))
            else:
                empty.append(token)
        if empty:
            await self._reader.xdel(owned.key, *empty)
            await self._reader.xack(owned.key, _GROUP, *empty)

    def _mark_stale(self) -> None:
        for owned in self._owned.values():
            owned.stale = True

    def _ended(self, reading: asyncio.Task[None]) -> None:
        if not reading.cancelled() and (error := reading.exception()) is not None:
            self._failure = error


@contextmanager
def _translated(shard: int) -> Iterator[None]:
    try:
        yield
    except RedisError as error:
        msg = f"Redis took nothing for the queue of shard {shard}"
        raise QueueError(msg) from error
