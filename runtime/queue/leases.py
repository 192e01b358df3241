"""Who owns which shard, in one process or over Redis."""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from redis.asyncio import Redis
from redis.asyncio.client import Pipeline
from redis.exceptions import RedisError
from typing_extensions import override

from runtime.queue.base import Lease, Leases, QueueError
from runtime.queue.redis_client import Command, change_where, transact

_LIFETIME = 15.0


@dataclass(frozen=True, slots=True)
class _Held:
    lease: Lease
    until: float


class MemoryLeases(Leases):
    """Keeps the leases of one process, where an owner is a lease and no worker has a name."""

    def __init__(
        self, lifetime: float = _LIFETIME, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`lifetime` is in seconds of `clock`."""
        self._lifetime = lifetime
        self._clock = clock
        self._held: dict[int, _Held] = {}
        self._fences: dict[int, int] = {}

    @override
    async def share(self, shards: int) -> int:
        return shards

    @override
    async def acquire(self, shard: int) -> Lease | None:
        held = self._held.get(shard)
        if held is not None and self._lives(held):
            return None
        self._fences[shard] = fence = self._fences.get(shard, 0) + 1
        lease = Lease(shard, fence)
        self._hold(lease)
        return lease

    @override
    async def renew(self, lease: Lease) -> bool:
        if not self._owns(lease):
            return False
        self._hold(lease)
        return True

    @override
    async def release(self, lease: Lease) -> None:
        if self._owns(lease):
            del self._held[lease.shard]

    def _hold(self, lease: Lease) -> None:
        self._held[lease.shard] = _Held(lease, self._clock() + self._lifetime)

    def _owns(self, lease: Lease) -> bool:
        held = self._held.get(lease.shard)
        return held is not None and held.lease == lease and self._lives(held)

    def _lives(self, held: _Held) -> bool:
        return self._clock() < held.until


class RedisLeases(Leases):
    """Keeps the leases in Redis, which counts their time; the caller renews in a third of it.

    Every method raises `QueueError` where Redis gives no answer: whether the lease lives is then
    unknown, and a worker must stop writing when its time is up.
    """

    def __init__(
        self, redis: Redis, worker: str, prefix: str = "zhanggui", lifetime: float = _LIFETIME
    ) -> None:
        """`worker` names this process and no other; `lifetime` is in seconds."""
        self._redis = redis
        self._worker = worker
        self._prefix = prefix
        self._lifetime_ms = round(lifetime * 1000)

    @override
    async def share(self, shards: int) -> int:
        workers = f"{self._prefix}:workers"
        with _translated("who works"):
            # The server's clock: those of the workers may differ.
            seconds, microseconds = await self._redis.time()
            now = seconds * 1000 + microseconds // 1000
            pipeline = self._redis.pipeline()
            pipeline.execute_command("ZADD", workers, now, self._worker)
            pipeline.execute_command("ZREMRANGEBYSCORE", workers, 0, now - self._lifetime_ms)
            pipeline.execute_command("ZCARD", workers)
            living = int((await pipeline.execute())[-1])
        return math.ceil(shards / living)

    @override
    async def acquire(self, shard: int) -> Lease | None:
        key, fence_key = self._key(shard), f"{self._prefix}:fence:{shard}"
        leases: list[Lease] = []

        async def decide(pipeline: Pipeline) -> Sequence[Command]:
            if await pipeline.exists(key):
                return []
            leases.append(Lease(shard, int(await pipeline.get(fence_key) or 0) + 1))
            return [
                ("INCR", fence_key),
                ("SET", key, self._owner(leases[0]), "NX", "PX", self._lifetime_ms),
            ]

        with _translated(f"the lease of shard {shard}"):
            # Fence and owner change together: of two that race, the later has the higher one.
            taken = await transact(self._redis, [key, fence_key], decide)
        return leases[0] if taken else None

    @override
    async def renew(self, lease: Lease) -> bool:
        key = self._key(lease.shard)
        with _translated(f"the lease of shard {lease.shard}"):
            return await change_where(
                self._redis, key, self._owner(lease), ("PEXPIRE", key, self._lifetime_ms)
            )

    @override
    async def release(self, lease: Lease) -> None:
        key = self._key(lease.shard)
        with _translated(f"the lease of shard {lease.shard}"):
            await change_where(self._redis, key, self._owner(lease), ("DEL", key))

    def _key(self, shard: int) -> str:
        return f"{self._prefix}:shard:{shard}"

    def _owner(self, lease: Lease) -> bytes:
        # With the fence, so that a worker that lost a shard and got it again knows them apart.
        return f"{self._worker}:{lease.fence}".encode()


@contextmanager
def _translated(asked: str) -> Iterator[None]:
    try:
        yield
    except RedisError as error:
        msg = f"Redis gave no answer about {asked}"
        raise QueueError(msg) from error
