"""decisions of some tasks of a batch are found without the others"""

from __future__ import annotations

from alembic import op

revision = "0015_exports"
down_revision = "0014_review_warnings"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_decisions_task", "decisions", ["batch_id", "task_id"])


def downgrade() -> None:
    op.drop_index("ix_decisions_task", "decisions")
