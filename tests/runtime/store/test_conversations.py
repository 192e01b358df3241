from datetime import timedelta

import pytest

from channels.messages import ConversationState
from runtime.store.audit import AuditLog
from runtime.store.conversations import Conversation, Conversations
from tests.factories import NOON, inbound_message
from tests.runtime.conftest import Shop


@pytest.fixture
async def conversation(shop: Shop) -> Conversation:
    await shop.admit(inbound_message())
    return await shop.conversation()


async def hand_over(shop: Shop, conversation: Conversation, *states: ConversationState) -> None:
    for state in states:
        async with shop.database.begin() as session:
            await Conversations(session, shop.keys).hand_over(
                conversation, state, reason="test", at=NOON + timedelta(minutes=1)
            )


class TestHandOver:
    async def test_a_request_takes_it_from_nobody_who_has_it(
        self, shop: Shop, conversation: Conversation
    ) -> None:
        await hand_over(shop, conversation, ConversationState.HUMAN, ConversationState.REQUESTED)

        assert (await shop.conversation()).state is ConversationState.HUMAN

    async def test_each_change_stands_in_the_audit_log_once(
        self, shop: Shop, conversation: Conversation
    ) -> None:
        await hand_over(
            shop,
            conversation,
            ConversationState.REQUESTED,
            ConversationState.HUMAN,
            ConversationState.HUMAN,
        )

        async with shop.database.read() as session:
            entries = await AuditLog(session).entries(conversation.id)
        changes = [entry.body for entry in entries if entry.kind == "handed_over"]
        assert [(change["from"], change["to"]) for change in changes] == [
            ("bot", "requested"),
            ("requested", "human"),
        ]

    async def test_a_word_of_staff_keeps_it_longer(
        self, shop: Shop, conversation: Conversation
    ) -> None:
        await hand_over(shop, conversation, ConversationState.HUMAN, ConversationState.HUMAN)

        assert (await shop.conversation()).state_since == NOON + timedelta(minutes=1)


class TestGiveBack:
    async def test_what_silent_staff_had_is_given_back(
        self, shop: Shop, conversation: Conversation
    ) -> None:
        await hand_over(shop, conversation, ConversationState.HUMAN)

        async with shop.database.begin() as session:
            conversations = Conversations(session, shop.keys)
            await conversations.give_back(conversation, at=NOON)

        assert (await shop.conversation()).state is ConversationState.BOT
