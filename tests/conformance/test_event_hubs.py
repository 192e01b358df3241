"""Every event hub keeps the laws of `EventHub`."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
from fakeredis import FakeAsyncRedis, FakeServer
from fakeredis.aioredis import FakeAsyncRedisConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from typing_extensions import override

from runtime.hub import EventHub, EventHubError, MemoryEventHub, RedisEventHub
from tests.servers import REDIS, Corner

SOON = 5.0
NONE_YET = 0.05


class Town:
    """Hubs over one back end, one a process."""

    def __init__(self, corner: Corner) -> None:
        self.corner = corner
        self.hubs: list[EventHub] = []

    def process(self, patience: float = SOON) -> EventHub:
        if self.corner.redis is None:
            self.hubs = self.hubs or [MemoryEventHub()]
        else:
            self.hubs.append(
                RedisEventHub(self.corner.redis, self.corner.prefix, patience=patience, pause=0.01)
            )
        return self.hubs[-1]


@pytest.fixture
async def town(corner: Corner) -> AsyncIterator[Town]:
    made = Town(corner)
    yield made
    for hub in made.hubs:
        await hub.close()


async def test_news_reaches_followers_in_every_process(town: Town) -> None:
    here, there = town.process(), town.process()
    async with here.follow("c1") as first, here.follow("c1") as second, there.follow("c1") as third:
        await town.process().notify("c1")

        assert await first.changed(timeout=SOON)
        assert await second.changed(timeout=SOON)
        assert await third.changed(timeout=SOON)


async def test_no_news_is_no_alarm(town: Town) -> None:
    async with town.process().follow("c1") as follower:
        assert not await follower.changed(timeout=NONE_YET)


async def test_news_before_the_first_question_is_not_lost(town: Town) -> None:
    hub = town.process()
    async with hub.follow("c1") as follower:
        await hub.notify("c1")

        assert await follower.changed(timeout=SOON)


async def test_news_is_told_once(town: Town) -> None:
    hub = town.process()
    async with hub.follow("c1") as follower:
        await hub.notify("c1")
        await follower.changed(timeout=SOON)

        assert not await follower.changed(timeout=NONE_YET)


async def test_much_news_may_arrive_as_one_and_the_last_is_always_told(town: Town) -> None:
    hub = town.process()
    rows = 0
    seen = 0

    async def write() -> None:
        nonlocal rows
        for _ in range(100):
            rows += 1
            await hub.notify("c1")

    async with hub.follow("c1") as follower:
        writing = asyncio.create_task(write())
        while seen < 100 and await follower.changed(timeout=SOON):
            seen = rows
        await writing

    assert seen == 100


async def test_news_of_another_conversation_is_no_alarm(town: Town) -> None:
    hub = town.process()
    async with hub.follow("c1") as follower, hub.follow("c2") as other:
        await hub.notify("c2")

        assert await other.changed(timeout=SOON)
        assert not await follower.changed(timeout=NONE_YET)


async def test_a_conversation_can_be_followed_again_and_again(town: Town) -> None:
    hub = town.process()

    for _ in range(20):
        async with hub.follow("c1") as follower:
            await hub.notify("c1")
            assert await follower.changed(timeout=SOON)


async def test_one_that_leaves_takes_no_other_with_it(town: Town) -> None:
    hub = town.process()
    async with hub.follow("c1") as staying:
        async with hub.follow("c1"):
            pass
        async with hub.follow("c2"):
            await hub.notify("c1")

        assert await staying.changed(timeout=SOON)


async def test_hundreds_follow_at_once(town: Town) -> None:
    hub = town.process()
    async with AsyncExitStack() as stack:
        followers = await asyncio.gather(
            *(stack.enter_async_context(hub.follow(f"c{number}")) for number in range(150))
        )
        for number in range(150):
            await hub.notify(f"c{number}")

        changed = await asyncio.gather(*(one.changed(timeout=SOON) for one in followers))

    assert all(changed)


async def test_news_without_a_follower_is_no_error(town: Town) -> None:
    await town.process().notify("c1")


class TestOverRedis:
    @pytest.fixture
    def corner(self, shared_corner: Corner) -> Corner:
        return shared_corner

    async def test_what_nobody_follows_any_more_is_unsubscribed(self, town: Town) -> None:
        hub = town.process()
        async with hub.follow("c1"):
            pass
        async with hub.follow("c2") as follower:
            await hub.notify("c2")
            await follower.changed(timeout=SOON)

            subscribed = await town.corner.client.pubsub_channels(f"{town.corner.prefix}:news:*")

        assert subscribed == [f"{town.corner.prefix}:news:c2".encode()]

    async def test_a_quiet_connection_is_asked_and_kept(self, town: Town) -> None:
        hub = town.process(patience=0.02)
        async with hub.follow("c1") as follower:
            quiet = await follower.changed(timeout=0.2)
            await hub.notify("c1")

            assert not quiet
            assert await follower.changed(timeout=SOON)


@pytest.mark.parametrize("corner", [REDIS], indirect=True)
async def test_a_lost_connection_wakes_all_followers_and_loses_no_later_news(town: Town) -> None:
    hub = town.process()
    redis = town.corner.client
    async with hub.follow("c1") as first, hub.follow("c2") as second:
        for connection in await redis.client_list(_type="pubsub"):
            if connection["name"] == town.corner.prefix:
                await redis.client_kill_filter(_id=connection["id"])

        assert await first.changed(timeout=SOON)
        assert await second.changed(timeout=SOON)
        await hub.notify("c2")
        assert await second.changed(timeout=SOON)


class TestDeafConnection:
    """A connection that stands and brings nothing, as after a silent loss on the way."""

    @pytest.fixture
    def deaf(self) -> asyncio.Event:
        return asyncio.Event()

    @pytest.fixture
    async def hub(self, deaf: asyncio.Event) -> AsyncIterator[RedisEventHub]:
        class Connection(FakeAsyncRedisConnection):
            @override
            async def can_read(self, timeout: float | None = 0) -> bool:
                arrived = await super().can_read(timeout)
                return arrived and not (deaf.is_set() and timeout)

        redis = FakeAsyncRedis(server=FakeServer(), connection_class=Connection)
        made = RedisEventHub(redis, patience=0.05, pause=0.01)
        yield made
        await made.close()
        await redis.aclose()

    async def test_it_is_replaced_and_the_followers_read_again(
        self, hub: RedisEventHub, deaf: asyncio.Event
    ) -> None:
        async with hub.follow("c1") as follower:
            deaf.set()
            quiet = await follower.changed(timeout=0.2)

            deaf.clear()

            assert not quiet
            assert await follower.changed(timeout=SOON)

    async def test_a_follower_that_is_not_confirmed_is_told_so(
        self, hub: RedisEventHub, deaf: asyncio.Event
    ) -> None:
        async with hub.follow("c1"):
            deaf.set()

            with pytest.raises(EventHubError, match="in time"):
                await hub.follow("c2").__aenter__()


class TestRedisAway:
    @pytest.fixture
    def server(self) -> FakeServer:
        return FakeServer()

    @pytest.fixture
    async def hub(self, server: FakeServer) -> AsyncIterator[RedisEventHub]:
        redis = FakeAsyncRedis(server=server, retry=Retry(NoBackoff(), 0))
        made = RedisEventHub(redis, patience=0.1, pause=0.01)
        yield made
        await made.close()
        await redis.aclose()

    async def test_who_tells_or_follows_learns_of_it(
        self, server: FakeServer, hub: RedisEventHub
    ) -> None:
        server.connected = False

        with pytest.raises(EventHubError, match="no answer"):
            await hub.notify("c1")
        with pytest.raises(EventHubError, match="no answer"):
            await hub.follow("c1").__aenter__()

    async def test_following_works_once_it_is_back(
        self, server: FakeServer, hub: RedisEventHub
    ) -> None:
        server.connected = False
        with pytest.raises(EventHubError):
            await hub.follow("c1").__aenter__()
        server.connected = True

        async with hub.follow("c1") as follower:
            await hub.notify("c1")

            assert await follower.changed(timeout=SOON)
