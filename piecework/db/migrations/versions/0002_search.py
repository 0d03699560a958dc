"""what search knows of batches"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from piecework.db import base

revision = "0002_search"
down_revision = "0001_first"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "search_batches",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("batch_id", sa.String(length=66), nullable=False),
        sa.Column("requester", sa.String(length=42), nullable=False),
        sa.Column("manifest", sa.String(length=66), nullable=False),
        sa.Column("source", sa.String(length=12), nullable=False),
        sa.Column("retry_at", sa.Float(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=True),
        sa.Column("instructions", sa.String(length=20_000), nullable=True),
        sa.Column("task_type", sa.String(length=20), nullable=True),
        sa.Column("skills", sa.JSON(), nullable=False),
        sa.Column("languages", sa.JSON(), nullable=False),
        sa.Column("countries", sa.JSON(), nullable=False),
        sa.Column("pay_units_per_hour", base.Units(length=30), nullable=True),
        sa.Column("pay_is_measured", sa.Boolean(), nullable=False),
        sa.Column("requester_paid", sa.BigInteger(), nullable=False),
        sa.Column("requester_approval_percent", sa.Integer(), nullable=True),
        sa.Column("is_live", sa.Boolean(), nullable=False),
        sa.Column("claim_by", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
        sa.UniqueConstraint("batch_id"),
    )
    with op.batch_alter_table("search_batches", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_search_batches_requester"), ["requester"], unique=False)
        batch_op.create_index("ix_search_batches_live", ["is_live", "claim_by"], unique=False)
        batch_op.create_index("ix_search_batches_retry", ["retry_at"], unique=False)
    # Its words moved to the index. Not by copying the table, which the tasks of every draft point to.
    op.execute("ALTER TABLE drafts DROP COLUMN search_text")


def downgrade() -> None:
    with op.batch_alter_table("search_batches", schema=None) as batch_op:
        batch_op.drop_index("ix_search_batches_retry")
        batch_op.drop_index("ix_search_batches_live")
        batch_op.drop_index(batch_op.f("ix_search_batches_requester"))
    op.drop_table("search_batches")
    op.execute("ALTER TABLE drafts ADD COLUMN search_text TEXT NOT NULL DEFAULT ''")
