"""The Merkle log over all audit entries, and its signed heads."""

from datetime import datetime

from sqlalchemy import BigInteger, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from runtime.store.tables.base import Table, UtcDateTime


class LeafRow(Table):
    """An audit entry's place in the log."""

    __tablename__ = "evidence_leaves"
    __table_args__ = (UniqueConstraint("conversation_id", "sequence"),)

    position: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    conversation_id: Mapped[str] = mapped_column(String(36))
    sequence: Mapped[int]


class NodeRow(Table):
    """The hash of a whole subtree of the log (RFC 6962, section 2.1); it never changes."""

    __tablename__ = "evidence_nodes"

    level: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    place: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    hash: Mapped[bytes] = mapped_column(LargeBinary)


class HeadRow(Table):
    """A signed head: what the log was at a moment."""

    __tablename__ = "evidence_heads"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    log: Mapped[str] = mapped_column(String(80))
    size: Mapped[int] = mapped_column(BigInteger)
    root: Mapped[bytes] = mapped_column(LargeBinary)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    signature: Mapped[bytes] = mapped_column(LargeBinary)
