from datetime import timedelta

from channels.messages import ConversationState
from runtime.store.audit import AuditLog
from runtime.store.conversations import Conversations
from runtime.store.inbox import Inbox
from runtime.store.turns import Turns
from tests.factories import NOON, inbound_message
from tests.runtime.conftest import Shop


class TestAdmit:
    async def test_a_new_message_waits_in_the_customers_conversation(self, shop: Shop) -> None:
        (admission,) = await shop.admit(inbound_message())

        conversation = await shop.conversation()
        assert admission.conversation == conversation.id
        assert (admission.duplicate, admission.waiting) == (False, True)
        assert admission.state is ConversationState.BOT

    async def test_the_same_message_is_admitted_once(self, shop: Shop) -> None:
        message = inbound_message()
        await shop.admit(message)

        (again,) = await shop.admit(message)

        assert (again.duplicate, again.waiting) == (True, True)

    async def test_twins_in_one_group_are_one(self, shop: Shop) -> None:
        message = inbound_message()

        admissions = await shop.admit(message, message)

        assert sorted(item.duplicate for item in admissions) == [False, True]

    async def test_an_answered_message_that_comes_again_waits_for_nothing(self, shop: Shop) -> None:
        message = inbound_message()
        await shop.admit(message)
        conversation = await shop.conversation()
        async with shop.database.begin() as session:
            turn = await Turns(session).claim(conversation, fence=1, at=NOON)
            assert turn is not None
            await Turns(session).close(turn, status="delivered", at=NOON)

        (again,) = await shop.admit(message)

        assert (again.duplicate, again.waiting) == (True, False)

    async def test_customers_of_one_group_get_conversations_of_their_own(self, shop: Shop) -> None:
        first, second = await shop.admit(
            inbound_message(customer="alice"), inbound_message(customer="bob")
        )

        assert first.conversation != second.conversation

    async def test_every_arrival_stands_in_the_audit_log(self, shop: Shop) -> None:
        message = inbound_message()
        await shop.admit(message)
        await shop.admit(message)

        conversation = await shop.conversation()
        async with shop.database.read() as session:
            entries = await AuditLog(session).entries(conversation.id)
        assert [entry.kind for entry in entries] == ["received", "duplicate"]


class TestWaiting:
    async def test_what_came_before_the_moment_is_given(self, shop: Shop) -> None:
        await shop.admit()
        conversation = await shop.conversation()

        async with shop.database.read() as session:
            inbox = Inbox(session, shop.keys)
            now = await inbox.waiting(before=NOON)
            earlier = await inbox.waiting(before=NOON - timedelta(seconds=1))

        assert (now, earlier) == ([conversation.id], [])

    async def test_a_turn_left_open_waits(self, shop: Shop) -> None:
        await shop.admit()
        conversation = await shop.conversation()
        async with shop.database.begin() as session:
            await Turns(session).claim(conversation, fence=1, at=NOON)

        async with shop.database.read() as session:
            waiting = await Inbox(session, shop.keys).waiting(before=NOON)

        assert waiting == [conversation.id]

    async def test_what_a_person_has_taken_on_does_not_wait(self, shop: Shop) -> None:
        await shop.admit()
        conversation = await shop.conversation()

        async with shop.database.begin() as session:
            await Inbox(session, shop.keys).ignore(conversation.id)

        async with shop.database.read() as session:
            waiting = await Inbox(session, shop.keys).waiting(before=NOON)
            lines = await Conversations(session, shop.keys).recent(conversation, limit=9)
        assert waiting == []
        assert [line.status for line in lines] == ["for_staff"]
