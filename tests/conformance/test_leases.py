"""Every kind of leases keeps the laws of `Leases`."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from fakeredis import FakeAsyncRedis, FakeServer
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from runtime.queue.base import Lease, Leases, QueueError
from runtime.queue.leases import MemoryLeases, RedisLeases
from tests.servers import Corner

LIFETIME = 15.0


class Office:
    """Leases over one back end, as several workers see them, and the power to let time pass."""

    def __init__(self, corner: Corner) -> None:
        self.corner = corner
        self.time = 0.0
        self._in_process = MemoryLeases(LIFETIME, lambda: self.time)

    def worker(self, name: str) -> Leases:
        if self.corner.redis is None:
            return self._in_process
        return RedisLeases(self.corner.redis, name, self.corner.prefix, LIFETIME)

    async def pass_time(self, seconds: float) -> None:
        """Age every lease: here by a clock, there by taking the seconds off what is left."""
        self.time += seconds
        if self.corner.redis is not None:
            async for key in self.corner.redis.scan_iter(f"{self.corner.prefix}:shard:*"):
                left = await self.corner.redis.pttl(key)
                await self.corner.redis.pexpire(key, left - round(seconds * 1000))
            workers = f"{self.corner.prefix}:workers"
            for worker in ("first", "second"):
                await self.corner.redis.zincrby(workers, -seconds * 1000, worker)


@pytest.fixture
def office(corner: Corner) -> Office:
    return Office(corner)


async def acquired(leases: Leases, shard: int) -> Lease:
    lease = await leases.acquire(shard)
    assert lease is not None
    return lease


async def test_a_free_shard_is_given_to_the_first_alone(office: Office) -> None:
    first = await office.worker("first").acquire(3)
    second = await office.worker("second").acquire(3)

    assert first == Lease(shard=3, fence=1)
    assert second is None


async def test_shards_are_owned_each_for_itself(office: Office) -> None:
    leases = office.worker("first")

    assert await leases.acquire(1) == Lease(shard=1, fence=1)
    assert await leases.acquire(2) == Lease(shard=2, fence=1)


async def test_an_owner_does_not_get_its_shard_twice(office: Office) -> None:
    leases = office.worker("first")
    await acquired(leases, 0)

    assert await leases.acquire(0) is None


async def test_of_many_that_ask_at_once_one_gets_the_shard(office: Office) -> None:
    workers = [office.worker(f"worker-{number}") for number in range(10)]

    leases = await asyncio.gather(*(worker.acquire(0) for worker in workers))

    assert [lease for lease in leases if lease is not None] == [Lease(shard=0, fence=1)]


async def test_a_released_shard_is_free_and_its_fence_has_grown(office: Office) -> None:
    first = office.worker("first")
    await first.release(await acquired(first, 0))

    assert await office.worker("second").acquire(0) == Lease(shard=0, fence=2)


async def test_a_lease_lives_until_its_time_is_up(office: Office) -> None:
    await acquired(office.worker("first"), 0)
    second = office.worker("second")

    await office.pass_time(LIFETIME - 1)
    before = await second.acquire(0)
    await office.pass_time(1)
    after = await second.acquire(0)

    assert before is None
    assert after == Lease(shard=0, fence=2)


async def test_a_renewed_lease_lives_its_whole_time_again(office: Office) -> None:
    first = office.worker("first")
    lease = await acquired(first, 0)
    await office.pass_time(LIFETIME - 1)

    renewed = await first.renew(lease)
    await office.pass_time(LIFETIME - 1)

    assert renewed
    assert await office.worker("second").acquire(0) is None


async def test_a_lost_lease_is_neither_renewed_nor_released(office: Office) -> None:
    first, second = office.worker("first"), office.worker("second")
    lost = await acquired(first, 0)
    await office.pass_time(LIFETIME)
    lapsed = await first.renew(lost)
    held = await acquired(second, 0)

    renewed = await first.renew(lost)
    await first.release(lost)

    assert not lapsed
    assert not renewed
    assert await second.renew(held)


async def test_a_worker_that_got_its_shard_again_has_lost_the_first_lease(office: Office) -> None:
    first = office.worker("first")
    lost = await acquired(first, 0)
    await office.pass_time(LIFETIME)
    held = await acquired(first, 0)

    assert not await first.renew(lost)
    assert await first.renew(held)
    assert held.fence > lost.fence


async def test_a_released_lease_cannot_be_renewed(office: Office) -> None:
    first = office.worker("first")
    lease = await acquired(first, 0)

    await first.release(lease)

    assert not await first.renew(lease)


async def test_a_worker_alone_should_own_every_shard(office: Office) -> None:
    leases = office.worker("first")

    assert await leases.share(64) == 64
    assert await leases.share(64) == 64


class TestSharedOverRedis:
    @pytest.fixture
    def corner(self, shared_corner: Corner) -> Corner:
        return shared_corner

    async def test_workers_share_the_shards_and_none_is_left_over(self, office: Office) -> None:
        workers = [office.worker(f"worker-{number}") for number in range(3)]

        for worker in workers:
            await worker.share(64)
        shares = [await worker.share(64) for worker in workers]

        assert shares == [22, 22, 22]

    async def test_a_worker_that_asks_no_more_is_counted_for_a_leases_time(
        self, office: Office
    ) -> None:
        first, second = office.worker("first"), office.worker("second")
        await first.share(64)
        await second.share(64)

        await office.pass_time(LIFETIME - 1)
        before = await second.share(64)
        await office.pass_time(1.5)
        after = await second.share(64)

        assert before == 32
        assert after == 64


@pytest.mark.parametrize(
    "call",
    [
        lambda leases: leases.share(64),
        lambda leases: leases.acquire(7),
        lambda leases: leases.renew(Lease(7, 1)),
        lambda leases: leases.release(Lease(7, 1)),
    ],
    ids=["share", "acquire", "renew", "release"],
)
async def test_leases_say_when_redis_is_away(call: Callable[[Leases], Awaitable[object]]) -> None:
    server = FakeServer()
    server.connected = False
    async with FakeAsyncRedis(server=server, retry=Retry(NoBackoff(), 0)) as redis:
        with pytest.raises(QueueError, match="no answer about"):
            await call(RedisLeases(redis, "first"))
