"""Conversations: who has them, what was said in them lately."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Literal

import orjson
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from agents.turn import Utterance
from channels.base import Citation
from channels.messages import ConversationState
from runtime.errors import NotFoundError, TakenOverError
from runtime.store.audit import AuditLog, Fact
from runtime.store.keys import CustomerKeys
from runtime.store.tables.conversations import ConversationRow, InboundRow
from runtime.store.tables.customers import CustomerRow
from runtime.store.tables.outputs import OutputPartRow, OutputRow
from runtime.vault import DataKey


class Author(StrEnum):
    """Who speaks in an output; a fixed phrase is of human origin, yet the bot says it."""

    BOT = "bot"
    STAFF = "staff"


_ROLES: Final[dict[str, Literal["assistant", "staff"]]] = {
    Author.BOT: "assistant",
    Author.STAFF: "staff",
}


@dataclass(frozen=True, slots=True)
class Conversation:
    """All with one customer on one account, as the line needs it."""

    id: str
    brand: str
    account: str
    channel: str
    customer: str
    """The platform's id of the customer."""
    personalised: bool
    state: ConversationState
    state_since: datetime
    summary: str
    key: DataKey


@dataclass(frozen=True, slots=True)
class Line:
    """Something that was said, with what identifies it."""

    id: str
    """Of the inbound message or of the output."""
    utterance: Utterance
    at: datetime
    status: str
    citations: tuple[Citation, ...] = ()
    external_id: str = ""
    """The platform's id of an inbound message."""


class Conversations:
    """Reads and changes conversations through one session."""

    def __init__(self, session: AsyncSession, keys: CustomerKeys) -> None:
        self._session = session
        self._keys = keys

    async def get(self, conversation: str, *, locked: bool = False) -> Conversation:
        """Give a conversation.

        Raises:
            NotFoundError: There is none of that id, or its customer was erased.
        """
        query = (
            select(ConversationRow, CustomerRow)
            .join(CustomerRow, ConversationRow.customer_id == CustomerRow.id)
            .where(ConversationRow.id == conversation)
        )
        if locked:
            query = query.with_for_update(of=ConversationRow, key_share=True)
        return self._made((await self._session.execute(query)).one_or_none(), conversation)

    async def of_customer(self, account: str, customer: str) -> Conversation:
        """Give the conversation of a customer of an account.

        Raises:
            NotFoundError: This customer has said nothing yet.
        """
        query = (
            select(ConversationRow, CustomerRow)
            .join(CustomerRow, ConversationRow.customer_id == CustomerRow.id)
            .where(CustomerRow.account_id == account, CustomerRow.external_id == customer)
        )
        return self._made((await self._session.execute(query)).one_or_none(), "of this customer")

    async def recent(
        self, conversation: Conversation, *, limit: int, unanswered: bool = False
    ) -> list[Line]:
        """Give the last things said, oldest first.

        Args:
            conversation: Whose.
            limit: How many.
            unanswered: Whether what waits for an answer is among them.
        """
        statuses = ("answered", "for_staff", *(("waiting", "claimed") if unanswered else ()))
        inbound = await self._session.execute(
            select(
                InboundRow.id,
                InboundRow.external_id,
                InboundRow.content,
                InboundRow.received_at,
                InboundRow.status,
            )
            .where(
                InboundRow.conversation_id == conversation.id,
                InboundRow.status.in_(statuses),
                InboundRow.kind != "session_opened",
            )
            .order_by(InboundRow.id.desc())
            .limit(limit)
        )
        lines = [
            Line(
                id=row.id,
                utterance=Utterance("customer", self._asked(conversation, row)),
                at=row.received_at,
                status=row.status,
                external_id=row.external_id,
            )
            for row in inbound
        ]
        outputs = await self._session.execute(
            select(
                OutputRow.id,
                OutputRow.author,
                OutputPartRow.number,
                OutputPartRow.content,
                OutputRow.created_at,
                OutputRow.status,
                OutputRow.citations,
            )
            .join(OutputPartRow, OutputPartRow.output_id == OutputRow.id)
            .where(OutputRow.conversation_id == conversation.id)
            .order_by(OutputRow.id.desc(), OutputPartRow.number)
            .limit(limit)
        )
        lines += [
            Line(
                id=row.id,
                utterance=Utterance(_ROLES[row.author], self._told(conversation, row)),
                at=row.created_at,
                status=row.status,
                citations=tuple(Citation(**citation) for citation in row.citations),
            )
            for row in outputs
        ]
        # UUIDv7 ids tell the order; the sort is stable, so parts of one output stay in theirs.
        return sorted(lines, key=lambda line: line.id)[-limit:]

    async def hand_over(
        self, conversation: Conversation, state: ConversationState, *, reason: str, at: datetime
    ) -> None:
        """Give the conversation to somebody else, and say so in the audit log.

        Who holds it is read under lock: a request for a person takes it from nobody who has it.
        """
        held = await self._held(conversation.id)
        if state is ConversationState.REQUESTED and held.silent:
            return
        await self._session.execute(
            update(ConversationRow)
            .where(ConversationRow.id == conversation.id)
            .values(state=state.value, state_reason=reason, state_since=at)
        )
        if held is state:
            return
        body = {"from": held.value, "to": state.value, "reason": reason}
        fact = Fact(conversation.id, "handed_over", body)
        await AuditLog(self._session).append([fact], at=at)

    async def give_back(self, conversation: Conversation, *, at: datetime) -> None:
        """Give the conversation back to the bot: staff have been silent for long."""
        await self.hand_over(conversation, ConversationState.BOT, reason="staff_silent", at=at)

    async def keep_to_bot(self, conversation: Conversation) -> None:
        """Make sure, before the bot says something, that no person took the conversation over.

        Raises:
            TakenOverError: One did.
        """
        if (await self._held(conversation.id)).silent:
            msg = f"conversation {conversation.id!r} is with a person now"
            raise TakenOverError(msg)

    async def _held(self, conversation: str) -> ConversationState:
        query = (
            select(ConversationRow.state)
            .where(ConversationRow.id == conversation)
            .with_for_update(key_share=True)
        )
        return ConversationState((await self._session.execute(query)).scalar_one())

    async def summarise(self, conversation: Conversation, summary: str) -> None:
        """Keep the running summary."""
        sealed = conversation.key.encrypt(summary.encode(), place=_summary_place(conversation.id))
        await self._session.execute(
            update(ConversationRow)
            .where(ConversationRow.id == conversation.id)
            .values(summary=sealed)
        )

    def _made(self, row: tuple[ConversationRow, CustomerRow] | None, what: str) -> Conversation:
        if row is None or row[1].data_key is None:
            msg = f"there is no conversation {what!r}"
            raise NotFoundError(msg)
        conversation, customer = row
        assert customer.data_key is not None
        key = self._keys.open(customer.id, customer.data_key)
        sealed = conversation.summary
        place = _summary_place(conversation.id)
        return Conversation(
            id=conversation.id,
            brand=conversation.brand_id,
            account=conversation.account_id,
            channel=conversation.channel,
            customer=customer.external_id,
            personalised=customer.personalised,
            state=ConversationState(conversation.state),
            state_since=conversation.state_since,
            summary=key.decrypt(sealed, place=place).decode() if sealed else "",
            key=key,
        )

    def _asked(self, conversation: Conversation, row: Any) -> str:
        content = conversation.key.decrypt(row.content, place=f"inbound/{row.id}")
        return str(orjson.loads(content)["text"])

    def _told(self, conversation: Conversation, row: Any) -> str:
        place = f"outputs/{row.id}/{row.number}"
        return conversation.key.decrypt(row.content, place=place).decode()


def _summary_place(conversation: str) -> str:
    return f"conversations/{conversation}/summary"
