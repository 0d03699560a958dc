"""what relaying cost beyond the fees it brought"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024_relay_losses"
down_revision = "0023_open_assignments"
branch_labels = None
depends_on = None

_COLUMNS = {"payer": 42, "counted_wei": 30, "earned_wei": 30, "ahead_wei": 30}


def upgrade() -> None:
    op.create_table(
        "relay_losses",
        sa.Column("name", sa.String(length=42), nullable=False),
        sa.Column("due_wei", sa.String(length=30), nullable=False),
        sa.Column("credit_wei", sa.String(length=30), nullable=False),
        sa.Column("drawn_wei", sa.String(length=30), nullable=False),
        sa.Column("counted_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "relay_holds",
        sa.Column("batch_id", sa.String(length=66), nullable=False),
        sa.Column("worker", sa.String(length=42), nullable=False),
        sa.Column("requester", sa.String(length=42), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("wei", sa.String(length=30), nullable=False),
        sa.PrimaryKeyConstraint("batch_id", "worker"),
    )
    for name, length in _COLUMNS.items():
        op.add_column("relay_intents", sa.Column(name, sa.String(length=length), nullable=True))


def downgrade() -> None:
    for name in _COLUMNS:
        op.drop_column("relay_intents", name)
    op.drop_table("relay_holds")
    op.drop_table("relay_losses")
