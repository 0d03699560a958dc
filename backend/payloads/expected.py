"""What this gateway's batches need pinned: every file that the chain names, and where else its bytes are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.ipfs.pin_audit import Expected, combined
from piecework.db.gateway import Assignment, Decision, Draft, ModelAnswers, Proposal
from piecework.db.mirror import ChainEvent, MirrorBatch, MirrorClaim, MirrorDispute, MirrorManifest, MirrorSettlement
from piecework.domain import documents
from piecework.domain.cid import cid_of_digest
from piecework.domain.ids import ZERO_DIGEST


def expected_pins(session: Session) -> dict[str, Expected]:
    """By CID, of batches that were drafted here and funded. Answers count from the proposal that decides them on:
    before that nobody but the gateway may read them.
    """
    return combined(_answers(session), _known(session), _from_models(session), _named(session), _bonuses(session))


def _named(session: Session) -> Iterator[tuple[str, Expected]]:
    """Manifests, task lists, results and evidence: only the store has them."""
    ours = select(Draft.batch_id)
    columns: tuple[tuple[str, Any, Any], ...] = (
        ("manifest", MirrorManifest.manifest, MirrorManifest.batch_id),
        ("task list", MirrorClaim.tasks_digest, MirrorClaim.batch_id),
        ("results", MirrorSettlement.results_digest, MirrorSettlement.batch_id),
        ("evidence", MirrorDispute.evidence_digest, MirrorDispute.batch_id),
    )
    for what, digest, batch_id in columns:
        for found, batch in session.execute(select(digest, batch_id).where(batch_id.in_(ours))):
            yield str(cid_of_digest(found)), Expected(f"{what} of batch {batch}")


def _answers(session: Session) -> Iterator[tuple[str, Expected]]:
    decided = select(Decision.assignment_id).join(Proposal, Proposal.proposal_id == Decision.proposal_id)
    rows = select(Assignment).where(Assignment.assignment_id.in_(decided.where(Proposal.status == "settled")))
    for row in session.execute(rows).scalars():
        if row.answers is not None and row.work_digest is not None:
            source = partial(_blocks, row.answers, "answers")
            yield str(cid_of_digest(row.work_digest)), Expected(f"answers of batch {row.batch_id}", source)


def _known(session: Session) -> Iterator[tuple[str, Expected]]:
    """Known answers, once they are revealed."""
    query = select(Draft).join(MirrorBatch, MirrorBatch.batch_id == Draft.batch_id).where(Draft.is_revealed)
    for draft in session.execute(query).scalars():
        if draft.gold is not None:
            packed = documents.pack(draft.gold, "gold")
            yield str(packed.cid), Expected(f"known answers of batch {draft.batch_id}", partial(_data, packed))


def _from_models(session: Session) -> Iterator[tuple[str, Expected]]:
    """A model's answers are pinned with the first results."""
    settled = select(MirrorSettlement.batch_id)
    for row in session.execute(select(ModelAnswers).where(ModelAnswers.batch_id.in_(settled))).scalars():
        source = partial(_blocks, row.document, "model-answers")
        yield str(cid_of_digest(row.digest)), Expected(f"model answers of batch {row.batch_id}", source)


def _bonuses(session: Session) -> Iterator[tuple[str, Expected]]:
    """What bonuses are for; whoever gave one without a file left the digest zero."""
    paid = select(ChainEvent.args, ChainEvent.batch_id).where(ChainEvent.name == "BonusPaid")
    for args, batch_id in session.execute(paid.where(ChainEvent.batch_id.in_(select(Draft.batch_id)))):
        if args["reasonDigest"] != ZERO_DIGEST:
            yield str(cid_of_digest(args["reasonDigest"])), Expected(f"reason of a bonus in batch {batch_id}")


def _blocks(document: dict[str, Any], kind: str) -> Sequence[bytes]:
    return _data(documents.pack(document, kind))


def _data(packed: documents.Packed) -> Sequence[bytes]:
    """The root last, so that a named document is whole."""
    return [block.data for block in reversed(packed.blocks)]
