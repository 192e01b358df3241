"""The contract of the turn queue and of the leases on its shards."""

import zlib
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Job:
    """A pointer: this conversation has something waiting. The rows are the truth, not the job."""

    conversation: str
    shard: int
    token: str
    """The queue's own name for the job."""


@dataclass(frozen=True, slots=True)
class Lease:
    """Ownership of a shard for a while."""

    shard: int
    fence: int
    """Grows with every new owner of the shard; writes under an older one are refused."""


def shard_of(conversation: str, shards: int) -> int:
    """Tell which shard a conversation belongs to; stable for ever."""
    return zlib.crc32(conversation.encode()) % shards


class QueueError(Exception):
    """The queue gave no answer; the caller may try again later."""

    retryable = True


class TurnQueue(Protocol):
    """Jobs in order, per shard.

    Laws: `take` hands out a shard's jobs in the order they were put and does not wait for earlier
    ones to be done; a job that is not done is handed out again, in order and before newer ones,
    after the next `adopt` of its shard; a job that is done never comes back; a conversation that
    waits delays no other; nothing put is lost by a crash of a worker.
    """

    @property
    def shards(self) -> int: ...

    async def put(self, conversation: str) -> None:
        """Add a job for a conversation to its shard.

        Raises:
            QueueError: The queue is away; nothing was added.
        """
        ...

    async def adopt(self, shard: int) -> None:
        """Begin to own a shard: what its last owner left undone is handed out again first."""
        ...

    async def take(self, shard: int, *, wait: float) -> Job | None:
        """Give the shard's next job; None where none came within `wait` seconds."""
        ...

    async def done(self, job: Job) -> None:
        """Strike a job off."""
        ...

    async def check(self) -> None:
        """Make sure that the queue answers; changes nothing.

        Raises:
            QueueError: It does not.
        """
        ...

    async def close(self) -> None: ...


class Leases(Protocol):
    """Who owns which shard.

    Laws: at any moment a shard has at most one live lease; fences of a shard only grow; a lease
    that is not renewed for its time is free for another.
    """

    async def share(self, shards: int) -> int:
        """Tell how many of so many shards this worker should own, so that each has its part.

        Who asks is counted as a worker for a lease's time.
        """
        ...

    async def acquire(self, shard: int) -> Lease | None:
        """Take a free shard; None where another owns it."""
        ...

    async def renew(self, lease: Lease) -> bool:
        """Keep a shard for another while; False where it was lost."""
        ...

    async def release(self, lease: Lease) -> None: ...
