"""all uploads share one room, by network"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022_room_for_uploads"
down_revision = "0021_draw_weights"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("task_upload_parts") as table:
        table.add_column(sa.Column("network", sa.String(length=100), nullable=False, server_default=""))
        table.add_column(sa.Column("counted_bytes", sa.BigInteger(), nullable=False, server_default="0"))
        table.add_column(sa.Column("is_used", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.execute("UPDATE task_upload_parts SET counted_bytes = CASE WHEN size < 16384 THEN 16384 ELSE size END")
    op.create_index("ix_task_upload_parts_network", "task_upload_parts", ["network", "counted_bytes"])
    op.create_index("ix_task_upload_parts_used", "task_upload_parts", ["is_used", "requester", "upload_id"])


def downgrade() -> None:
    op.drop_index("ix_task_upload_parts_used", "task_upload_parts")
    op.drop_index("ix_task_upload_parts_network", "task_upload_parts")
    with op.batch_alter_table("task_upload_parts") as table:
        table.drop_column("is_used")
        table.drop_column("counted_bytes")
        table.drop_column("network")
