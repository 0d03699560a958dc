"""the key that opens a batch's sealed known answers; batches drafted before have none"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005_disclosure_key"
down_revision = "0004_known_answers"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("drafts") as batch_op:
        batch_op.add_column(sa.Column("disclosure_key", sa.String(66), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("drafts") as batch_op:
        batch_op.drop_column("disclosure_key")
