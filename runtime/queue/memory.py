"""The turn queue of a single process: its jobs live and die with it."""

import itertools

from typing_extensions import override

from runtime.queue.backlog import Backlog
from runtime.queue.base import Job, TurnQueue, shard_of


class MemoryTurnQueue(TurnQueue):
    """Keeps the jobs in process; at a start they are put again from the rows that wait.

    For one event loop: it is not safe across threads.
    """

    def __init__(self, shards: int = 16) -> None:
        self._backlogs = tuple(Backlog() for _ in range(shards))
        self._tokens = itertools.count()

    @property
    @override
    def shards(self) -> int:
        return len(self._backlogs)

    @override
    async def put(self, conversation: str) -> None:
        shard = shard_of(conversation, self.shards)
        self._backlogs[shard].add(Job(conversation, shard, str(next(self._tokens))))

    @override
    async def adopt(self, shard: int) -> None:
        self._backlogs[shard].hand_out_again()

    @override
    async def take(self, shard: int, *, wait: float) -> Job | None:
        return await self._backlogs[shard].take(wait)

    @override
    async def done(self, job: Job) -> None:
        self._backlogs[job.shard].strike(job.token)

    @override
    async def check(self) -> None:
        """It is in this process: it answers."""

    @override
    async def close(self) -> None:
        """Nothing is held that needs closing."""
