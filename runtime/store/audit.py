"""The audit log: what happened, in the same transaction as what it tells of."""

import hashlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import bindparam, insert, select, update

from runtime.store.database import Session
from runtime.store.tables.audit import AuditRow
from runtime.store.tables.conversations import ConversationRow
from runtime.vault import DataKey

_CONVERSATIONS = ConversationRow.core()

VERSION = 1
"""Of the schema of an entry."""


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that happened in a conversation."""

    conversation: str
    kind: str
    body: Mapping[str, Any]
    """JSON values; no customer text."""
    content: bytes | None = None
    """Customer text that belongs to it: kept under the customer's key, apart from the chain."""
    key: DataKey | None = None


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One entry as it is read."""

    sequence: int
    kind: str
    at: datetime
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ChainFault:
    """A place where the chain does not hold."""

    conversation: str
    sequence: int
    what: str


@dataclass(slots=True)
class _Head:
    brand: str
    sequence: int
    digest: str


class AuditLog:
    """Appends to and reads the log through one session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def append(self, facts: Sequence[Fact], *, at: datetime) -> None:
        """Add entries, in order, to the chains of their conversations."""
        heads = await self._heads({fact.conversation for fact in facts})
        rows = [_entry(heads[fact.conversation], fact, at) for fact in facts]
        await self._session.execute(_ADD, rows)
        await self._session.execute(
            _MOVE_HEAD,
            [
                {"_id": conversation, "_sequence": head.sequence, "_digest": head.digest}
                for conversation, head in heads.items()
            ],
        )

    async def entries(self, conversation: str) -> list[AuditEntry]:
        """Give a conversation's entries, oldest first."""
        rows = await self._session.execute(
            select(AuditRow.sequence, AuditRow.kind, AuditRow.at, AuditRow.entry)
            .where(AuditRow.conversation_id == conversation)
            .order_by(AuditRow.sequence)
        )
        return [
            AuditEntry(row.sequence, row.kind, row.at, orjson.loads(row.entry)["body"])
            for row in rows
        ]

    async def faults(self, brand: str | None = None) -> AsyncIterator[ChainFault]:
        """Check every chain, or one brand's, from its first entry to its head."""
        query = _ENDS.order_by(_CONVERSATIONS.c.id)
        if brand is not None:
            query = query.where(_CONVERSATIONS.c.brand_id == brand)
        for conversation in (await self._session.execute(query)).all():
            for fault in await self._chain_faults(*conversation):
                yield fault

    async def faults_of(self, conversation: str) -> list[ChainFault]:
        """Check the chain of one conversation."""
        query = _ENDS.where(_CONVERSATIONS.c.id == conversation)
        return await self._chain_faults(*(await self._session.execute(query)).one())

    async def _chain_faults(self, conversation: str, last: int, head: str) -> list[ChainFault]:
        rows = await self._session.execute(
            select(AuditRow.sequence, AuditRow.entry, AuditRow.digest)
            .where(AuditRow.conversation_id == conversation)
            .order_by(AuditRow.sequence)
        )
        faults, previous, expected = [], "", 0
        for sequence, entry, digest in rows:
            expected += 1
            if sequence != expected:
                faults.append(ChainFault(conversation, expected, "missing"))
                expected = sequence
            told = orjson.loads(entry)
            if (told["sequence"], told["previous"]) != (sequence, previous):
                faults.append(ChainFault(conversation, sequence, "out of its chain"))
            if _digest(entry) != digest:
                faults.append(ChainFault(conversation, sequence, "altered"))
            previous = digest
        if (expected, previous) != (last, head):
            faults.append(ChainFault(conversation, last, "the end is cut off"))
        return faults

    async def _heads(self, conversations: set[str]) -> dict[str, _Head]:
        rows = await self._session.execute(_HEADS, {"ids": sorted(conversations)})
        return {row[0]: _Head(row[1], row[2], row[3]) for row in rows}


def _entry(head: _Head, fact: Fact, at: datetime) -> dict[str, Any]:
    head.sequence += 1
    entry = orjson.dumps(
        {
            "v": VERSION,
            "brand": head.brand,
            "conversation": fact.conversation,
            "sequence": head.sequence,
            "previous": head.digest,
            "kind": fact.kind,
            "at": at.isoformat(),
            "body": dict(fact.body),
            "content": fact.key.digest(fact.content) if fact.key and fact.content else None,
        },
        option=orjson.OPT_SORT_KEYS,
    ).decode()
    head.digest = _digest(entry)
    place = f"audit/{fact.conversation}/{head.sequence}"
    return {
        "conversation_id": fact.conversation,
        "sequence": head.sequence,
        "brand_id": head.brand,
        "kind": fact.kind,
        "at": at,
        "entry": entry,
        "digest": head.digest,
        "content": fact.key.encrypt(fact.content, place=place)
        if fact.key and fact.content
        else None,
    }


def _digest(entry: str) -> str:
    return hashlib.sha256(entry.encode()).hexdigest()


# Built once: building a statement takes longer than SQLite's execution of it.
_ADD = insert(AuditRow.core())
_HEADS = (
    select(
        _CONVERSATIONS.c.id,
        _CONVERSATIONS.c.brand_id,
        _CONVERSATIONS.c.audit_sequence,
        _CONVERSATIONS.c.audit_digest,
    )
    .where(_CONVERSATIONS.c.id.in_(bindparam("ids", expanding=True)))
    .order_by(_CONVERSATIONS.c.id)
    .with_for_update(key_share=True)
)
_ENDS = select(_CONVERSATIONS.c.id, _CONVERSATIONS.c.audit_sequence, _CONVERSATIONS.c.audit_digest)
_MOVE_HEAD = (
    update(_CONVERSATIONS)
    .where(_CONVERSATIONS.c.id == bindparam("_id"))
    .values(audit_sequence=bindparam("_sequence"), audit_digest=bindparam("_digest"))
)
