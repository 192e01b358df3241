"""Data folders and databases with two brands in them, made once a run and copied for each test."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from pydantic import SecretStr

from knowledge.ingest import SourceFile, ingest
from runtime.container import build
from runtime.demo.seed import documents
from runtime.demo.town import LOOPBACK
from runtime.process import listening
from runtime.settings import DatabaseSettings, ModelSettings, Settings
from runtime.store import migrate
from runtime.store.accounts import Brands
from simulators.dashscope.simulator import DashscopeSimulator
from tests.factories import NOON
from tests.servers import fresh_database

BRAND, RIVAL = "demo", "rival"
MODEL_KEY = "sk-key-of-the-loopback-model"
RIVAL_WORD = "青鸾计划"
# A few of the demo brand's documents: enough for terms to have weights that mean something.
_SOURCES = ("returns.md", "delivery.md", "membership.md", "stores.md", "faq.csv")


class Stores(StrEnum):
    """Where rows and jobs are kept."""

    EMBEDDED = "embedded"
    SERVERS = "servers"


class Model(StrEnum):
    """Which chat model and embedder answer."""

    OFFLINE = "offline"
    DASHSCOPE = "dashscope"


@dataclass(frozen=True, slots=True)
class Template:
    """What is copied: a folder, and the address of a database where it is none in the folder."""

    folder: Path
    database: str

    @contextmanager
    def copied(self, folder: Path) -> Iterator[Settings]:
        """Copy everything into a folder; the settings know nothing of models and queues yet."""
        shutil.copytree(self.folder, folder, copy_function=_copy_data, dirs_exist_ok=True)
        with ExitStack() as stack:
            stack.callback(shutil.rmtree, folder / "vectors", ignore_errors=True)
            url = stack.enter_context(fresh_database(self.database)) if self.database else ""
            yield Settings(data=folder, database=DatabaseSettings(url=url))


class Templates:
    """Makes each template when it is first asked for."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        """`stack` drops the databases at the end of the run."""
        self._folder = folder
        self._stack = stack
        self._made: dict[tuple[Stores, Model], Template] = {}

    def get(self, stores: Stores, model: Model) -> Template:
        if (stores, model) not in self._made:
            self._made[stores, model] = self._make(stores, model)
        return self._made[stores, model]

    def _make(self, stores: Stores, model: Model) -> Template:
        url = self._stack.enter_context(fresh_database()) if stores is Stores.SERVERS else ""
        template = Template(self._folder / f"{stores}-{model}", url)
        settings = Settings(data=template.folder, database=DatabaseSettings(url=url))
        # In a thread of its own: a test's event loop may be running here.
        with ThreadPoolExecutor(max_workers=1) as thread:
            thread.submit(asyncio.run, _fill(settings, model)).result()
        return template


def _copy_data(source: str, target: str) -> None:
    """Copy a file without its holes: an index reserves a hundred times of what it writes."""
    with Path(source).open("rb") as original, Path(target).open("wb") as copy:
        size, place = os.fstat(original.fileno()).st_size, 0
        copy.truncate(size)
        # ENXIO: from here on there is nothing but a hole.
        with suppress(OSError):
            while place < size:
                place = os.lseek(original.fileno(), place, os.SEEK_DATA)
                end = os.lseek(original.fileno(), place, os.SEEK_HOLE)
                os.pwrite(copy.fileno(), os.pread(original.fileno(), end - place, place), place)
                place = end


@asynccontextmanager
async def with_model(
    settings: Settings, model: Model, simulator: DashscopeSimulator
) -> AsyncIterator[Settings]:
    """Serve DashScope on loopback where a house wants it, and set it up."""
    if model is Model.OFFLINE:
        yield settings
        return
    async with listening(simulator.app, LOOPBACK, 0) as port:
        chosen = ModelSettings(
            api_key=SecretStr(MODEL_KEY), base_url=f"http://{LOOPBACK}:{port}/api/v1"
        )
        yield settings.model_copy(update={"model": chosen})


async def _fill(settings: Settings, model: Model) -> None:
    simulator = DashscopeSimulator(MODEL_KEY, now=lambda: NOON)
    async with (
        with_model(settings, model, simulator) as complete,
        build(complete) as container,
    ):
        await migrate.upgrade(container.database)
        async with container.database.begin() as session:
            ours = await Brands(session).add(slug=BRAND, name="岫棠里", at=NOON)
            theirs = await Brands(session).add(slug=RIVAL, name="青鸾阁", at=NOON)
        sources = [SourceFile(name, (documents() / name).read_bytes) for name in _SOURCES]
        await ingest(sources, "main", container.index(ours), container.embedder)
        asked = f"{RIVAL_WORD}什么时候上线"
        plan = f"# {RIVAL_WORD}\n\n## {asked}\n\n{asked}：{RIVAL_WORD}在三月十五日上线。\n".encode()
        await ingest(
            [SourceFile("plan.md", lambda: plan)],
            "main",
            container.index(theirs),
            container.embedder,
        )
