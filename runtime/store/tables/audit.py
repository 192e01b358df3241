"""The audit log: append only, each entry carries the digest of the one before."""

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from runtime.store.tables.base import Table, UtcDateTime


class AuditRow(Table):
    """One entry: its canonical text is what the digest is of; the content stands apart."""

    __tablename__ = "audit"

    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"), primary_key=True)
    sequence: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    brand_id: Mapped[str] = mapped_column(ForeignKey("brands.id"), index=True)
    kind: Mapped[str] = mapped_column(String(40), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    # The very text that was hashed: canonical JSON, so that no database may reorder it.
    entry: Mapped[str] = mapped_column(Text)
    digest: Mapped[str] = mapped_column(String(64))
    # Under the customer's data key, which can be erased without breaking the chain.
    content: Mapped[bytes | None] = mapped_column(LargeBinary)
