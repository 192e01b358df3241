"""The platform's double, a clock, and our front in front of it."""

from collections.abc import AsyncIterator

import httpx
import pytest

from channels.wechat.miniprogram import MiniProgramChannel
from simulators.wechat.customers import ALLOWANCES, Trigger
from simulators.wechat.simulator import WechatSimulator
from tests.channels.wechat.kit import OPENID, Clock, account, platform_account, tools


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def platform(clock: Clock) -> WechatSimulator:
    """WeChat, with one customer who has just written."""
    simulator = WechatSimulator(platform_account(), now=clock)
    simulator.customer(OPENID).act(Trigger.MESSAGE, ALLOWANCES, clock())
    return simulator


@pytest.fixture
async def http(platform: WechatSimulator) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(platform.app)) as client:
        yield client


@pytest.fixture
def front(http: httpx.AsyncClient, clock: Clock) -> MiniProgramChannel:
    return MiniProgramChannel.of(account(), tools(http, clock))
