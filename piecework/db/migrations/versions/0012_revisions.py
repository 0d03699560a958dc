"""requests for a better answer, and notices"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012_revisions"
down_revision = "0011_relay_budgets"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "notices",
        sa.Column("position", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("notice_id", sa.String(length=32), nullable=False),
        sa.Column("recipient", sa.String(length=42), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("batch_id", sa.String(length=66), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("position"),
        sa.UniqueConstraint("notice_id"),
    )
    op.create_index("ix_notices_recipient", "notices", ["recipient", "position"])
    op.create_table(
        "revisions",
        sa.Column("revision_id", sa.String(length=32), nullable=False),
        sa.Column("batch_id", sa.String(length=66), nullable=False),
        sa.Column("assignment_id", sa.String(length=32), nullable=False),
        sa.Column("task_id", sa.String(length=64), nullable=False),
        sa.Column("worker", sa.String(length=42), nullable=False),
        sa.Column("submission", sa.String(length=66), nullable=False),
        sa.Column("asked_by", sa.String(length=42), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("document", sa.JSON(), nullable=True),
        sa.Column("digest", sa.String(length=66), nullable=True),
        sa.Column("asked_at", sa.Float(), nullable=False),
        sa.Column("ended_at", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("revision_id"),
    )
    op.create_index("ix_revisions_batch_id", "revisions", ["batch_id"])
    op.create_index("ix_revisions_worker", "revisions", ["worker", "asked_at"])


def downgrade() -> None:
    op.drop_index("ix_revisions_worker", "revisions")
    op.drop_index("ix_revisions_batch_id", "revisions")
    op.drop_table("revisions")
    op.drop_index("ix_notices_recipient", "notices")
    op.drop_table("notices")
