"""Proposals: who decided what and why, pinned as a results file, signed by the reviewers, released by the relay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from backend.batches.service import pin
from backend.draws.deciding import NAME as DRAWN
from backend.errors import Conflict, Invalid, NotAllowed, NotFound
from backend.relay.keeper import key_of
from backend.reviews import repository
from backend.reviews.backing import Backing, backing_of
from backend.reviews.completion import is_final
from backend.reviews.panels import Panel, panel_of
from backend.reviews.planning import Planned, plan
from backend.reviews.schemas import ProposalIn, ProposalView, VerdictIn
from backend.services import Services
from piecework.db.gateway import Draft, Proposal
from piecework.db.mirror import MirrorBatch
from piecework.domain import messages
from piecework.domain.canonical import new_salt
from piecework.domain.cid import cid_of_digest
from piecework.domain.messages import Verdict

_PLAIN_SIGNATURE = 2 + 2 * 65


def propose(services: Services, reviewer: str, batch_id: str, wanted: ProposalIn) -> ProposalView:
    """A reviewer's proposal: its own verdicts, or the batch's policy."""
    now = services.clock.now()
    with services.reading() as session:
        batch = _batch(session, batch_id)
        panel_of(services, batch.reviewer).require(reviewer)
        known = session.get(Draft, batch_id)
        final = known is not None and is_final(services, session, batch, known, now)
    ahead = look_ahead(services, batch)
    with suppress(Conflict, Invalid):  # under the lock it may be another: one waits for its own answer
        ahead = prepare(services, batch_id, wanted.verdicts, final=final, ahead=ahead)
    with services.writing() as session:
        batch = _batch(session, batch_id)
        draft = repository.locked_draft(session, batch_id)
        final = draft is not None and is_final(services, session, batch, draft, now, newest=True)
        row = build(services, session, batch, wanted.verdicts, final=final, ahead=ahead)
        return _view(services, session, row, batch)


@dataclass(frozen=True, slots=True)
class Ahead:
    """What a proposal has before anybody waits for it: its salt, what can back its rejections, digests of files that
    are pinned; and, if so much could be planned, the plan, what it was asked for, and what it rests on."""

    salt: str
    backing: Backing
    pinned: frozenset[str] = frozenset()
    planned: Planned | None = None
    asked: object = None
    standing: tuple[object, ...] = ()


def look_ahead(services: Services, batch: MirrorBatch) -> Ahead:
    """Asks the node, so that no writer waits for it."""
    return Ahead(new_salt(), backing_of(services, batch))


def prepare(
    services: Services, batch_id: str, verdicts: Sequence[VerdictIn] | None, *, final: bool, ahead: Ahead
) -> Ahead:
    """Plans a proposal and pins what it names, so that no writer waits for either if nothing changes until it is built.

    Known answers are left out: pinned, they are public, and somebody may still be handed a task. Raises as `build`
    does, of what stands now.
    """
    with services.reading() as session:
        standing = repository.standing(session, batch_id)  # first: what changes meanwhile is seen later
        batch, draft = _batch(session, batch_id), session.get(Draft, batch_id)
        if draft is None:
            return ahead
        planned = plan(services, session, batch, draft, verdicts, final=final, salt=ahead.salt, backing=ahead.backing)
    for packed in planned.files:
        pin(services.store, packed)
    pinned = frozenset(packed.digest for packed in planned.files)
    return replace(ahead, pinned=pinned, planned=planned, asked=_asked(verdicts, final=final), standing=standing)


def _asked(verdicts: Sequence[VerdictIn] | None, *, final: bool) -> object:
    return None if verdicts is None else [verdict.model_dump() for verdict in verdicts], final


def build(
    services: Services,
    session: Session,
    batch: MirrorBatch,
    verdicts: Sequence[VerdictIn] | None,
    *,
    final: bool,
    ahead: Ahead,
) -> Proposal:
    """Decides, unless it is planned and nothing has changed since, pins of results, answers and (if `final`) the known
    answers what is not, and stores the proposal.

    Raises Conflict if there is nothing to decide, a proposal is under way, or a policy would judge by known answers
    that are not the committed ones; Invalid for verdicts that do not fit.
    """
    draft = repository.locked_draft(session, batch.batch_id)
    if draft is None:
        raise Conflict("answers_elsewhere", f"the answers of batch {batch.batch_id} are not with this gateway")
    planned = _still(session, draft, ahead, _asked(verdicts, final=final)) or plan(
        services, session, batch, draft, verdicts, final=final, salt=ahead.salt, backing=ahead.backing
    )
    missing = [packed for packed in planned.files if packed.digest not in ahead.pinned]
    for packed in [*([planned.known] if planned.known else []), *missing]:
        pin(services.store, packed)
    draft.is_revealed = draft.is_revealed or planned.known is not None
    repository.add_proposal(session, planned.proposal, planned.decisions)
    return planned.proposal


def _still(session: Session, draft: Draft, ahead: Ahead, asked: object) -> Planned | None:
    """The plan that was made ahead, if it would be made again. What drawn reviewers say is small, and read anew."""
    if ahead.planned is None or ahead.asked != asked or draft.review["policy"] == DRAWN:
        return None
    return ahead.planned if repository.standing(session, draft.batch_id) == ahead.standing else None


def view(services: Services, proposal_id: str) -> ProposalView:
    with services.reading() as session:
        row = _proposal(session, proposal_id)
        return _view(services, session, row, _batch(session, row.batch_id))


def sign(services: Services, reviewer: str, proposal_id: str, signature: str) -> ProposalView:
    """Takes a reviewer's signature; the one that completes the quorum queues the settlement."""
    from backend.accounts.service import digest_signed_by
    from piecework.db.gateway import ProposalSignature

    with services.reading() as session:
        row = _open_proposal(session, proposal_id)
        panel = panel_of(services, _batch(session, row.batch_id).reviewer)
        panel.require(reviewer)
        typed = _typed_data(services, row)
    # A panel counts plain signatures only, 65 bytes each; a reviewer that is no panel may be any contract.
    fits = not panel.is_contract or len(signature) == _PLAIN_SIGNATURE
    if not fits or not digest_signed_by(services, reviewer, messages.digest(typed), signature):
        detail = f"the signature is not by {reviewer}, or not of proposal {proposal_id}"
        raise Invalid("signature_by_another_key", detail)
    services.losses.look()
    with services.writing() as session:
        row = _open_proposal(session, proposal_id)
        batch = _batch(session, row.batch_id)
        known = repository.signatures(session, proposal_id)
        if reviewer not in known:
            session.add(ProposalSignature(proposal_id=proposal_id, signer=reviewer, signature=signature))
            session.flush()
            known[reviewer] = signature
        if len(known) >= panel.threshold:
            row.intent_id = _queue(services, session, row, batch, panel, known)
            row.status = "queued"
        return _view(services, session, row, batch)


def follow(services: Services, session: Session) -> int:
    """Compares proposals under way with the mirror; returns how many ended."""
    ended = 0
    for row in repository.active_proposals(session):
        fate = _fate(services, session, row)
        if fate == "settled":
            repository.mark_settled(
                session, row.proposal_id, repository.skipped_workers(session, row.batch_id, row.nonce)
            )
        elif fate == "superseded":
            repository.forget_decisions(session, row.proposal_id)
        if fate is not None:
            row.status = fate
            ended += 1
    return ended


def has_ended(services: Services, session: Session) -> bool:
    """Whether `follow` would find something to write."""
    return any(_fate(services, session, row) is not None for row in repository.active_proposals(session))


def _fate(services: Services, session: Session, row: Proposal) -> str | None:
    """How a proposal under way ended, by the mirror; None if it did not."""
    settled = repository.settlement(session, row.batch_id, row.nonce)
    if settled is not None and settled.results_digest == row.results_digest:
        return "settled"
    return "superseded" if settled is not None or _is_stale(services, session, row) else None


def _is_stale(services: Services, session: Session, row: Proposal) -> bool:
    """An open proposal whose counts moved on (silence paid), or a queued one that the contract refused."""
    if row.status == "queued":
        intent = services.outbox.get(session, row.intent_id or "")
        return intent is None or intent.status == "failed"
    tallies = repository.tallies(session, row.batch_id)
    return all(tallies[v["worker"]].decided != v["decidedBefore"] for v in row.verdicts if v["worker"] in tallies)


def _queue(
    services: Services,
    session: Session,
    row: Proposal,
    batch: MirrorBatch,
    panel: Panel,
    known: Mapping[str, str],
) -> str:
    payload = {
        "key": key_of(batch),
        "nonce": row.nonce,
        "results_digest": row.results_digest,
        "verdicts": row.verdicts,
        "signature": panel.join(known),
    }
    key = f"settle:{row.batch_id}:{row.nonce}:{row.results_digest}"
    return services.losses.bring(services.outbox, session, kind="settle", dedupe_key=key, payload=payload)


def _view(services: Services, session: Session, row: Proposal, batch: MirrorBatch) -> ProposalView:
    return ProposalView.model_validate(
        {
            "proposal_id": row.proposal_id,
            "batch_id": row.batch_id,
            "nonce": row.nonce,
            "results_digest": row.results_digest,
            "results_cid": cid_of_digest(row.results_digest),
            "verdicts": row.verdicts,
            "status": row.status,
            "signatures": sorted(repository.signatures(session, row.proposal_id)),
            "threshold": panel_of(services, batch.reviewer).threshold,
            "typed_data": _typed_data(services, row),
            "intent_id": row.intent_id,
        }
    )


def _typed_data(services: Services, row: Proposal) -> messages.TypedData:
    return messages.settlement(
        services.escrow.domain,
        batch_id=row.batch_id,
        nonce=row.nonce,
        results_digest=row.results_digest,
        verdicts=[Verdict(**verdict) for verdict in row.verdicts],
    )


def _batch(session: Session, batch_id: str) -> MirrorBatch:
    row = repository.batch(session, batch_id)
    if row is None:
        raise NotFound("batch_unknown", f"the mirror has no batch {batch_id}")
    return row


def _proposal(session: Session, proposal_id: str) -> Proposal:
    row = repository.proposal(session, proposal_id)
    if row is None:
        raise NotFound("proposal_unknown", f"there is no proposal {proposal_id}")
    return row


def _open_proposal(session: Session, proposal_id: str) -> Proposal:
    row = _proposal(session, proposal_id)
    if row.status != "open":
        raise Conflict(f"proposal_{row.status}", f"proposal {proposal_id} is {row.status} and takes no signature")
    return row


def require_reviewer(services: Services, session: Session, batch_id: str, address: str) -> Draft | None:
    """The batch's draft, for its reviewers and its requester. Raises NotAllowed for anybody else."""
    batch = _batch(session, batch_id)
    if address != batch.requester and address not in panel_of(services, batch.reviewer).members:
        raise NotAllowed("reviewer_not_in_panel", f"{address} does not review batch {batch_id}")
    return session.get(Draft, batch_id)
