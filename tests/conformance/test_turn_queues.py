"""Every turn queue keeps the laws of `TurnQueue`."""

import asyncio
import itertools
from collections import defaultdict
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from runtime.queue.base import Job, QueueError, TurnQueue, shard_of
from runtime.queue.memory import MemoryTurnQueue
from runtime.queue.redis_streams import RedisTurnQueue
from tests.servers import Corner

SHARDS = 8
SOON = 5.0
"""Bounds how long a test waits for what must come; far above what it takes."""


class Cluster:
    """Workers over one back end, each with a queue of its own where the back end is shared."""

    def __init__(self, corner: Corner) -> None:
        self.corner = corner
        self.queues: list[TurnQueue] = []

    def worker(self) -> TurnQueue:
        """Start a worker; in process there is but one queue, and a new owner is a new task."""
        if self.corner.redis is None:
            self.queues = self.queues or [MemoryTurnQueue(SHARDS)]
        else:
            self.queues.append(
                RedisTurnQueue(
                    self.corner.redis, SHARDS, self.corner.prefix, block=0.02, audit=0.05
                )
            )
        return self.queues[-1]

    async def crash(self, queue: TurnQueue) -> None:
        """Kill a worker: nothing is struck off, its connections break."""
        if isinstance(queue, RedisTurnQueue):
            await queue.close()


@pytest.fixture
async def cluster(corner: Corner) -> AsyncIterator[Cluster]:
    made = Cluster(corner)
    yield made
    for queue in made.queues:
        await queue.close()


@pytest.fixture
async def queue(cluster: Cluster) -> TurnQueue:
    return cluster.worker()


def conversations_of(shard: int, number: int) -> list[str]:
    """Give so many conversations that belong to a shard."""
    every = map("brand/webchat/a/{}".format, itertools.count())
    return list(itertools.islice((c for c in every if shard_of(c, SHARDS) == shard), number))


async def take_all(queue: TurnQueue, shard: int, number: int) -> list[Job]:
    jobs = [await queue.take(shard, wait=SOON) for _ in range(number)]
    return [job for job in jobs if job is not None]


def names(jobs: list[Job]) -> list[str]:
    return [job.conversation for job in jobs]


async def test_jobs_of_a_shard_come_in_the_order_they_were_put(queue: TurnQueue) -> None:
    put = conversations_of(3, 20)
    await queue.adopt(3)

    for conversation in put:
        await queue.put(conversation)
    jobs = await take_all(queue, 3, 20)

    assert names(jobs) == put
    assert {job.shard for job in jobs} == {3}
    assert len({job.token for job in jobs}) == 20


async def test_a_job_that_waits_delays_no_other(queue: TurnQueue) -> None:
    first, second = conversations_of(0, 2)
    await queue.adopt(0)
    await queue.put(first)
    await queue.put(second)

    waiting = await queue.take(0, wait=SOON)
    following = await queue.take(0, wait=SOON)

    assert waiting is not None
    assert following is not None
    assert following.conversation == second


async def test_a_shard_gives_nothing_of_another(queue: TurnQueue) -> None:
    await queue.adopt(1)
    await queue.adopt(2)
    await queue.put(conversations_of(1, 1)[0])

    assert await queue.take(2, wait=0.05) is None
    assert await queue.take(1, wait=SOON) is not None


async def test_an_empty_shard_gives_nothing_after_the_wait(queue: TurnQueue) -> None:
    await queue.adopt(0)

    assert await queue.take(0, wait=0) is None
    assert await queue.take(0, wait=0.01) is None


async def test_a_job_put_while_somebody_waits_is_handed_out_at_once(queue: TurnQueue) -> None:
    await queue.adopt(0)
    taking = asyncio.create_task(queue.take(0, wait=SOON))
    assert await queue.take(0, wait=0.05) is None

    await queue.put(conversations_of(0, 1)[0])
    job = await taking

    assert job is not None


async def test_a_taker_that_gave_up_takes_no_job_with_it(queue: TurnQueue) -> None:
    conversation = conversations_of(0, 1)[0]
    await queue.adopt(0)
    taking = asyncio.create_task(queue.take(0, wait=SOON))
    assert await queue.take(0, wait=0.01) is None

    taking.cancel()
    await queue.put(conversation)
    job = await queue.take(0, wait=SOON)

    with pytest.raises(asyncio.CancelledError):
        await taking
    assert job is not None
    assert job.conversation == conversation


async def test_a_job_that_is_not_done_waits_for_the_next_adoption(queue: TurnQueue) -> None:
    await queue.adopt(0)
    await queue.put(conversations_of(0, 1)[0])
    job = await queue.take(0, wait=SOON)

    before = await queue.take(0, wait=0.2)
    await queue.adopt(0)
    after = await queue.take(0, wait=SOON)

    assert before is None
    assert after == job


async def test_what_a_crash_left_undone_comes_in_order_and_before_newer_jobs(
    cluster: Cluster,
) -> None:
    put = conversations_of(5, 9)
    first = cluster.worker()
    await first.adopt(5)
    for conversation in put[:6]:
        await first.put(conversation)
    jobs = await take_all(first, 5, 4)
    await first.done(jobs[1])

    await cluster.crash(first)
    second = cluster.worker()
    for conversation in put[6:]:
        await second.put(conversation)
    await second.adopt(5)
    again = await take_all(second, 5, 8)

    assert names(again) == [put[0], *put[2:]]
    assert await second.take(5, wait=0.05) is None


async def test_a_second_crash_loses_nothing_either(cluster: Cluster) -> None:
    put = conversations_of(5, 5)
    first = cluster.worker()
    await first.adopt(5)
    for conversation in put:
        await first.put(conversation)
    await take_all(first, 5, 5)
    await cluster.crash(first)
    second = cluster.worker()
    await second.adopt(5)
    await take_all(second, 5, 2)

    await cluster.crash(second)
    third = cluster.worker()
    await third.adopt(5)

    assert names(await take_all(third, 5, 5)) == put


async def test_a_job_that_is_done_never_comes_back(cluster: Cluster) -> None:
    first = cluster.worker()
    await first.adopt(0)
    await first.put(conversations_of(0, 1)[0])
    job = await first.take(0, wait=SOON)
    assert job is not None

    await first.done(job)
    await first.adopt(0)
    same_worker = await first.take(0, wait=0.05)
    await cluster.crash(first)
    second = cluster.worker()
    await second.adopt(0)

    assert same_worker is None
    assert await second.take(0, wait=0.05) is None


async def test_a_job_may_be_struck_off_by_its_last_owner_after_a_new_adoption(
    queue: TurnQueue,
) -> None:
    await queue.adopt(0)
    await queue.put(conversations_of(0, 1)[0])
    job = await queue.take(0, wait=SOON)
    assert job is not None

    await queue.adopt(0)
    await queue.done(job)
    await queue.done(job)

    assert await queue.take(0, wait=0.2) is None


async def test_jobs_put_before_anybody_owned_the_shard_are_kept(cluster: Cluster) -> None:
    put = conversations_of(7, 3)
    producer = cluster.worker()
    for conversation in put:
        await producer.put(conversation)

    worker = cluster.worker()
    await worker.adopt(7)

    assert names(await take_all(worker, 7, 3)) == put


async def test_a_thousand_jobs_of_four_producers_arrive_once_each_and_in_order(
    queue: TurnQueue,
) -> None:
    expected = [f"brand/webchat/{producer}/{n}" for producer in range(4) for n in range(250)]
    taken: dict[int, list[Job]] = defaultdict(list)

    async def produce(producer: int) -> None:
        for start in range(producer * 250, (producer + 1) * 250, 25):
            await asyncio.gather(*map(queue.put, expected[start : start + 25]))

    async def work(shard: int) -> None:
        number = sum(shard_of(conversation, SHARDS) == shard for conversation in expected)
        while len(taken[shard]) < number:
            job = await queue.take(shard, wait=SOON)
            assert job is not None
            taken[shard].append(job)
            await queue.done(job)

    for shard in range(SHARDS):
        await queue.adopt(shard)
    async with asyncio.TaskGroup() as group:
        for producer in range(4):
            group.create_task(produce(producer))
        for shard in range(SHARDS):
            group.create_task(work(shard))

    jobs = [job for shard in range(SHARDS) for job in taken[shard]]
    assert sorted(names(jobs)) == sorted(expected)
    assert all(
        own(names(jobs), producer) == sorted(own(names(jobs), producer), key=_number)
        for jobs in taken.values()
        for producer in range(4)
    )


def own(conversations: list[str], producer: int) -> list[str]:
    return [name for name in conversations if name.startswith(f"brand/webchat/{producer}/")]


def _number(conversation: str) -> int:
    return int(conversation.rsplit("/", 1)[1])


async def test_a_queue_says_how_many_shards_it_has(queue: TurnQueue) -> None:
    assert queue.shards == SHARDS


@given(st.text(), st.integers(min_value=1, max_value=4096))
def test_a_shard_is_stable_and_in_range(conversation: str, shards: int) -> None:
    shard = shard_of(conversation, shards)

    assert 0 <= shard < shards
    assert shard == shard_of(conversation, shards)


@pytest.mark.parametrize(
    ("conversation", "of_16", "of_64"),
    [
        ("", 0, 0),
        ("brand/webchat/main/customer-1", 0, 0),
        ("茶铺/wechat/gh_1/o6_bmjrPTlm6_2sgVt7hMZOPfL2M", 2, 2),
        ("掌柜", 4, 36),
    ],
)
def test_a_conversations_shard_never_changes(conversation: str, of_16: int, of_64: int) -> None:
    assert (shard_of(conversation, 16), shard_of(conversation, 64)) == (of_16, of_64)


async def test_a_queue_that_answers_passes_the_check(queue: TurnQueue) -> None:
    await queue.check()


async def test_a_queue_without_its_redis_does_not_pass_the_check() -> None:
    nobody = Redis.from_url("redis://127.0.0.1:9", retry=Retry(NoBackoff(), 0))
    queue = RedisTurnQueue(nobody)

    with pytest.raises(QueueError):
        await queue.check()
    await queue.close()
    await nobody.aclose()
