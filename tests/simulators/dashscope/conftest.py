"""The model platform, and the ways a caller reaches it: by HTTP and through the real SDK."""

from collections.abc import AsyncIterator

import httpx
import pytest
from dashscope.api_entities.aio_session import close_shared_aio_session
from dashscope.api_entities.http_request import close_shared_sync_session

from simulators.dashscope.simulator import DashscopeSimulator
from tests.simulators.callee import Clock
from tests.simulators.conftest import Serve
from tests.simulators.dashscope.setting import API_KEY


@pytest.fixture
def dashscope(clock: Clock) -> DashscopeSimulator:
    return DashscopeSimulator(API_KEY, now=clock)


@pytest.fixture
def api(dashscope: DashscopeSimulator) -> httpx.AsyncClient:
    """A client of the platform with the key, in process."""
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app=dashscope.app),
        base_url="http://dashscope.test",
        headers={"authorization": f"Bearer {API_KEY}"},
    )


@pytest.fixture
async def base_address(dashscope: DashscopeSimulator, serve: Serve) -> AsyncIterator[str]:
    """Where the real SDK finds the platform."""
    yield f"{serve(dashscope.app)}/api/v1"
    await close_shared_aio_session()
    close_shared_sync_session()
