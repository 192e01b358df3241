"""The worker: owned shards, a lane per busy conversation, retries, a graceful stop."""

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NoReturn

import structlog

from channels.errors import DeliveryRetryableError
from runtime import live, pipeline
from runtime.delivery import abandon
from runtime.errors import NotFoundError, StaleLeaseError, StoreUnavailableError
from runtime.logging import get_logger
from runtime.queue.base import Job, Lease, QueueError
from runtime.tasks import end

if TYPE_CHECKING:
    from runtime.container import Container

_RENEW_EVERY = 5.0
_TAKE_WAIT = 1.0
_FIRST_BACKOFF = 0.5
_LONGEST_BACKOFF = 60.0
_STORE_BACKOFF = 2.0
log = get_logger(__name__)


@dataclass(slots=True)
class _Shard:
    """A shard this process owns, until its lease is lost or given back."""

    lease: Lease
    lost: asyncio.Event = field(default_factory=asyncio.Event)
    """Somebody else may own it: nothing may be begun, and what is under way is left."""
    leaving: asyncio.Event = field(default_factory=asyncio.Event)
    """Others have too little: nothing is begun, but the lease is kept until all is finished."""
    lanes: dict[str, "_Lane"] = field(default_factory=dict)

    @property
    def ends(self) -> bool:
        """Whether nothing more may be begun."""
        return self.lost.is_set() or self.leaving.is_set()


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
        self._taking = 0

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
                share = await self._share()
                # Looked at after the await, and counted before the next one: the tasks of all
                # shards stand here at once.
                if self._kept < share:
                    await self._try_to_own(number, group)
            except QueueError as error:
                log.warning("queue_away", shard=number, error=str(error))
            await self._wait(_TAKE_WAIT)

    @property
    def _kept(self) -> int:
        return self._taking + sum(not shard.ends for shard in self._owned.values())

    async def _share(self) -> int:
        return await self._container.leases.share(self._container.queue.shards)

    async def _try_to_own(self, number: int, group: asyncio.TaskGroup) -> None:
        self._taking += 1
        try:
            lease = await self._container.leases.acquire(number)
        finally:
            self._taking -= 1
        if lease is None:
            return
        shard = self._owned[number] = _Shard(lease)
        renewing = group.create_task(self._renew(shard), name=f"lease-{number}")
        try:
            await self._container.queue.adopt(number)
            while not self._stopping.is_set() and not shard.ends:
                job = await self._container.queue.take(number, wait=_TAKE_WAIT)
                if job is not None:
                    await self._enqueue(job, shard, group)
        except QueueError:
            shard.lost.set()
            raise
        finally:
            # Whatever ended it: the next owner, maybe ourselves, must not work beside our lanes.
            await self._finish(shard)
            # Ended before the release: a renewal that crosses it would keep the lease, and a
            # cancellation that it swallows would keep it for ever.
            await end(renewing)
            del self._owned[number]
            await self._container.leases.release(lease)

    async def _renew(self, shard: _Shard) -> None:
        """Keep the lease; where others have too little, say so and keep it until all is done."""
        while not shard.lost.is_set():
            await asyncio.sleep(_RENEW_EVERY)
            try:
                if not await self._container.leases.renew(shard.lease):
                    shard.lost.set()
                share = await self._share()
                if not shard.ends and self._kept > share:
                    log.info("shard_given_back", shard=shard.lease.shard)
                    shard.leaving.set()
            except QueueError as error:
                log.warning("lease_not_renewed", shard=shard.lease.shard, error=str(error))
                shard.lost.set()

    async def _finish(self, shard: _Shard) -> None:
        """Wait for the turns under way; what takes longer than the grace is cut off."""
        tasks = [lane.task for lane in shard.lanes.values() if lane.task]
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=self._settings.grace)
            await asyncio.gather(*(end(task) for task in late))

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
                while lane.jobs and not shard.ends:
                    await self._answer(conversation, shard)
                    await self._container.queue.done(lane.jobs.popleft())
        except (StaleLeaseError, QueueError) as error:
            # Not done: the shard is adopted anew, by us or another, and hands the jobs out again.
            shard.lost.set()
            log.warning("lane_given_up", error=str(error))
        finally:
            del shard.lanes[conversation]
            self._room.release()

    async def _answer(self, conversation: str, shard: _Shard) -> None:
        failed = 0
        while failed < self._settings.tries:
            try:
                await self._once(conversation, shard)
            except StoreUnavailableError as error:
                # Not the turn's fault: it is tried for as long as that takes.
                log.warning("turn_postponed", error=str(error))
                await self._back_off(_STORE_BACKOFF)
            except DeliveryRetryableError as error:
                failed += 1
                log.warning("turn_postponed", attempt=failed, error=str(error))
                await self._back_off(max(_pause(failed), error.retry_after))
            except (StaleLeaseError, QueueError):
                raise
            except NotFoundError as error:
                log.warning("conversation_gone", error=str(error))
                return
            except Exception:
                # The outermost loop: one broken turn must not stop the others.
                failed += 1
                log.exception("turn_broke", attempt=failed)
                await self._back_off(_pause(failed))
            else:
                return
        await self._give_up(conversation, shard)

    async def _once(self, conversation: str, shard: _Shard) -> None:
        if shard.lost.is_set():
            _leave(f"shard {shard.lease.shard} is lost")
        await pipeline.answer(self._container, conversation, shard.lease.fence)

    async def _back_off(self, seconds: float) -> None:
        # Who waits for a platform takes no place from those who could work.
        self._room.release()
        try:
            await self._wait(seconds * (1 + self._jitter()))
        finally:
            await self._room.acquire()
        if self._stopping.is_set():
            _leave("the worker stops; the turn goes on at its next start")

    async def _give_up(self, conversation: str, shard: _Shard) -> None:
        try:
            await live.break_off(self._container, conversation, shard.lease.fence)
        except Exception:
            # What broke the turn may break its end as well; staff are told all the same.
            log.exception("turn_not_broken_off")
        try:
            await abandon(self._container, conversation, shard.lease.fence)
        except Exception:
            # The same outermost loop: the sweeper brings the turn up again.
            log.exception("turn_not_abandoned")

    async def _wait(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)


def _pause(failed: int) -> float:
    return min(_FIRST_BACKOFF * 2.0 ** (failed - 1), _LONGEST_BACKOFF)


def _leave(why: str) -> NoReturn:
    raise StaleLeaseError(why)
