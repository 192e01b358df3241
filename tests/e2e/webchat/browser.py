"""A real Chromium on the chat page, and what a test reads off it."""

import asyncio
import os
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from playwright.async_api import Browser, ConsoleMessage, Locator, Page, Request, async_playwright

from tests.e2e.webchat.app import ACCOUNT, NOW, Shop

ARTEFACTS = Path(__file__).parents[3] / "artefacts" / "webchat"
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 860}


@asynccontextmanager
async def open_chromium() -> AsyncIterator[Browser]:
    """Start the machine's Chromium; skip where there is none, unless servers are required."""
    executable = shutil.which("chromium")
    if executable is None:
        if os.environ.get("REQUIRE_SERVERS") == "1":
            pytest.fail("REQUIRE_SERVERS=1, but there is no chromium: apt-get install chromium")
        pytest.skip("no chromium: apt-get install chromium")
    # Chromium's own sandbox refuses to run as root.
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=executable, args=arguments)
        yield browser
        await browser.close()


@asynccontextmanager
async def open_shop() -> AsyncIterator[Shop]:
    """Serve a shop on a free port of this machine."""
    async with httpx.AsyncClient() as http:
        shop = Shop(http)
        listener = socket.create_server(("127.0.0.1", 0))
        shop.origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
        config = uvicorn.Config(
            shop.app(), lifespan="off", ws="none", log_level="error", timeout_graceful_shutdown=1
        )
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        yield shop
        await shop.cut()
        server.should_exit = True
        await serving


class Chat:
    """The page of one customer."""

    def __init__(self, page: Page, shop: Shop) -> None:
        self.page = page
        self.shop = shop
        self.problems: list[str] = []
        """What the page did that no page may: errors, refused scripts, requests to others."""
        self.loaded: list[str] = []
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("console", self._heard)
        page.on("request", self._asked)

    async def load(self, query: str = "") -> None:
        await self.page.goto(f"{self.shop.origin}/chat/{ACCOUNT}{query}")
        await self.ready()

    async def ready(self) -> None:
        """Wait until the page follows the conversation."""
        await (
            self.page.locator("#presence[data-tone=bot]")
            .or_(self.page.locator("#banner[data-state]:not(:empty)"))
            .first.wait_for()
        )

    async def say(self, text: str) -> None:
        await self.field.fill(text)
        await self.field.press("Enter")

    @property
    def customer(self) -> str:
        return list(self.shop.outlet.talks)[-1]

    @property
    def field(self) -> Locator:
        return self.page.locator("#words")

    def messages(self, author: str) -> Locator:
        return self.page.locator(f".message[data-author={author}]")

    def words(self, author: str = "assistant") -> Locator:
        return self.messages(author).locator(".words")

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    async def select(self, start: int, end: int, author: str = "assistant") -> None:
        """Select characters of the first sentence of an author's first message."""
        await self.page.evaluate(
            """([author, start, end]) => {
              const at = `[data-author=${author}] .sentence`;
              const words = document.querySelector(at).firstChild;
              document.activeElement.blur();
              getSelection().setBaseAndExtent(words, start, words, end);
            }""",
            [author, start, end],
        )

    async def clipboard(self) -> dict[str, str]:
        """Read every form of what was copied."""
        copied: dict[str, str] = await self.page.evaluate(
            """async () => {
              const [item] = await navigator.clipboard.read();
              const read = async (type) => [type, await (await item.getType(type)).text()];
              return Object.fromEntries(await Promise.all(item.types.map(read)));
            }"""
        )
        return copied

    async def picture(self, name: str) -> None:
        """Keep a screenshot for people to look at."""
        ARTEFACTS.mkdir(parents=True, exist_ok=True)
        await self.page.screenshot(path=ARTEFACTS / f"{name}.png", animations="disabled")

    def _heard(self, message: ConsoleMessage) -> None:
        # A network that fails is said on the console, too, and is what some tests are about.
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            self.problems.append(message.text)

    def _asked(self, request: Request) -> None:
        self.loaded.append(request.url)
        if not request.url.startswith(self.shop.origin):
            self.problems.append(f"asked {request.url!r}")


@asynccontextmanager
async def open_chat(browser: Browser, shop: Shop, **context: Any) -> AsyncIterator[Chat]:
    """Open a browser window with nothing kept, on a phone unless said otherwise."""
    settings = {"viewport": PHONE, "locale": "zh-CN", "timezone_id": "Asia/Shanghai", **context}
    window = await browser.new_context(**settings)
    await window.grant_permissions(["clipboard-read", "clipboard-write"])
    page = await window.new_page()
    await page.clock.set_fixed_time(NOW)
    chat = Chat(page, shop)
    yield chat
    await window.close()
    assert chat.problems == []
