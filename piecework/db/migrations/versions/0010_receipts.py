"""events of fees name their receiver as the account; disputes are found by who put up the bond"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010_receipts"
down_revision = "0009_model_answers"
branch_labels = None
depends_on = None

_EVENTS = sa.table(
    "events", sa.column("name", sa.String()), sa.column("account", sa.String()), sa.column("args", sa.JSON())
)


def upgrade() -> None:
    receiver = _EVENTS.c.args["receiver"].as_string()
    op.execute(_EVENTS.update().where(_EVENTS.c.name == "FeePaid").values(account=receiver))
    op.create_index("ix_disputes_poster", "disputes", ["poster"])


def downgrade() -> None:
    op.drop_index("ix_disputes_poster", "disputes")
    op.execute(_EVENTS.update().where(_EVENTS.c.name == "FeePaid").values(account=None))
