"""review windows that were announced before they end"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014_review_warnings"
down_revision = "0013_model_spoke_after"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "review_warnings",
        sa.Column("batch_id", sa.String(length=66), nullable=False),
        sa.Column("covers_until", sa.BigInteger(), nullable=False),
        sa.Column("review_ends_at", sa.BigInteger(), nullable=False),
        sa.Column("answers", sa.Integer(), nullable=False),
        sa.Column("workers", sa.Integer(), nullable=False),
        sa.Column("announced_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("batch_id", "covers_until"),
    )


def downgrade() -> None:
    op.drop_table("review_warnings")
