"""A process's parts with one brand and two accounts, and a model in the test's hands."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun
from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatGenerationChunk
from pydantic import Field
from sqlalchemy import select
from typing_extensions import override

from channels.messages import InboundMessage
from runtime import pipeline
from runtime.container import Container, build
from runtime.ids import new_id
from runtime.settings import Settings, WorkerSettings
from runtime.store import migrate
from runtime.store.accounts import Account, Accounts, Brand, Brands
from runtime.store.audit import AuditLog
from runtime.store.conversations import Conversation, Conversations
from runtime.store.events import Events, StoredEvent
from runtime.store.inbox import Admission, Arrival, Inbox
from runtime.store.tables.conversations import InboundRow, TurnRow
from runtime.store.tables.outputs import OutputRow
from runtime.worker import Worker
from tests.agents.builders import agent_context, passage
from tests.factories import NOON, Clock, inbound_message
from tests.fakes.models import Line, ScriptedChatModel

SESSION_KEY = "c2Vzc2lvbi1rZXktb2YtdGhpcnR5LXR3by1ieXRlcyEhIQ=="
QUESTION = "买满多少钱可以包邮？"
PASSAGE = "单笔实付满 99 元包邮，不满 99 元收运费 8 元。"
ANSWER = "单笔实付满 99 元包邮[1]。"


class Model(ScriptedChatModel):
    """Says the same to everybody, once it is let; counts who asks at the same time."""

    asked: asyncio.Event = Field(default_factory=asyncio.Event)
    let: asyncio.Event = Field(default_factory=asyncio.Event)
    at_once: list[int] = Field(default_factory=lambda: [0, 0])
    """Who asks now, and the most that ever did."""

    @override
    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        self.at_once[0] += 1
        self.at_once[1] = max(self.at_once)
        self.asked.set()
        try:
            await self.let.wait()
            if not self.lines:
                self.lines.append(Line((ANSWER,)))
            async for chunk in super()._astream(messages, stop, run_manager, **kwargs):
                yield chunk
        finally:
            self.at_once[0] -= 1


def no_pause() -> float:
    """Jitter that takes a back-off away altogether."""
    return -1.0


@dataclass(frozen=True, slots=True)
class Desk:
    """The parts, and shorthands for what a test does with them."""

    container: Container
    brand: Brand
    account: Account
    model: Model
    clock: Clock

    async def admit(self, *messages: InboundMessage) -> list[Admission]:
        """Take messages on, and put their conversations into the queue."""
        arrivals = [
            Arrival(
                new_id(),
                self.brand.id,
                self.account.front.id,
                self.account.channel,
                each,
                self.clock(),
            )
            for each in messages or (inbound_message(QUESTION),)
        ]
        async with self.container.database.begin() as session:
            admissions = await Inbox(session, self.container.keys).admit(arrivals, at=self.clock())
        for admission in admissions:
            await self.container.queue.put(admission.conversation)
        return admissions

    async def answer(self, fence: int = 1, customer: str = "alice") -> None:
        """Answer what waits, without a worker."""
        conversation = await self.conversation(customer)
        await pipeline.answer(self.container, conversation.id, fence)

    async def conversation(self, customer: str = "alice") -> Conversation:
        async with self.container.database.read() as session:
            return await Conversations(session, self.container.keys).of_customer(
                self.account.front.id, customer
            )

    async def events(self, customer: str = "alice") -> list[StoredEvent]:
        conversation = await self.conversation(customer)
        async with self.container.database.read() as session:
            return await Events(session).after(conversation, 0)

    async def audit(self, customer: str = "alice") -> list[str]:
        conversation = await self.conversation(customer)
        async with self.container.database.read() as session:
            return [entry.kind for entry in await AuditLog(session).entries(conversation.id)]

    async def turns(self) -> list[str]:
        return await self._column(TurnRow.status, TurnRow.id)

    async def outputs(self) -> list[str]:
        return await self._column(OutputRow.status, OutputRow.id)

    async def inbound(self) -> list[str]:
        return await self._column(InboundRow.status, InboundRow.id)

    @asynccontextmanager
    async def working(self) -> AsyncIterator[Worker]:
        """Let a worker work, and stop it."""
        worker = Worker(self.container, jitter=no_pause)
        running = asyncio.create_task(worker.run())
        try:
            yield worker
        finally:
            worker.stop()
            await running

    async def _column(self, column: Any, order: Any) -> list[str]:
        async with self.container.database.read() as session:
            return list((await session.execute(select(column).order_by(order))).scalars())


@asynccontextmanager
async def open_desk(
    folder: Path, *, tries: int = 2, grace: float = 5.0, channel: str = "webchat"
) -> AsyncIterator[Desk]:
    """Put the parts together on an empty database."""
    settings = Settings(data=folder, worker=WorkerSettings(tries=tries, grace=grace))
    clock, model = Clock(), Model()
    model.let.set()
    async with build(settings, now=clock) as container:
        await migrate.upgrade(container.database)
        async with container.database.begin() as session:
            brand = await Brands(session).add(slug="demo", name="岫棠里", at=NOON)
            accounts = Accounts(session, container.vault)
            made = await accounts.put(
                brand,
                channel=channel,
                slug="main",
                settings={},
                secrets={"session_key": SESSION_KEY},
                at=NOON,
            )
            account = await accounts.get(made)
        container._contexts[brand.id] = agent_context(model, passage(PASSAGE))
        admitting = asyncio.create_task(container.admitter.run())
        try:
            yield Desk(container, brand, account, model, clock)
        finally:
            admitting.cancel()
            with suppress(asyncio.CancelledError):
                await admitting


async def until(look: Callable[[], Awaitable[Any]], enough: Callable[[Any], bool]) -> Any:
    """Look again and again until it is enough; give what was seen last."""
    async with asyncio.timeout(20):
        while not enough(seen := await look()):  # noqa: ASYNC110
            await asyncio.sleep(0.005)  # rule-skip: sleep: rows can be read, not awaited
    return seen


async def closed(desk: Desk, turns: int = 1) -> list[str]:
    """Wait until so many turns are over."""
    found: list[str] = await until(
        desk.turns, lambda seen: len(seen) >= turns and "open" not in seen
    )
    return found
