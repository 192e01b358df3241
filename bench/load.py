"""Load: requests at a fixed rate whatever comes back, or as many as come back."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from bench.wire import Connection

_LATEST = 30.0
"""Seconds after which an answer counts as lost."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the requests of a load."""

    latencies: tuple[float, ...]
    """Seconds from the intended moment to the whole answer, of those with status 200."""
    sent: int
    seconds: float

    @property
    def lost(self) -> int:
        """Count what was not taken."""
        return self.sent - len(self.latencies)


async def open_loop(
    port: int, messages: Sequence[bytes], *, rate: float, connections: int = 64
) -> Outcome:
    """Send `rate` requests a second, each counted from when it was to leave.

    A slow answer delays no later request, as long as connections are left; one that waits for a
    connection goes on counting.
    """
    free: asyncio.LifoQueue[Connection] = asyncio.LifoQueue()
    for _ in range(connections):
        free.put_nowait(await Connection.open(port))
    latencies: list[float] = []
    start = time.monotonic() + 0.1

    async def send(message: bytes, due: float) -> None:
        connection = await free.get()
        try:
            if connection.closed:
                # A server may close what has been idle for long; whoever sends opens another.
                connection = await Connection.open(port)
            status, _ = await connection.ask(message)
        except OSError:
            # This one is lost; the others are not.
            return
        finally:
            free.put_nowait(connection)
        if status == 200:  # noqa: PLR2004 - HTTP's own number
            latencies.append(time.monotonic() - due)

    with suppress(TimeoutError, ExceptionGroup):
        async with asyncio.timeout(len(messages) / rate + _LATEST), asyncio.TaskGroup() as group:
            for number, message in enumerate(messages):
                due = start + number / rate
                await asyncio.sleep(due - time.monotonic())
                group.create_task(send(message, due))
    return Outcome(tuple(latencies), len(messages), time.monotonic() - start)


async def closed_loop(
    port: int, messages: Sequence[bytes], *, connections: int, seconds: float
) -> Outcome:
    """Send on every connection as soon as its answer is there, until the time or the rest is up."""
    left: Iterator[bytes] = iter(messages)
    latencies: list[float] = []
    statuses: Counter[int] = Counter()
    opened = [await Connection.open(port) for _ in range(connections)]
    start = time.monotonic()

    async def keep_sending(connection: Connection) -> None:
        for message in left:
            began = time.monotonic()
            status, _ = await connection.ask(message)
            statuses[status] += 1
            if status == 200:  # noqa: PLR2004 - HTTP's own number
                latencies.append(time.monotonic() - began)
            if time.monotonic() - start > seconds:
                return

    await asyncio.gather(*map(keep_sending, opened))
    took = time.monotonic() - start
    for connection in opened:
        connection.close()
    return Outcome(tuple(latencies), statuses.total(), took)
