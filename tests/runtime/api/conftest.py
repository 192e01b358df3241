"""The HTTP application of a desk, and a visitor of its web chat."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from runtime.api.app import create_app
from tests.e2e.visitor import Visitor
from tests.runtime.kit import Desk, open_desk


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with open_desk(tmp_path) as desk:
        yield desk


@pytest.fixture
async def http(desk: Desk) -> AsyncIterator[httpx.AsyncClient]:
    # As a server does it: what breaks is answered and logged, and not raised into the client.
    transport = httpx.ASGITransport(create_app(desk.container), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://shop.test") as http:
        yield http


@pytest.fixture
async def visitor(http: httpx.AsyncClient) -> Visitor:
    return await Visitor.enter(http, "main")
