"""A visitor of the web chat, over HTTP."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx
import orjson

_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Visitor:
    """A browser with a session."""

    http: httpx.AsyncClient
    token: str
    account: str = "demo"

    @classmethod
    async def enter(cls, http: httpx.AsyncClient, account: str = "demo") -> "Visitor":
        """Open a session."""
        response = await http.post(f"/chat/{account}/session", content=b"{}")
        return cls(http, response.json()["token"], account)

    @property
    def headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token}"}

    async def post(self, path: str, body: bytes) -> httpx.Response:
        return await self.http.post(f"/{path}", content=body, headers=self.headers)

    async def say(self, text: str, message: str = "") -> httpx.Response:
        """Send a message; the same id again is the page's own retry."""
        body = orjson.dumps({"id": message or f"m{next(_numbers)}", "text": text})
        return await self.post(f"webhooks/webchat/{self.account}", body)

    async def get(self, what: str) -> httpx.Response:
        return await self.http.get(f"/chat/{self.account}/{what}", headers=self.headers)

    async def messages(self) -> dict[str, Any]:
        """Give what was said last."""
        found: dict[str, Any] = (await self.get("messages")).json()
        return found

    async def events(
        self, until: Callable[[list[dict[str, Any]]], bool], *, after: int = 0
    ) -> list[dict[str, Any]]:
        """Follow the stream as JSON lines until it shows enough."""
        seen: list[dict[str, Any]] = []
        headers = {**self.headers, "accept": "application/x-ndjson"}
        path = f"/chat/{self.account}/events"
        async with self.http.stream(
            "GET", path, params={"after": after}, headers=headers
        ) as response:
            async for line in response.aiter_lines():
                if line:
                    seen.append(orjson.loads(line))
                    if until(seen):
                        return seen
        return seen


def finished(runs: int = 1) -> Callable[[list[dict[str, Any]]], bool]:
    """Tell when so many runs have ended."""
    return lambda seen: [event["type"] for event in seen].count("RUN_FINISHED") >= runs
