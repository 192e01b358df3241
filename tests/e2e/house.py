"""A whole house: server, worker, two brands, and the platforms on loopback."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx
from sqlalchemy import event, make_url, select

from runtime.api.app import create_app
from runtime.clock import now
from runtime.container import Container, build
from runtime.demo.town import LOOPBACK, SLUG, Town, settle
from runtime.process import listening, running
from runtime.settings import DatabaseSettings, QueueSettings, Settings, WorkerSettings
from runtime.store.accounts import Brand, Brands
from runtime.store.audit import AuditEntry, AuditLog, ChainFault
from runtime.store.conversations import Conversation, Conversations
from runtime.store.tables.conversations import InboundRow, TurnRow
from runtime.store.tables.outputs import OutputRow
from simulators.dashscope.replies import Reply
from simulators.dashscope.simulator import DashscopeSimulator
from tests.e2e.prepared import BRAND, MODEL_KEY, RIVAL, Model, Stores, Templates, with_model
from tests.e2e.relay import Relay
from tests.servers import own_redis

WECHAT, DOUYIN, WEBCHAT = "wechat-miniprogram", "douyin", "webchat"
PATIENCE = 30.0
T = TypeVar("T")
ANSWER = Reply("满99元包邮[1]。")
"""What the model says where a test hands it nothing else to say."""


@dataclass(slots=True)
class Gate:
    """A sleep for simulators that lasts until the test lets it end, or however long it says."""

    entered: asyncio.Event
    opened: asyncio.Event

    async def __call__(self, seconds: float) -> None:
        self.entered.set()
        await self.opened.wait()


@dataclass(frozen=True, slots=True)
class House:
    """Everything that runs, and how a test looks into it."""

    container: Container
    brand: Brand
    rival: Brand
    town: Town
    model: DashscopeSimulator
    gate: Gate
    """Holds the model back where a fault delays it."""
    address: str
    http: httpx.AsyncClient
    database: Relay | None
    redis: Relay | None

    async def conversation(self, channel: str, customer: str) -> Conversation:
        account = await self.container.accounts.named(channel, SLUG)
        async with self.container.database.read() as session:
            conversations = Conversations(session, self.container.keys)
            return await conversations.of_customer(account.front.id, customer)

    async def audit(self, channel: str, customer: str) -> list[AuditEntry]:
        conversation = await self.conversation(channel, customer)
        async with self.container.database.read() as session:
            return await AuditLog(session).entries(conversation.id)

    async def faults(self) -> list[ChainFault]:
        async with self.container.database.read() as session:
            return [fault async for fault in AuditLog(session).faults()]

    async def audited(self, channel: str, customer: str, kind: str, times: int = 1) -> list[str]:
        """Wait until an entry of a kind stands so many times in the audit log; give all kinds."""

        async def kinds() -> list[str]:
            return [entry.kind for entry in await self.audit(channel, customer)]

        return await until(kinds, lambda found: found.count(kind) >= times)

    async def admitted(self) -> int:
        """Count what was ever admitted."""
        async with self.container.database.read() as session:
            return len((await session.execute(select(InboundRow.id))).all())

    async def waiting(self) -> int:
        """Count what waits for a worker."""
        async with self.container.database.read() as session:
            waiting = select(InboundRow.id).where(InboundRow.status == "waiting")
            return len((await session.execute(waiting)).all())

    async def statuses(self) -> tuple[list[str], list[str]]:
        """Give the statuses of all turns and of all outputs, oldest first."""
        async with self.container.database.read() as session:
            turns = await session.execute(select(TurnRow.status).order_by(TurnRow.id))
            outputs = await session.execute(select(OutputRow.status).order_by(OutputRow.id))
            return list(turns.scalars()), list(outputs.scalars())

    @asynccontextmanager
    async def database_away(self) -> AsyncIterator[None]:
        """Let the database be away: its server cut off, or its file unreadable."""
        if self.database is not None:
            async with self.database.away():
                yield
            return
        engine = self.container.database.engine
        event.listen(engine, "begin", _unreadable)
        try:
            yield
        finally:
            event.remove(engine, "begin", _unreadable)


def _unreadable(connection: Any) -> None:
    msg = "the disk is gone"
    raise OSError(msg)


async def until(
    look: Callable[[], Awaitable[T]], enough: Callable[[T], bool], patience: float = PATIENCE
) -> T:
    """Look again and again until it is enough; give what was seen last."""
    async with asyncio.timeout(patience):
        while not enough(seen := await look()):  # noqa: ASYNC110
            await asyncio.sleep(0.01)  # rule-skip: sleep: rows and inboxes can be read, not awaited
    return seen


@asynccontextmanager
async def open_house(
    templates: Templates,
    folder: Path,
    *,
    stores: Stores = Stores.EMBEDDED,
    model: Model = Model.OFFLINE,
    worker: WorkerSettings | None = None,
    with_worker: bool = True,
    patience: float | None = None,
) -> AsyncIterator[House]:
    """Open a house on a copy of a prepared folder; `patience` is with its model, in seconds."""
    gate = Gate(asyncio.Event(), asyncio.Event())
    simulator = DashscopeSimulator(MODEL_KEY, now=now, sleep=gate, reply_rule=lambda _: ANSWER)
    async with AsyncExitStack() as stack:
        settings = stack.enter_context(templates.get(stores, model).copied(folder))
        settings = await stack.enter_async_context(with_model(settings, model, simulator))
        if patience is not None:
            chosen = settings.model.model_copy(update={"timeout": patience})
            settings = settings.model_copy(update={"model": chosen})
        if worker is not None:
            settings = settings.model_copy(update={"worker": worker})
        settings, database, redis = await _relayed(settings, stores, stack)
        container = await stack.enter_async_context(build(settings))
        await stack.enter_async_context(running(container, with_worker=with_worker))
        async with container.database.read() as session:
            brand, rival = [await Brands(session).get(slug) for slug in (BRAND, RIVAL)]
        town = await stack.enter_async_context(settle(container, brand))
        port = await stack.enter_async_context(listening(create_app(container), LOOPBACK, 0))
        http = await stack.enter_async_context(
            httpx.AsyncClient(base_url=f"http://{LOOPBACK}:{port}", timeout=PATIENCE)
        )
        stack.callback(gate.opened.set)
        town.connect(f"http://{LOOPBACK}:{port}")
        yield House(
            container,
            brand,
            rival,
            town,
            simulator,
            gate,
            f"http://{LOOPBACK}:{port}",
            http,
            database,
            redis,
        )


async def _relayed(
    settings: Settings, stores: Stores, stack: AsyncExitStack
) -> tuple[Settings, Relay | None, Relay | None]:
    """Put a relay before each server."""
    if stores is Stores.EMBEDDED:
        return settings, None, None
    database = make_url(settings.database.url)
    redis = make_url(stack.enter_context(own_redis()))
    relays = [
        Relay(database.host or LOOPBACK, database.port or 5432),
        Relay(redis.host or LOOPBACK, redis.port or 6379),
    ]
    for relay in relays:
        await relay.open()
        stack.push_async_callback(relay.shut)
    first, second = (
        url.set(host=LOOPBACK, port=relay.port).render_as_string(hide_password=False)
        for url, relay in zip((database, redis), relays, strict=True)
    )
    settings = settings.model_copy(
        update={
            "database": DatabaseSettings(url=first),
            "queue": QueueSettings(redis_url=second),
        }
    )
    return settings, relays[0], relays[1]
