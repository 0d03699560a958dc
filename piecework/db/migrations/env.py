"""Alembic's entry: runs on the connection that `piecework.db.engine.upgrade` gives."""

from __future__ import annotations

from alembic import context

from piecework.db import (  # noqa: F401 - importing them fills the metadata
    draws,
    gateway,
    mirror,
    notices,
    operators,
    people,
    prechecks,
    revisions,
    search,
    talk,
    waiting,
    webhooks,
)
from piecework.db.base import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    user_module_prefix="base.",
)
with context.begin_transaction():
    context.run_migrations()
