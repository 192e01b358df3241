"""The platform, connected to a callback, and a client of it."""

import httpx
import pytest

from simulators.douyin.simulator import DouyinSimulator
from tests.simulators.callee import Callee, Clock
from tests.simulators.douyin.setting import access_token, simulator


@pytest.fixture
def callee() -> Callee:
    return Callee()


@pytest.fixture
def douyin(clock: Clock, callee: Callee) -> DouyinSimulator:
    """Douyin with one app, connected to the callee."""
    platform = simulator(clock)
    platform.connect("http://shop.test/webhooks/douyin/main", callee.client())
    return platform


@pytest.fixture
def api(douyin: DouyinSimulator) -> httpx.AsyncClient:
    """A client of the platform."""
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app=douyin.app), base_url="http://open.douyin.test"
    )


@pytest.fixture
async def token(api: httpx.AsyncClient, douyin: DouyinSimulator) -> str:
    """A brand's valid access token."""
    return str((await access_token(api, douyin))["access_token"])
