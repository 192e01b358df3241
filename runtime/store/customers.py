"""Customers: what they think of answers, and their erasure."""

from datetime import datetime
from typing import Literal

from sqlalchemy import delete, select, update

from runtime.errors import NotFoundError
from runtime.store.database import Session, insert_once
from runtime.store.tables.customers import CustomerRow
from runtime.store.tables.outputs import FeedbackRow, OutputRow

Vote = Literal["up", "down", "none"]


class Customers:
    """Reads and changes what belongs to customers, through one session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def vote(self, conversation: str, output: str, vote: Vote, *, at: datetime) -> None:
        """Keep a thumb on an output of this conversation; `none` takes it back.

        Raises:
            NotFoundError: The conversation has no such output.
        """
        query = select(OutputRow.id).where(
            OutputRow.id == output, OutputRow.conversation_id == conversation
        )
        if (await self._session.execute(query)).one_or_none() is None:
            msg = f"there is no output {output!r} in this conversation"
            raise NotFoundError(msg)
        await self._session.execute(delete(FeedbackRow).where(FeedbackRow.output_id == output))
        if vote != "none":
            row = {"output_id": output, "vote": vote, "at": at}
            await self._session.execute(insert_once(self._session, FeedbackRow).values(row))

    async def votes(self, conversation: str) -> dict[str, str]:
        """Give the thumbs on a conversation's outputs."""
        query = (
            select(FeedbackRow.output_id, FeedbackRow.vote)
            .join(OutputRow, OutputRow.id == FeedbackRow.output_id)
            .where(OutputRow.conversation_id == conversation)
        )
        return {row.output_id: row.vote for row in await self._session.execute(query)}

    async def erase(self, customer: str, *, at: datetime) -> None:
        """Erase a customer: without the data key no text of theirs can be read again.

        The audit chain still verifies; who writes again begins as somebody new.
        """
        await self._session.execute(
            update(CustomerRow)
            .where(CustomerRow.id == customer)
            .values(data_key=None, external_id=f"erased:{customer}", erased_at=at)
        )
