"""files that count and documents that wait for a name have an index each"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026_waiting_named"
down_revision = "0025_waiting_files"
branch_labels = None
depends_on = None

_SHARE, _NAMED = "ix_waiting_files_share", "ix_waiting_files_named"


def upgrade() -> None:
    op.drop_index(_SHARE, "waiting_files")
    _index(_SHARE, ["is_known", "share", "counted_bytes"], "counted_bytes > 0")
    _index(_NAMED, ["share", "holder"], "counted_bytes = 0")


def downgrade() -> None:
    op.drop_index(_NAMED, "waiting_files")
    op.drop_index(_SHARE, "waiting_files")
    op.create_index(_SHARE, "waiting_files", ["is_known", "share", "counted_bytes"])


def _index(name: str, columns: list[str], condition: str) -> None:
    where = sa.text(condition)
    op.create_index(name, "waiting_files", columns, sqlite_where=where, postgresql_where=where)
