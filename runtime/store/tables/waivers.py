"""Requests for output without the explicit label, and what was issued under them."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from runtime.store.tables.base import Table, UtcDateTime


class WaiverRow(Table):
    """A request that was granted (Measures, Article 9); no erasure of a customer touches it."""

    __tablename__ = "waivers"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    brand_id: Mapped[str] = mapped_column(ForeignKey("brands.id"), index=True)
    agreement: Mapped[str] = mapped_column(String(40))
    # Who asked, who receives and why: sealed under the master key, as the law keeps it longer
    # than the customer's own key may live.
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    granted_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class WaivedRow(Table):
    """An output that was issued under a waiver."""

    __tablename__ = "waived"

    output_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    waiver_id: Mapped[str] = mapped_column(ForeignKey("waivers.id"), index=True)
    produce_id: Mapped[str] = mapped_column(String(64))
    # Of every part as it left.
    digests: Mapped[list[Any]] = mapped_column(JSON)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
