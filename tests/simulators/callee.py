"""A callback under test control, and a clock that moves when told."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

import httpx
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

Answer: TypeAlias = Callable[["Received"], Awaitable[Response]]


class Clock:
    """The time, until it is moved on."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.moment

    def forward(self, **units: float) -> None:
        self.moment += timedelta(**units)


@dataclass(frozen=True)
class Received:
    """One request that came in."""

    method: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


@dataclass
class Callee:
    """Our side of a callback, as bare as can be: it keeps what comes and answers as told."""

    answers: list[Answer] = field(default_factory=list)
    """Used up one by one; after them, `success`."""
    received: list[Received] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        came = Received(
            request.method, dict(request.query_params), dict(request.headers), await request.body()
        )
        self.received.append(came)
        answer = self.answers.pop(0) if self.answers else text("success")
        response = await answer(came)
        await response(scope, receive, send)

    def client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.ASGITransport(app=self))


def text(body: str, status: int = 200) -> Answer:
    async def answer(received: Received) -> Response:
        return PlainTextResponse(body, status_code=status)

    return answer


def unreachable() -> Answer:
    async def answer(received: Received) -> Response:
        msg = "refused"
        raise httpx.ConnectError(msg)

    return answer
