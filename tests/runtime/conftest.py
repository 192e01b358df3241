"""A migrated database on every back end, with a brand and an account in it."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from channels.messages import InboundMessage
from runtime.ids import new_id
from runtime.store import migrate
from runtime.store.accounts import Account, Accounts, Brands
from runtime.store.conversations import Conversation, Conversations
from runtime.store.database import Database
from runtime.store.inbox import Admission, Arrival, Inbox
from runtime.store.keys import CustomerKeys
from runtime.vault import Vault
from tests.factories import NOON, Clock, inbound_message
from tests.servers import fresh_database

POSTGRES = pytest.param("postgresql", marks=pytest.mark.servers)


@dataclass(frozen=True, slots=True)
class Shop:
    """A brand with one account, and the store behind it."""

    database: Database
    vault: Vault
    keys: CustomerKeys
    account: Account
    clock: Clock

    async def admit(self, *messages: InboundMessage) -> list[Admission]:
        arrivals = [
            Arrival(new_id(), self.account.brand.id, self.account.front.id, "webchat", each, NOON)
            for each in messages or (inbound_message(),)
        ]
        async with self.database.begin() as session:
            return await Inbox(session, self.keys).admit(arrivals, at=self.clock())

    async def conversation(self, customer: str = "alice") -> Conversation:
        async with self.database.read() as session:
            return await Conversations(session, self.keys).of_customer(
                self.account.front.id, customer
            )


async def _migrated(url: str) -> None:
    database = Database(url)
    await migrate.upgrade(database)
    await database.close()


def _migrate(url: str) -> None:
    # In a thread of its own: a test's event loop may be running here.
    with ThreadPoolExecutor(max_workers=1) as thread:
        thread.submit(asyncio.run, _migrated(url)).result()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file."""
    path = tmp_path_factory.mktemp("template") / "zhanggui.db"
    _migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres_template() -> Iterator[str]:
    """The URL of a migrated PostgreSQL database."""
    with fresh_database() as url:
        _migrate(url)
        yield url


@pytest.fixture(params=["sqlite", POSTGRES])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    """A database of one's own: a copy of one that was migrated once for all tests."""
    with ExitStack() as stack:
        if request.param == "sqlite":
            path = shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "test.db")
            url = f"sqlite:///{path}"
        else:
            template = request.getfixturevalue("postgres_template")
            url = stack.enter_context(fresh_database(template))
        database = Database(url)
        yield database
        await database.close()


@pytest.fixture
async def shop(database: Database) -> Shop:
    vault = Vault([bytes(32)])
    async with database.begin() as session:
        brand = await Brands(session).add(slug="demo", name="示例", at=NOON)
        accounts = Accounts(session, vault)
        made = await accounts.put(
            brand,
            channel="webchat",
            slug="main",
            settings={},
            secrets={"session_key": "c2VjcmV0"},
            at=NOON,
        )
        account = await accounts.get(made)
    return Shop(database, vault, CustomerKeys(vault), account, Clock())
