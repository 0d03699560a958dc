"""Appeals: evidence kept, the dispute signed by the worker, brought by the relay or by a sponsor."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from backend.batches.service import as_transaction, fetch_document
from backend.disputes import repository
from backend.disputes.rejections import reasons
from backend.disputes.schemas import AppealIn, AppealToSign, RejectedAnswer, SignedAppeal, Sponsorship
from backend.errors import Conflict, Invalid, NotFound
from backend.ipfs.port import PayloadMissing
from backend.services import Services
from backend.waiting.naming import APPEAL, await_event
from backend.waiting.store import keep_named
from backend.work import packets
from piecework.domain import documents
from piecework.domain.canonical import NotCanonical, canonical_bytes, new_salt
from piecework.domain.documents import DocumentError
from piecework.domain.messages import BatchKey, Packet, PacketKind

_FILES = 100
"""That evidence can name and so keep."""


def draft(services: Services, worker: str, wanted: AppealIn) -> AppealToSign:
    """Keeps the evidence and returns the dispute to sign. Raises Conflict if there is nothing to contest now."""
    now = services.clock.now()
    tally, owed = services.escrow.tally(wanted.batch_id, worker), services.escrow.account(worker).owed
    with services.reading() as session:
        batch = repository.batch(session, wanted.batch_id)
        if batch is None:
            raise NotFound("batch_unknown", f"the mirror has no batch {wanted.batch_id}")
        if tally.disputed:
            raise Conflict("dispute_open", f"a dispute over {tally.disputed} rejections is open: wait for its ruling")
        if not tally.contestable:
            raise Conflict("nothing_contestable", f"{worker} has no contestable rejection in {wanted.batch_id}")
        if tally.contest_end < now:
            raise Conflict("dispute_window_over", f"rejections could be contested until {tally.contest_end}")
        rejected, _ = reasons(services, session, wanted.batch_id, worker, tally.contestable)
    evidence = _evidence(worker, wanted, rejected)
    try:
        packed = documents.pack(evidence, "evidence")
    except (DocumentError, NotCanonical) as error:
        raise Invalid("document_refused", str(error)) from error
    with services.writing() as session:
        await_event(services, session, APPEAL, wanted.batch_id, worker, packed)
    deadline = min(tally.contest_end, now + services.settings.packet_lifetime_seconds)
    count = min(wanted.count or tally.contestable, tally.contestable)
    packet = Packet(
        kind=PacketKind.DISPUTE,
        batch_id=wanted.batch_id,
        worker=worker,
        sequence=tally.sequence,
        deadline=deadline,
        count=count,
        work_digest=packed.digest,
    )
    bond = int(batch.terms["disputeFee"])
    return AppealToSign(
        batch_id=wanted.batch_id,
        count=count,
        evidence_digest=packed.digest,
        evidence_cid=packed.cid,
        evidence=evidence,
        typed_data=packet.typed_data(services.escrow.domain),
        sequence=tally.sequence,
        deadline=deadline,
        bond_units=bond,
        owed_units=owed,
        needs_sponsor=owed < bond,
    )


def take(services: Services, signed: SignedAppeal) -> str:
    """Queues a signed dispute whose bond comes from the worker's account; returns the intent's id."""
    now = services.clock.now()
    evidence = _checked_evidence(services, signed)
    found = packets.checked(services, _packet(signed), now)
    keep_named(services.store, canonical_bytes(evidence), _FILES)
    with services.writing() as session:
        return packets.queue(services, session, found)


def sponsor(services: Services, sponsor_address: str, signed: SignedAppeal) -> Sponsorship:
    """The transaction by which the sponsor brings a worker's signed dispute and puts up its bond."""
    now = services.clock.now()
    packet = _packet(signed)
    evidence = _checked_evidence(services, signed)
    with services.reading() as session:
        key = packets.check(services, session, packet, now, poster=sponsor_address)
        bond = _bond_units(session, signed.batch_id)
    keep_named(services.store, canonical_bytes(evidence), _FILES)
    call = services.escrow.sponsor_dispute(BatchKey.from_json(key), packet)
    return Sponsorship(
        transaction=as_transaction(services, call),
        bond_units=bond,
        owed_units=services.escrow.account(sponsor_address).owed,
    )


def _evidence(worker: str, wanted: AppealIn, rejected: list[RejectedAnswer]) -> dict[str, object]:
    """Raises Invalid if a task is named that was not rejected."""
    notes = {note.task: note.note for note in wanted.tasks or ()}
    stray = sorted(set(notes) - {answer.task for answer in rejected})
    if stray:
        raise Invalid("task_not_rejected", f"no contestable rejection of this worker is about task {stray[0]}")
    return {
        "format": documents.format_name("evidence"),
        "salt": new_salt(),
        "batch_id": wanted.batch_id,
        "worker": worker,
        "statement": wanted.statement,
        "rejections": [
            {
                "task": answer.task,
                "results_digest": answer.results_digest,
                "submission": answer.submission,
                "note": notes.get(answer.task, ""),
            }
            for answer in rejected
            if not notes or answer.task in notes
        ],
        "attachments": [attachment.model_dump() for attachment in wanted.attachments],
    }


def _checked_evidence(services: Services, signed: SignedAppeal) -> dict[str, Any]:
    """The jurors must be able to read what the digest names."""
    try:
        evidence = fetch_document(services, signed.evidence_digest, "evidence")
    except (PayloadMissing, Conflict) as error:
        detail = f"evidence {signed.evidence_digest} is not here (any more): draft the appeal first ({error})"
        raise Invalid("evidence_unknown", detail) from error
    if (evidence["batch_id"], evidence["worker"]) != (signed.batch_id, signed.worker):
        raise Invalid("evidence_of_another", "the evidence names another batch or worker")
    return evidence


def _packet(signed: SignedAppeal) -> Packet:
    return Packet(
        kind=PacketKind.DISPUTE,
        batch_id=signed.batch_id,
        worker=signed.worker,
        sequence=signed.sequence,
        deadline=signed.deadline,
        count=signed.count,
        work_digest=signed.evidence_digest,
        signature=signed.signature,
    )


def _bond_units(session: Session, batch_id: str) -> int:
    batch = repository.batch(session, batch_id)
    return int(batch.terms["disputeFee"]) if batch else 0
