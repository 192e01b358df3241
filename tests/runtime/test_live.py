from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import cast

import pytest
from typing_extensions import override

from agents.errors import ModelUnavailableError
from channels.base import Citation
from channels.messages import ConversationState, Recipient
from channels.webchat.channel import WebchatChannel
from labelling.output import EventKind, LabelledEvent
from runtime.errors import StaleLeaseError
from runtime.fronts import Fronts
from runtime.messages.catalogue import Catalogue
from runtime.store.conversations import Conversations
from runtime.store.turns import Turns
from tests.factories import inbound_message
from tests.fakes.models import Line
from tests.runtime.counter import OnlyFront
from tests.runtime.kit import ANSWER, PASSAGE, Desk, closed, open_desk

STOPPED = Catalogue.load("zh").text("phrase.stopped")
APOLOGY = Catalogue.load("zh").text("phrase.apology")
TWO_SENTENCES = (ANSWER, "单笔实付不满 99 元收运费 8 元[1]。", "单笔实付满 99 元包邮[1]。")
LABEL, SENTENCE, END, INTERRUPTED = (
    EventKind.LABEL,
    EventKind.SENTENCE,
    EventKind.END,
    EventKind.INTERRUPTED,
)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with open_desk(tmp_path) as desk:
        yield desk


async def _kinds(desk: Desk) -> list[EventKind]:
    return [event.kind for event in await desk.events()]


class TestAnAnswer:
    async def test_the_label_comes_first_and_is_repeated_at_the_end(self, desk: Desk) -> None:
        await desk.admit()

        await desk.answer()

        events = await desk.events()
        assert [event.kind for event in events] == [LABEL, SENTENCE, END]
        assert events[0].aigc == events[-1].aigc
        assert events[-1].digest
        assert PASSAGE[:8] in events[1].text
        assert await desk.outputs() == ["delivered"]

    async def test_a_model_that_breaks_off_before_a_word_is_apologised_for(
        self, desk: Desk
    ) -> None:
        desk.model.lines.append(Line((), error=ModelUnavailableError("away")))
        await desk.admit()

        await desk.answer()

        assert await _kinds(desk) == [LABEL, SENTENCE, END]
        assert (await desk.events())[1].text == APOLOGY
        assert (await desk.conversation()).state == "requested"

    async def test_what_was_shown_before_a_break_stays_and_a_new_message_follows(
        self, desk: Desk
    ) -> None:
        broken = Line(TWO_SENTENCES, error=ModelUnavailableError("away"))
        desk.model.lines.append(broken)
        await desk.admit()

        await desk.answer()

        kinds = await _kinds(desk)
        assert kinds.count(INTERRUPTED) == 1
        assert kinds[-3:] == [LABEL, SENTENCE, END]
        assert await desk.outputs() == ["interrupted", "delivered"]


class TestCancelling:
    async def test_before_a_word_the_bot_says_that_it_stopped(self, desk: Desk) -> None:
        desk.model.lines.append(Line(TWO_SENTENCES, before_delta=lambda: None))
        await desk.admit()
        conversation = await desk.conversation()
        desk.model.let.clear()

        async with desk.working():
            await desk.model.asked.wait()
            async with desk.container.database.begin() as session:
                await Turns(session).cancel(conversation.id)
            desk.model.let.set()
            await closed(desk)

        events = await desk.events()
        assert [event.kind for event in events] == [LABEL, SENTENCE, INTERRUPTED]
        assert events[1].text == STOPPED
        assert await desk.turns() == ["interrupted"]

    async def test_after_words_they_stay_and_are_marked(self, desk: Desk) -> None:
        await _stopping(desk)

        await desk.answer()

        assert await _kinds(desk) == [LABEL, SENTENCE, INTERRUPTED]
        assert await desk.outputs() == ["interrupted"]

    async def test_after_a_crash_it_is_ended_as_broken_off_all_the_same(self, desk: Desk) -> None:
        front = await _stopping(desk)
        front.at = INTERRUPTED
        with pytest.raises(ZeroDivisionError):
            await desk.answer()

        await desk.answer()

        assert await _kinds(desk) == [LABEL, SENTENCE, INTERRUPTED]
        assert await desk.outputs() == ["interrupted"]
        assert len(desk.model.prompts) == 1


class TestEndingEarly:
    """Whoever follows waits for an end, whatever became of the answer."""

    async def test_words_that_cannot_be_labelled_end_what_was_shown(self, desk: Desk) -> None:
        desk.model.lines.append(Line((ANSWER, "单笔实付\x00满 99 元包邮[1]。", ANSWER)))
        await desk.admit()

        await desk.answer()

        assert await _kinds(desk) == [LABEL, SENTENCE, INTERRUPTED]
        assert await desk.outputs() == ["interrupted"]
        assert await desk.turns() == ["refused"]

    async def test_where_nothing_was_shown_an_apology_says_why(self, desk: Desk) -> None:
        desk.model.lines.append(Line(("单笔实付\x00满 99 元包邮[1]。", ANSWER)))
        await desk.admit()

        await desk.answer()

        events = await desk.events()
        assert [event.kind for event in events] == [LABEL, SENTENCE, INTERRUPTED]
        assert events[1].text == APOLOGY
        assert await desk.turns() == ["refused"]
        assert (await desk.conversation()).state == "requested"

    @pytest.mark.parametrize("deltas", [(), TWO_SENTENCES], ids=["no words", "words"])
    async def test_an_answer_that_is_given_up_is_broken_off(
        self, desk: Desk, deltas: tuple[str, ...]
    ) -> None:
        tries = desk.container.settings.worker.tries
        desk.model.lines.extend([Line(deltas, error=ZeroDivisionError())] * tries)
        await desk.admit()

        async with desk.working():
            await closed(desk)

        kinds = await _kinds(desk)
        assert kinds.count(LABEL) == kinds.count(INTERRUPTED)
        assert kinds[-2:] == [SENTENCE, INTERRUPTED]
        assert await desk.turns() == ["undelivered"]

    async def test_a_person_who_takes_over_ends_it_too(self, desk: Desk) -> None:
        await desk.admit()
        conversation = await desk.conversation()
        desk.model.let.clear()

        async with desk.working():
            await desk.model.asked.wait()
            async with desk.container.database.begin() as session:
                await Conversations(session, desk.container.keys).hand_over(
                    conversation, ConversationState.HUMAN, reason="taken", at=desk.clock()
                )
            desk.model.let.set()
            await closed(desk)

        assert (await _kinds(desk))[-1] is INTERRUPTED
        assert await desk.turns() == ["for_staff"]
        assert await desk.outputs() == []


class TestGoingOn:
    async def test_a_turn_that_another_claimed_keeps_nothing(self, desk: Desk) -> None:
        await desk.admit()
        conversation = await desk.conversation()
        desk.model.let.clear()
        async with desk.working():
            await desk.model.asked.wait()
            async with desk.container.database.begin() as session:
                await Turns(session).claim(conversation, fence=99, at=desk.clock())
            desk.model.let.set()

        assert await desk.outputs() == []

    async def test_a_stop_leaves_the_turn_for_the_next_start(self, desk: Desk) -> None:
        await desk.admit()
        desk.container.control.request_drain()

        with pytest.raises(StaleLeaseError):
            await desk.answer()

        assert await desk.turns() == ["open"]
        assert await _kinds(desk) == [LABEL]

    async def test_a_label_without_words_is_gone_on_from(self, tmp_path: Path) -> None:
        async with open_desk(tmp_path) as desk:
            await desk.admit()
            desk.model.lines.append(Line((), error=ZeroDivisionError()))
            with pytest.raises(ZeroDivisionError):
                await desk.answer()

            await desk.answer()

            assert await _kinds(desk) == [LABEL, SENTENCE, END]

    async def test_words_that_were_shown_are_broken_off_and_answered_anew(self, desk: Desk) -> None:
        await desk.admit()
        desk.model.lines.append(Line(TWO_SENTENCES, error=ZeroDivisionError()))
        with pytest.raises(ZeroDivisionError):
            await desk.answer()
        before = await desk.events()

        await desk.answer()

        after = await desk.events()
        assert after[: len(before)] == before
        assert after[len(before)].kind is INTERRUPTED
        assert [event.kind for event in after[len(before) + 1 :]] == [LABEL, SENTENCE, END]
        assert await desk.outputs() == ["interrupted", "delivered"]

    async def test_nothing_that_waits_is_no_work(self, desk: Desk) -> None:
        await desk.admit()
        await desk.answer()

        await desk.answer()

        assert await desk.turns() == ["delivered"]

    async def test_two_questions_are_two_runs(self, desk: Desk) -> None:
        for text in ("满多少包邮？", "买满多少钱包邮？"):
            await desk.admit(inbound_message(text))
            await desk.answer()

        assert await _kinds(desk) == [LABEL, SENTENCE, END] * 2


class _Breaks(WebchatChannel):
    """A front that breaks once, just before it shows an event of a kind."""

    at: EventKind | None = None

    @override
    async def _push(
        self, event: LabelledEvent, to: Recipient, citations: Sequence[Citation]
    ) -> None:
        if event.kind is self.at:
            self.at = None
            raise ZeroDivisionError
        await super()._push(event, to, citations)


class _Stops(_Breaks):
    """A front whose customer asks to stop once the first sentence is there."""

    desk: Desk

    @override
    async def _push(
        self, event: LabelledEvent, to: Recipient, citations: Sequence[Citation]
    ) -> None:
        await super()._push(event, to, citations)
        if event.kind is SENTENCE:
            conversation = await self.desk.conversation()
            async with self.desk.container.database.begin() as session:
                await Turns(session).cancel(conversation.id)


async def _stopping(desk: Desk) -> _Stops:
    """Let a customer ask for a long answer, and stop it soon."""
    front = _Stops.of(desk.account.front, desk.container.fronts._tools)
    front.desk = desk
    desk.container.fronts = cast("Fronts", OnlyFront(front))
    desk.model.lines.append(Line(TWO_SENTENCES))
    await desk.admit()
    return front


class TestACrashAtTheEnd:
    async def test_an_answer_that_was_kept_gets_its_last_event(self, desk: Desk) -> None:
        _breaking(desk, END)
        await desk.admit()
        with pytest.raises(ZeroDivisionError):
            await desk.answer()
        left = await _kinds(desk)

        await desk.answer()

        assert left == [LABEL, SENTENCE]
        assert await _kinds(desk) == [LABEL, SENTENCE, END]
        assert await desk.outputs() == ["delivered"]
        assert len(desk.model.prompts) == 1

    async def test_a_broken_answer_is_kept_once_and_gets_its_last_event(self, desk: Desk) -> None:
        _breaking(desk, INTERRUPTED)
        desk.model.lines.append(Line(TWO_SENTENCES, error=ModelUnavailableError("away")))
        await desk.admit()
        with pytest.raises(ZeroDivisionError):
            await desk.answer()

        await desk.answer()

        assert (await _kinds(desk)).count(INTERRUPTED) == 1
        assert await desk.outputs() == ["interrupted", "delivered"]


def _breaking(desk: Desk, at: EventKind) -> None:
    front = _Breaks.of(desk.account.front, desk.container.fronts._tools)
    front.at = at
    desk.container.fronts = cast("Fronts", OnlyFront(front))
