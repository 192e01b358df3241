"""Conversations, the inbound messages in them, and the turns that answer."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from runtime.store.tables.base import Table, UtcDateTime


class ConversationRow(Table):
    """All with one customer on one account; carries the heads of its audit chain and events."""

    __tablename__ = "conversations"
    __table_args__ = (
        Index(
            "ix_conversations_unproved",
            "id",
            sqlite_where=text("evidence_sequence < audit_sequence"),
            postgresql_where=text("evidence_sequence < audit_sequence"),
        ),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    brand_id: Mapped[str] = mapped_column(ForeignKey("brands.id"), index=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    channel: Mapped[str] = mapped_column(String(40))
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.id"), unique=True)
    state: Mapped[str] = mapped_column(String(12), default="bot")
    state_reason: Mapped[str] = mapped_column(String(40), default="")
    state_since: Mapped[datetime] = mapped_column(UtcDateTime)
    summary: Mapped[bytes | None] = mapped_column(LargeBinary)
    audit_sequence: Mapped[int] = mapped_column(default=0)
    audit_digest: Mapped[str] = mapped_column(String(64), default="")
    # Entries up to here stand in the Merkle log as well.
    evidence_sequence: Mapped[int] = mapped_column(default=0, server_default="0")
    event_sequence: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class InboundRow(Table):
    """What a customer said or did; admitted once."""

    __tablename__ = "inbound"
    __table_args__ = (
        UniqueConstraint("account_id", "external_id"),
        Index("ix_inbound_conversation", "conversation_id", "id"),
        Index("ix_inbound_waiting", "status", "received_at"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    external_id: Mapped[str] = mapped_column(String(200))
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"))
    kind: Mapped[str] = mapped_column(String(40))
    content: Mapped[bytes] = mapped_column(LargeBinary)
    context: Mapped[dict[str, Any]] = mapped_column(JSON)
    sent_at: Mapped[datetime] = mapped_column(UtcDateTime)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    status: Mapped[str] = mapped_column(String(12), default="waiting")
    turn_id: Mapped[str | None] = mapped_column(String(36), index=True)


class TurnRow(Table):
    """An answer in the making, and the messages it answers."""

    __tablename__ = "turns"
    __table_args__ = (
        Index("ix_turns_conversation", "conversation_id", "status"),
        Index("ix_turns_status", "status", "claimed_at"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"))
    status: Mapped[str] = mapped_column(String(16), default="open")
    attempts: Mapped[int] = mapped_column(default=0)
    fence: Mapped[int]
    run_id: Mapped[str] = mapped_column(String(36))
    cancelled: Mapped[bool] = mapped_column(default=False)
    claimed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class PlatformEventRow(Table):
    """What a platform told of an account rather than of a conversation."""

    __tablename__ = "platform_events"
    __table_args__ = (UniqueConstraint("account_id", "external_id"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    external_id: Mapped[str] = mapped_column(String(200))
    name: Mapped[str] = mapped_column(String(80))
    subject: Mapped[str] = mapped_column(String(200))
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
