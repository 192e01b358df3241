import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import cast

import pytest
from structlog.testing import capture_logs
from typing_extensions import override

from channels.errors import (
    DeliveryRefusedError,
    DeliveryRetryableError,
    DeliveryUnknownError,
)
from channels.messages import ConversationState, Recipient, SessionOpened
from labelling.errors import LabelMissingError
from labelling.output import LabelledPart
from labelling.stage import LabellingStage
from labelling.wording import TEXT_NOTICE
from runtime.errors import StaleLeaseError
from runtime.fronts import Fronts
from runtime.ids import new_id
from runtime.limits import Limiters
from runtime.messages.catalogue import Catalogue
from runtime.store.conversations import Conversations
from runtime.store.inbox import Arrival, Inbox
from runtime.store.turns import Turns
from tests.factories import NOON, inbound_message
from tests.fakes.models import Line
from tests.runtime.counter import Counter, KeyedCounter, OnlyFront, TinyCounter
from tests.runtime.kit import ANSWER, QUESTION, Desk, open_desk, until

LONG = (ANSWER, "单笔实付不满 99 元收运费 8 元[1]。", ANSWER)
GREETING = Catalogue.load("zh").text("phrase.greeting", brand="岫棠里")


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with open_desk(tmp_path) as desk:
        yield desk


def at_the(desk: Desk, counter: Counter) -> Counter:
    """Let the account's front be a counter."""
    desk.container.fronts = cast("Fronts", OnlyFront(counter))
    return counter


async def hand_over(desk: Desk, state: ConversationState) -> None:
    conversation = await desk.conversation()
    async with desk.container.database.begin() as session:
        await Conversations(session, desk.container.keys).hand_over(
            conversation, state, reason="test", at=desk.clock()
        )


class TestDelivering:
    async def test_an_answer_is_labelled_sent_and_settled(self, desk: Desk) -> None:
        counter = at_the(desk, Counter())
        await desk.admit()

        await desk.answer()

        (text,) = counter.taken
        assert text.endswith(TEXT_NOTICE)
        assert await desk.outputs() == ["delivered"]
        assert await desk.audit() == ["received", "labelled", "delivered"]

    async def test_what_was_not_taken_is_sent_again_and_never_drafted_anew(
        self, desk: Desk
    ) -> None:
        counter = at_the(desk, Counter())
        counter.ends = [DeliveryRetryableError("busy")]
        await desk.admit()
        with pytest.raises(DeliveryRetryableError):
            await desk.answer()

        await desk.answer()

        assert len(counter.taken) == 1
        assert len(desk.model.prompts) == 1
        assert await desk.audit() == ["received", "labelled", "delivered"]

    async def test_a_lost_answer_is_unknown_and_not_sent_again(self, desk: Desk) -> None:
        counter = at_the(desk, Counter())
        counter.ends = [DeliveryUnknownError("no answer")]
        await desk.admit()

        await desk.answer()
        await desk.answer()

        assert counter.taken == []
        assert await desk.turns() == ["unknown"]
        assert (await desk.conversation()).state is ConversationState.REQUESTED

    async def test_where_our_key_is_honoured_it_is_sent_again(self, desk: Desk) -> None:
        counter = at_the(desk, KeyedCounter())
        counter.ends = [DeliveryUnknownError("no answer")]
        await desk.admit()
        with pytest.raises(DeliveryRetryableError):
            await desk.answer()

        await desk.answer()

        assert len(counter.taken) == 1
        assert await desk.turns() == ["delivered"]

    async def test_a_refusal_goes_to_staff_with_its_code(self, desk: Desk) -> None:
        counter = at_the(desk, Counter())
        counter.ends = [DeliveryRefusedError("no", code="45015")]
        await desk.admit()

        with capture_logs() as logs:
            await desk.answer()

        assert await desk.turns() == ["undelivered"]
        assert "output_not_delivered" in {entry["event"] for entry in logs}

    async def test_parts_that_have_a_receipt_are_not_sent_again(self, desk: Desk) -> None:
        counter = at_the(desk, TinyCounter())
        counter.ends = [None, DeliveryRetryableError("busy")]
        desk.model.lines.append(Line(LONG))
        await desk.admit()
        with pytest.raises(DeliveryRetryableError):
            await desk.answer()
        first = list(counter.taken)

        await desk.answer()

        assert counter.taken[: len(first)] == first
        assert len(counter.taken) == len(set(counter.taken))
        assert all(text.endswith(TEXT_NOTICE) for text in counter.taken)
        assert await desk.turns() == ["delivered"]

    async def test_who_lost_the_turn_sends_nothing(self, desk: Desk) -> None:
        counter = at_the(desk, Counter())
        counter.ends = [DeliveryRetryableError("busy")]
        await desk.admit()
        with pytest.raises(DeliveryRetryableError):
            await desk.answer()
        conversation = await desk.conversation()
        lost = _Losing(desk)
        at_the(desk, lost)

        with pytest.raises(StaleLeaseError):
            await desk.answer()

        assert lost.taken == ["only the first part"]
        assert (await desk.conversation()).id == conversation.id

    async def test_a_stop_leaves_the_turn_for_the_next_start(self, desk: Desk) -> None:
        at_the(desk, Counter())
        await desk.admit()
        desk.container.control.request_drain()

        with pytest.raises(StaleLeaseError):
            await desk.answer()

        assert await desk.turns() == ["open"]


class TestStarting:
    async def test_who_waits_for_the_model_keeps_nobody_from_starting(self, desk: Desk) -> None:
        desk.container.limiters = Limiters(32, {"starting": 1})
        desk.model.let.clear()
        for customer in ("alice", "bob"):
            await desk.admit(inbound_message(QUESTION, customer=customer))

        answers = [
            asyncio.create_task(desk.answer(customer=customer)) for customer in ("alice", "bob")
        ]
        await until(_asking(desk), lambda asking: asking == 2)
        desk.model.let.set()
        await asyncio.gather(*answers)

        assert await desk.turns() == ["delivered", "delivered"]

    async def test_so_many_start_at_once_and_no_more(self, desk: Desk) -> None:
        desk.container.limiters = Limiters(32, {"starting": 1})
        await desk.admit()

        async with desk.container.limiters.slot("starting"):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    await desk.answer()
            begun = await desk.turns()
        await desk.answer()

        assert begun == []
        assert await desk.turns() == ["delivered"]


class TestLabelling:
    async def test_what_cannot_be_labelled_does_not_leave_and_goes_to_staff(
        self, desk: Desk
    ) -> None:
        counter = at_the(desk, Counter())
        desk.container.stage = cast("LabellingStage", _Refusing())
        await desk.admit()

        with capture_logs() as logs:
            await desk.answer()

        assert counter.taken == []
        assert await desk.turns() == ["refused"]
        assert (await desk.conversation()).state is ConversationState.REQUESTED
        assert [entry["event"] for entry in logs] == ["labelling_refused"]


class TestSettingAside:
    async def test_what_the_platform_would_not_take_any_more_goes_to_staff(
        self, desk: Desk
    ) -> None:
        counter = at_the(desk, Counter())
        await desk.admit()
        desk.clock.advance(3601)

        await desk.answer()

        assert counter.taken == []
        assert await desk.turns() == ["expired"]
        assert desk.model.prompts == []

    async def test_a_guest_is_greeted_by_people_words(self, desk: Desk) -> None:
        counter = at_the(desk, Counter())
        await _enter(desk)

        await desk.answer()

        # A person wrote the greeting: it carries no AI label.
        assert counter.taken == [GREETING]

    async def test_who_comes_back_is_not_greeted_again(self, desk: Desk) -> None:
        counter = at_the(desk, Counter())
        await desk.admit()
        await desk.answer()
        await _enter(desk)

        await desk.answer()

        assert len(counter.taken) == 1
        assert await desk.turns() == ["delivered", "skipped"]
        assert (await desk.conversation()).state is ConversationState.BOT


class TestStaff:
    @pytest.mark.parametrize("state", [ConversationState.HUMAN, ConversationState.QUEUED])
    async def test_the_bot_is_silent_while_a_person_answers(
        self, desk: Desk, state: ConversationState
    ) -> None:
        counter = at_the(desk, Counter())
        await desk.admit()
        await hand_over(desk, state)

        await desk.answer()

        assert counter.taken == []
        assert await desk.inbound() == ["for_staff"]

    async def test_a_turn_that_was_begun_is_left_to_them_too(self, desk: Desk) -> None:
        counter = at_the(desk, Counter())
        counter.ends = [DeliveryRetryableError("busy")]
        await desk.admit()
        with pytest.raises(DeliveryRetryableError):
            await desk.answer()
        await hand_over(desk, ConversationState.HUMAN)

        await desk.answer()

        assert counter.taken == []
        assert await desk.turns() == ["for_staff"]
        async with desk.container.database.read() as session:
            assert await Inbox(session, desk.container.keys).waiting(before=desk.clock()) == []

    async def test_who_takes_over_while_it_writes_is_not_talked_over(self, desk: Desk) -> None:
        counter = at_the(desk, Counter())
        await desk.admit()
        conversation = await desk.conversation()
        desk.model.let.clear()

        async with desk.working():
            await desk.model.asked.wait()
            await hand_over(desk, ConversationState.HUMAN)
            desk.model.let.set()

        assert counter.taken == []
        assert await desk.turns() == ["for_staff"]
        assert conversation.state is ConversationState.BOT

    async def test_after_a_long_silence_of_theirs_the_bot_is_back(self, desk: Desk) -> None:
        counter = at_the(desk, Counter())
        await desk.admit()
        await hand_over(desk, ConversationState.HUMAN)
        desk.clock.advance(1801)

        await desk.answer()

        assert len(counter.taken) == 1


class _Refusing:
    """A stage that labels nothing."""

    def label(self, *arguments: object, **options: object) -> None:
        msg = "no label could be read back"
        raise LabelMissingError(msg)


class _Losing(Counter):
    """While the first part is on its way another worker claims the turn."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk

    @override
    async def _post(self, part: LabelledPart, to: Recipient, key: str) -> str | None:
        conversation = await self._desk.conversation()
        async with self._desk.container.database.begin() as session:
            await Turns(session).claim(conversation, fence=99, at=NOON)
        self.taken.append("only the first part")
        return None


async def _enter(desk: Desk) -> None:
    event = SessionOpened(external_id=new_id(), customer="alice", sent_at=desk.clock())
    arrival = Arrival(
        new_id(), desk.brand.id, desk.account.front.id, "webchat", event, desk.clock()
    )
    async with desk.container.database.begin() as session:
        await Inbox(session, desk.container.keys).admit([arrival], at=desk.clock())


def _asking(desk: Desk) -> Callable[[], Awaitable[int]]:
    async def asking() -> int:
        return desk.model.at_once[0]

    return asking
