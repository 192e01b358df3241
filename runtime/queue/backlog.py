"""A shard's jobs in this process: what waits in order, and what was handed out."""

import asyncio
from collections import OrderedDict

from runtime.queue.base import Job


class Backlog:
    """Jobs of one shard, by token: those that wait and those that are not yet done."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[str, Job] = OrderedDict()
        self._taken: dict[str, Job] = {}
        self._arrived = asyncio.Event()
        self._takers = 0

    @property
    def wanted(self) -> bool:
        """Whether somebody waits for a job."""
        return self._takers > 0

    def __contains__(self, token: str) -> bool:
        return token in self._waiting or token in self._taken

    def add(self, job: Job) -> None:
        self._waiting[job.token] = job
        self._arrived.set()

    def strike(self, token: str) -> None:
        """Forget a job, wherever it stands."""
        self._waiting.pop(token, None)
        self._taken.pop(token, None)

    def hand_out_again(self) -> None:
        """Put what was handed out and is not done back before what waits, in its order."""
        self._waiting = OrderedDict(self._taken | self._waiting)
        self._taken = {}
        if self._waiting:
            self._arrived.set()

    async def take(self, wait: float) -> Job | None:
        """Hand out the next job; None where none came within `wait` seconds."""
        if not self._waiting and not await self._arrives(wait):
            return None
        token, job = self._waiting.popitem(last=False)
        self._taken[token] = job
        return job

    async def _arrives(self, wait: float) -> bool:
        self._takers += 1
        try:
            async with asyncio.timeout(wait):
                while not self._waiting:
                    self._arrived.clear()
                    await self._arrived.wait()
        except TimeoutError:
            return False
        finally:
            self._takers -= 1
        return True
