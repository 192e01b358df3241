"""Waivers of the explicit label, and the Merkle log over the audit entries."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from runtime.store.tables.base import UtcDateTime

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_UNPROVED = sa.text("evidence_sequence < audit_sequence")


def upgrade() -> None:
    op.create_table(
        "waivers",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("brand_id", sa.String(length=36), nullable=False),
        sa.Column("agreement", sa.String(length=40), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("granted_at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name=op.f("fk_waivers_brand_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waivers")),
    )
    op.create_index(op.f("ix_waivers_brand_id"), "waivers", ["brand_id"])
    op.create_index(op.f("ix_waivers_granted_at"), "waivers", ["granted_at"])
    op.create_table(
        "waived",
        sa.Column("output_id", sa.String(length=36), nullable=False),
        sa.Column("waiver_id", sa.String(length=36), nullable=False),
        sa.Column("produce_id", sa.String(length=64), nullable=False),
        sa.Column("digests", sa.JSON(), nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["waiver_id"], ["waivers.id"], name=op.f("fk_waived_waiver_id")),
        sa.PrimaryKeyConstraint("output_id", name=op.f("pk_waived")),
    )
    op.create_index(op.f("ix_waived_waiver_id"), "waived", ["waiver_id"])
    op.create_table(
        "evidence_leaves",
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("conversation_id", sa.String(length=36), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_evidence_leaves")),
        sa.UniqueConstraint(
            "conversation_id",
            "sequence",
            name=op.f("uq_evidence_leaves_conversation_id_sequence"),
        ),
    )
    op.create_table(
        "evidence_nodes",
        sa.Column("level", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("place", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("level", "place", name=op.f("pk_evidence_nodes")),
    )
    op.create_table(
        "evidence_heads",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("log", sa.String(length=80), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence_heads")),
    )
    op.create_index(op.f("ix_evidence_heads_at"), "evidence_heads", ["at"])
    op.add_column(
        "conversations",
        sa.Column("evidence_sequence", sa.Integer(), server_default="0", nullable=False),
    )
    op.create_index(
        "ix_conversations_unproved",
        "conversations",
        ["id"],
        sqlite_where=_UNPROVED,
        postgresql_where=_UNPROVED,
    )


def downgrade() -> None:
    op.drop_index("ix_conversations_unproved", "conversations")
    op.drop_column("conversations", "evidence_sequence")
    op.drop_table("evidence_heads")
    op.drop_table("evidence_nodes")
    op.drop_table("evidence_leaves")
    op.drop_table("waived")
    op.drop_table("waivers")
