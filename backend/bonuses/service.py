"""A bonus is one transaction of the requester's own wallet, from the requester's account in the escrow.

It raises no record and cannot be taken back. What it is for may be said in a file whose digest the transaction carries.
"""

from __future__ import annotations

from backend.batches.service import as_transaction, batch_key, fetch_document
from backend.bonuses import repository
from backend.bonuses.schemas import BatchWorker, BatchWorkerPage, BonusDraft, BonusIn, BonusPage, BonusView
from backend.errors import Conflict, Invalid, NotAllowed
from backend.ipfs.port import PayloadError
from backend.paging import decode_cursor, encode_cursor
from backend.services import Services
from backend.waiting.naming import BONUS, await_event
from piecework.db.mirror import ChainEvent
from piecework.domain import documents
from piecework.domain.canonical import NotCanonical, new_salt, read_back
from piecework.domain.cid import cid_of_digest
from piecework.domain.ids import ZERO_DIGEST


def draft(services: Services, requester: str, batch_id: str, wanted: BonusIn) -> BonusDraft:
    """Keeps the reason and builds the transaction, after all that the contract and good sense will ask.

    Raises NotAllowed for another's batch, Conflict if the worker has no part in it or the account is short.
    """
    key = batch_key(services, batch_id)
    if key.requester != requester:
        raise NotAllowed(
            "not_your_batch", f"batch {batch_id} belongs to {key.requester}: only it can give bonuses there"
        )
    if wanted.amount_units == 0:
        raise Invalid("amount_zero", "the amount is zero")
    with services.reading() as session:
        if not repository.works_in(session, batch_id, wanted.worker):
            detail = f"{wanted.worker} took no work of batch {batch_id}: look at the address again"
            raise Conflict("no_worker_of_batch", detail)
    owed = services.escrow.account(requester).owed
    if wanted.amount_units > owed:
        detail = (
            f"your account in the escrow holds {owed} units, the bonus takes {wanted.amount_units}: deposit the rest"
        )
        raise Conflict("account_short", detail, owed_units=str(owed))
    packed, document = _reason(batch_id, wanted)
    if packed is not None:
        with services.writing() as session:
            await_event(services, session, BONUS, batch_id, wanted.worker, packed)
    digest = packed.digest if packed else ZERO_DIGEST
    return BonusDraft(
        transaction=as_transaction(services, services.escrow.bonus(key, wanted.worker, wanted.amount_units, digest)),
        batch_id=batch_id,
        worker=wanted.worker,
        amount_units=wanted.amount_units,
        reason_digest=digest,
        reason_cid=packed.cid if packed else None,
        document=document,
    )


def page(
    services: Services, cursor: str | None, limit: int, *, batch_id: str | None = None, worker: str | None = None
) -> BonusPage:
    """Bonuses of a batch, or to a worker; newest first."""
    key = decode_cursor(cursor, (int, int))
    with services.reading() as session:
        rows = repository.bonuses(session, key, limit + 1, batch_id=batch_id, worker=worker)
        titles = repository.titles(session, {str(row.batch_id) for row in rows})
    more = encode_cursor((rows[limit - 1].block_number, rows[limit - 1].log_index)) if len(rows) > limit else None
    return BonusPage(
        items=[_view(services, row, titles.get(str(row.batch_id))) for row in rows[:limit]], next_cursor=more
    )


def workers(services: Services, batch_id: str, cursor: str | None, limit: int) -> BatchWorkerPage:
    """Who took work of the batch, by address, with what each was paid."""
    key = decode_cursor(cursor, (str,))
    batch_key(services, batch_id)
    with services.reading() as session:
        rows = repository.workers(session, batch_id, key, limit + 1)
        found = {
            row.worker: BatchWorker(
                worker=row.worker, waiting=row.old_lot + row.young_lot, paid=0, paid_units=0, bonus_units=0
            )
            for row in rows[:limit]
        }
        for payment in repository.payments(session, batch_id, list(found)):
            worker = found[payment.worker]
            if payment.reason == "bonus":
                worker.bonus_units += payment.amount_units
            else:
                worker.paid += payment.assignments
                worker.paid_units += payment.amount_units
    more = encode_cursor((rows[limit - 1].worker,)) if len(rows) > limit else None
    return BatchWorkerPage(items=list(found.values()), next_cursor=more)


def _reason(batch_id: str, wanted: BonusIn) -> tuple[documents.Packed | None, dict[str, object] | None]:
    reason = (wanted.reason or "").strip()
    if not reason:
        return None, None
    document = {
        "format": documents.format_name("bonus"),
        "salt": new_salt(),
        "batch_id": batch_id,
        "worker": wanted.worker,
        "reason": reason,
    }
    try:
        return documents.pack(document, "bonus"), read_back(document)
    except NotCanonical as error:
        raise Invalid("document_refused", str(error)) from error


def _view(services: Services, row: ChainEvent, title: str | None) -> BonusView:
    digest = str(row.args["reasonDigest"])
    return BonusView(
        batch_id=str(row.batch_id),
        title=title,
        requester=row.args["requester"],
        worker=row.args["worker"],
        amount_units=int(row.args["amount"]),
        reason=_said(services, row, digest),
        reason_cid=None if digest == ZERO_DIGEST else str(cid_of_digest(digest)),
        block_number=row.block_number,
        block_timestamp=row.block_timestamp,
        log_index=row.log_index,
        transaction_hash=row.transaction_hash,
        explorer_url=services.transaction_url(row.transaction_hash),
    )


def _said(services: Services, row: ChainEvent, digest: str) -> str | None:
    """What the file says; None where there is none, or it is of something else: anybody's call may name any digest."""
    if digest == ZERO_DIGEST:
        return None
    try:
        document = fetch_document(services, digest, "bonus")
    except (PayloadError, Conflict):
        return None
    if (document["batch_id"], document["worker"]) != (row.batch_id, row.args["worker"]):
        return None
    return str(document["reason"])
