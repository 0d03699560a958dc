"""files that nothing paid for names yet wait in a room with a bound"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025_waiting_files"
down_revision = "0024_relay_losses"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "waiting_files",
        sa.Column("holder", sa.String(length=110), nullable=False),
        sa.Column("cid", sa.String(length=110), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("is_known", sa.Boolean(), nullable=False),
        sa.Column("share", sa.String(length=110), nullable=False),
        sa.Column("counted_bytes", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("holder", "cid"),
    )
    op.create_index("ix_waiting_files_cid", "waiting_files", ["cid"])
    op.create_index("ix_waiting_files_expires_at", "waiting_files", ["expires_at"])
    op.create_index("ix_waiting_files_share", "waiting_files", ["is_known", "share", "counted_bytes"])


def downgrade() -> None:
    op.drop_table("waiting_files")
