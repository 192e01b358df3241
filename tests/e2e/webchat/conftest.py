"""One Chromium for all tests of the chat page, a shop and a page for each."""

from collections.abc import AsyncIterator

import pytest_asyncio
from playwright.async_api import Browser

from tests.e2e.webchat.app import Shop
from tests.e2e.webchat.browser import Chat, open_chat, open_chromium, open_shop


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """One Chromium for all tests of a run; its tests share the session's event loop."""
    async with open_chromium() as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="session")
async def shop() -> AsyncIterator[Shop]:
    """A web chat's server in the hands of the test."""
    async with open_shop() as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="session")
async def chat(chromium: Browser, shop: Shop) -> AsyncIterator[Chat]:
    """The chat page on a phone, loaded."""
    async with open_chat(chromium, shop) as opened:
        await opened.load()
        yield opened
