"""`piecework reindex`."""

from __future__ import annotations

import time

from backend.operator_log import append
from backend.search.catalog import Catalog
from piecework.db.engine import open_engine, upgrade
from scripts.terminal import fail


def run_reindex(database_url: str) -> int:
    """Forgets what search knows and builds it again; 1 if the database is none of ours."""
    try:
        engine = open_engine(database_url)
    except ValueError as error:
        return fail(str(error))
    upgrade(engine)
    catalog = Catalog(engine)
    catalog.prepare()
    count = catalog.rebuild(int(time.time()))
    append(engine, "search_rebuilt", {"batches": count})
    print(f"{count} batches can be searched for")  # noqa: T201
    engine.dispose()
    return 0
