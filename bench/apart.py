"""Work in processes of its own, so that who measures does not slow down who is measured."""

import asyncio
import socket
import time
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from typing import Any, TypeVar

import uvloop

_Result = TypeVar("_Result")
_LOOPBACK = "127.0.0.1"
_PATIENCE = 20.0


async def apart(function: Callable[..., Coroutine[Any, Any, _Result]], *args: object) -> _Result:
    """Run a coroutine function in a process of its own; give what it gives."""
    loop = asyncio.get_running_loop()
    pool = ProcessPoolExecutor(1, mp_context=get_context("spawn"))
    try:
        return await loop.run_in_executor(pool, _run, function, args)
    finally:
        # Its end takes a third of a second, in which whoever is measured must not stand still.
        await asyncio.to_thread(pool.shutdown)


@contextmanager
def neighbour(function: Callable[..., Coroutine[Any, Any, None]], *args: object) -> Iterator[None]:
    """Keep a coroutine function running in a process of its own; it is ended at the end."""
    process = get_context("spawn").Process(target=_run, args=(function, args))
    process.start()
    try:
        yield
    finally:
        process.terminate()
        process.join()


def _run(
    function: Callable[..., Coroutine[Any, Any, _Result]], args: tuple[object, ...]
) -> _Result:
    return uvloop.run(function(*args))


def free_port() -> int:
    """Give a port that nobody listens on."""
    with socket.create_server((_LOOPBACK, 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


async def reachable(port: int) -> None:
    """Wait until somebody listens on a port.

    Raises:
        TimeoutError: Nobody does.
    """
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            _, writer = await asyncio.open_connection(_LOOPBACK, port)
        except OSError as error:
            if time.monotonic() > until:
                msg = f"nobody listens on port {port}"
                raise TimeoutError(msg) from error
            await asyncio.sleep(0.01)
        else:
            writer.close()
            return
