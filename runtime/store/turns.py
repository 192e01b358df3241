"""Turns: what waits is claimed as one, answered once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypedDict

import orjson
from sqlalchemy import bindparam, insert, select, update

from channels.messages import ConversationState
from runtime.errors import StaleLeaseError, TakenOverError
from runtime.ids import new_id
from runtime.store.conversations import Conversation
from runtime.store.database import Session
from runtime.store.tables.conversations import ConversationRow, InboundRow, TurnRow

_CONVERSATIONS = ConversationRow.core()
_TURNS, _INBOUND = TurnRow.core(), InboundRow.core()


@dataclass(frozen=True, slots=True)
class Claimed:
    """A turn this worker owns until it is closed."""

    id: str
    run_id: str
    attempts: int
    """1 for the first."""
    fence: int
    messages: tuple[str, ...]
    kinds: tuple[str, ...]
    sent_at: datetime
    """Of the newest message."""
    context: Mapping[str, str]
    """What the platform wants back with the answer; of the newest message."""


class _Holding(TypedDict):
    """Which turn it is, and by what its holder is told from others."""

    id: str
    run_id: str
    attempts: int
    fence: int


class Turns:
    """Claims and closes turns through one session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def claim(
        self, conversation: Conversation, *, fence: int, at: datetime
    ) -> Claimed | None:
        """Claim what waits as one turn, or take up a turn that was left open.

        The caller holds the conversation's row locked, so that two cannot claim at once.
        """
        rows = await self._session.execute(_OPEN, {"conversation": conversation.id})
        row = rows.one_or_none()
        if row is None:
            return await self._new(conversation, fence, at)
        attempts = row.attempts + 1
        await self._session.execute(
            _TAKE_UP,
            {"turn": row.id, "fence": fence, "attempts": attempts, "claimed_at": at},
        )
        taken = await self._session.execute(_TAKEN, {"turn": row.id})
        holding = _Holding(id=row.id, run_id=row.run_id, attempts=attempts, fence=fence)
        return _claimed(holding, conversation, taken.all())

    async def close(self, turn: Claimed, *, status: str, at: datetime) -> None:
        """Close a turn and what it answered.

        Raises:
            StaleLeaseError: Another worker claimed it since.
        """
        closed = await self._session.execute(
            _CLOSE, {**_mine(turn), "status": status, "closed_at": at}
        )
        if closed.one_or_none() is None:
            msg = f"turn {turn.id!r} is claimed by another worker"
            raise StaleLeaseError(msg)
        await self._session.execute(_ANSWERED, {"turn": turn.id})

    async def hold(self, turn: Claimed) -> None:
        """Make sure, before something is written, that the turn is still ours to answer.

        Raises:
            StaleLeaseError: Another worker claimed it since.
            TakenOverError: A person took the conversation over.
        """
        rows = await self._session.execute(_HOLDER, {"turn": turn.id})
        fence, attempts, state = rows.one()
        if (fence, attempts) != (turn.fence, turn.attempts):
            msg = f"turn {turn.id!r} is claimed by another worker"
            raise StaleLeaseError(msg)
        if ConversationState(state).silent:
            msg = f"the conversation of turn {turn.id!r} is with a person now"
            raise TakenOverError(msg)

    async def leave(self, conversation: str, *, at: datetime) -> None:
        """Close what was begun in a conversation that a person has taken over."""
        await self._session.execute(
            update(TurnRow)
            .where(TurnRow.conversation_id == conversation, TurnRow.status == "open")
            .values(status="for_staff", closed_at=at)
        )

    async def rerun(self, turn: Claimed, run_id: str) -> None:
        """Give the turn a new run of events, after the first broke off."""
        await self._session.execute(
            update(TurnRow).where(TurnRow.id == turn.id).values(run_id=run_id)
        )

    async def cancel(self, conversation: str) -> None:
        """Ask whoever is writing an answer in this conversation to stop."""
        await self._session.execute(
            update(TurnRow)
            .where(TurnRow.conversation_id == conversation, TurnRow.status == "open")
            .values(cancelled=True)
        )

    async def cancelled(self, turn: Claimed) -> bool:
        """Tell whether the customer asked to stop."""
        rows = await self._session.execute(_CANCELLED, {"turn": turn.id})
        return bool(rows.scalar_one())

    async def _new(self, conversation: Conversation, fence: int, at: datetime) -> Claimed | None:
        holding = _Holding(id=new_id(), run_id=new_id(), attempts=1, fence=fence)
        rows = await self._session.execute(
            _TAKE_WAITING, {"conversation": conversation.id, "turn": holding["id"]}
        )
        # A database gives them in any order.
        taken = sorted(rows.all(), key=lambda row: row.id)
        if not taken:
            return None
        await self._session.execute(
            _ADD,
            {
                **holding,
                "conversation_id": conversation.id,
                "status": "open",
                "cancelled": False,
                "claimed_at": at,
            },
        )
        return _claimed(holding, conversation, taken)


def _claimed(holding: _Holding, conversation: Conversation, rows: Sequence[Any]) -> Claimed:
    texts = [
        orjson.loads(conversation.key.decrypt(row.content, place=f"inbound/{row.id}"))["text"]
        for row in rows
    ]
    return Claimed(
        **holding,
        messages=tuple(texts),
        kinds=tuple(row.kind for row in rows),
        sent_at=max(row.sent_at for row in rows),
        context=rows[-1].context,
    )


def _mine(turn: Claimed) -> dict[str, str | int]:
    return {"turn": turn.id, "my_fence": turn.fence, "my_attempts": turn.attempts}


# Built once: building a statement takes longer than SQLite's execution of it.
_MESSAGE = (
    _INBOUND.c.id,
    _INBOUND.c.kind,
    _INBOUND.c.content,
    _INBOUND.c.context,
    _INBOUND.c.sent_at,
)
_ADD = insert(_TURNS)
_OPEN = select(_TURNS.c.id, _TURNS.c.run_id, _TURNS.c.attempts).where(
    _TURNS.c.conversation_id == bindparam("conversation"), _TURNS.c.status == "open"
)
_TAKE_UP = (
    update(_TURNS)
    .where(_TURNS.c.id == bindparam("turn"))
    .values(
        fence=bindparam("fence"), attempts=bindparam("attempts"), claimed_at=bindparam("claimed_at")
    )
)
_TAKEN = select(*_MESSAGE).where(_INBOUND.c.turn_id == bindparam("turn")).order_by(_INBOUND.c.id)
_TAKE_WAITING = (
    update(_INBOUND)
    .where(_INBOUND.c.conversation_id == bindparam("conversation"), _INBOUND.c.status == "waiting")
    .values(status="claimed", turn_id=bindparam("turn"))
    .returning(*_MESSAGE)
)
# Every claim counts one attempt more: an older holder of the turn is told apart even where two
# processes count their fences alike.
_CLOSE = (
    update(_TURNS)
    .where(
        _TURNS.c.id == bindparam("turn"),
        _TURNS.c.fence == bindparam("my_fence"),
        _TURNS.c.attempts == bindparam("my_attempts"),
    )
    .values(status=bindparam("status"), closed_at=bindparam("closed_at"))
    .returning(_TURNS.c.id)
)
_ANSWERED = (
    update(_INBOUND).where(_INBOUND.c.turn_id == bindparam("turn")).values(status="answered")
)
_HOLDER = (
    select(_TURNS.c.fence, _TURNS.c.attempts, _CONVERSATIONS.c.state)
    .join_from(_CONVERSATIONS, _TURNS, _TURNS.c.conversation_id == _CONVERSATIONS.c.id)
    .where(_TURNS.c.id == bindparam("turn"))
    .with_for_update(of=[_CONVERSATIONS, _TURNS], key_share=True)
)
_CANCELLED = select(_TURNS.c.cancelled).where(_TURNS.c.id == bindparam("turn"))
