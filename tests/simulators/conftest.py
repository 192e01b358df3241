"""A clock, and simulators served over real HTTP on loopback."""

import socket
import threading
from collections.abc import Callable, Iterator
from typing import TypeAlias

import pytest
import uvicorn
from starlette.types import ASGIApp

from tests.simulators.callee import Clock

Serve: TypeAlias = Callable[[ASGIApp], str]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serve an app on a port of its own and give its address."""
    running: list[tuple[uvicorn.Server, threading.Thread, socket.socket]] = []

    def start(app: ASGIApp) -> str:
        # Bound and listening before the thread starts: a caller queues up, nobody waits in a loop.
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        config = uvicorn.Config(
            app, lifespan="off", log_level=1000, timeout_graceful_shutdown=1, ws="none"
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        running.append((server, thread, listener))
        host, port = listener.getsockname()
        return f"http://{host}:{port}"

    yield start
    for server, thread, listener in running:
        server.should_exit = True
        thread.join(timeout=10)
        listener.close()
