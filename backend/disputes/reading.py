"""Disputes as anybody may read them: lists, and one with its evidence, reasons and votes."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from backend.batches.service import fetch_document
from backend.disputes import repository
from backend.disputes.cases import case_of
from backend.disputes.rejections import reasons
from backend.disputes.schemas import DisputeItem, DisputePage, DisputeView
from backend.errors import Conflict, NotFound
from backend.ipfs.port import PayloadError
from backend.paging import decode_cursor, encode_cursor
from backend.services import Services
from piecework.db.mirror import MirrorDispute
from piecework.domain.cid import cid_of_digest
from piecework.domain.ids import ZERO_DIGEST


def page(
    services: Services,
    *,
    batch_id: str | None,
    worker: str | None,
    arbitrator: str | None,
    state: str | None,
    cursor: str | None,
    limit: int,
) -> DisputePage:
    """Newest first."""
    with services.reading() as session:
        rows = repository.listed(
            session,
            batch_id=batch_id,
            worker=worker,
            arbitrator=arbitrator,
            state=state,
            before=decode_cursor(cursor, (int, int)),
            limit=limit,
        )
        items = [item(services, session, row) for row in rows]
    last = encode_cursor((rows[-1].opened_block, rows[-1].opened_log_index)) if len(rows) == limit else None
    return DisputePage(items=items, next_cursor=last)


def view(services: Services, dispute_id: str) -> DisputeView:
    """Raises NotFound."""
    with services.reading() as session:
        row = find(session, dispute_id)
        listed = item(services, session, row)
        about = (row.batch_id, row.worker, row.count)
        rejections, _ = reasons(services, session, *about, until_block=row.opened_block)
    evidence, problem = _evidence(services, row)
    return DisputeView(
        **listed.model_dump(),
        evidence=evidence,
        evidence_problem=problem,
        rejections=rejections,
        case=case_of(services, row),
    )


def find(session: Session, dispute_id: str) -> MirrorDispute:
    row = repository.dispute(session, dispute_id)
    if row is None:
        raise NotFound("dispute_unknown", f"the mirror has no dispute {dispute_id}: is it on chain, and indexed yet?")
    return row


def item(services: Services, session: Session, row: MirrorDispute) -> DisputeItem:
    batch = repository.batch(session, row.batch_id)
    assert batch is not None  # noqa: S101 - the indexer opened it before
    return DisputeItem.model_validate(
        {
            "dispute_id": row.dispute_id,
            "batch_id": row.batch_id,
            "worker": row.worker,
            "requester": batch.requester,
            "count": row.count,
            "state": row.state,
            "accepted": row.accepted,
            "arbitrator": row.arbitrator,
            "poster": row.poster,
            "fee_units": row.fee_units,
            "from_bond_units": row.from_bond_units,
            "from_lock_units": row.from_lock_units,
            "evidence_digest": row.evidence_digest,
            "evidence_cid": None if row.evidence_digest == ZERO_DIGEST else cid_of_digest(row.evidence_digest),
            "opened_at": row.opened_at,
            "ruling_end": row.ruling_end,
            "ended_at": row.ended_at,
            "opened_transaction": row.opened_transaction,
            "opened_explorer_url": services.transaction_url(row.opened_transaction),
            "ended_transaction": row.ended_transaction,
            "ended_explorer_url": services.transaction_url(row.ended_transaction),
        }
    )


def _evidence(services: Services, row: MirrorDispute) -> tuple[dict[str, Any] | None, str | None]:
    """The document, or why there is none; a stranger's dispute may name anything."""
    if row.evidence_digest == ZERO_DIGEST:
        return None, "the worker gave none"
    try:
        document = fetch_document(services, row.evidence_digest, "evidence")
    except (PayloadError, Conflict) as error:
        return None, str(error)
    if (document["batch_id"], document["worker"]) != (row.batch_id, row.worker):
        return None, "the file that the digest names is of another batch or worker"
    return document, None
