"""tasks of a batch that come in parts"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020_task_uploads"
down_revision = "0019_closed_signals"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "task_upload_parts",
        sa.Column("requester", sa.String(length=42), nullable=False),
        sa.Column("upload_id", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("tasks", sa.Integer(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("expires_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("requester", "upload_id", "number"),
    )
    op.create_index("ix_task_upload_parts_expires_at", "task_upload_parts", ["expires_at"])


def downgrade() -> None:
    op.drop_table("task_upload_parts")
