from collections.abc import Awaitable, Callable

import pytest

from channels.messages import ConversationState
from runtime.errors import StaleLeaseError, TakenOverError
from runtime.store.conversations import Conversations
from runtime.store.turns import Claimed, Turns
from tests.factories import NOON, inbound_message
from tests.runtime.conftest import Shop

Claim = Callable[[int], Awaitable[Claimed | None]]


@pytest.fixture
def claim(shop: Shop) -> Claim:
    async def claim(fence: int) -> Claimed | None:
        conversation = await shop.conversation()
        async with shop.database.begin() as session:
            held = await Conversations(session, shop.keys).get(conversation.id, locked=True)
            return await Turns(session).claim(held, fence=fence, at=NOON)

    return claim


class TestClaim:
    async def test_what_waits_is_claimed_as_one_turn(self, shop: Shop, claim: Claim) -> None:
        await shop.admit(inbound_message("在吗"), inbound_message("面霜多少钱"))

        turn = await claim(1)

        assert turn is not None
        assert (turn.messages, turn.attempts) == (("在吗", "面霜多少钱"), 1)

    async def test_nothing_waiting_is_no_turn(self, shop: Shop, claim: Claim) -> None:
        await shop.admit()
        turn = await claim(1)
        assert turn is not None
        async with shop.database.begin() as session:
            await Turns(session).close(turn, status="delivered", at=NOON)

        assert await claim(1) is None

    async def test_a_turn_left_open_is_taken_up_before_anything_new(
        self, shop: Shop, claim: Claim
    ) -> None:
        await shop.admit(inbound_message("第一条"))
        first = await claim(1)
        await shop.admit(inbound_message("第二条"))

        again = await claim(2)

        assert first is not None
        assert again is not None
        assert (again.id, again.run_id) == (first.id, first.run_id)
        assert (again.messages, again.attempts) == (("第一条",), 2)

    async def test_the_newest_message_gives_what_the_platform_wants_back(
        self, shop: Shop, claim: Claim
    ) -> None:
        await shop.admit(inbound_message())

        turn = await claim(1)

        assert turn is not None
        assert (turn.context, turn.sent_at) == ({}, NOON)


class TestFence:
    async def test_a_turn_that_another_claimed_cannot_be_closed(
        self, shop: Shop, claim: Claim
    ) -> None:
        await shop.admit()
        old = await claim(1)
        await claim(2)
        assert old is not None

        with pytest.raises(StaleLeaseError):
            async with shop.database.begin() as session:
                await Turns(session).close(old, status="delivered", at=NOON)

    async def test_a_turn_that_another_claimed_cannot_be_held(
        self, shop: Shop, claim: Claim
    ) -> None:
        await shop.admit()
        old = await claim(1)
        new = await claim(2)
        assert old is not None
        assert new is not None

        async with shop.database.begin() as session:
            await Turns(session).hold(new)
        with pytest.raises(StaleLeaseError):
            async with shop.database.begin() as session:
                await Turns(session).hold(old)


class TestHold:
    async def test_a_turn_of_a_conversation_that_a_person_took_over_is_not_the_bots(
        self, shop: Shop, claim: Claim
    ) -> None:
        await shop.admit()
        turn = await claim(1)
        assert turn is not None
        conversation = await shop.conversation()

        async with shop.database.begin() as session:
            await Turns(session).hold(turn)
            await Conversations(session, shop.keys).hand_over(
                conversation, ConversationState.HUMAN, reason="took_over", at=NOON
            )

        async with shop.database.begin() as session:
            with pytest.raises(TakenOverError):
                await Turns(session).hold(turn)


class TestCancel:
    async def test_a_customer_can_stop_the_answer_being_written(
        self, shop: Shop, claim: Claim
    ) -> None:
        await shop.admit()
        turn = await claim(1)
        assert turn is not None
        conversation = await shop.conversation()

        async with shop.database.begin() as session:
            before = await Turns(session).cancelled(turn)
            await Turns(session).cancel(conversation.id)
            after = await Turns(session).cancelled(turn)

        assert (before, after) == (False, True)
