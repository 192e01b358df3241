"""A process from its start to ready, and what it holds in memory."""

import asyncio
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bench.apart import apart, free_port, neighbour, reachable
from bench.figures import Figure, Plan, Reading, Readings, Target, median
from bench.load import Outcome, open_loop
from bench.platform import letters, new_account, stand
from bench.shop import put_accounts, settings
from bench.wire import Connection, request
from runtime.container import build
from runtime.demo.seed import seed
from runtime.process import running
from simulators.wechat.account import WechatAccount

_LIBRARIES = (
    "ag_ui.core, alembic, cryptography, fastapi, httpx, langgraph.graph, numpy, "
    "pydantic_settings, qdrant_edge, rjieba, sqlalchemy.ext.asyncio, structlog, uvicorn, uvloop"
)
_IMPORTED = f"import {_LIBRARIES}; print(open('/proc/self/status').read(), flush=True)"
_RATE = 40
_PATIENCE = 120.0
_LOOK_EVERY = 0.005
_QUESTION = "满多少包邮"

FIGURES = (
    Figure(
        "ready",
        "cold start: `zhanggui serve` to /health/ready",
        "s",
        Target(5),
        "Python importing the same libraries",
    ),
    Figure(
        "resident",
        "resident memory, demo brand, first question answered",
        "MB",
        Target(350),
        "Python with the same libraries imported",
    ),
    Figure(
        "after_customers",
        "resident memory after 1,000 new customers, one turn each",
        "MB",
        Target(400),
        "before them",
    ),
)


async def measure(plan: Plan) -> Readings:
    """Start the command itself on a folder that was set up before."""
    count, starts = plan.size(1_000, 20), plan.size(5, 1)
    account, wechat = new_account(), free_port()
    with (
        tempfile.TemporaryDirectory(prefix="zhanggui-bench-") as name,
        neighbour(stand, wechat, account, count),
    ):
        folder = Path(name)
        await reachable(wechat)
        await _set_up(folder, account, wechat)
        bare = [_libraries() for _ in range(starts)]
        took = []
        for _ in range(starts - 1):
            async with _served(folder) as server:
                took.append(server[2])
        async with _served(folder) as (process, port, ready):
            took.append(ready)
            await _all_answered(folder, port, account, 1, total=1)
            before = _resident(process.pid)
            await _all_answered(folder, port, account, count, total=1 + count)
            after = _resident(process.pid)
    return {
        "ready": Reading(median(took), starts, median([seconds for seconds, _ in bare])),
        "resident": Reading(before, 1, bare[0][1]),
        "after_customers": Reading(after, 1, before, f"{count:,} customers at {_RATE}/s"),
    }


async def callbacks(port: int, account: WechatAccount, count: int) -> Outcome:
    """Send in the load's process: one question a customer."""
    return await open_loop(
        port, letters(account, [_QUESTION] * count, known=count), rate=_RATE, connections=8
    )


async def _set_up(folder: Path, account: WechatAccount, wechat: int) -> None:
    async with build(settings(folder)) as container, running(container, with_worker=False):
        brand, _ = await seed(container)
        await put_accounts(container, brand, account, wechat)


@asynccontextmanager
async def _served(folder: Path) -> AsyncIterator[tuple[asyncio.subprocess.Process, int, float]]:
    """Run `zhanggui serve`; give the process, its port, and the seconds until it was ready."""
    port = free_port()
    began = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        Path(sys.executable).with_name("zhanggui"),
        "serve",
        "--port",
        str(port),
        cwd=folder,
        env={"ZHANGGUI_DATA": str(folder), "PATH": ""},
        stderr=subprocess.DEVNULL,
    )
    try:
        while not await _ready(port):
            assert process.returncode is None, "the server ended before it was ready"
            await asyncio.sleep(_LOOK_EVERY)
        yield process, port, time.perf_counter() - began
    finally:
        process.terminate()
        await process.wait()


async def _ready(port: int) -> bool:
    try:
        connection = await Connection.open(port)
        status, _ = await connection.ask(request("GET", "/health/ready"))
    except OSError:
        return False
    connection.close()
    return status == 200  # noqa: PLR2004 - HTTP's own number


async def _all_answered(
    folder: Path, port: int, account: WechatAccount, count: int, *, total: int
) -> None:
    outcome = await apart(callbacks, port, account, count)
    assert outcome.lost == 0
    until = time.monotonic() + _PATIENCE
    while _answered(folder) < total:
        assert time.monotonic() < until, "the server stopped answering"
        await asyncio.sleep(0.1)


def _answered(folder: Path) -> int:
    database = sqlite3.connect(f"file:{folder / 'zhanggui.db'}?mode=ro", uri=True)
    query = "SELECT count(*) FROM inbound WHERE status = 'answered'"
    count: int = database.execute(query).fetchone()[0]
    database.close()
    return count


def _libraries() -> tuple[float, float]:
    """Give the seconds and the megabytes that the libraries alone take."""
    began = time.perf_counter()
    command = [sys.executable, "-c", _IMPORTED]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603 - our own words
    return time.perf_counter() - began, _megabytes(output)


def _resident(process: int) -> float:
    return _megabytes(Path(f"/proc/{process}/status").read_text(encoding="utf-8"))


def _megabytes(status: str) -> float:
    line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) * 1024 / 1_000_000
