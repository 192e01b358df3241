"""Where crashes happen: platforms and an API that survive, and a process that does not."""

import asyncio
import multiprocessing
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

from sqlalchemy import select

from runtime.api.app import create_app
from runtime.container import Container, build
from runtime.demo.town import LOOPBACK, SLUG, Town, settle
from runtime.process import listening, running
from runtime.settings import Settings
from runtime.store.accounts import Brands
from runtime.store.audit import AuditLog
from runtime.store.conversations import Conversations
from runtime.store.events import Events, StoredEvent
from runtime.store.tables.conversations import InboundRow, TurnRow
from runtime.store.tables.outputs import OutputRow
from tests.e2e.crash import driver
from tests.e2e.prepared import BRAND

_PATIENCE = 20.0
# Forked from a server that has everything imported: a start takes a fraction of a second.
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload([driver.__name__])


@dataclass(frozen=True, slots=True)
class Served:
    """A process of ours."""

    process: BaseProcess
    wire: Connection
    address: str

    async def died(self) -> None:
        """Wait until it has killed itself."""
        await asyncio.to_thread(self.process.join, _PATIENCE)
        assert self.process.exitcode == -signal.SIGKILL

    async def stopped(self) -> int:
        """Stop it as an operator would; give how many commits it made."""
        self.process.terminate()
        commits: int = await asyncio.to_thread(self.wire.recv)
        await asyncio.to_thread(self.process.join, _PATIENCE)
        return commits


@dataclass(frozen=True, slots=True)
class Site:
    """The platforms, an API without a worker, and the data folder that all share."""

    container: Container
    town: Town
    folder: Path
    api: str

    @asynccontextmanager
    async def served(self, kill_at: int = 0, *, after: bool = False) -> AsyncIterator[Served]:
        """Start a process; the platforms call it from now on."""
        ours, theirs = _FORKS.Pipe()
        plan = driver.Plan(self.folder, kill_at, after)
        process = _FORKS.Process(target=driver.run, args=(plan, theirs))
        await asyncio.to_thread(process.start)
        try:
            port = await asyncio.to_thread(ours.recv)
            served = Served(process, ours, f"http://{LOOPBACK}:{port}")
            self.town.connect(served.address)
            yield served
        finally:
            process.kill()
            await asyncio.to_thread(process.join)
            process.close()
            ours.close()
            theirs.close()

    async def ended(self, turns: int) -> None:
        """Wait until so many turns are over."""
        async with asyncio.timeout(_PATIENCE):
            while not await self.settled(turns):  # noqa: ASYNC110
                await asyncio.sleep(0.02)  # rule-skip: sleep: another process tells nobody

    async def settled(self, turns: int) -> bool:
        """Tell whether so many turns are over, and nothing else waits."""
        async with self.container.database.read() as session:
            query = select(InboundRow.id).where(InboundRow.status == "waiting")
            waiting = (await session.execute(query)).all()
        found = [status for status, _ in await self.turns()]
        return not waiting and len(found) == turns and "open" not in found

    async def turns(self) -> list[tuple[str, list[str]]]:
        """Give the status of every turn, oldest first, with those of its outputs."""
        async with self.container.database.read() as session:
            turns = (await session.execute(select(TurnRow).order_by(TurnRow.id))).all()
            outputs = (await session.execute(select(OutputRow).order_by(OutputRow.id))).all()
        return [
            (turn.status, [output.status for output in outputs if output.turn_id == turn.id])
            for turn in turns
        ]

    async def broken_chains(self) -> int:
        async with self.container.database.read() as session:
            return len([fault async for fault in AuditLog(session).faults()])

    async def shown(self, customer: str) -> list[StoredEvent]:
        """Give all events a visitor of the web chat could have seen."""
        account = await self.container.accounts.named("webchat", SLUG)
        async with self.container.database.read() as session:
            conversations = Conversations(session, self.container.keys)
            conversation = await conversations.of_customer(account.front.id, customer)
            return await Events(session).after(conversation, 0)


@asynccontextmanager
async def open_site(settings: Settings) -> AsyncIterator[Site]:
    """Open a site on a prepared folder."""
    async with build(settings) as container, running(container, with_worker=False):
        async with container.database.read() as session:
            brand = await Brands(session).get(BRAND)
        async with (
            settle(container, brand) as town,
            listening(create_app(container), LOOPBACK, 0) as port,
        ):
            yield Site(container, town, settings.data, f"http://{LOOPBACK}:{port}")
