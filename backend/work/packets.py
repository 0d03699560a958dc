"""Signed packets: checked as the contract will, then queued."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy.orm import Session

from backend.accounts.service import digest_signed_by
from backend.errors import Conflict, Invalid, NotFound
from backend.relay.keeper import key_of
from backend.services import Services
from backend.work import repository
from backend.work.schemas import PacketIn
from piecework.domain import messages
from piecework.domain.ids import ZERO_DIGEST
from piecework.domain.messages import Packet, PacketKind, Ticket

_CLAIMS = (PacketKind.CLAIM, PacketKind.CLAIM_AND_SUBMIT)


def signed(packet: Packet, signature: str) -> Packet:
    return replace(packet, signature=signature)


def take(services: Services, session: Session, packet: Packet, now: int) -> str:
    """Queues a packet that could apply; returns the intent's id.

    Raises Invalid, Conflict or NotFound with the name of what the contract would refuse.
    """
    batch = repository.batch(session, packet.batch_id)
    if batch is None:
        raise NotFound("batch_unknown", f"the mirror has no batch {packet.batch_id}")
    if packet.deadline < now:
        raise Invalid("signature_expired", "the packet's deadline is over: draft it anew and sign")
    digest = messages.digest(packet.typed_data(services.escrow.domain))
    if not digest_signed_by(services, packet.worker, digest, packet.signature):
        detail = f"the signature is not by {packet.worker}, or not of this packet"
        raise Invalid("signature_by_another_key", detail)
    tally = services.escrow.tally(packet.batch_id, packet.worker)
    if packet.sequence != tally.sequence:
        detail = (
            f"the packet carries number {packet.sequence}, the next is {tally.sequence}: it was used, or came early"
        )
        raise Conflict("sequence_not_next", detail)
    if packet.kind in (PacketKind.SUBMIT, PacketKind.RETURN_CLAIM):
        if packet.count == 0 or (packet.kind == PacketKind.SUBMIT and packet.work_digest == ZERO_DIGEST):
            raise Invalid("nothing_asked", "a count and a digest above zero are needed")
        if packet.count > tally.claimed:
            raise Conflict("not_enough_claimed", f"{tally.claimed} assignments are claimed, {packet.count} named")
    if packet.kind == PacketKind.SUBMIT and tally.lease_end < now:
        raise Conflict("lease_over", f"the lease ended at {tally.lease_end}, it is {now}")
    key = key_of(batch)
    if packet.kind in _CLAIMS:
        refusal = services.escrow.may_claim(
            messages.BatchKey.from_json(key), packet.worker, packet.count, packet.manifest_version
        )
        if refusal is not None:
            raise Conflict(refusal, f"the contract would refuse the claim: {refusal}")
    payload = {"key": key, "packet": packet.to_json()}
    dedupe = f"packet:{packet.batch_id}:{packet.worker}:{packet.sequence}:{digest.hex()[:32]}"
    return services.outbox.enqueue(session, kind="packet", dedupe_key=dedupe, payload=payload)


def take_own(services: Services, worker: str, given: PacketIn) -> str:
    """A packet that the worker made itself."""
    ticket = Ticket()
    if given.ticket is not None:
        ticket = Ticket(given.ticket.lease_end, given.ticket.deadline, given.ticket.signature)
    packet = Packet(
        kind=PacketKind[given.kind.upper()],
        batch_id=given.batch_id,
        worker=worker,
        sequence=given.sequence,
        deadline=given.deadline,
        manifest_version=given.manifest_version,
        count=given.count,
        submitted=given.submitted,
        tasks_digest=given.tasks_digest,
        work_digest=given.work_digest,
        ticket=ticket,
        signature=given.signature,
    )
    now = services.clock.now()
    with services.writing() as session:
        return take(services, session, packet, now)
