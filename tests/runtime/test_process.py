import asyncio
import os
import signal
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from runtime import process
from runtime.container import build
from runtime.settings import HttpSettings, Settings
from runtime.store import migrate
from tests.runtime.kit import open_desk, until


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path, http=HttpSettings(port=0))


async def _run(work: Callable[[Settings], Coroutine[Any, Any, None]], settings: Settings) -> None:
    """Run a process's work in this one, and stop it as its supervisor would."""
    running = asyncio.create_task(work(settings))
    await asyncio.sleep(0)
    os.kill(os.getpid(), signal.SIGTERM)
    await running


class TestServe:
    async def test_it_listens_until_it_is_told_to_stop(self, settings: Settings) -> None:
        with capture_logs() as logs:
            running = asyncio.create_task(process.serve(settings))
            (port,) = await until(lambda: _ports(logs), bool)
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
                ready = await http.get("/health/ready")

            os.kill(os.getpid(), signal.SIGTERM)
            await running

        assert ready.status_code == 200
        assert [entry["event"] for entry in logs if "part" not in entry] == ["serving", "stopping"]

    async def test_a_stream_does_not_keep_it(self, settings: Settings) -> None:
        async with open_desk(settings.data):
            pass
        with capture_logs() as logs:
            running = asyncio.create_task(process.serve(settings))
            (port,) = await until(lambda: _ports(logs), bool)
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
                opened = await http.post("/chat/main/session", content=b"{}")
                bearer = {"authorization": f"Bearer {opened.json()['token']}"}
                async with http.stream("GET", "/chat/main/events", headers=bearer) as stream:
                    first = await anext(stream.aiter_bytes())
                    os.kill(os.getpid(), signal.SIGTERM)
                    await asyncio.wait_for(running, 20)

        assert first == b": ping\n\n"


class TestWork:
    async def test_it_answers_until_it_is_told_to_stop(self, settings: Settings) -> None:
        with capture_logs() as logs:
            await _run(process.work, settings)

        assert "working" in {entry["event"] for entry in logs}


class TestPrepare:
    async def test_an_embedded_queue_is_rebuilt_from_its_rows(self, settings: Settings) -> None:
        async with open_desk(settings.data) as desk:
            admissions = await desk.admit()

        async with build(settings) as container:
            with capture_logs() as logs:
                await process.prepare(container)
            jobs = [await container.queue.take(shard, wait=0) for shard in range(16)]

        assert [job.conversation for job in jobs if job] == [admissions[0].conversation]
        assert [entry["event"] for entry in logs] == ["conversations_requeued"]

    async def test_an_embedded_database_is_brought_up_to_date(self, settings: Settings) -> None:
        async with build(settings) as container:
            before = await migrate.current(container.database)

            await process.prepare(container)

            assert before is None
            assert await migrate.current(container.database) == migrate.newest()


async def _ports(logs: Any) -> list[int]:
    return [entry["port"] for entry in logs if entry["event"] == "serving"]
