"""Turns: what waits is claimed as one, answered once."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import orjson
from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from runtime.errors import StaleLeaseError
from runtime.ids import new_id
from runtime.store.conversations import Conversation
from runtime.store.tables.conversations import InboundRow, TurnRow


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


class Turns:
    """Claims and closes turns through one session."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def claim(
        self, conversation: Conversation, *, fence: int, at: datetime
    ) -> Claimed | None:
        """Claim what waits as one turn, or take up a turn that was left open.

        The caller holds the conversation's row locked, so that two cannot claim at once.
        """
        row = (
            await self._session.execute(
                select(TurnRow.id, TurnRow.run_id, TurnRow.attempts).where(
                    TurnRow.conversation_id == conversation.id, TurnRow.status == "open"
                )
            )
        ).one_or_none()
        if row is not None:
            attempts = row.attempts + 1
            await self._session.execute(
                update(TurnRow)
                .where(TurnRow.id == row.id)
                .values(fence=fence, attempts=attempts, claimed_at=at)
            )
            return await self._with_messages(conversation, row.id, row.run_id, attempts, fence)
        return await self._new(conversation, fence, at)

    async def close(self, turn: Claimed, *, status: str, at: datetime) -> None:
        """Close a turn and what it answered.

        Raises:
            StaleLeaseError: Another worker claimed it since.
        """
        closed = await self._session.execute(
            update(TurnRow)
            # Every claim counts one attempt more: an older holder of the turn is told apart even
            # where two processes count their fences alike.
            .where(
                TurnRow.id == turn.id,
                TurnRow.fence == turn.fence,
                TurnRow.attempts == turn.attempts,
            )
            .values(status=status, closed_at=at)
            .returning(TurnRow.id)
        )
        if closed.one_or_none() is None:
            msg = f"turn {turn.id!r} is claimed by another worker"
            raise StaleLeaseError(msg)
        await self._session.execute(
            update(InboundRow).where(InboundRow.turn_id == turn.id).values(status="answered")
        )

    async def hold(self, turn: Claimed) -> None:
        """Make sure, before something is written, that the turn is still ours.

        Raises:
            StaleLeaseError: Another worker claimed it since.
        """
        query = (
            select(TurnRow.fence, TurnRow.attempts)
            .where(TurnRow.id == turn.id)
            .with_for_update(key_share=True)
        )
        if tuple((await self._session.execute(query)).one()) != (turn.fence, turn.attempts):
            msg = f"turn {turn.id!r} is claimed by another worker"
            raise StaleLeaseError(msg)

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
        query = select(TurnRow.cancelled).where(TurnRow.id == turn.id)
        return bool((await self._session.execute(query)).scalar_one())

    async def _new(self, conversation: Conversation, fence: int, at: datetime) -> Claimed | None:
        turn, run_id = new_id(), new_id()
        waiting = select(InboundRow.id).where(
            InboundRow.conversation_id == conversation.id, InboundRow.status == "waiting"
        )
        if (await self._session.execute(waiting.limit(1))).one_or_none() is None:
            return None
        await self._session.execute(
            insert(TurnRow).values(
                id=turn,
                conversation_id=conversation.id,
                status="open",
                attempts=1,
                fence=fence,
                run_id=run_id,
                cancelled=False,
                claimed_at=at,
            )
        )
        await self._session.execute(
            update(InboundRow)
            .where(InboundRow.conversation_id == conversation.id, InboundRow.status == "waiting")
            .values(status="claimed", turn_id=turn)
        )
        return await self._with_messages(conversation, turn, run_id, 1, fence)

    async def _with_messages(
        self, conversation: Conversation, turn: str, run_id: str, attempts: int, fence: int
    ) -> Claimed:
        rows = (
            await self._session.execute(
                select(
                    InboundRow.id,
                    InboundRow.kind,
                    InboundRow.content,
                    InboundRow.context,
                    InboundRow.sent_at,
                )
                .where(InboundRow.turn_id == turn)
                .order_by(InboundRow.id)
            )
        ).all()
        texts = [
            orjson.loads(conversation.key.decrypt(row.content, place=f"inbound/{row.id}"))["text"]
            for row in rows
        ]
        return Claimed(
            id=turn,
            run_id=run_id,
            attempts=attempts,
            fence=fence,
            messages=tuple(texts),
            kinds=tuple(row.kind for row in rows),
            sent_at=max(row.sent_at for row in rows),
            context=rows[-1].context,
        )
