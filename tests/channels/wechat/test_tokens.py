"""The access token: one call for all who wait, replaced only when it fails, forced seldom."""

import asyncio
import json

import httpx
import pytest
from pydantic import SecretStr

from channels.errors import DeliveryRetryableError
from channels.wechat.tokens import StableTokens
from simulators.wechat.simulator import WechatSimulator
from tests.channels.wechat.kit import APP_SECRET, APPID, Clock
from tests.fakes.tokens import MemoryTokenCache

KEY = "wechat-miniprogram:shop-1"


class StubbornPlatform:
    """Gives the same token however often it is asked, until it is forced."""

    def __init__(self, *, heeds_force: bool = True) -> None:
        self.calls: list[bool] = []
        self._heeds_force = heeds_force

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.calls.append(json.loads(request.content)["force_refresh"])
        number = sum(self.calls) if self._heeds_force else 0
        return httpx.Response(200, json={"access_token": f"token-{number}", "expires_in": 7200})


@pytest.fixture
def cache(clock: Clock) -> MemoryTokenCache:
    return MemoryTokenCache(clock)


@pytest.fixture
def tokens(http: httpx.AsyncClient, cache: MemoryTokenCache, clock: Clock) -> StableTokens:
    return office(http, cache, clock)


def office(http: httpx.AsyncClient, cache: MemoryTokenCache, clock: Clock) -> StableTokens:
    """The tokens as one process has them; another process shares the cache alone."""
    return StableTokens(
        key=KEY,
        appid=APPID,
        secret=SecretStr(APP_SECRET),
        api_base="https://api.weixin.qq.com",
        http=http,
        cache=cache,
        now=clock,
    )


def office_on(platform: StubbornPlatform, cache: MemoryTokenCache, clock: Clock) -> StableTokens:
    return office(httpx.AsyncClient(transport=httpx.MockTransport(platform)), cache, clock)


class TestGet:
    async def test_m35_fifty_who_wait_make_one_call(
        self, http: httpx.AsyncClient, cache: MemoryTokenCache, clock: Clock
    ) -> None:
        platform = StubbornPlatform()
        processes = [office_on(platform, cache, clock) for _ in range(2)]

        given = await asyncio.gather(*(processes[one % 2].get() for one in range(50)))

        assert set(given) == {"token-0"}
        assert platform.calls == [False]

    async def test_a_token_is_kept_until_five_minutes_before_its_end(
        self, tokens: StableTokens, clock: Clock
    ) -> None:
        first = await tokens.get()
        clock.forward(seconds=7200 - 301)
        second = await tokens.get()
        clock.forward(seconds=1)
        third = await tokens.get()

        assert second == first
        assert third != first

    async def test_a_token_of_short_life_is_kept_for_half_of_it(
        self, cache: MemoryTokenCache, clock: Clock
    ) -> None:
        def short(request: httpx.Request) -> httpx.Response:
            return httpx.Response(200, json={"access_token": "token", "expires_in": 100})

        http = httpx.AsyncClient(transport=httpx.MockTransport(short))
        await office(http, cache, clock).get()
        clock.forward(seconds=49)
        kept = await cache.get(KEY)
        clock.forward(seconds=1)

        assert kept == "token"
        assert await cache.get(KEY) is None

    @pytest.mark.parametrize(
        "content", [b"", b"ok", b"{}", b'{"access_token":"a"}', b'{"access_token":null}']
    )
    async def test_an_answer_without_a_token_is_asked_for_again(
        self, cache: MemoryTokenCache, clock: Clock, content: bytes
    ) -> None:
        def answer(request: httpx.Request) -> httpx.Response:
            return httpx.Response(200, content=content)

        http = httpx.AsyncClient(transport=httpx.MockTransport(answer))

        with pytest.raises(DeliveryRetryableError):
            await office(http, cache, clock).get()

        assert await cache.get(KEY) is None


class TestReplace:
    async def test_m36_many_who_fail_at_once_make_one_call(
        self, tokens: StableTokens, platform: WechatSimulator
    ) -> None:
        failed = await tokens.get()
        platform.revoke_tokens()

        given = await asyncio.gather(*(tokens.replace(failed) for _ in range(50)))

        assert len(set(given)) == 1
        assert given[0] != failed
        assert len(platform.platform.tokens.issued) == 2

    async def test_m36_a_late_complaint_about_an_old_token_replaces_nothing(
        self, tokens: StableTokens, platform: WechatSimulator
    ) -> None:
        failed = await tokens.get()
        platform.revoke_tokens()
        standing = await tokens.replace(failed)

        assert await tokens.replace(failed) == standing
        assert len(platform.platform.tokens.issued) == 2

    async def test_m37_force_comes_only_after_the_same_token_came_again(
        self, cache: MemoryTokenCache, clock: Clock
    ) -> None:
        platform = StubbornPlatform()
        tokens = office_on(platform, cache, clock)
        failed = await tokens.get()

        given = await tokens.replace(failed)

        assert given == "token-1"
        assert platform.calls == [False, False, True]

    async def test_m37_there_is_a_minute_between_two_forces(
        self, cache: MemoryTokenCache, clock: Clock
    ) -> None:
        platform = StubbornPlatform()
        tokens = office_on(platform, cache, clock)
        failed = await tokens.replace(await tokens.get())
        clock.forward(seconds=59)

        with pytest.raises(DeliveryRetryableError) as caught:
            await tokens.replace(failed)
        clock.forward(seconds=1)
        given = await tokens.replace(failed)

        assert caught.value.retry_after >= 30
        assert given == "token-2"

    async def test_m37_a_day_of_failures_stays_under_the_cap(
        self, cache: MemoryTokenCache, clock: Clock
    ) -> None:
        platform = StubbornPlatform(heeds_force=False)
        processes = [office_on(platform, cache, clock) for _ in range(2)]

        # From noon to midnight in China, where the platform's day ends.
        for minute in range(12 * 60):
            with pytest.raises(DeliveryRetryableError):
                await processes[minute % 2].replace("token-0")
            clock.forward(minutes=1)
        forced_today = sum(platform.calls)
        with pytest.raises(DeliveryRetryableError):
            await processes[0].replace("token-0")

        assert forced_today == 10
        assert sum(platform.calls) == 11

    async def test_a_token_that_force_does_not_change_is_not_kept(
        self, cache: MemoryTokenCache, clock: Clock
    ) -> None:
        tokens = office_on(StubbornPlatform(heeds_force=False), cache, clock)

        with pytest.raises(DeliveryRetryableError, match=APPID):
            await tokens.replace("token-0")

        assert await cache.get(KEY) is None
