"""Signed packets: checked as the contract will, then queued."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

from backend.accounts.service import digest_signed_by
from backend.errors import Conflict, Invalid, NotFound
from backend.pay.relaying import check_claim
from backend.relay.allowance import Budget, bring, budget_of
from backend.relay.budget import ENDS_CLAIM
from backend.relay.keeper import key_of
from backend.services import Services
from backend.work import repository
from backend.work.schemas import PacketIn
from piecework.domain import messages
from piecework.domain.ids import ZERO_ADDRESS, ZERO_DIGEST
from piecework.domain.messages import Packet, PacketKind, Ticket

MAX_LEASE_SECONDS = 30 * 86_400
"""The contract's bound on a ticket's lease."""

if TYPE_CHECKING:
    from piecework.chain.escrow import TallyState

_PROMISED = (PacketKind.SUBMIT, PacketKind.CLAIM_AND_SUBMIT, PacketKind.DISPUTE)
_CLAIMS = (PacketKind.CLAIM, PacketKind.CLAIM_AND_SUBMIT)


def signed(packet: Packet, signature: str) -> Packet:
    return replace(packet, signature=signature)


@dataclass(frozen=True, slots=True)
class Checked:
    """A packet that could apply, with the key of its batch and the budget it is brought on."""

    packet: Packet
    key: dict[str, Any]
    budget: Budget


def checked(services: Services, packet: Packet, now: int) -> Checked:
    """The packet, if it could apply. Asks the node, so it is to be called before a transaction that others wait for.

    Raises Invalid, Conflict or NotFound with the name of what the contract would refuse.
    """
    with services.reading() as session:
        key = check(services, session, packet, now, poster=packet.worker)
        batch = repository.batch(session, packet.batch_id)
        assert batch is not None  # noqa: S101 - `check` refused otherwise
        if packet.kind in _CLAIMS and batch.assigner not in services.assigner.addresses:
            check_claim(services, batch, packet.count)  # of a ticket of ours it was looked at before
        budget = budget_of(services, session, packet.worker, batch, is_promised=packet.kind in _PROMISED)
    services.losses.weigh("packet", {"key": key, "packet": packet.to_json()})
    return Checked(packet, key, budget)


def queue(services: Services, session: Session, found: Checked, *, ends_claim: bool = True) -> str:
    """Queues a packet; returns the intent's id. `ends_claim`: false for answers to a part of a claim.

    Raises TooMany beyond the budget.
    """
    packet = found.packet
    payload = {"key": found.key, "packet": packet.to_json(), ENDS_CLAIM: ends_claim}
    digest = messages.digest(packet.typed_data(services.escrow.domain))
    dedupe = f"packet:{packet.batch_id}:{packet.worker}:{packet.sequence}:{digest.hex()[:32]}"
    return bring(services, session, found.budget, kind="packet", dedupe_key=dedupe, payload=payload)


def check(services: Services, session: Session, packet: Packet, now: int, *, poster: str) -> dict[str, Any]:
    """What the contract will check, in its order; returns the batch's key. `poster` puts up a dispute's bond."""
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
    if packet.kind == PacketKind.CLAIM_AND_SUBMIT:
        if packet.submitted == 0 or packet.work_digest == ZERO_DIGEST:
            raise Invalid("nothing_asked", "a count and a digest above zero are needed")
        if packet.submitted > packet.count:
            raise Conflict("not_enough_claimed", f"{packet.count} would be claimed, {packet.submitted} submitted")
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
        if batch.assigner != ZERO_ADDRESS:
            _check_ticket(services, batch.assigner, packet, now)
    if packet.kind == PacketKind.DISPUTE:
        _check_dispute(services, packet, tally, int(batch.terms["disputeFee"]), now, poster)
    return key


def _check_dispute(
    services: Services, packet: Packet, tally: TallyState, fee_units: int, now: int, poster: str
) -> None:
    if packet.count == 0:
        raise Invalid("nothing_asked", "name how many rejections are contested")
    if tally.disputed > 0:
        detail = f"a dispute over {tally.disputed} rejections is open: the rest can be contested after its ruling"
        raise Conflict("dispute_open", detail)
    if tally.contestable == 0:
        raise Conflict("nothing_contestable", f"{packet.worker} has no contestable rejection in this batch")
    if tally.contest_end < now:
        raise Conflict("dispute_window_over", f"rejections could be contested until {tally.contest_end}, it is {now}")
    owed = services.escrow.account(poster).owed
    if owed < fee_units:
        detail = (
            f"the bond is {fee_units} units and {poster} is owed {owed}: earn or deposit the rest, or let a sponsor "
            "put it up (POST /v1/appeals/sponsorship)"
        )
        raise Conflict("bond_short", detail, bond_units=str(fee_units), owed_units=str(owed))


def _check_ticket(services: Services, assigner: str, packet: Packet, now: int) -> None:
    """The assigner's leave for exactly this claim, as the contract will read it; used ones carry an old number."""
    given = packet.ticket
    if given.deadline < now:
        raise Invalid("ticket_expired", f"the ticket ended at {given.deadline}, it is {now}: ask for a new one")
    if not now <= given.leaseEnd <= now + MAX_LEASE_SECONDS:
        raise Invalid("ticket_lease_out_of_range", f"the ticket's lease ends at {given.leaseEnd}, it is {now}")
    typed = messages.ticket(
        services.escrow.domain,
        batch_id=packet.batch_id,
        manifest_version=packet.manifest_version,
        worker=packet.worker,
        count=packet.count,
        tasks_digest=packet.tasks_digest,
        lease_end=given.leaseEnd,
        deadline=given.deadline,
        sequence=packet.sequence,
    )
    if not digest_signed_by(services, assigner, messages.digest(typed), given.signature):
        detail = f"the ticket is not {assigner}'s for this claim: ask the assigner for one of your own"
        raise Invalid("ticket_invalid", detail)


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
    is_part = (
        packet.kind == PacketKind.SUBMIT
        and packet.count < services.escrow.tally(packet.batch_id, packet.worker).claimed
    ) or (packet.kind == PacketKind.CLAIM_AND_SUBMIT and packet.submitted < packet.count)
    found = checked(services, packet, now)
    with services.writing() as session:
        return queue(services, session, found, ends_claim=not is_part)
