"""DashScope's double on loopback, and an embedder that asks it."""

import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from typing import Any

import uvicorn
from pydantic import SecretStr
from starlette.types import ASGIApp

from knowledge.embedders.dashscope import DashscopeEmbedder
from simulators.dashscope.simulator import DashscopeSimulator

API_KEY = "sk-of-the-simulator"


class Pauses:
    """Counts the pauses between attempts instead of making them."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


def simulator() -> DashscopeSimulator:
    return DashscopeSimulator(API_KEY, now=lambda: datetime(2026, 6, 18, tzinfo=UTC))


@contextmanager
def served(app: ASGIApp) -> Iterator[str]:
    """Serve an app on a port of its own and give its address."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    config = uvicorn.Config(app, lifespan="off", log_level=1000, ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        host, port = listener.getsockname()
        yield f"http://{host}:{port}/api/v1"
    finally:
        server.should_exit = True
        thread.join(timeout=10)
        listener.close()


@asynccontextmanager
async def embedder_at(
    address: str, key: str = API_KEY, **options: Any
) -> AsyncIterator[DashscopeEmbedder]:
    """Open an embedder that never really waits, and close it."""
    embedder = DashscopeEmbedder(
        SecretStr(key), address, **{"sleep": Pauses(), "chance": lambda: 0.0, **options}
    )
    try:
        yield embedder
    finally:
        await embedder.aclose()
