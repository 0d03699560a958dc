"""which tasks have a known answer, how many of them a worker is given, and whether they are public already"""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "0004_known_answers"
down_revision = "0003_matching"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("batch_tasks") as batch_op:
        batch_op.add_column(sa.Column("is_known", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("drafts") as batch_op:
        batch_op.add_column(sa.Column("max_gold_share", sa.Float(), nullable=True))
        batch_op.add_column(sa.Column("is_revealed", sa.Boolean(), nullable=False, server_default=sa.false()))
    _mark_known_tasks()


def downgrade() -> None:
    with op.batch_alter_table("drafts") as batch_op:
        batch_op.drop_column("is_revealed")
        batch_op.drop_column("max_gold_share")
    with op.batch_alter_table("batch_tasks") as batch_op:
        batch_op.drop_column("is_known")


def _mark_known_tasks() -> None:
    """Drafts that are older than the column."""
    connection = op.get_bind()
    drafts = sa.table("drafts", sa.column("batch_id", sa.String), sa.column("gold", sa.JSON))
    tasks = sa.table("batch_tasks", sa.column("batch_id"), sa.column("task_id"), sa.column("is_known", sa.Boolean))
    for batch_id, gold in connection.execute(sa.select(drafts.c.batch_id, drafts.c.gold)).all():
        known = json.loads(gold) if isinstance(gold, str) else gold
        for task_id in (known or {}).get("answers", {}):
            one = (tasks.c.batch_id == batch_id, tasks.c.task_id == task_id)
            connection.execute(sa.update(tasks).where(*one).values(is_known=True))
