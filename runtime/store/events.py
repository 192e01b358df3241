"""Events of live answers: numbered in their conversation, read again by who was away."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import bindparam, delete, func, insert, select, update

from channels.base import Citation
from labelling.output import Aigc, EventKind, LabelledEvent
from runtime.store.conversations import Conversation
from runtime.store.database import Session
from runtime.store.tables.conversations import ConversationRow, TurnRow
from runtime.store.tables.outputs import RunEventRow

_CONVERSATIONS, _EVENTS = ConversationRow.core(), RunEventRow.core()


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event as it was stored; only the labelling stage can make it showable again."""

    sequence: int
    run_id: str
    number: int
    output_id: str
    kind: EventKind
    text: str
    aigc: Aigc | None
    digest: str
    citations: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class OpenRun:
    """A run that is being written."""

    run: str
    output: str
    first: int
    """Sequence number of its first event."""


class Events:
    """Appends and reads events through one session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def append(
        self,
        event: LabelledEvent,
        conversation: Conversation,
        citations: Sequence[Citation],
        *,
        at: datetime,
    ) -> int:
        """Keep an event; give its sequence number in the conversation."""
        moved = await self._session.execute(_NEXT, {"conversation": conversation.id})
        sequence = moved.scalar_one()
        place = _place(conversation.id, sequence)
        await self._session.execute(
            _ADD,
            {
                "conversation_id": conversation.id,
                "sequence": sequence,
                "run_id": event.run_id,
                "number": event.number,
                "output_id": event.output_id,
                "content": conversation.key.encrypt(_sealed(event), place=place),
                "citations": [asdict(citation) for citation in citations],
                "at": at,
            },
        )
        return int(sequence)

    async def after(self, conversation: Conversation, sequence: int) -> list[StoredEvent]:
        """Give the events after a sequence number, in order."""
        values = {"conversation": conversation.id, "after": sequence}
        rows = await self._session.execute(_AFTER, values)
        return [_event(conversation, row) for row in rows]

    async def of_run(self, conversation: Conversation, run_id: str) -> list[StoredEvent]:
        """Give the events of one run, in order."""
        rows = await self._session.execute(_OF_RUN, {"run": run_id})
        return [_event(conversation, row) for row in rows]

    async def last(self, conversation: str) -> int:
        """Give the sequence number of the newest event; 0 where there is none."""
        query = select(ConversationRow.event_sequence).where(ConversationRow.id == conversation)
        last: int = (await self._session.execute(query)).scalar_one()
        return last

    async def open_run(self, conversation: str) -> OpenRun | None:
        """Give the run that is being written."""
        query = (
            select(RunEventRow.run_id, RunEventRow.output_id, func.min(RunEventRow.sequence))
            .join(TurnRow, TurnRow.run_id == RunEventRow.run_id)
            .where(RunEventRow.conversation_id == conversation, TurnRow.status == "open")
            .group_by(RunEventRow.run_id, RunEventRow.output_id)
        )
        row = (await self._session.execute(query)).one_or_none()
        return None if row is None else OpenRun(row[0], row[1], row[2])

    async def whole(self, conversation: str, after: int) -> bool:
        """Tell whether all events after a sequence number are still kept."""
        # Before the rows: one that comes between the two looks must not seem to be missing.
        if await self.last(conversation) <= after:
            return True
        query = select(func.min(RunEventRow.sequence)).where(
            RunEventRow.conversation_id == conversation, RunEventRow.sequence > after
        )
        first: int | None = (await self._session.execute(query)).scalar_one_or_none()
        return first == after + 1

    async def prune(self, *, before: datetime) -> None:
        """Forget events that nobody will resume from; their words stand in the outputs."""
        await self._session.execute(delete(RunEventRow).where(RunEventRow.at < before))


def _event(conversation: Conversation, row: Any) -> StoredEvent:
    place = _place(conversation.id, row.sequence)
    content = orjson.loads(conversation.key.decrypt(row.content, place=place))
    return StoredEvent(
        sequence=row.sequence,
        run_id=row.run_id,
        number=row.number,
        output_id=row.output_id,
        kind=EventKind(content["kind"]),
        text=content["text"],
        aigc=_aigc_of(content["aigc"]),
        digest=content["digest"],
        citations=tuple(Citation(**citation) for citation in row.citations),
    )


def _sealed(event: LabelledEvent) -> bytes:
    """Write what must not be altered: under an authenticated cipher a label cannot be taken off."""
    return orjson.dumps(
        {
            "kind": event.kind.value,
            "text": event.text,
            "aigc": asdict(event.aigc) if event.aigc else None,
            "digest": event.digest,
        }
    )


def _aigc_of(stored: Mapping[str, str] | None) -> Aigc | None:
    return Aigc(**stored) if stored else None


def _place(conversation: str, sequence: int) -> str:
    return f"run_events/{conversation}/{sequence}"


# Built once: building a statement takes longer than SQLite's execution of it.
_NEXT = (
    update(_CONVERSATIONS)
    .where(_CONVERSATIONS.c.id == bindparam("conversation"))
    .values(event_sequence=_CONVERSATIONS.c.event_sequence + 1)
    .returning(_CONVERSATIONS.c.event_sequence)
)
_ADD = insert(_EVENTS)
_AFTER = (
    select(_EVENTS)
    .where(
        _EVENTS.c.conversation_id == bindparam("conversation"),
        _EVENTS.c.sequence > bindparam("after"),
    )
    .order_by(_EVENTS.c.sequence)
)
_OF_RUN = select(_EVENTS).where(_EVENTS.c.run_id == bindparam("run")).order_by(_EVENTS.c.number)
