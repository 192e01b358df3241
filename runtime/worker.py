"""The worker: owned shards, a lane per busy conversation, retries, a graceful stop."""

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import structlog

from channels.errors import DeliveryRetryableError
from runtime import pipeline
from runtime.errors import NotFoundError, RuntimeFault, StaleLeaseError, StoreUnavailableError
from runtime.logging import get_logger
from runtime.queue.base import Job, Lease, QueueError

if TYPE_CHECKING:
    from runtime.container import Container

_RENEW_EVERY = 5.0
_TAKE_WAIT = 1.0
_FIRST_BACKOFF = 0.5
_LONGEST_BACKOFF = 60.0
log = get_logger(__name__)


@dataclass(slots=True)
class _Shard:
    """A shard this process owns, until its lease is lost or given back."""

    lease: Lease
    lost: asyncio.Event = field(default_factory=asyncio.Event)
    lanes: dict[str, "_Lane"] = field(default_factory=dict)


@dataclass(slots=True)
class _Lane:
    """One busy conversation: its jobs one after the other, beside all other conversations."""

    jobs: deque[Job]
    task: asyncio.Task[None] | None = None


class Worker:
    """Takes jobs from the shards it owns and answers them."""

    def __init__(self, container: "Container", *, jitter: Callable[[], float]) -> None:
        """`jitter` gives a number in [0, 1) that keeps retries of many apart."""
        self._container = container
        self._settings = container.settings.worker
        self._jitter = jitter
        self._room = asyncio.Semaphore(self._settings.lanes)
        self._stopping = asyncio.Event()
        self._owned: dict[int, _Shard] = {}

    async def run(self) -> None:
        """Work until `stop`; then finish what is under way, within the grace."""
        async with asyncio.TaskGroup() as group:
            for shard in range(self._container.queue.shards):
                group.create_task(self._own(shard, group), name=f"shard-{shard}")

    def stop(self) -> None:
        """Ask for a graceful stop."""
        self._stopping.set()

    async def _own(self, number: int, group: asyncio.TaskGroup) -> None:
        while not self._stopping.is_set():
            try:
                if len(self._owned) < await self._container.leases.share(
                    self._container.queue.shards
                ):
                    await self._try_to_own(number, group)
            except QueueError as error:
                log.warning("queue_away", shard=number, error=str(error))
            await self._wait(_TAKE_WAIT)

    async def _try_to_own(self, number: int, group: asyncio.TaskGroup) -> None:
        lease = await self._container.leases.acquire(number)
        if lease is None:
            return
        shard = self._owned[number] = _Shard(lease)
        renewing = group.create_task(self._renew(shard), name=f"lease-{number}")
        try:
            await self._container.queue.adopt(number)
            while not self._stopping.is_set() and not shard.lost.is_set():
                job = await self._container.queue.take(number, wait=_TAKE_WAIT)
                if job is not None:
                    await self._enqueue(job, shard, group)
        except QueueError:
            shard.lost.set()
            raise
        finally:
            # Whatever ended it: the next owner, maybe ourselves, must not work beside our lanes.
            await self._finish(shard)
            renewing.cancel()
            del self._owned[number]
            await self._container.leases.release(lease)

    async def _renew(self, shard: _Shard) -> None:
        """Keep the lease; give it up where it was lost, or others have too little."""
        leases, shards = self._container.leases, self._container.queue.shards
        while not shard.lost.is_set():
            await asyncio.sleep(_RENEW_EVERY)
            try:
                kept = await leases.renew(shard.lease)
                if kept and len(self._owned) > await leases.share(shards):
                    log.info("shard_given_back", shard=shard.lease.shard)
                    kept = False
            except QueueError as error:
                log.warning("lease_not_renewed", shard=shard.lease.shard, error=str(error))
                kept = False
            if not kept:
                shard.lost.set()

    async def _finish(self, shard: _Shard) -> None:
        """Wait for the turns under way; what takes longer than the grace is cut off."""
        tasks = [lane.task for lane in shard.lanes.values() if lane.task]
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=self._settings.grace)
            for task in late:
                task.cancel()

    async def _enqueue(self, job: Job, shard: _Shard, group: asyncio.TaskGroup) -> None:
        lane = shard.lanes.get(job.conversation)
        if lane is not None:
            lane.jobs.append(job)
            return
        await self._room.acquire()
        lane = shard.lanes[job.conversation] = _Lane(deque([job]))
        lane.task = group.create_task(self._run(job.conversation, lane, shard), name="lane")

    async def _run(self, conversation: str, lane: _Lane, shard: _Shard) -> None:
        try:
            with structlog.contextvars.bound_contextvars(conversation=conversation):
                while lane.jobs and not shard.lost.is_set():
                    await self._answer(conversation, shard)
                    await self._container.queue.done(lane.jobs.popleft())
        except (StaleLeaseError, QueueError) as error:
            # Not done: the shard's next owner is handed the job again.
            log.warning("lane_given_up", error=str(error))
        finally:
            del shard.lanes[conversation]
            self._room.release()

    async def _answer(self, conversation: str, shard: _Shard) -> None:
        for attempt in range(1, self._settings.tries + 1):
            if shard.lost.is_set():
                msg = f"shard {shard.lease.shard} is lost"
                raise StaleLeaseError(msg)
            try:
                await pipeline.answer(self._container, conversation, shard.lease.fence)
            except (DeliveryRetryableError, StoreUnavailableError) as error:
                log.warning("turn_postponed", attempt=attempt, error=str(error))
                await self._back_off(attempt, getattr(error, "retry_after", 0.0))
            except (StaleLeaseError, QueueError):
                raise
            except NotFoundError as error:
                log.warning("conversation_gone", error=str(error))
                return
            except Exception:
                # The outermost loop: one broken turn must not stop the others.
                log.exception("turn_broke", attempt=attempt)
                await self._back_off(attempt, 0.0)
            else:
                return
        await self._give_up(conversation, shard)

    async def _back_off(self, attempt: int, at_least: float) -> None:
        pause = max(min(_FIRST_BACKOFF * 2 ** (attempt - 1), _LONGEST_BACKOFF), at_least)
        await self._wait(pause * (1 + self._jitter()))
        if self._stopping.is_set():
            msg = "the worker stops; the turn goes on at its next start"
            raise StaleLeaseError(msg)

    async def _give_up(self, conversation: str, shard: _Shard) -> None:
        try:
            await pipeline.abandon(self._container, conversation, shard.lease.fence)
        except RuntimeFault:
            log.exception("turn_not_abandoned")

    async def _wait(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)
