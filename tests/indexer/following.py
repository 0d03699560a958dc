"""Followers over databases of a test, and what must be true of them."""

from __future__ import annotations

import io
from typing import Any

from sqlalchemy import Engine, select

from indexer.follower import Follower, Step
from indexer.source import LogSource
from piecework.chain.rpc import Rpc
from piecework.db.base import Base
from piecework.db.dump import dump_mirror
from piecework.db.mirror import (
    Checkpoint,
    IndexedBlock,
    MirrorAccount,
    MirrorBatch,
    MirrorTally,
    UndoEntry,
)

ALL_MODELS: tuple[type[Base], ...] = (Checkpoint, IndexedBlock, UndoEntry)


def follow(stack: Any, engine: Engine, rpc: Rpc, *, span: int = 2_000, **options: Any) -> Follower:
    """A prepared follower of the stack's escrow."""
    source = LogSource(rpc, stack.escrow.address, span=span)
    follower = Follower(engine, source, **options)
    follower.prepare()
    return follower


def to_head(follower: Follower) -> list[Step]:
    """Steps until the head; what each did."""
    steps = [follower.step()]
    while not steps[-1].done or steps[-1].reorganised:
        steps.append(follower.step())
    return steps


def dump(engine: Engine) -> str:
    """The mirror's rows as sorted text."""
    out = io.StringIO()
    dump_mirror(engine, out)
    return out.getvalue()


def everything(engine: Engine) -> str:
    """Mirror and bookkeeping."""
    with engine.connect() as connection:
        books = [
            repr(row)
            for model in ALL_MODELS
            for row in connection.execute(select(model.__table__).order_by(*model.__table__.primary_key)).all()
        ]
    return "\n".join([dump(engine), *books])


def fresh_dump(stack: Any, rpc: Rpc, engine: Engine, *, span: int = 2_000) -> str:
    """The rows of an index made in an empty database, now."""
    to_head(follow(stack, engine, rpc, span=span))
    return dump(engine)


def compare_with_contract(engine: Engine, escrow: Any) -> int:
    """Every account, batch and tally against the contract's own views; how many. The ends of empty lots say nothing."""
    with engine.connect() as connection:
        block = connection.execute(select(Checkpoint.block_number)).scalar_one()
        rows = {
            model: connection.execute(select(model.__table__)).all()
            for model in (MirrorAccount, MirrorBatch, MirrorTally)
        }
    for row in rows[MirrorAccount]:
        found = escrow.account(row.address, block)
        mirrored = (
            row.owed_units,
            row.accepted,
            row.rejected,
            row.contested,
            row.disputes_won,
            row.disputes_lost,
            row.sweep,
        )
        wanted = (found.owed, found.accepted, found.rejected, found.contested, found.disputes_won, found.disputes_lost)
        assert mirrored == (*wanted, found.sweep), row.address
    for row in rows[MirrorBatch]:
        found = escrow.batch(row.batch_id, block)
        mirrored = tuple(getattr(row, name) for name in BATCH_COUNTS)
        assert mirrored == tuple(getattr(found, name) for name in BATCH_COUNTS), row.batch_id
        assert (row.manifest_versions, row.closed_at or 0) == (found.versions, found.closed_at), row.batch_id
        assert row.funded == sum(mirrored[:7]), row.batch_id
    for row in rows[MirrorTally]:
        found = escrow.tally(row.batch_id, row.worker, block)
        names = list(TALLY_FIELDS)
        names += ["old_review_end"] if found.old_lot else []
        names += ["young_review_end"] if found.young_lot else []
        assert [getattr(row, name) for name in names] == [getattr(found, name) for name in names], row
    return sum(len(found) for found in rows.values())


BATCH_COUNTS = (
    "free",
    "claimed",
    "submitted",
    "contestable",
    "disputed",
    "accepted",
    "refunded",
    "settlements",
)
TALLY_FIELDS = (
    "claimed",
    "old_lot",
    "young_lot",
    "decided",
    "contestable",
    "disputed",
    "lease_end",
    "contest_end",
    "sequence",
)
