"""open assignments are found without a look at the others"""

from __future__ import annotations

from alembic import op

revision = "0023_open_assignments"
down_revision = "0022_room_for_uploads"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_assignments_state", "assignments", ["state", "batch_id"])


def downgrade() -> None:
    op.drop_index("ix_assignments_state", "assignments")
