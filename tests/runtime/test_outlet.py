import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from typing_extensions import override

from channels.messages import Recipient
from labelling.content import Draft, Surface
from labelling.output import EventKind, LabelledPart
from runtime.hub import EventHubError, MemoryEventHub
from runtime.ids import new_id
from runtime.outlet import StoredOutlet
from tests.factories import inbound_message
from tests.runtime.kit import Desk, open_desk


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with open_desk(tmp_path) as desk:
        yield desk


def _part(desk: Desk) -> LabelledPart:
    output = desk.container.stage.label(
        Draft.generated("七天内可退。"), output_id=new_id(), surface=Surface.OWN
    )
    return output.parts[0]


class TestPost:
    async def test_the_same_key_twice_leaves_one(self, desk: Desk) -> None:
        await desk.admit()
        part, to = _part(desk), Recipient("alice")

        keys = [
            await desk.container.outlet.post(desk.account.front.id, to, part, "output:0")
            for _ in range(2)
        ]

        assert keys == ["output:0"] * 2
        assert [event.kind for event in await desk.events()] == [EventKind.MESSAGE]


class TestFollow:
    async def test_who_was_away_gets_what_came_since(self, desk: Desk) -> None:
        await desk.admit()
        await desk.answer()
        followed = desk.container.outlet.follow(desk.account.front.id, "alice", after=1, wait=0.01)

        async with aclosing(followed) as items:
            seen = [await anext(items) for _ in range(3)]

        assert [item.sequence if item else None for item in seen] == [2, 3, None]

    async def test_who_waits_is_told(self, desk: Desk) -> None:
        followed = desk.container.outlet.follow(desk.account.front.id, "bob", after=0, wait=20)
        async with aclosing(followed) as items:
            first = asyncio.ensure_future(anext(items))
            await desk.admit(inbound_message(customer="bob"))

            await desk.answer(customer="bob")
            item = await first

        assert item is not None
        assert item.event.kind is EventKind.LABEL

    async def test_nobody_sees_anothers(self, desk: Desk) -> None:
        await desk.admit()
        await desk.answer()
        await desk.admit(inbound_message(customer="bob"))
        followed = desk.container.outlet.follow(desk.account.front.id, "bob", after=0, wait=0.01)

        async with aclosing(followed) as items:
            assert await anext(items) is None


class TestAHubThatIsAway:
    async def test_undoes_nothing(self, desk: Desk) -> None:
        container = desk.container
        await desk.admit()
        outlet = StoredOutlet(
            container.database, container.keys, _Away(), container.stage, container.now
        )

        with capture_logs() as logs:
            await outlet.post(desk.account.front.id, Recipient("alice"), _part(desk), "output:0")

        assert len(await desk.events()) == 1
        assert [entry["event"] for entry in logs] == ["followers_not_told"]


class _Away(MemoryEventHub):
    @override
    async def notify(self, conversation: str) -> None:
        msg = "away"
        raise EventHubError(msg)
