"""Batches in a database without a chain: rows of the mirror as the indexer writes them, and manifests as drafts."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from backend.search import service
from backend.search.catalog import Catalog
from backend.search.query import parse
from backend.search.schemas import Filters
from piecework.db.engine import read_engine
from piecework.db.gateway import Draft
from piecework.db.mirror import MirrorBatch

NOW = 1_700_000_000
_numbers = itertools.count(1)


def address(number: int) -> str:
    return f"0x{number:040x}"


def mirror_row(number: int, **changes: Any) -> MirrorBatch:
    """A batch of ten free assignments that was opened in block `number`."""
    counts = dict.fromkeys(("claimed", "submitted", "contestable", "disputed", "accepted", "refunded"), 0)
    values: dict[str, Any] = {
        "batch_id": f"0x{number:064x}",
        "requester": address(1),
        "operator": address(0),
        "reviewer": address(2),
        "assigner": address(3),
        "salt": f"0x{number:064x}",
        "terms": {"manifest": f"0x{number:064x}"},
        "reward_units": 1_000,
        "operator_fee_units": 0,
        "claim_by": NOW + 1_000,
        "funded": 10,
        "free": 10,
        "locked_units": 0,
        "closed_at": None,
        "opened_block": number,
        "opened_log_index": number % 7,
        "opened_at": NOW,
        "opened_transaction": f"0x{number:064x}",
        **counts,
    }
    return MirrorBatch(**(values | changes))


def manifest(title: str, instructions: str = "Look.", **changes: Any) -> dict[str, Any]:
    """The part of a manifest that search reads."""
    words = {"title": title, "instructions": instructions, "task_type": "choice", "skills": [], "languages": []}
    return words | {"estimated_seconds_per_task": 30} | changes


def draft_row(batch: MirrorBatch, words: dict[str, Any]) -> Draft:
    """The draft that the batch was opened from."""
    shown = {name: words[name] for name in ("title", "instructions", "task_type", "skills", "languages")}
    return Draft(
        batch_id=batch.batch_id,
        requester=batch.requester,
        salt=batch.salt,
        terms=batch.terms,
        manifest_digest=batch.terms["manifest"],
        answer_schema={},
        answers_per_task=1,
        tasks=1,
        review={},
        created_at=0.0,
        **shown,
    )


@dataclass
class Shelf:
    """A catalog over one database."""

    engine: Engine
    catalog: Catalog = field(init=False)
    reader: Engine = field(init=False)

    def __post_init__(self) -> None:
        self.reader = read_engine(self.engine)
        self.catalog = Catalog(self.engine)
        self.catalog.prepare()

    def put(self, words: dict[str, Any] | None = None, **changes: Any) -> str:
        """Opens a batch in the mirror and catalogs it with these words; returns its id."""
        row = mirror_row(next(_numbers), **changes)
        batch_id = row.batch_id
        with Session(self.engine) as session, session.begin():
            session.add(row)
        self.catalog.refresh([batch_id], NOW)
        if words is not None:
            self.catalog.manifest_found(batch_id, words, NOW)
        return batch_id

    def put_drafted(self, drafted: list[tuple[dict[str, Any], dict[str, Any]]]) -> None:
        """Opens batches that were drafted here, each with its words and what the mirror says, in one go."""
        opened = [mirror_row(next(_numbers), **changes) for _, changes in drafted]
        with Session(self.engine) as session, session.begin():
            session.add_all(opened)
            session.add_all(draft_row(row, words) for row, (words, _) in zip(opened, drafted, strict=True))
            batch_ids = [row.batch_id for row in opened]
        self.catalog.refresh(batch_ids, NOW)

    def change(self, batch_id: str, **changes: Any) -> None:
        """What the indexer does; the catalog is not told."""
        with Session(self.engine) as session, session.begin():
            session.execute(update(MirrorBatch).where(MirrorBatch.batch_id == batch_id).values(**changes))

    def find(self, q: str = "", *, limit: int = 100, before: int | None = None, **filters: Any) -> list[str]:
        """Ids of a page, as the service finds them."""
        place = service.END if before is None else before
        with self.engine.connect() as connection:
            rows = service.found(connection, self.catalog, parse(q), Filters(now=NOW, **filters), place, limit)
            return [row.batch_id for row in rows]

    def find_fresh(self) -> list[str]:
        """The same, once the catalog has taken in what the mirror has."""
        rows = service.fresh(self.reader, self.catalog, (), Filters(now=NOW), service.END, 100)
        return [row.batch_id for row in rows]

    def all_ids(self) -> list[str]:
        """Every batch of the mirror, newest first."""
        order = MirrorBatch.opened_block.desc(), MirrorBatch.opened_log_index.desc()
        with Session(self.engine) as session:
            return list(session.execute(select(MirrorBatch.batch_id).order_by(*order)).scalars())
