"""what looks for signals found, and which of them a reviewer closed"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019_closed_signals"
down_revision = "0018_talk"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "signal_looks",
        sa.Column("batch_id", sa.String(length=66), nullable=False),
        sa.Column("submissions", sa.Integer(), nullable=False),
        sa.Column("looked", sa.JSON(), nullable=False),
        sa.Column("looked_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("batch_id"),
    )
    op.create_table(
        "closed_signals",
        sa.Column("position", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("batch_id", sa.String(length=66), nullable=False),
        sa.Column("worker", sa.String(length=42), nullable=False),
        sa.Column("signal", sa.String(length=30), nullable=False),
        sa.Column("reviewer", sa.String(length=42), nullable=False),
        sa.Column("seen", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("submissions", sa.JSON(), nullable=False),
        sa.Column("closed_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("position"),
    )
    op.create_index("ix_closed_signals_worker", "closed_signals", ["batch_id", "worker"])


def downgrade() -> None:
    op.drop_index("ix_closed_signals_worker", table_name="closed_signals")
    op.drop_table("closed_signals")
    op.drop_table("signal_looks")
