"""A running process: the HTTP port, the worker, the sweeper, and a graceful stop."""

import asyncio
import random
import signal
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta

import uvicorn
from typing_extensions import override

from runtime import sweeper
from runtime.api.app import create_app
from runtime.container import Container, build
from runtime.logging import get_logger
from runtime.settings import Settings
from runtime.store import migrate
from runtime.worker import Worker

_CONNECTION_GRACE = 3
log = get_logger(__name__)


async def serve(settings: Settings, *, with_worker: bool = True) -> None:
    """Serve until SIGTERM or SIGINT.

    Raises:
        ConfigurationError: The settings cannot work.
        StoreUnavailableError: The database is away.
    """
    stopping = stop_signal()
    host, port = settings.http.host, settings.http.port
    async with (
        build(settings) as container,
        running(container, with_worker=with_worker),
        listening(create_app(container), host, port) as bound,
    ):
        log.info("serving", host=host, port=bound)
        await stopping.wait()
        log.info("stopping")


async def work(settings: Settings) -> None:
    """Answer until SIGTERM or SIGINT.

    Raises:
        ConfigurationError: The settings cannot work.
        StoreUnavailableError: The database is away.
    """
    stopping = stop_signal()
    async with build(settings) as container, running(container, with_worker=True):
        log.info("working")
        await stopping.wait()


def stop_signal() -> asyncio.Event:
    """Give an event that SIGTERM and SIGINT set."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    return stopping


@asynccontextmanager
async def running(container: Container, *, with_worker: bool) -> AsyncIterator[None]:
    """Run everything but the port; ends when the turns under way are done."""
    worker = Worker(container, jitter=random.random)
    await prepare(container)
    async with asyncio.TaskGroup() as group:
        background = [
            group.create_task(container.admitter.run(), name="admitter"),
            group.create_task(sweeper.run(container), name="sweeper"),
        ]
        working = group.create_task(worker.run(), name="worker") if with_worker else None
        try:
            yield
        finally:
            worker.stop()
            container.control.request_drain()
            if working is not None:
                await asyncio.wait([working])
            for task in background:
                task.cancel()


async def prepare(container: Container) -> None:
    """Bring an embedded database up to date and rebuild an embedded queue from its rows."""
    if container.database.embedded:
        await migrate.upgrade(container.database)
    if "queue" in container.settings.embedded:
        found = await sweeper.sweep(container, older_than=timedelta(0))
        if found:
            log.info("conversations_requeued", count=found)


@asynccontextmanager
async def listening(app: Callable[..., object], host: str, port: int) -> AsyncIterator[int]:
    """Listen with an application; gives the port, which the system picks where it is 0."""
    listener = socket.create_server((host, port), backlog=2048)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        http="httptools",
        lifespan="off",
        server_header=False,
        timeout_graceful_shutdown=_CONNECTION_GRACE,
    )
    server = _Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]), name=f"http-{port}")
    try:
        await server.started_listening.wait()
        yield listener.getsockname()[1]
    finally:
        server.should_exit = True
        await serving
        listener.close()


class _Server(uvicorn.Server):
    """A server that leaves the signals to the process and says when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.started_listening = asyncio.Event()

    @contextmanager
    @override
    def capture_signals(self) -> Iterator[None]:
        yield

    @override
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.started_listening.set()
