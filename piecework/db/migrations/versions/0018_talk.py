"""messages and ratings"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018_talk"
down_revision = "0017_pre_checks"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "messages",
        sa.Column("position", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("batch_id", sa.String(length=66), nullable=False),
        sa.Column("worker", sa.String(length=42), nullable=False),
        sa.Column("requester", sa.String(length=42), nullable=False),
        sa.Column("sender", sa.String(length=42), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("position"),
    )
    op.create_index("ix_messages_thread", "messages", ["batch_id", "worker", "position"])
    op.create_index("ix_messages_requester", "messages", ["requester", "position"])
    op.create_index("ix_messages_worker", "messages", ["worker", "position"])
    op.create_index("ix_messages_sender", "messages", ["sender", "created_at"])
    op.create_table(
        "thread_reads",
        sa.Column("batch_id", sa.String(length=66), nullable=False),
        sa.Column("worker", sa.String(length=42), nullable=False),
        sa.Column("reader", sa.String(length=42), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("batch_id", "worker", "reader"),
    )
    op.create_table(
        "ratings",
        sa.Column("batch_id", sa.String(length=66), nullable=False),
        sa.Column("rater", sa.String(length=42), nullable=False),
        sa.Column("rated", sa.String(length=42), nullable=False),
        sa.Column("worker", sa.String(length=42), nullable=False),
        sa.Column("stars", sa.Integer(), nullable=False),
        sa.Column("text", sa.String(length=500), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.Column("updated_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("batch_id", "rater", "rated"),
    )
    op.create_index("ix_ratings_rated", "ratings", ["rated", "updated_at"])


def downgrade() -> None:
    op.drop_index("ix_ratings_rated", "ratings")
    op.drop_table("ratings")
    op.drop_table("thread_reads")
    for name in ("sender", "worker", "requester", "thread"):
        op.drop_index(f"ix_messages_{name}", "messages")
    op.drop_table("messages")
