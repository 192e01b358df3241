"""Conversations: who has them, what was said in them lately."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Literal

import orjson
from sqlalchemy import Select, bindparam, select, update

from agents.turn import Utterance
from channels.base import Citation
from channels.messages import ConversationState
from runtime.errors import NotFoundError
from runtime.store.audit import AuditLog, Fact
from runtime.store.database import Session
from runtime.store.keys import CustomerKeys
from runtime.store.tables.conversations import ConversationRow, InboundRow
from runtime.store.tables.customers import CustomerRow
from runtime.store.tables.outputs import OutputPartRow, OutputRow
from runtime.vault import DataKey


class Author(StrEnum):
    """Who speaks in an output; a fixed phrase is of human origin, yet the bot says it."""

    BOT = "bot"
    STAFF = "staff"


_CONVERSATIONS, _CUSTOMERS = ConversationRow.core(), CustomerRow.core()
_INBOUND, _OUTPUTS, _PARTS = InboundRow.core(), OutputRow.core(), OutputPartRow.core()

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
    part: int = 0
    """Which part of the output."""


class Conversations:
    """Reads and changes conversations through one session."""

    def __init__(self, session: Session, keys: CustomerKeys) -> None:
        self._session = session
        self._keys = keys

    async def get(self, conversation: str, *, locked: bool = False) -> Conversation:
        """Give a conversation.

        Raises:
            NotFoundError: There is none of that id, or its customer was erased.
        """
        query = _LOCKED if locked else _ONE
        rows = await self._session.execute(query, {"conversation": conversation})
        return self._made(rows.one_or_none(), conversation)

    async def of_customer(self, account: str, customer: str) -> Conversation:
        """Give the conversation of a customer of an account.

        Raises:
            NotFoundError: This customer has said nothing yet.
        """
        values = {"account": account, "customer": customer}
        rows = await self._session.execute(_OF_CUSTOMER, values)
        return self._made(rows.one_or_none(), "of this customer")

    async def recent(
        self, conversation: Conversation, *, limit: int, unanswered: bool = False
    ) -> list[Line]:
        """Give the last things said, oldest first.

        Args:
            conversation: Whose.
            limit: How many.
            unanswered: Whether what waits for an answer is among them.
        """
        values = {"conversation": conversation.id, "most": limit}
        query = _ASKED_LATELY if unanswered else _ANSWERED_LATELY
        inbound = await self._session.execute(query, values)
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
        outputs = await self._session.execute(_TOLD_LATELY, values)
        lines += [
            Line(
                id=row.id,
                utterance=Utterance(_ROLES[row.author], self._told(conversation, row)),
                at=row.created_at,
                status=row.status,
                citations=tuple(Citation(**citation) for citation in row.citations),
                part=row.number,
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
            _HAND_OVER,
            {
                "conversation": conversation.id,
                "state": state.value,
                "state_reason": reason,
                "state_since": at,
            },
        )
        if held is state:
            return
        body = {"from": held.value, "to": state.value, "reason": reason}
        fact = Fact(conversation.id, "handed_over", body)
        await AuditLog(self._session).append([fact], at=at)

    async def give_back(self, conversation: Conversation, *, at: datetime) -> None:
        """Give the conversation back to the bot: staff have been silent for long."""
        await self.hand_over(conversation, ConversationState.BOT, reason="staff_silent", at=at)

    async def _held(self, conversation: str) -> ConversationState:
        rows = await self._session.execute(_HELD, {"conversation": conversation})
        return ConversationState(rows.scalar_one())

    async def summarise(self, conversation: Conversation, summary: str) -> None:
        """Keep the running summary."""
        sealed = conversation.key.encrypt(summary.encode(), place=_summary_place(conversation.id))
        await self._session.execute(
            _SUMMARISE, {"conversation": conversation.id, "summary": sealed}
        )

    def _made(self, row: Any, what: str) -> Conversation:
        if row is None or row.data_key is None:
            msg = f"there is no conversation {what!r}"
            raise NotFoundError(msg)
        key = self._keys.open(row.customer_id, row.data_key)
        place = _summary_place(row.id)
        return Conversation(
            id=row.id,
            brand=row.brand_id,
            account=row.account_id,
            channel=row.channel,
            customer=row.external_id,
            personalised=row.personalised,
            state=ConversationState(row.state),
            state_since=row.state_since,
            summary=key.decrypt(row.summary, place=place).decode() if row.summary else "",
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


def _asked_lately(*statuses: str) -> Select[Any]:
    columns = _INBOUND.c
    return (
        select(
            columns.id, columns.external_id, columns.content, columns.received_at, columns.status
        )
        .where(
            columns.conversation_id == bindparam("conversation"),
            columns.status.in_(statuses),
            columns.kind != "session_opened",
        )
        .order_by(columns.id.desc())
        .limit(bindparam("most"))
    )


# Built once: building a statement takes longer than SQLite's execution of it.
_WITH_CUSTOMER = select(
    _CONVERSATIONS.c.id,
    _CONVERSATIONS.c.brand_id,
    _CONVERSATIONS.c.account_id,
    _CONVERSATIONS.c.channel,
    _CONVERSATIONS.c.customer_id,
    _CONVERSATIONS.c.state,
    _CONVERSATIONS.c.state_since,
    _CONVERSATIONS.c.summary,
    _CUSTOMERS.c.external_id,
    _CUSTOMERS.c.personalised,
    _CUSTOMERS.c.data_key,
).join_from(_CONVERSATIONS, _CUSTOMERS, _CONVERSATIONS.c.customer_id == _CUSTOMERS.c.id)
_ONE = _WITH_CUSTOMER.where(_CONVERSATIONS.c.id == bindparam("conversation"))
_LOCKED = _ONE.with_for_update(of=_CONVERSATIONS, key_share=True)
_OF_CUSTOMER = _WITH_CUSTOMER.where(
    _CUSTOMERS.c.account_id == bindparam("account"),
    _CUSTOMERS.c.external_id == bindparam("customer"),
)
_HELD = (
    select(_CONVERSATIONS.c.state)
    .where(_CONVERSATIONS.c.id == bindparam("conversation"))
    .with_for_update(key_share=True)
)
_CHANGE = update(_CONVERSATIONS).where(_CONVERSATIONS.c.id == bindparam("conversation"))
_HAND_OVER = _CHANGE.values(
    state=bindparam("state"),
    state_reason=bindparam("state_reason"),
    state_since=bindparam("state_since"),
)
_SUMMARISE = _CHANGE.values(summary=bindparam("summary"))
_ANSWERED_LATELY = _asked_lately("answered", "for_staff")
_ASKED_LATELY = _asked_lately("answered", "for_staff", "waiting", "claimed")
_TOLD_LATELY = (
    select(
        _OUTPUTS.c.id,
        _OUTPUTS.c.author,
        _PARTS.c.number,
        _PARTS.c.content,
        _OUTPUTS.c.created_at,
        _OUTPUTS.c.status,
        _OUTPUTS.c.citations,
    )
    .join_from(_OUTPUTS, _PARTS, _PARTS.c.output_id == _OUTPUTS.c.id)
    .where(_OUTPUTS.c.conversation_id == bindparam("conversation"))
    .order_by(_OUTPUTS.c.id.desc(), _PARTS.c.number)
    .limit(bindparam("most"))
)
