"""what the gateway brought on chain for nothing, by address and batch"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011_relay_budgets"
down_revision = "0010_receipts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "relay_budgets",
        sa.Column("name", sa.String(length=110), nullable=False),
        sa.Column("level", sa.Float(), nullable=False),
        sa.Column("counted_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_index("ix_relay_budgets_counted_at", "relay_budgets", ["counted_at"])


def downgrade() -> None:
    op.drop_table("relay_budgets")
