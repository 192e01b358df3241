"""Platform to rows: verified, admitted once, committed, and only then acknowledged."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from channels.base import Channel, HttpReply, WebhookRequest
from channels.errors import PayloadInvalidError
from channels.messages import (
    ConversationState,
    DeliveryEcho,
    Inbound,
    InboundMessage,
    PlatformEvent,
    SessionOpened,
)
from runtime import echoes
from runtime.errors import StoreRefusedError, StoreUnavailableError, VaultError
from runtime.ids import bounded, new_id
from runtime.logging import get_logger
from runtime.spans import span
from runtime.store.accounts import Account
from runtime.store.database import Database
from runtime.store.inbox import Admission, Arrival, Inbox
from runtime.store.keys import CustomerKeys

if TYPE_CHECKING:
    from runtime.container import Container

log = get_logger(__name__)
_MAX_GROUP = 32
# What one arrival can do to its group: SQLite's driver refuses values with errors of its own.
# A JSON encoder that cannot write a text raises a TypeError.
_POISON = (StoreRefusedError, VaultError, ValueError, TypeError, OverflowError)


async def accept(
    container: "Container", account: Account, front: Channel, request: WebhookRequest
) -> HttpReply:
    """Take a platform's request on; the reply is due to it only now.

    Raises:
        ChannelError: The request is not the platform's, or not readable; nothing was admitted.
        StoreUnavailableError: Nothing was admitted; the platform is to send again.
        QueueError: Admitted, but nobody was told; the platform is to send again.
    """
    with span("receive", channel=front.name):
        challenged = front.challenge(request)
        if challenged is not None:
            return challenged
        inbound = front.receive(request)
    if not inbound:
        log.info("webhook_not_used", channel=front.name, account=account.front.id)
    state = await _take_on(container, account, inbound, request.received_at)
    return front.acknowledge(request, state)


async def _take_on(
    container: "Container", account: Account, inbound: Sequence[Inbound], at: datetime
) -> ConversationState:
    await echoes.note(
        container,
        account,
        [item for item in inbound if isinstance(item, DeliveryEcho | PlatformEvent)],
        at=at,
    )
    arrivals = [
        _arrival(account, item, at)
        for item in inbound
        if isinstance(item, InboundMessage | SessionOpened)
    ]
    if not arrivals:
        return ConversationState.BOT
    with span("admit", channel=account.channel):
        admissions = await container.admitter.admit(arrivals)
    with span("enqueue"):
        for conversation in {item.conversation: None for item in admissions if item.waiting}:
            await container.queue.put(conversation)
    return admissions[-1].state


def _arrival(account: Account, item: InboundMessage | SessionOpened, at: datetime) -> Arrival:
    return Arrival(
        id=new_id(),
        brand=account.brand.id,
        account=account.front.id,
        channel=account.channel,
        inbound=replace(item, external_id=bounded(item.external_id)),
        received_at=at,
    )


@dataclass(slots=True)
class _Waiting:
    arrivals: Sequence[Arrival]
    done: asyncio.Future[list[Admission]]


class Admitter:
    """Commits what arrives at once in one transaction; each waits for its own commit.

    While a transaction is under way the next group gathers, so a lone message waits for nobody.
    """

    def __init__(self, database: Database, keys: CustomerKeys, now: Callable[[], datetime]) -> None:
        self._database = database
        self._keys = keys
        self._now = now
        self._waiting: deque[_Waiting] = deque()
        self._arrived = asyncio.Event()

    async def admit(self, arrivals: Sequence[Arrival]) -> list[Admission]:
        """Admit arrivals; returns after the commit.

        Raises:
            StoreUnavailableError: Nothing was admitted.
            PayloadInvalidError: The database cannot hold what was sent.
        """
        waiting = _Waiting(arrivals, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        self._arrived.set()
        return await waiting.done

    async def run(self) -> None:
        """Commit group after group, until cancelled."""
        while True:
            await self._arrived.wait()
            group = self._next_group()
            try:
                await self._commit(group)
            except _POISON:
                # One of them is at fault: alone, it harms nobody else.
                for waiting in group:
                    await self._commit_alone(waiting)

    def _next_group(self) -> list[_Waiting]:
        group, size = [], 0
        while self._waiting and size < _MAX_GROUP:
            group.append(self._waiting.popleft())
            size += len(group[-1].arrivals)
        if not self._waiting:
            self._arrived.clear()
        return group

    async def _commit(self, group: Sequence[_Waiting]) -> None:
        arrivals = [arrival for waiting in group for arrival in waiting.arrivals]
        try:
            async with self._database.begin() as session:
                inbox = Inbox(session, self._keys)
                admissions = iter(await inbox.admit(arrivals, at=self._now()))
        except StoreUnavailableError as error:
            for waiting in group:
                _fail(waiting, error)
            return
        for waiting in group:
            result = [next(admissions) for _ in waiting.arrivals]
            if not waiting.done.done():
                waiting.done.set_result(result)

    async def _commit_alone(self, waiting: _Waiting) -> None:
        try:
            await self._commit([waiting])
        except VaultError as error:
            _fail(waiting, error)
        except _POISON:
            _fail(waiting, PayloadInvalidError("the database cannot hold what was sent"))


def _fail(waiting: _Waiting, error: Exception) -> None:
    if not waiting.done.done():
        waiting.done.set_exception(error)
