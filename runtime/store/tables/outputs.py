"""What may leave: outputs, their parts, the events of live answers, and what customers thought."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from runtime.store.tables.base import Table, UtcDateTime


class OutputRow(Table):
    """A labelled output: the outbox."""

    __tablename__ = "outputs"
    __table_args__ = (Index("ix_outputs_conversation", "conversation_id", "id"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"))
    turn_id: Mapped[str | None] = mapped_column(ForeignKey("turns.id"), index=True)
    origin: Mapped[str] = mapped_column(String(12))
    # Who speaks: a fixed phrase is of human origin, yet the bot says it.
    author: Mapped[str] = mapped_column(String(8))
    status: Mapped[str] = mapped_column(String(12))
    # Under the customer's key: digests of short texts could be guessed after an erasure.
    record: Mapped[bytes] = mapped_column(LargeBinary)
    context: Mapped[dict[str, Any]] = mapped_column(JSON)
    citations: Mapped[list[Any]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class OutputPartRow(Table):
    """One message of an output, with the platform's receipt."""

    __tablename__ = "output_parts"

    output_id: Mapped[str] = mapped_column(ForeignKey("outputs.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    media_type: Mapped[str] = mapped_column(String(60))
    content: Mapped[bytes] = mapped_column(LargeBinary)
    status: Mapped[str] = mapped_column(String(12), default="ready")
    platform_id: Mapped[str | None] = mapped_column(String(200), index=True)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class RunEventRow(Table):
    """One labelled event that a front of our own shows; its sequence is the conversation's."""

    __tablename__ = "run_events"
    __table_args__ = (UniqueConstraint("run_id", "number"),)

    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"), primary_key=True)
    sequence: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    run_id: Mapped[str] = mapped_column(String(80))
    number: Mapped[int]
    output_id: Mapped[str] = mapped_column(String(36))
    content: Mapped[bytes] = mapped_column(LargeBinary)
    citations: Mapped[list[Any]] = mapped_column(JSON)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class FeedbackRow(Table):
    """A customer's thumb on an output; the newest replaces."""

    __tablename__ = "feedback"

    output_id: Mapped[str] = mapped_column(ForeignKey("outputs.id"), primary_key=True)
    vote: Mapped[str] = mapped_column(String(8))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class ModelCallRow(Table):
    """One call of a model, for the books."""

    __tablename__ = "model_calls"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    turn_id: Mapped[str] = mapped_column(ForeignKey("turns.id"), index=True)
    brand_id: Mapped[str] = mapped_column(ForeignKey("brands.id"), index=True)
    model: Mapped[str] = mapped_column(String(80))
    route: Mapped[str] = mapped_column(String(40))
    prompt_version: Mapped[str] = mapped_column(String(40))
    input_tokens: Mapped[int]
    output_tokens: Mapped[int]
    latency_ms: Mapped[int]
    # In millionths of the currency: SQLite has no exact decimals.
    cost_millionths: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    error: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
