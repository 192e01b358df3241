"""The inbox: what platforms sent, admitted once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson
from sqlalchemy import bindparam, delete, insert, select, tuple_, union_all, update

from channels.messages import ConversationState, InboundMessage, SessionOpened
from runtime.ids import new_id
from runtime.store.audit import AuditLog, Fact
from runtime.store.database import Session, insert_once
from runtime.store.keys import CustomerKeys
from runtime.store.tables.conversations import (
    ConversationRow,
    InboundRow,
    PlatformEventRow,
    TurnRow,
)
from runtime.store.tables.customers import CustomerRow
from runtime.vault import DataKey

_CONVERSATIONS, _CUSTOMERS = ConversationRow.core(), CustomerRow.core()


@dataclass(frozen=True, slots=True)
class Arrival:
    """Something a customer said or did, on its way into the inbox."""

    id: str
    brand: str
    account: str
    channel: str
    inbound: InboundMessage | SessionOpened
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Admission:
    """What became of an arrival."""

    conversation: str
    state: ConversationState
    duplicate: bool
    waiting: bool
    """It has no answer yet: its conversation belongs into the queue."""


@dataclass(frozen=True, slots=True)
class _Place:
    conversation: str
    state: ConversationState
    key: DataKey


class Inbox:
    """Admits arrivals through one session."""

    def __init__(self, session: Session, keys: CustomerKeys) -> None:
        self._session = session
        self._keys = keys

    async def admit(self, arrivals: Sequence[Arrival], *, at: datetime) -> list[Admission]:
        """Admit a group; who comes twice is told so and changes nothing."""
        places = await self._places(arrivals, at)
        new = await self._insert_new(arrivals, places)
        waiting = await self._still_waiting([item for item in arrivals if item.id not in new])
        facts = [_fact(item, places[_who(item)], duplicate=item.id not in new) for item in arrivals]
        await AuditLog(self._session).append(facts, at=at)
        return [
            Admission(
                conversation=places[_who(item)].conversation,
                state=places[_who(item)].state,
                duplicate=item.id not in new,
                waiting=item.id in new or _what(item) in waiting,
            )
            for item in arrivals
        ]

    async def waiting(self, *, before: datetime) -> list[str]:
        """Give the conversations with something unanswered that came before a moment.

        Twice where a turn was begun and more came since: each is a job of its own.
        """
        unclaimed = select(InboundRow.conversation_id).where(
            InboundRow.status == "waiting", InboundRow.received_at <= before
        )
        unfinished = select(TurnRow.conversation_id).where(
            TurnRow.status == "open", TurnRow.claimed_at <= before
        )
        jobs = union_all(unclaimed.distinct(), unfinished).subquery()
        rows = await self._session.execute(
            select(jobs.c.conversation_id)
            .join(ConversationRow, ConversationRow.id == jobs.c.conversation_id)
            .join(CustomerRow, CustomerRow.id == ConversationRow.customer_id)
            # Nobody can answer who was erased.
            .where(CustomerRow.data_key.is_not(None))
        )
        return sorted(rows.scalars())

    async def prune_events(self, *, before: datetime) -> None:
        """Forget platforms' events that cannot come a second time any more."""
        await self._session.execute(
            delete(PlatformEventRow).where(PlatformEventRow.received_at < before)
        )

    async def ignore(self, conversation: str) -> None:
        """Leave what has no answer yet to the person who has the conversation."""
        await self._session.execute(
            update(InboundRow)
            .where(
                InboundRow.conversation_id == conversation,
                InboundRow.status.in_(("waiting", "claimed")),
            )
            .values(status="for_staff")
        )

    async def _places(
        self, arrivals: Sequence[Arrival], at: datetime
    ) -> dict[tuple[str, str], _Place]:
        wanted = {_who(item): item for item in arrivals}
        found = await self._find_places(list(wanted))
        if missing := [item for who, item in wanted.items() if who not in found]:
            await self._open_places(missing, at)
            found |= await self._find_places([_who(item) for item in missing])
        return found

    async def _find_places(self, who: Sequence[tuple[str, str]]) -> dict[tuple[str, str], _Place]:
        rows = await self._session.execute(_PLACES, {"who": who})
        return {
            (account, external): _Place(
                conversation, ConversationState(state), self._keys.open(customer, key)
            )
            for account, external, customer, key, conversation, state in rows
            if key is not None
        }

    async def _open_places(self, arrivals: Sequence[Arrival], at: datetime) -> None:
        customers = []
        # In one order everywhere: two processes that insert the same ones must not wait in a ring.
        arrivals = sorted(arrivals, key=_who)
        for item in arrivals:
            customer = new_id()
            customers.append(
                {
                    "id": customer,
                    "brand_id": item.brand,
                    "account_id": item.account,
                    "external_id": item.inbound.customer,
                    "data_key": self._keys.new(customer)[1],
                    "personalised": False,
                    "retention": "chat",
                    "created_at": at,
                }
            )
        made = await self._session.execute(
            insert_once(self._session, CustomerRow).returning(CustomerRow.id), customers
        )
        ours = set(made.scalars())
        conversations = [
            {
                "id": new_id(),
                "brand_id": item.brand,
                "account_id": item.account,
                "channel": item.channel,
                "customer_id": customer["id"],
                "state": ConversationState.BOT.value,
                "state_since": at,
                "created_at": at,
            }
            for item, customer in zip(arrivals, customers, strict=True)
            if customer["id"] in ours
        ]
        if conversations:
            await self._session.execute(_OPEN, conversations)

    async def _insert_new(
        self, arrivals: Sequence[Arrival], places: dict[tuple[str, str], _Place]
    ) -> set[str]:
        rows = [_row(item, places[_who(item)]) for item in sorted(arrivals, key=_what)]
        inserted = await self._session.execute(
            insert_once(self._session, InboundRow).returning(InboundRow.id), rows
        )
        return set(inserted.scalars())

    async def _still_waiting(self, duplicates: Sequence[Arrival]) -> set[tuple[str, str]]:
        if not duplicates:
            return set()
        rows = await self._session.execute(
            select(InboundRow.account_id, InboundRow.external_id).where(
                InboundRow.status.in_(("waiting", "claimed")),
                tuple_(InboundRow.account_id, InboundRow.external_id).in_(
                    [_what(item) for item in duplicates]
                ),
            )
        )
        return {(account, external) for account, external in rows}


def _who(arrival: Arrival) -> tuple[str, str]:
    return arrival.account, arrival.inbound.customer


def _what(arrival: Arrival) -> tuple[str, str]:
    return arrival.account, arrival.inbound.external_id


def _kind(inbound: InboundMessage | SessionOpened) -> str:
    return inbound.kind if isinstance(inbound, InboundMessage) else "session_opened"


def _content(inbound: InboundMessage | SessionOpened) -> bytes:
    if isinstance(inbound, InboundMessage):
        return orjson.dumps({"text": inbound.text, "media": dict(inbound.media)})
    return orjson.dumps({"text": "", "source": inbound.source})


def _row(item: Arrival, place: _Place) -> dict[str, object]:
    return {
        "id": item.id,
        "account_id": item.account,
        "external_id": item.inbound.external_id,
        "conversation_id": place.conversation,
        "kind": _kind(item.inbound),
        "content": place.key.encrypt(_content(item.inbound), place=f"inbound/{item.id}"),
        "context": dict(item.inbound.context),
        "sent_at": item.inbound.sent_at,
        "received_at": item.received_at,
        "status": "waiting",
    }


def _fact(item: Arrival, place: _Place, *, duplicate: bool) -> Fact:
    return Fact(
        conversation=place.conversation,
        kind="duplicate" if duplicate else "received",
        body={
            "inbound": item.id,
            "kind": _kind(item.inbound),
            "content": place.key.digest(_content(item.inbound)),
        },
    )


# Built once: building a statement takes longer than SQLite's execution of it.
_OPEN = insert(_CONVERSATIONS)
_PLACES = (
    select(
        _CUSTOMERS.c.account_id,
        _CUSTOMERS.c.external_id,
        _CUSTOMERS.c.id,
        _CUSTOMERS.c.data_key,
        _CONVERSATIONS.c.id,
        _CONVERSATIONS.c.state,
    )
    .join_from(_CUSTOMERS, _CONVERSATIONS, _CONVERSATIONS.c.customer_id == _CUSTOMERS.c.id)
    .where(
        tuple_(_CUSTOMERS.c.account_id, _CUSTOMERS.c.external_id).in_(
            bindparam("who", expanding=True)
        )
    )
)
