"""candidates of a draw have weights"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021_draw_weights"
down_revision = "0020_task_uploads"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("review_slots", sa.Column("weights", sa.JSON(), nullable=False, server_default="{}"))


def downgrade() -> None:
    op.drop_column("review_slots", "weights")
