"""a model's notes beside answers"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017_pre_checks"
down_revision = "0016_draws"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pre_checks",
        sa.Column("batch_id", sa.String(length=66), nullable=False),
        sa.Column("submission", sa.String(length=66), nullable=False),
        sa.Column("task_id", sa.String(length=64), nullable=False),
        sa.Column("likely", sa.String(length=10), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("model", sa.String(length=200), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("batch_id", "submission", "task_id"),
    )


def downgrade() -> None:
    op.drop_table("pre_checks")
