"""profiles, lists of workers, and whom batches ask for"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003_matching"
down_revision = "0002_search"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "worker_profiles",
        sa.Column("address", sa.String(length=42), nullable=False),
        sa.Column("profile", sa.JSON(), nullable=False),
        sa.Column("updated_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("address"),
    )
    op.create_table(
        "worker_lists",
        sa.Column("list_id", sa.String(length=32), nullable=False),
        sa.Column("requester", sa.String(length=42), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("list_id"),
        sa.UniqueConstraint("requester", "name", name="uq_worker_lists_name"),
    )
    op.create_table(
        "worker_list_members",
        sa.Column("list_id", sa.String(length=32), nullable=False),
        sa.Column("worker", sa.String(length=42), nullable=False),
        sa.ForeignKeyConstraint(["list_id"], ["worker_lists.list_id"]),
        sa.PrimaryKeyConstraint("list_id", "worker"),
    )
    op.create_index("ix_worker_list_members_worker", "worker_list_members", ["worker"])
    op.create_table(
        "batch_needs",
        sa.Column("batch_id", sa.String(length=66), nullable=False),
        sa.Column("needs", sa.JSON(), nullable=False),
        sa.Column("stated_seconds", sa.Integer(), nullable=False),
        sa.Column("expected_seconds", sa.Integer(), nullable=False),
        sa.Column("units_per_hour", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["drafts.batch_id"]),
        sa.PrimaryKeyConstraint("batch_id"),
    )
    op.create_index("ix_batch_needs_pay", "batch_needs", ["units_per_hour", "batch_id"])
    op.create_table(
        "named_workers",
        sa.Column("batch_id", sa.String(length=66), nullable=False),
        sa.Column("worker", sa.String(length=42), nullable=False),
        sa.Column("allowed", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["drafts.batch_id"]),
        sa.PrimaryKeyConstraint("batch_id", "worker"),
    )
    op.create_index("ix_named_workers_worker", "named_workers", ["worker"])
    _rows_of_old_drafts()


def _rows_of_old_drafts() -> None:
    """They ask nobody in particular; 30 seconds is what a draft that states nothing is taken for."""
    drafts = sa.table("drafts", sa.column("batch_id"))
    needs = sa.table("batch_needs", *map(sa.column, ("batch_id", "stated_seconds", "expected_seconds")))
    needs.append_column(sa.column("needs", sa.JSON()))
    needs.append_column(sa.column("units_per_hour"))
    values = sa.select(drafts.c.batch_id, sa.literal(30), sa.literal(30), sa.literal({}, sa.JSON()), sa.literal(0))
    names = ["batch_id", "stated_seconds", "expected_seconds", "needs", "units_per_hour"]
    op.execute(needs.insert().from_select(names, values))


def downgrade() -> None:
    op.drop_index("ix_named_workers_worker", table_name="named_workers")
    op.drop_table("named_workers")
    op.drop_index("ix_batch_needs_pay", table_name="batch_needs")
    op.drop_table("batch_needs")
    op.drop_index("ix_worker_list_members_worker", table_name="worker_list_members")
    op.drop_table("worker_list_members")
    op.drop_table("worker_lists")
    op.drop_table("worker_profiles")
