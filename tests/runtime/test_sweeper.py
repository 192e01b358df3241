import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, select
from structlog.testing import capture_logs

from channels.messages import PlatformEvent
from runtime import echoes, sweeper
from runtime.settings import LabellingSettings, WorkerSettings
from runtime.store.tables.conversations import PlatformEventRow
from tests.factories import inbound_message
from tests.fakes.models import Line
from tests.runtime.kit import QUESTION, Desk, open_desk, until


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with open_desk(tmp_path) as desk:
        yield desk


async def _jobs(desk: Desk) -> int:
    """Take every job there is; give how many."""
    queue, count = desk.container.queue, 0
    for shard in range(queue.shards):
        while (job := await queue.take(shard, wait=0)) is not None:
            await queue.done(job)
            count += 1
    return count


class TestSweep:
    async def test_what_waits_for_long_gets_a_job_again(self, desk: Desk) -> None:
        await desk.admit()
        await _jobs(desk)
        desk.clock.advance(61)

        swept = await sweeper.sweep(desk.container)

        assert (swept, await _jobs(desk)) == (1, 1)

    async def test_what_came_just_now_is_left_to_its_job(self, desk: Desk) -> None:
        await desk.admit()

        assert await sweeper.sweep(desk.container) == 0

    async def test_a_turn_left_open_gets_one_too_and_what_came_since_its_own(
        self, desk: Desk
    ) -> None:
        await desk.admit()
        desk.model.lines.append(Line((), error=ZeroDivisionError()))
        with pytest.raises(ZeroDivisionError):
            await desk.answer()
        await desk.admit(inbound_message(QUESTION))
        await _jobs(desk)

        swept = await sweeper.sweep(desk.container, older_than=timedelta(0))

        assert (swept, await _jobs(desk)) == (2, 2)

    async def test_what_is_answered_is_left_alone(self, desk: Desk) -> None:
        await desk.admit()
        await desk.answer()

        assert await sweeper.sweep(desk.container, older_than=timedelta(0)) == 0


async def _platform_events(desk: Desk) -> int:
    async with desk.container.database.read() as session:
        return len((await session.execute(select(PlatformEventRow.id))).all())


class TestPrune:
    async def test_events_go_after_a_week(self, desk: Desk) -> None:
        await desk.admit()
        await desk.answer()
        desk.clock.advance(6 * 86_400)
        await sweeper.prune(desk.container)
        kept = await desk.events()
        desk.clock.advance(2 * 86_400)

        await sweeper.prune(desk.container)

        assert kept
        assert await desk.events() == []

    async def test_what_a_platform_told_goes_after_a_month(self, desk: Desk) -> None:
        told = PlatformEvent(external_id="event-1", name="im_enter", subject="customer-1")
        await echoes.note(desk.container, desk.account, [told], at=desk.clock())
        desk.clock.advance(29 * 86_400)
        await sweeper.prune(desk.container)
        kept = await _platform_events(desk)
        desk.clock.advance(2 * 86_400)

        await sweeper.prune(desk.container)

        assert (kept, await _platform_events(desk)) == (1, 0)


class TestRun:
    async def test_it_sweeps_from_time_to_time_and_outlives_a_store_that_is_away(
        self, desk: Desk
    ) -> None:
        often = WorkerSettings(sweep_every=0.01)
        desk.container.settings = desk.container.settings.model_copy(update={"worker": often})
        await desk.admit()
        desk.clock.advance(61)
        engine = desk.container.database.engine
        event.listen(engine, "begin", _gone)
        with capture_logs() as logs:
            sweeping = asyncio.create_task(sweeper.run(desk.container))
            await until(lambda: _logged(logs, "sweep_failed"), bool)
            event.remove(engine, "begin", _gone)

            await until(lambda: _logged(logs, "conversations_requeued"), bool)
            sweeping.cancel()
            await asyncio.wait([sweeping])

        assert sweeping.cancelled()

    async def test_it_outlives_a_key_that_cannot_be_read(self, desk: Desk, tmp_path: Path) -> None:
        settings = desk.container.settings
        labelling = LabellingSettings(evidence_key=tmp_path / "gone.pem")
        often = WorkerSettings(sweep_every=0.01)
        desk.container.settings = settings.model_copy(
            update={"worker": often, "labelling": labelling}
        )
        await desk.admit()
        with capture_logs() as logs:
            sweeping = asyncio.create_task(sweeper.run(desk.container))
            await until(lambda: _logged(logs, "sweep_failed"), bool)
            sweeping.cancel()
            await asyncio.wait([sweeping])

        assert sweeping.cancelled()


async def _logged(logs: Any, name: str) -> bool:
    return name in {entry["event"] for entry in logs}


def _gone(connection: Any) -> None:
    msg = "gone"
    raise OSError(msg)
