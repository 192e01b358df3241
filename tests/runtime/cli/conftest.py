"""The command line, on a data folder with two brands in it."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import orjson
import pytest
import structlog
from click.testing import CliRunner, Result

from runtime import pipeline
from runtime.cli.main import main
from runtime.container import build
from runtime.ids import new_id
from runtime.settings import Settings
from runtime.store.accounts import Accounts, Brands
from runtime.store.inbox import Arrival, Inbox
from tests.e2e.prepared import BRAND, Model, Stores, Templates
from tests.factories import NOON, inbound_message
from tests.runtime.kit import SESSION_KEY

Zhanggui = Callable[..., Result]


@pytest.fixture(scope="session")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Templates]:
    with ExitStack() as stack:
        yield Templates(tmp_path_factory.mktemp("templates"), stack)


@pytest.fixture
def data(templates: Templates, tmp_path: Path) -> Iterator[Path]:
    """A data folder with brands and documents."""
    with templates.get(Stores.EMBEDDED, Model.OFFLINE).copied(tmp_path / "data"):
        yield tmp_path / "data"


@pytest.fixture
def zhanggui(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Zhanggui]:
    """Run a command in a folder of its own, where nobody's `.env` is."""
    monkeypatch.chdir(tmp_path)
    runner = CliRunner()

    def run(*arguments: str, input_: str = "", **environment: str) -> Result:
        env = {f"ZHANGGUI_{name.upper()}": value for name, value in environment.items()}
        return runner.invoke(main, arguments, input=input_, env={"ZHANGGUI_DATA": "data", **env})

    yield run
    structlog.reset_defaults()


def said(result: Result) -> Any:
    """Give the one JSON value a command printed for programs."""
    return orjson.loads(result.stdout)


@pytest.fixture
def audited(data: Path) -> Path:
    """The folder, after a question to the brand's web chat was answered."""
    asyncio.run(_answer_one(data))
    return data


async def _answer_one(data: Path) -> None:
    async with build(Settings(data=data)) as container:
        async with container.database.begin() as session:
            brand = await Brands(session).get(BRAND)
            accounts = Accounts(session, container.vault)
            account = await accounts.put(
                brand,
                channel="webchat",
                slug="main",
                settings={},
                secrets={"session_key": SESSION_KEY},
                at=NOON,
            )
            arrival = Arrival(
                new_id(), brand.id, account, "webchat", inbound_message("满多少包邮？"), NOON
            )
            (admission,) = await Inbox(session, container.keys).admit([arrival], at=NOON)
        await pipeline.answer(container, admission.conversation, 1)
