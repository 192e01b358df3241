"""Customers: their data keys, what they agreed to, how long they are kept."""

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from runtime.store.tables.base import Table, UtcDateTime


class CustomerRow(Table):
    """One person on one account of one brand."""

    __tablename__ = "customers"
    __table_args__ = (UniqueConstraint("account_id", "external_id"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    brand_id: Mapped[str] = mapped_column(ForeignKey("brands.id"), index=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    external_id: Mapped[str] = mapped_column(String(200))
    # Gone after erasure: the texts cannot be read any more, the audit chain still verifies.
    data_key: Mapped[bytes | None] = mapped_column(LargeBinary)
    personalised: Mapped[bool] = mapped_column(default=False)
    retention: Mapped[str] = mapped_column(String(20), default="chat")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    erased_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ConsentRow(Table):
    """One entry of the consent ledger; the newest of a purpose holds."""

    __tablename__ = "consents"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.id"), index=True)
    purpose: Mapped[str] = mapped_column(String(60))
    granted: Mapped[bool]
    text_version: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
