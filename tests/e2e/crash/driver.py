"""A real process that serves as `zhanggui serve` does, until it kills itself at a commit."""

import asyncio
import os
import signal
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from sqlalchemy import PoolProxiedConnection

# What the container imports only when it is needed: the fork server has it at hand.
import agents.models.offline
import agents.registry
import agents.service.guards  # noqa: F401
import knowledge.embedders.hashing
import knowledge.index.edge
import knowledge.retrieve  # noqa: F401
from runtime.api.app import create_app
from runtime.container import build
from runtime.demo.town import LOOPBACK
from runtime.process import listening, running, stop_signal
from runtime.settings import Settings
from runtime.store.database import Database


@dataclass(frozen=True, slots=True)
class Plan:
    """What to serve, and at which commit to die."""

    folder: Path
    kill_at: int = 0
    """Number of the commit, from 1; 0 is never."""
    after: bool = False
    """Whether that commit is still made."""


class Commits:
    """Counts the commits of a database, and kills the process at one of them."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self.count = 0

    def watch(self, database: Database) -> None:
        """Wrap the commit itself: SQLAlchemy's Core tells of one before it, and never after."""
        dialect = database.engine.dialect
        commit = dialect.do_commit

        def counted(connection: PoolProxiedConnection) -> None:
            self.count += 1
            self._die_if(after=False)
            commit(connection)
            self._die_if(after=True)

        dialect.do_commit = counted  # type: ignore[assignment]  # of this one dialect object

    def _die_if(self, *, after: bool) -> None:
        if (self.count, after) == (self._plan.kill_at, self._plan.after):
            os.kill(os.getpid(), signal.SIGKILL)


def run(plan: Plan, wire: Connection) -> None:
    """Serve until SIGTERM or death; tell the port at the start, and the commits at the end."""
    asyncio.run(_serve(plan, wire))


async def _serve(plan: Plan, wire: Connection) -> None:
    stopping, commits = stop_signal(), Commits(plan)
    async with build(Settings(data=plan.folder)) as container:
        async with running(container, with_worker=True):
            commits.watch(container.database)
            async with listening(create_app(container), LOOPBACK, 0) as port:
                wire.send(port)
                await stopping.wait()
        wire.send(commits.count)
