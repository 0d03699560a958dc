"""a model's answers tell how many of people's were there: those that were brought without are to be brought again"""

from __future__ import annotations

from alembic import op

revision = "0013_model_spoke_after"
down_revision = "0012_revisions"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("DELETE FROM model_answers")


def downgrade() -> None:
    op.execute("DELETE FROM model_answers")
