"""What the Redis queue does beside the laws: lost groups, lost connections, strange entries."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from fakeredis import FakeAsyncRedis, FakeServer
from fakeredis.aioredis import FakeAsyncRedisConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ResponseError
from typing_extensions import override

from runtime.queue.base import Job, QueueError, shard_of
from runtime.queue.redis_client import RedisWriter
from runtime.queue.redis_streams import RedisTurnQueue
from tests.servers import REDIS, Corner

SOON = 5.0
CUSTOMERS = [name for name in map("brand/webchat/a/{}".format, range(40)) if shard_of(name, 2) == 0]


@pytest.fixture
async def queue(shared_corner: Corner) -> AsyncIterator[RedisTurnQueue]:
    made = RedisTurnQueue(shared_corner.client, 2, shared_corner.prefix, block=0.02, audit=0.05)
    await made.adopt(0)
    yield made
    await made.close()


def stream(corner: Corner) -> str:
    return f"{corner.prefix}:turns:0"


async def take_all(queue: RedisTurnQueue, number: int) -> list[str]:
    jobs = [await queue.take(0, wait=SOON) for _ in range(number)]
    return [job.conversation for job in jobs if job is not None]


async def test_a_job_that_is_done_leaves_nothing_in_redis(
    shared_corner: Corner, queue: RedisTurnQueue
) -> None:
    await queue.put(CUSTOMERS[0])
    job = await queue.take(0, wait=SOON)
    assert job is not None

    await queue.done(job)

    assert await shared_corner.client.xlen(stream(shared_corner)) == 0
    pending: Any = await shared_corner.client.xpending(stream(shared_corner), "owner")
    assert pending["pending"] == 0


async def test_a_flushed_redis_is_set_up_again(
    shared_corner: Corner, queue: RedisTurnQueue
) -> None:
    await queue.put(CUSTOMERS[0])
    await take_all(queue, 1)

    await shared_corner.clear()
    await queue.put(CUSTOMERS[1])

    assert await take_all(queue, 1) == [CUSTOMERS[1]]


async def test_a_lost_group_hands_nothing_out_twice(
    shared_corner: Corner, queue: RedisTurnQueue
) -> None:
    await queue.put(CUSTOMERS[0])
    await take_all(queue, 1)

    await shared_corner.client.xgroup_destroy(stream(shared_corner), "owner")
    await queue.put(CUSTOMERS[1])

    assert await take_all(queue, 1) == [CUSTOMERS[1]]
    assert await queue.take(0, wait=0.05) is None


async def test_what_a_last_owner_took_by_mistake_is_found(
    shared_corner: Corner, queue: RedisTurnQueue
) -> None:
    await queue.put(CUSTOMERS[0])
    await take_all(queue, 1)
    await queue.put(CUSTOMERS[1])
    await shared_corner.client.xreadgroup("owner", "owner", {stream(shared_corner): ">"})

    assert await take_all(queue, 1) == [CUSTOMERS[1]]


async def test_more_than_a_page_of_undone_jobs_comes_back_in_order(
    shared_corner: Corner, queue: RedisTurnQueue
) -> None:
    put = [name for name in map("brand/wechat/b/{}".format, range(1200)) if shard_of(name, 2) == 0]
    await asyncio.gather(*map(queue.put, put))
    await take_all(queue, len(put))

    await queue.adopt(0)

    assert len(put) > 2 * 256
    assert await take_all(queue, len(put)) == put


async def test_an_adoption_while_new_jobs_are_awaited_loses_none(shared_corner: Corner) -> None:
    queue = RedisTurnQueue(shared_corner.client, 2, shared_corner.prefix, block=0.2)
    await queue.adopt(0)
    waiting = asyncio.create_task(queue.take(0, wait=0.4))
    assert await queue.take(0, wait=0.05) is None

    await queue.adopt(0)
    await queue.put(CUSTOMERS[0])

    assert await take_all(queue, 1) == [CUSTOMERS[0]]
    assert await waiting is None
    await queue.close()


async def test_an_entry_that_is_no_job_is_struck_off(
    shared_corner: Corner, queue: RedisTurnQueue
) -> None:
    await shared_corner.client.xadd(stream(shared_corner), {"something": "else"})
    await queue.put(CUSTOMERS[0])

    assert await take_all(queue, 1) == [CUSTOMERS[0]]
    assert await shared_corner.client.xlen(stream(shared_corner)) == 1


async def test_a_job_half_struck_off_by_a_crash_is_finished_off(
    shared_corner: Corner, queue: RedisTurnQueue
) -> None:
    await queue.put(CUSTOMERS[0])
    job = await queue.take(0, wait=SOON)
    assert job is not None
    await shared_corner.client.xdel(stream(shared_corner), job.token)

    await queue.adopt(0)
    nothing = await queue.take(0, wait=0.2)

    pending: Any = await shared_corner.client.xpending(stream(shared_corner), "owner")
    assert nothing is None
    assert pending["pending"] == 0


async def test_a_refused_command_fails_its_caller_alone(shared_corner: Corner) -> None:
    await shared_corner.client.set(f"{shared_corner.prefix}:text", "no stream")
    writer = RedisWriter(shared_corner.client)

    refused, taken = await asyncio.gather(
        writer.run(("XADD", f"{shared_corner.prefix}:text", "*", "a", "b")),
        writer.run(("XADD", f"{shared_corner.prefix}:stream", "*", "a", "b")),
        return_exceptions=True,
    )

    assert isinstance(refused, ResponseError)
    assert taken is None


async def test_more_commands_than_a_batch_holds_all_arrive(shared_corner: Corner) -> None:
    writer = RedisWriter(shared_corner.client)
    key = f"{shared_corner.prefix}:stream"

    await asyncio.gather(*(writer.run(("XADD", key, "*", "n", n)) for n in range(1200)))

    entries: Any = await shared_corner.client.xrange(key)
    assert [int(fields[b"n"]) for _, fields in entries] == list(range(1200))


@pytest.mark.parametrize("shared_corner", [REDIS], indirect=True)
async def test_a_lost_connection_neither_loses_nor_reorders(
    shared_corner: Corner, queue: RedisTurnQueue
) -> None:
    await queue.put(CUSTOMERS[0])
    first = await take_all(queue, 1)
    reading = [
        connection["id"]
        for connection in await shared_corner.client.client_list()
        if connection["name"] == shared_corner.prefix and connection["cmd"] == "xreadgroup"
    ]

    for connection in reading:
        await shared_corner.client.client_kill_filter(_id=connection)
    for conversation in CUSTOMERS[1:6]:
        await queue.put(conversation)

    assert len(reading) == 1
    assert first + await take_all(queue, 5) == CUSTOMERS[:6]


class TestRedisAway:
    @pytest.fixture
    def server(self) -> FakeServer:
        return FakeServer()

    @pytest.fixture
    async def queue(self, server: FakeServer) -> AsyncIterator[RedisTurnQueue]:
        redis = FakeAsyncRedis(server=server, retry=Retry(NoBackoff(), 0))
        made = RedisTurnQueue(redis, 2, "away", block=0.02)
        await made.adopt(0)
        yield made
        await made.close()
        await redis.aclose()

    async def test_every_call_says_so(self, server: FakeServer, queue: RedisTurnQueue) -> None:
        server.connected = False

        with pytest.raises(QueueError, match="took nothing for the queue of shard 0"):
            await queue.put(CUSTOMERS[0])
        with pytest.raises(QueueError, match="took nothing for the queue of shard 1"):
            await queue.adopt(1)
        with pytest.raises(QueueError, match="no jobs of shard 0"):
            await queue.take(0, wait=0.2)
        with pytest.raises(QueueError, match="took nothing for the queue of shard 0"):
            await queue.done(Job(CUSTOMERS[0], 0, "1-0"))

    async def test_jobs_come_again_once_it_is_back(
        self, server: FakeServer, queue: RedisTurnQueue
    ) -> None:
        await queue.put(CUSTOMERS[0])
        server.connected = False
        taking = asyncio.create_task(queue.take(0, wait=SOON))
        with pytest.raises(QueueError):
            await queue.take(0, wait=0.1)

        server.connected = True
        job = await taking

        assert job is not None
        assert job.conversation == CUSTOMERS[0]
        assert await queue.take(0, wait=0.05) is None


class BrokenConnection(FakeAsyncRedisConnection):
    """A connection of a client library with a bug."""

    @override
    async def send_command(self, *args: Any, **kwargs: Any) -> None:
        if args[0] == "XREADGROUP":
            msg = "a bug"
            raise RuntimeError(msg)
        await super().send_command(*args, **kwargs)


async def test_a_reader_that_ended_is_no_empty_queue() -> None:
    redis = FakeAsyncRedis(server=FakeServer(), connection_class=BrokenConnection)
    queue = RedisTurnQueue(redis, 2)
    await queue.adopt(0)

    with pytest.raises(QueueError, match="no jobs of shard 0") as caught:
        await queue.take(0, wait=0.05)

    assert isinstance(caught.value.__cause__, RuntimeError)
    await queue.close()
    await redis.aclose()
