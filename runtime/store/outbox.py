"""The outbox: labelled outputs, their parts and receipts."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import bindparam, insert, select, update

from agents.turn import ModelUse
from channels.base import Citation, PartReceipt
from labelling.content import MediaRef, MediaType, Part
from labelling.output import LabelledOutput, LabelRecord
from runtime.ids import new_id
from runtime.store.conversations import Author, Conversation
from runtime.store.database import Session
from runtime.store.tables.outputs import ModelCallRow, OutputPartRow, OutputRow
from runtime.store.waivers import note_waived

_OUTPUTS, _PARTS = OutputRow.core(), OutputPartRow.core()
_RECORD = TypeAdapter(LabelRecord)
_MILLIONTHS = 1_000_000


@dataclass(frozen=True, slots=True)
class Stored:
    """An output as it was stored; only the labelling stage can make it sendable again."""

    id: str
    turn: str | None
    status: str
    parts: tuple[Part, ...]
    record: LabelRecord
    context: Mapping[str, str]
    citations: tuple[Citation, ...]
    sent: int
    """How many parts, from the first, have a receipt."""
    in_doubt: bool
    """The next part was on its way when the process stopped: it may have arrived."""


@dataclass(frozen=True, slots=True)
class OnItsWay:
    """A part that went out and has no receipt: it may have arrived."""

    output: str
    number: int
    given_up: bool
    """Nobody waits for the platform's answer any more: the output counts as unknown."""
    text: str


class Outbox:
    """Keeps outputs through one session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def add(
        self,
        output: LabelledOutput,
        conversation: Conversation,
        *,
        author: Author,
        turn: str | None,
        context: Mapping[str, str],
        citations: Sequence[Citation],
        status: str,
        at: datetime,
    ) -> None:
        """Keep a labelled output with its parts, encrypted under the customer's key."""
        record = output.record
        await self._session.execute(
            _ADD,
            {
                "id": record.output_id,
                "conversation_id": conversation.id,
                "turn_id": turn,
                "origin": record.origin.value,
                "author": author.value,
                "status": status,
                "record": conversation.key.encrypt(
                    _RECORD.dump_json(record), place=_record_place(record.output_id)
                ),
                "context": dict(context),
                "citations": [asdict(citation) for citation in citations],
                "created_at": at,
            },
        )
        rows = []
        for number, part in enumerate(output.parts):
            # Parts in the media store come with the media writers; the stage refuses them today.
            assert not isinstance(part.content, MediaRef)
            place = f"outputs/{record.output_id}/{number}"
            rows.append(
                {
                    "output_id": record.output_id,
                    "number": number,
                    "media_type": part.media_type.value,
                    "content": conversation.key.encrypt(part.content, place=place),
                    "status": "sent" if status == "delivered" else "ready",
                    "sent_at": at if status == "delivered" else None,
                }
            )
        await self._session.execute(_ADD_PARTS, rows)
        await note_waived(self._session, record)

    async def find(self, turn: str, conversation: Conversation) -> Stored | None:
        """Give the output of a turn that has still to be delivered; a broken-off one has not."""
        rows = await self._session.execute(_UNDELIVERED, {"turn": turn})
        row = rows.one_or_none()
        return None if row is None else await self._stored(row, conversation)

    async def every(self, outputs: Sequence[str], conversation: Conversation) -> list[Stored]:
        """Give outputs of a conversation, whatever became of them."""
        rows = await self._session.execute(
            _SOME, {"outputs": outputs, "conversation": conversation.id}
        )
        return [await self._stored(row, conversation) for row in rows]

    async def has(self, output: str) -> bool:
        """Tell whether an output is kept."""
        query = select(OutputRow.id).where(OutputRow.id == output)
        return (await self._session.execute(query)).one_or_none() is not None

    async def sending(self, output: str, number: int) -> None:
        """Mark that a part is about to go out, for platforms that know no key of ours."""
        await self._session.execute(_SENDING, {"output": output, "part": number})

    async def receipt(self, output: str, receipt: PartReceipt, *, at: datetime) -> None:
        """Keep the platform's receipt of a part."""
        await self._session.execute(
            _RECEIPT,
            {
                "output": output,
                "part": receipt.number,
                "platform_id": receipt.platform_id,
                "sent_at": at,
            },
        )

    async def put_back(self, output: str) -> None:
        """Mark that a part which was about to go out did not: the platform took nothing."""
        await self._session.execute(
            update(OutputPartRow)
            .where(OutputPartRow.output_id == output, OutputPartRow.status == "sending")
            .values(status="ready")
        )

    async def settle(self, output: str, status: str) -> None:
        """Say what became of an output: delivered, undelivered or unknown."""
        await self._session.execute(_SETTLE, {"output": output, "status": status})

    async def on_their_way(self, conversation: Conversation) -> list[OnItsWay]:
        """Give the parts that went out and have no receipt, oldest first."""
        rows = await self._session.execute(
            select(OutputRow.id, OutputRow.status, OutputPartRow.number, OutputPartRow.content)
            .join(OutputPartRow, OutputPartRow.output_id == OutputRow.id)
            .where(
                OutputRow.conversation_id == conversation.id,
                OutputRow.status.in_(("labelled", "unknown")),
                OutputPartRow.status == "sending",
            )
            .order_by(OutputRow.id, OutputPartRow.number)
        )
        return [
            OnItsWay(
                output=row.id,
                number=row.number,
                given_up=row.status == "unknown",
                text=conversation.key.decrypt(
                    row.content, place=f"outputs/{row.id}/{row.number}"
                ).decode(),
            )
            for row in rows
        ]

    async def whole(self, output: str) -> bool:
        """Tell whether every part of an output has a receipt."""
        query = select(OutputPartRow.number).where(
            OutputPartRow.output_id == output, OutputPartRow.status != "sent"
        )
        return (await self._session.execute(query.limit(1))).one_or_none() is None

    async def give_up(self, turn: str) -> None:
        """Mark that what was labelled for a turn will not be delivered any more."""
        await self._session.execute(
            update(OutputRow)
            .where(OutputRow.turn_id == turn, OutputRow.status == "labelled")
            .values(status="undelivered")
        )

    async def sent_as(self, conversation: str, platform_id: str) -> bool:
        """Tell whether a platform's id is that of a part we have a receipt for."""
        rows = await self._session.execute(
            select(OutputPartRow.output_id)
            .join(OutputRow, OutputRow.id == OutputPartRow.output_id)
            .where(
                OutputRow.conversation_id == conversation, OutputPartRow.platform_id == platform_id
            )
            .limit(1)
        )
        return rows.one_or_none() is not None

    async def book(self, uses: Sequence[ModelUse], *, turn: str, brand: str, at: datetime) -> None:
        """Keep the calls of models that a turn took."""
        if not uses:
            return
        rows: list[dict[str, Any]] = [
            {
                "id": new_id(),
                "turn_id": turn,
                "brand_id": brand,
                "model": use.model,
                "route": use.route,
                "prompt_version": use.prompt_version,
                "input_tokens": use.input_tokens,
                "output_tokens": use.output_tokens,
                "latency_ms": round(use.latency * 1000),
                "cost_millionths": round(use.cost * _MILLIONTHS),
                "currency": use.currency,
                "error": use.error,
                "at": at,
            }
            for use in uses
        ]
        await self._session.execute(_BOOK, rows)

    async def _stored(self, row: Any, conversation: Conversation) -> Stored:
        parts = await self._session.execute(_ALL_PARTS, {"output": row.id})
        contents, statuses = [], []
        for part in parts:
            place = f"outputs/{row.id}/{part.number}"
            plain = conversation.key.decrypt(part.content, place=place)
            contents.append(Part(MediaType(part.media_type), plain))
            statuses.append(part.status)
        return Stored(
            id=row.id,
            turn=row.turn_id,
            status=row.status,
            parts=tuple(contents),
            record=_RECORD.validate_json(
                conversation.key.decrypt(row.record, place=_record_place(row.id))
            ),
            context=row.context,
            citations=tuple(Citation(**citation) for citation in row.citations),
            sent=statuses.count("sent"),
            in_doubt="sending" in statuses,
        )


def _record_place(output: str) -> str:
    return f"outputs/{output}/record"


# Built once: building a statement takes longer than SQLite's execution of it.
_ADD, _ADD_PARTS, _BOOK = insert(_OUTPUTS), insert(_PARTS), insert(ModelCallRow.core())
_UNDELIVERED = select(_OUTPUTS).where(
    _OUTPUTS.c.turn_id == bindparam("turn"), _OUTPUTS.c.status.in_(("labelled", "streamed"))
)
_SOME = select(_OUTPUTS).where(
    _OUTPUTS.c.id.in_(bindparam("outputs", expanding=True)),
    _OUTPUTS.c.conversation_id == bindparam("conversation"),
)
_ALL_PARTS = (
    select(_PARTS).where(_PARTS.c.output_id == bindparam("output")).order_by(_PARTS.c.number)
)
_PART = update(_PARTS).where(
    _PARTS.c.output_id == bindparam("output"), _PARTS.c.number == bindparam("part")
)
_SENDING = _PART.values(status="sending")
_RECEIPT = _PART.values(
    status="sent", platform_id=bindparam("platform_id"), sent_at=bindparam("sent_at")
)
_SETTLE = (
    update(_OUTPUTS).where(_OUTPUTS.c.id == bindparam("output")).values(status=bindparam("status"))
)
