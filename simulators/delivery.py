"""How a platform delivers to our callback: a few tries, each with its own time limit, recorded."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import httpx

from simulators.control import ControlError
from simulators.faults import Sleep
from simulators.wire import JsonObject


@dataclass(frozen=True, slots=True)
class RetryRule:
    """When a platform gives a try up, and how often it tries; times in seconds."""

    timeout: float = 5.0
    tries: int = 3
    pause: float = 0.0


@dataclass(frozen=True, slots=True)
class Letter:
    """One HTTP request as it leaves the platform."""

    body: bytes = b""
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    method: str = "POST"


@dataclass(frozen=True, slots=True)
class Attempt:
    """What the callee answered to one try."""

    status: int | None
    """`None`: no answer, and `trouble` says why."""
    body: bytes
    elapsed: float
    """Seconds."""
    trouble: str = ""

    @property
    def succeeded(self) -> bool:
        """Whether there was an answer with a status of 2xx."""
        return self.status is not None and httpx.codes.is_success(self.status)


@dataclass(frozen=True, slots=True)
class Delivery:
    """All tries of one message, in order; it is through if the last one was taken."""

    id: str
    attempts: tuple[Attempt, ...]
    accepted: bool

    @property
    def last(self) -> Attempt:
        return self.attempts[-1]

    def as_json(self) -> JsonObject:
        """Give the record for the control plane; bodies as text."""
        tries = [
            {
                "status": attempt.status,
                "body": attempt.body.decode(errors="replace"),
                "elapsed": attempt.elapsed,
                "trouble": attempt.trouble,
            }
            for attempt in self.attempts
        ]
        return {"id": self.id, "accepted": self.accepted, "attempts": tries}


class Courier:
    """Carries letters to one callback address under one retry rule."""

    def __init__(
        self, rule: RetryRule, *, now: Callable[[], datetime], sleep: Sleep = asyncio.sleep
    ) -> None:
        self.rule = rule
        self._now = now
        self._sleep = sleep
        self._target: tuple[httpx.URL, httpx.AsyncClient] | None = None

    def connect(self, url: str, http: httpx.AsyncClient) -> None:
        """Name the callback; `http` is owned by the caller, who closes it."""
        self._target = (httpx.URL(url), http)

    @property
    def connected(self) -> bool:
        return self._target is not None

    async def deliver(
        self, message_id: str, write: Callable[[], Letter], taken: Callable[[Attempt], bool]
    ) -> Delivery:
        """Try until the callee takes it or the tries are used up.

        `write` is asked anew for each try: a platform signs and encrypts every one afresh.
        """
        attempts: list[Attempt] = []
        while len(attempts) < self.rule.tries:
            if attempts:
                await self._sleep(self.rule.pause)
            attempts.append(await self.carry(write()))
            if taken(attempts[-1]):
                break
        return Delivery(id=message_id, attempts=tuple(attempts), accepted=taken(attempts[-1]))

    async def carry(self, letter: Letter) -> Attempt:
        """Make one try.

        Raises:
            ControlError: No callback was named.
        """
        if self._target is None:
            msg = "no callback is connected: name one with connect(url, http) first"
            raise ControlError(msg)
        url, http = self._target
        started = self._now()
        status, body, trouble = None, b"", ""
        try:
            async with asyncio.timeout(self.rule.timeout):
                response = await http.request(
                    letter.method,
                    url.copy_merge_params(dict(letter.query)),
                    headers=dict(letter.headers),
                    content=letter.body,
                )
            status, body = response.status_code, response.content
        except TimeoutError:
            trouble = "timeout"
        except httpx.TransportError as error:
            trouble = type(error).__name__
        elapsed = (self._now() - started).total_seconds()
        return Attempt(status=status, body=body, elapsed=elapsed, trouble=trouble)
