"""The platform, connected to a callback, and a client of it."""

import httpx
import pytest

from simulators.wechat.simulator import WechatSimulator
from tests.simulators.callee import Callee, Clock
from tests.simulators.wechat.setting import APPID, SECRET, simulator


@pytest.fixture
def callee() -> Callee:
    return Callee()


@pytest.fixture
def wechat(clock: Clock, callee: Callee) -> WechatSimulator:
    """WeChat with one account in safe mode, connected to the callee."""
    platform = simulator(clock)
    platform.connect("http://shop.test/webhooks/wechat/main", callee.client())
    return platform


@pytest.fixture
def api(wechat: WechatSimulator) -> httpx.AsyncClient:
    """A client of the platform."""
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app=wechat.app), base_url="http://api.weixin.test"
    )


@pytest.fixture
async def token(api: httpx.AsyncClient) -> str:
    """A valid access token."""
    answer = await api.post(
        "/cgi-bin/stable_token",
        json={"grant_type": "client_credential", "appid": APPID, "secret": SECRET},
    )
    return str(answer.json()["access_token"])
