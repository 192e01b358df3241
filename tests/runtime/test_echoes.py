from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from channels.errors import DeliveryUnknownError
from channels.messages import ConversationState, DeliveryEcho, PlatformEvent
from runtime import echoes
from tests.factories import NOON
from tests.fakes.models import Line
from tests.runtime.counter import Counter, TinyCounter
from tests.runtime.kit import Desk, open_desk
from tests.runtime.test_pipeline import LONG, at_the


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with open_desk(tmp_path) as desk:
        yield desk


def echo(
    text: str = "", *, by_us: bool = True, platform_id: str = "p1", customer: str = "alice"
) -> DeliveryEcho:
    return DeliveryEcho(
        external_id=f"echo:{platform_id}",
        customer=customer,
        sent_at=NOON,
        platform_id=platform_id,
        by_us=by_us,
        text=text,
    )


async def note(desk: Desk, *events: DeliveryEcho | PlatformEvent) -> None:
    await echoes.note(desk.container, desk.account, events, at=desk.clock())


async def lost(desk: Desk, counter: Counter, *, after: int = 0) -> None:
    """Send an answer of which one part's fate is not known."""
    at_the(desk, counter)
    counter.ends = [*([None] * after), DeliveryUnknownError("no answer")]
    await desk.admit()
    await desk.answer()


class TestOurs:
    async def test_one_settles_what_was_unknown(self, desk: Desk) -> None:
        await lost(desk, Counter())

        await note(desk, echo())

        assert await desk.outputs() == ["delivered"]
        assert (await desk.audit())[-1] == "delivered"

    async def test_the_same_twice_is_noted_once(self, desk: Desk) -> None:
        await lost(desk, Counter())

        await note(desk, echo(), echo())
        await note(desk, echo())

        assert (await desk.audit()).count("delivered") == 1

    async def test_one_of_a_part_that_has_a_receipt_settles_nothing(self, desk: Desk) -> None:
        at_the(desk, Counter())
        await desk.admit()
        await desk.answer()

        await note(desk, echo(platform_id="id-1"))

        assert (await desk.audit()).count("delivered") == 1

    async def test_half_an_answer_is_not_a_whole_one(self, desk: Desk) -> None:
        desk.model.lines.append(Line(LONG))
        await lost(desk, TinyCounter())

        await note(desk, echo())

        assert await desk.outputs() == ["unknown"]

    async def test_one_of_other_words_settles_nothing(self, desk: Desk) -> None:
        await lost(desk, Counter())

        await note(desk, echo("别的话"))

        assert await desk.outputs() == ["unknown"]

    async def test_one_to_somebody_we_never_heard_of_settles_nothing(self, desk: Desk) -> None:
        await lost(desk, Counter())

        await note(desk, echo(customer="stranger"))

        assert await desk.outputs() == ["unknown"]

    async def test_one_without_anything_in_doubt_is_noted_all_the_same(self, desk: Desk) -> None:
        await desk.admit()

        await note(desk, echo())

        assert await desk.audit() == ["received"]


class TestOthers:
    async def test_a_person_in_the_platforms_app_silences_the_bot(self, desk: Desk) -> None:
        await desk.admit()

        await note(desk, echo("我来处理", by_us=False))

        assert (await desk.conversation()).state is ConversationState.HUMAN
        assert (await desk.audit())[-1] == "handed_over"

    @pytest.mark.parametrize("name", ["unauthorize", "im_recall_msg"])
    async def test_events_are_kept_however_long_their_ids_are(self, desk: Desk, name: str) -> None:
        event = PlatformEvent(external_id="x" * 500, name=name, subject="y" * 500)

        await note(desk, event, event)
        await note(desk)

        assert await desk.inbound() == []
