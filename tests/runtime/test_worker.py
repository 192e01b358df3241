import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, MutableMapping
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs
from typing_extensions import override

from runtime.queue.base import Job, Lease, QueueError
from runtime.queue.leases import MemoryLeases
from runtime.queue.memory import MemoryTurnQueue
from runtime.store.turns import Turns
from tests.factories import inbound_message
from tests.fakes.models import Line
from tests.runtime.kit import ANSWER, QUESTION, Desk, closed, open_desk, until


@pytest.fixture(autouse=True)
def logged() -> Iterator[list[MutableMapping[str, Any]]]:
    with capture_logs() as entries:
        yield entries


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with open_desk(tmp_path) as desk:
        yield desk


class TestSideBySide:
    @pytest.mark.slow  # fifty customers, each with a turn of its own
    async def test_fifty_customers_wait_for_one_model_call_together(self, desk: Desk) -> None:
        desk.model.let.clear()
        people = [f"customer-{number}" for number in range(50)]
        await desk.admit(*(inbound_message(QUESTION, customer=each) for each in people))

        async with desk.working():
            await until(_asking(desk), lambda asking: asking == 50)
            desk.model.let.set()
            turns = await closed(desk, 50)

        assert turns == ["delivered"] * 50

    async def test_a_conversation_has_one_turn_at_a_time(self, desk: Desk) -> None:
        desk.model.let.clear()
        await desk.admit()
        async with desk.working():
            await desk.model.asked.wait()
            await desk.admit(inbound_message("拆封了还能退吗？"))
            before = await desk.turns()

            desk.model.let.set()
            after = await closed(desk, 2)

        assert before == ["open"]
        assert after == ["delivered", "delivered"]
        assert desk.model.at_once[1] == 1

    async def test_what_came_in_a_burst_is_one_turn(self, desk: Desk) -> None:
        await desk.admit(inbound_message(QUESTION), inbound_message("谢谢"))

        async with desk.working():
            turns = await closed(desk)

        assert turns == ["delivered"]
        assert await desk.inbound() == ["answered", "answered"]


class TestTrouble:
    async def test_a_broken_turn_is_tried_again(self, desk: Desk) -> None:
        desk.model.lines += [Line((), error=ZeroDivisionError()), Line((ANSWER,))]
        await desk.admit()

        async with desk.working():
            turns = await closed(desk)

        assert turns == ["delivered"]

    async def test_what_breaks_every_time_goes_to_staff(self, desk: Desk) -> None:
        desk.model.lines += [Line((), error=ZeroDivisionError())] * 2
        await desk.admit()

        async with desk.working():
            turns = await closed(desk)

        assert turns == ["undelivered"]
        assert (await desk.conversation()).state == "requested"

    async def test_and_takes_no_other_with_it(self, desk: Desk) -> None:
        desk.model.lines += [Line((), error=ZeroDivisionError())] * 2
        await desk.admit(inbound_message(QUESTION, customer="bob"))
        async with desk.working():
            await closed(desk)

            await desk.admit()
            turns = await closed(desk, 2)

        assert turns == ["undelivered", "delivered"]

    async def test_a_job_for_nobody_is_struck_off(self, desk: Desk) -> None:
        await desk.container.queue.put("nobody")
        await desk.admit()

        async with desk.working():
            turns = await closed(desk)

        assert turns == ["delivered"]


class TestStopping:
    async def test_what_is_under_way_is_finished(self, desk: Desk) -> None:
        desk.model.let.clear()
        await desk.admit()

        async with desk.working() as worker:
            await desk.model.asked.wait()
            worker.stop()
            desk.model.let.set()
            turns = await closed(desk)

        assert turns == ["delivered"]

    async def test_what_takes_longer_than_the_grace_is_left_for_the_next_start(
        self, tmp_path: Path
    ) -> None:
        async with open_desk(tmp_path, grace=0.05) as desk:
            desk.model.let.clear()
            await desk.admit()
            async with desk.working():
                await desk.model.asked.wait()
            left = await desk.turns()
            desk.model.let.set()

            await desk.answer(fence=2)

            assert left == ["open"]
            assert await desk.turns() == ["delivered"]

    async def test_a_turn_asked_to_drain_stops_at_its_next_step(self, desk: Desk) -> None:
        desk.model.let.clear()
        await desk.admit()
        async with desk.working() as worker:
            await desk.model.asked.wait()
            worker.stop()
            desk.container.control.request_drain()
            desk.model.let.set()

        assert await desk.turns() in (["open"], ["delivered"])

    async def test_nobody_waits_for_a_back_off(self, tmp_path: Path) -> None:
        async with open_desk(tmp_path, tries=8) as desk:
            desk.model.lines += [Line((), error=ZeroDivisionError())] * 8
            await desk.admit()

            async with desk.working() as worker:
                await desk.model.asked.wait()
                worker.stop()

            assert await desk.turns() in (["open"], ["undelivered"])

    @pytest.mark.slow  # waits for the first renewal
    async def test_a_renewal_that_swallows_its_cancellation_does_not_keep_the_worker(
        self, desk: Desk
    ) -> None:
        desk.container.leases = leases = _Stubborn()

        async with desk.working():
            await leases.renewing.wait()

        assert leases.swallowed > 0


class TestALostLease:
    async def test_what_another_claimed_is_not_written(self, desk: Desk) -> None:
        desk.model.let.clear()
        await desk.admit()
        async with desk.working():
            await desk.model.asked.wait()
            conversation = await desk.conversation()
            async with desk.container.database.begin() as session:
                await Turns(session).claim(conversation, fence=99, at=desk.clock())

            desk.model.let.set()
            await until(_asking(desk), lambda asking: asking == 0)

        assert await desk.turns() == ["open"]
        assert await desk.outputs() == []

    async def test_a_queue_that_is_away_is_asked_again(self, desk: Desk) -> None:
        desk.container.queue = queue = _Moody(fails=2)
        await desk.admit()

        async with desk.working():
            turns = await closed(desk)

        assert turns == ["delivered"]
        assert queue.fails == 0

    async def test_a_shard_of_another_is_left_alone(self, desk: Desk) -> None:
        leases = _Taken()
        desk.container.leases = leases
        await desk.admit()

        async with desk.working():
            await leases.refused.wait()

        assert await desk.turns() == []

    async def test_who_has_its_share_takes_no_more(self, desk: Desk) -> None:
        desk.container.leases = leases = _Shared()

        async with desk.working():
            await leases.enough.wait()

        assert leases.owned == 8


class _Moody(MemoryTurnQueue):
    """A queue that is away for its first takes."""

    def __init__(self, fails: int) -> None:
        super().__init__(shards=1)
        self.fails = fails

    @override
    async def take(self, shard: int, *, wait: float) -> Job | None:
        if self.fails:
            self.fails -= 1
            msg = "away"
            raise QueueError(msg)
        return await super().take(shard, wait=wait)


class _Stubborn(MemoryLeases):
    """Its renewals never end, and swallow their first cancellation, as clients of servers can."""

    def __init__(self) -> None:
        super().__init__()
        self.renewing = asyncio.Event()
        self.swallowed = 0

    @override
    async def renew(self, lease: Lease) -> bool:
        self.renewing.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.swallowed += 1
        return await super().renew(lease)


class _Taken(MemoryLeases):
    """Every shard has an owner already."""

    def __init__(self) -> None:
        super().__init__()
        self.refused = asyncio.Event()

    @override
    async def acquire(self, shard: int) -> Lease | None:
        self.refused.set()
        return None


class _Shared(MemoryLeases):
    """Two workers share the shards."""

    def __init__(self) -> None:
        super().__init__()
        self.owned = 0
        self.enough = asyncio.Event()

    @override
    async def share(self, shards: int) -> int:
        return shards // 2

    @override
    async def acquire(self, shard: int) -> Lease | None:
        self.owned += 1
        if self.owned == 8:
            self.enough.set()
        return await super().acquire(shard)


def _asking(desk: Desk) -> Callable[[], Awaitable[int]]:
    async def look() -> int:
        return desk.model.at_once[0]

    return look
