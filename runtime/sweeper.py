"""The sweeper: what waits without a job gets one again; what nobody needs any more goes."""

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

from labelling.errors import LabellingError
from runtime.attesting import attest
from runtime.errors import RuntimeFault
from runtime.logging import get_logger
from runtime.queue.base import QueueError
from runtime.store.events import Events
from runtime.store.inbox import Inbox

if TYPE_CHECKING:
    from runtime.container import Container

_LOST_AFTER = timedelta(seconds=60)
_EVENTS_KEPT = timedelta(days=7)
_PLATFORM_EVENTS_KEPT = timedelta(days=30)
log = get_logger(__name__)


async def sweep(container: "Container", *, older_than: timedelta = _LOST_AFTER) -> int:
    """Enqueue every conversation that waits for longer than that; give how many.

    A job too many does no harm: a conversation where nothing waits is done at once.
    """
    before = container.now() - older_than
    async with container.database.read() as session:
        waiting = await Inbox(session, container.keys).waiting(before=before)
    for conversation in waiting:
        await container.queue.put(conversation)
    return len(waiting)


async def prune(container: "Container") -> None:
    """Forget events that nobody will resume from, and those that no platform sends again."""
    async with container.database.begin() as session:
        now = container.now()
        await Events(session).prune(before=now - _EVENTS_KEPT)
        await Inbox(session, container.keys).prune_events(before=now - _PLATFORM_EVENTS_KEPT)


async def run(container: "Container") -> None:
    """Sweep from time to time, until cancelled."""
    while True:
        await asyncio.sleep(container.settings.worker.sweep_every)
        try:
            found = await sweep(container)
            await prune(container)
            await attest(container)
        except (RuntimeFault, LabellingError, QueueError) as error:
            log.warning("sweep_failed", error=str(error))
        else:
            if found:
                log.info("conversations_requeued", count=found)
