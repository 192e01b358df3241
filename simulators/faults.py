"""Faults on demand: what goes wrong with a platform, switched on from a test or over HTTP."""

from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, fields, replace
from enum import StrEnum
from typing import TypeAlias

import httpx
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from simulators.wire import BodyUnreadableError, JsonObject

CONTROL_PREFIX = "/_simulator/"

Sleep: TypeAlias = Callable[[float], Awaitable[object]]
Refusal: TypeAlias = Callable[[str, Request], Response]
"""A platform's own words for one of its error codes."""


class AnswerLostError(httpx.ReadError):
    """The connection broke before the answer was whole.

    A real server closes the socket when it meets this; `httpx.ASGITransport` hands it to the
    client, which therefore meets a transport error either way.
    """


class FaultKind(StrEnum):
    """What goes wrong with a call."""

    STATUS = "status"
    """A bare HTTP status; nothing is done."""
    CODE = "code"
    """The platform's own error; nothing is done. In a stream, after `after` chunks."""
    DELAY = "delay"
    """`seconds` before the work, then `chunk_seconds` before each piece of a stream."""
    DROP = "drop"
    """The work is done, the answer is lost: "sent, but no reply"."""
    CUT = "cut"
    """The connection breaks after `after` chunks of the answer."""
    HANG = "hang"
    """Nothing is done and nothing is answered for as long as the caller waits."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong with the next `times` calls to a path."""

    kind: FaultKind
    path: str = ""
    """A piece of the path it strikes at; empty strikes at any."""
    times: int | None = 1
    """`None` until it is cleared."""
    status: int = 500
    code: str = ""
    seconds: float = 0.0
    chunk_seconds: float = 0.0
    after: int = 0

    @classmethod
    def from_json(cls, body: JsonObject) -> "Fault":
        """Read a fault from the control plane.

        Raises:
            BodyUnreadableError: A field is unknown or of the wrong type, or the kind is unknown.
        """
        unknown = set(body) - {field.name for field in fields(cls)}
        if unknown:
            msg = f"a fault has no field {min(unknown)!r}"
            raise BodyUnreadableError(msg)
        for name, value in body.items():
            wanted = str if name in {"kind", "path", "code"} else (int, float)
            if not isinstance(value, wanted) and (name, value) != ("times", None):
                msg = f"a fault's field {name!r} cannot be {value!r}"
                raise BodyUnreadableError(msg)
        try:
            return cls(**{**body, "kind": FaultKind(body.get("kind", ""))})
        except ValueError as error:
            msg = f"a fault's kind is one of {[str(kind) for kind in FaultKind]}"
            raise BodyUnreadableError(msg) from error

    def as_json(self) -> JsonObject:
        return {**asdict(self), "kind": str(self.kind)}


class FaultSwitch:
    """The faults that stand; counted ones strike before those that stay until cleared."""

    def __init__(self) -> None:
        self._standing: list[Fault] = []

    def add(self, *faults: Fault) -> None:
        self._standing.extend(faults)

    def clear(self) -> None:
        self._standing.clear()

    @property
    def standing(self) -> tuple[Fault, ...]:
        return tuple(self._standing)

    def take(self, path: str) -> Fault | None:
        """Give the fault that strikes a call, and count it."""
        struck = [fault for fault in self._standing if fault.path in path]
        if not struck:
            return None
        fault = min(struck, key=lambda one: one.times is None)
        if fault.times is not None:
            place = self._standing.index(fault)
            left = fault.times - 1
            self._standing[place : place + 1] = [replace(fault, times=left)] if left > 0 else []
        return fault


def fault_of(request: Request) -> Fault | None:
    """Give the fault a platform has to work into its stream by itself."""
    fault = request.scope.get("simulator.fault")
    return fault if isinstance(fault, Fault) else None


class FaultLayer:
    """ASGI middleware around a platform; the control plane under it is never struck."""

    def __init__(
        self, app: ASGIApp, switch: FaultSwitch, *, refusal: Refusal, sleep: Sleep
    ) -> None:
        self._app = app
        self._switch = switch
        self._refusal = refusal
        self._sleep = sleep

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        fault = None
        if scope["type"] == "http" and not scope["path"].startswith(CONTROL_PREFIX):
            fault = self._switch.take(scope["path"])
        if fault is None:
            await self._app(scope, receive, send)
        elif fault.kind in {FaultKind.STATUS, FaultKind.CODE}:
            await self._refuse(fault, scope, receive, send)
        elif fault.kind is FaultKind.DELAY:
            await self._sleep(fault.seconds)
            await self._app(scope, receive, self._slowed(send, fault))
        elif fault.kind is FaultKind.HANG:
            await _listen_until_gone(receive)
        else:
            await self._break_off(fault, scope, receive, send)

    async def _refuse(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        if fault.kind is FaultKind.STATUS:
            response: Response = PlainTextResponse("", status_code=fault.status)
            await response(scope, receive, send)
        elif fault.after:
            await self._app({**scope, "simulator.fault": fault}, receive, send)
        else:
            response = self._refusal(fault.code, Request(scope))
            await response(scope, receive, send)

    def _slowed(self, send: Send, fault: Fault) -> Send:
        async def slow_send(message: Message) -> None:
            if message.get("more_body") and fault.chunk_seconds:
                await self._sleep(fault.chunk_seconds)
            await send(message)

        return slow_send

    async def _break_off(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        left = fault.after if fault.kind is FaultKind.CUT else 0

        async def limited_send(message: Message) -> None:
            nonlocal left
            if message["type"] == "http.response.start":
                await send(message)
            elif left > 0:
                left -= 1
                # Never the last piece: what was promised must be seen to be missing.
                await send({**message, "more_body": True})

        await self._app(scope, receive, limited_send)
        msg = f"the simulator broke the connection off: {fault.kind}"
        raise AnswerLostError(msg)


async def _listen_until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
