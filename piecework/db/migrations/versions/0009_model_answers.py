"""a model's answers, brought by a batch's requester"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009_model_answers"
down_revision = "0008_operator_actions"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "model_answers",
        sa.Column("batch_id", sa.String(length=66), nullable=False),
        sa.Column("digest", sa.String(length=66), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["drafts.batch_id"]),
        sa.PrimaryKeyConstraint("batch_id"),
    )


def downgrade() -> None:
    op.drop_table("model_answers")
