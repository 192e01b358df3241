"""Every token cache keeps the contract of `TokenCache`."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from fakeredis import FakeAsyncRedis, FakeServer
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from channels.base import TokenCache
from channels.errors import DeliveryRetryableError
from runtime.tokens import MemoryTokenCache, RedisTokenCache
from runtime.vault import Vault
from tests.servers import Corner

KEY = "wechat/gh_1"
VAULT = Vault([bytes(32)])


class Kiosk:
    """Token caches over one back end, as several processes see them, and the power over time."""

    def __init__(self, corner: Corner) -> None:
        self.corner = corner
        self.time = 0.0
        self._in_process = MemoryTokenCache(lambda: self.time, lock_wait=0.1)

    def process(self, vault: Vault = VAULT) -> TokenCache:
        if self.corner.redis is None:
            return self._in_process
        return RedisTokenCache(self.corner.redis, vault, self.corner.prefix, lock_wait=0.1)

    async def pass_time(self, seconds: float) -> None:
        self.time += seconds
        if self.corner.redis is not None:
            async for key in self.corner.redis.scan_iter(f"{self.corner.prefix}:token:*"):
                left = await self.corner.redis.pttl(key)
                await self.corner.redis.pexpire(key, left - round(seconds * 1000))


@pytest.fixture
def kiosk(corner: Corner) -> Kiosk:
    return Kiosk(corner)


async def test_a_token_is_shared_until_its_time_is_up(kiosk: Kiosk) -> None:
    await kiosk.process().put(KEY, "令牌-1", lifetime=7200)

    await kiosk.pass_time(7199)
    before = await kiosk.process().get(KEY)
    await kiosk.pass_time(1)
    after = await kiosk.process().get(KEY)

    assert before == "令牌-1"
    assert after is None


async def test_an_unknown_key_has_no_token(kiosk: Kiosk) -> None:
    await kiosk.process().put(KEY, "token-1", lifetime=60)

    assert await kiosk.process().get("wechat/gh_2") is None


async def test_a_newer_token_takes_the_place_of_an_older(kiosk: Kiosk) -> None:
    cache = kiosk.process()
    await cache.put(KEY, "token-1", lifetime=60)
    await cache.put(KEY, "token-2", lifetime=120)

    await kiosk.pass_time(61)

    assert await cache.get(KEY) == "token-2"


async def test_a_refused_token_is_forgotten(kiosk: Kiosk) -> None:
    cache = kiosk.process()
    await cache.put(KEY, "token-1", lifetime=60)

    await cache.drop(KEY, "token-1")
    await cache.drop(KEY, "token-1")

    assert await cache.get(KEY) is None


async def test_dropping_an_old_token_leaves_the_one_that_took_its_place(kiosk: Kiosk) -> None:
    cache = kiosk.process()
    await cache.put(KEY, "token-2", lifetime=60)

    await cache.drop(KEY, "token-1")

    assert await cache.get(KEY) == "token-2"


async def test_one_at_a_time_fetches_a_token(kiosk: Kiosk) -> None:
    fetches = 0

    async def token() -> str:
        nonlocal fetches
        cache = kiosk.process()
        async with cache.lock(KEY):
            found = await cache.get(KEY)
            if found is None:
                fetches += 1
                await cache.put(KEY, found := f"token-{fetches}", lifetime=60)
            return found

    tokens = await asyncio.gather(*(token() for _ in range(2)))

    assert tokens == ["token-1", "token-1"]


async def test_a_lock_holds_back_its_own_key_alone(kiosk: Kiosk) -> None:
    async with kiosk.process().lock(KEY), kiosk.process().lock("wechat/gh_2"):
        pass


async def test_who_waits_too_long_for_a_lock_is_told_to_try_later(kiosk: Kiosk) -> None:
    async with kiosk.process().lock(KEY):
        with pytest.raises(DeliveryRetryableError, match="wechat/gh_1"):
            async with kiosk.process().lock(KEY):
                pytest.fail("two fetched at once")

    async with kiosk.process().lock(KEY):
        pass


async def test_a_lock_is_free_after_a_fetch_that_failed(kiosk: Kiosk) -> None:
    with pytest.raises(DeliveryRetryableError, match="refused"):
        async with kiosk.process().lock(KEY):
            raise DeliveryRetryableError("refused")  # noqa: EM101 - the platform's answer, not ours

    async with kiosk.process().lock(KEY):
        pass


class TestSharedOverRedis:
    @pytest.fixture
    def corner(self, shared_corner: Corner) -> Corner:
        return shared_corner

    async def test_what_redis_holds_is_sealed(self, kiosk: Kiosk) -> None:
        await kiosk.process().put(KEY, "token-1", lifetime=60)

        held = await kiosk.corner.client.get(f"{kiosk.corner.prefix}:token:{KEY}")

        assert isinstance(held, bytes)
        assert b"token-1" not in held

    async def test_a_token_sealed_under_a_master_key_that_went_is_fetched_anew(
        self, kiosk: Kiosk
    ) -> None:
        await kiosk.process(Vault([bytes([1]) * 32])).put(KEY, "token-1", lifetime=60)

        assert await kiosk.process().get(KEY) is None

    async def test_a_lock_of_a_crashed_process_frees_itself(self, kiosk: Kiosk) -> None:
        entered = []
        async with kiosk.process().lock(KEY):
            await kiosk.pass_time(30)

            async with kiosk.process().lock(KEY):
                entered.append("second")

        assert entered == ["second"]

    async def test_a_late_holder_does_not_free_the_lock_of_the_next(self, kiosk: Kiosk) -> None:
        late = kiosk.process().lock(KEY)
        await late.__aenter__()
        await kiosk.pass_time(30)

        async with kiosk.process().lock(KEY):
            await late.__aexit__(None, None, None)
            with pytest.raises(DeliveryRetryableError):
                await kiosk.process().lock(KEY).__aenter__()


@pytest.mark.parametrize(
    "call",
    [
        lambda cache: cache.get(KEY),
        lambda cache: cache.put(KEY, "token-1", lifetime=60),
        lambda cache: cache.drop(KEY, "token-1"),
        lambda cache: cache.lock(KEY).__aenter__(),
    ],
    ids=["get", "put", "drop", "lock"],
)
async def test_a_redis_that_is_away_delays_a_delivery(
    call: Callable[[TokenCache], Awaitable[object]],
) -> None:
    server = FakeServer()
    server.connected = False
    async with FakeAsyncRedis(server=server, retry=Retry(NoBackoff(), 0)) as redis:
        with pytest.raises(DeliveryRetryableError, match="wechat/gh_1") as caught:
            await call(RedisTokenCache(redis, VAULT))

    assert "token-1" not in str(caught.value)
