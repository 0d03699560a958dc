"""reviewers by draw"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016_draws"
down_revision = "0015_exports"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "review_links",
        sa.Column("batch_id", sa.String(length=66), nullable=False),
        sa.Column("review_batch_id", sa.String(length=66), nullable=False),
        sa.PrimaryKeyConstraint("batch_id"),
        sa.UniqueConstraint("review_batch_id"),
    )
    op.create_table(
        "draw_candidates",
        sa.Column("review_batch_id", sa.String(length=66), nullable=False),
        sa.Column("reviewer", sa.String(length=42), nullable=False),
        sa.Column("enrolled_at", sa.BigInteger(), nullable=False),
        sa.Column("left_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("review_batch_id", "reviewer"),
    )
    op.create_table(
        "review_slots",
        sa.Column("review_batch_id", sa.String(length=66), nullable=False),
        sa.Column("slot_id", sa.String(length=64), nullable=False),
        sa.Column("batch_id", sa.String(length=66), nullable=False),
        sa.Column("task_id", sa.String(length=64), nullable=False),
        sa.Column("worker", sa.String(length=42), nullable=False),
        sa.Column("submission", sa.String(length=66), nullable=False),
        sa.Column("block_hash", sa.String(length=66), nullable=False),
        sa.Column("candidates", sa.JSON(), nullable=False),
        sa.Column("excluded", sa.JSON(), nullable=False),
        sa.Column("drawn", sa.JSON(), nullable=False),
        sa.Column("drawn_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("review_batch_id", "slot_id"),
        sa.UniqueConstraint("batch_id", "submission", "task_id", name="uq_review_slots_answer"),
    )
    op.create_index("ix_review_slots_batch_id", "review_slots", ["batch_id"])


def downgrade() -> None:
    op.drop_index("ix_review_slots_batch_id", "review_slots")
    op.drop_table("review_slots")
    op.drop_table("draw_candidates")
    op.drop_table("review_links")
