"""Proposals: who decided what and why, pinned as a results file, signed by the reviewers, released by the relay."""

from __future__ import annotations

import secrets
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from backend.batches.service import pin
from backend.draws.deciding import NAME as DRAWN
from backend.draws.deciding import drawn_of
from backend.errors import Conflict, GatewayError, Invalid, NotAllowed, NotFound
from backend.redundancy.book import is_adaptive
from backend.relay.keeper import key_of
from backend.reviews import preferences, repository
from backend.reviews.backing import unbacked
from backend.reviews.beside import model_said
from backend.reviews.completion import is_final
from backend.reviews.judging import AUTOMATIC, Judged, by_reviewers, judge
from backend.reviews.panels import Panel, panel_of
from backend.reviews.schemas import ProposalIn, ProposalView, VerdictIn
from backend.reviews.undecided import Undecided, answers_of
from backend.revisions import repository as revisions
from backend.services import Services
from piecework.db.gateway import Draft, ModelAnswers, Proposal
from piecework.db.mirror import MirrorBatch, MirrorTally
from piecework.db.revisions import Revision
from piecework.domain import documents, messages
from piecework.domain.canonical import new_salt
from piecework.domain.cid import cid_of_digest
from piecework.domain.messages import Terms, Verdict

MAX_WORKERS = 150
"""Workers in one settlement: about 6 million gas, well under what a transaction may use."""

_PLAIN_SIGNATURE = 2 + 2 * 65

Decided = Mapping[tuple[str, str], tuple[str, str]]


def propose(services: Services, reviewer: str, batch_id: str, wanted: ProposalIn) -> ProposalView:
    """A reviewer's proposal: its own verdicts, or the batch's policy."""
    now = services.clock.now()
    with services.reading() as session:
        batch = _batch(session, batch_id)
        panel_of(services, batch.reviewer).require(reviewer)
        known = session.get(Draft, batch_id)
        final = known is not None and is_final(services, session, batch, known, now)
    ahead = prepare(services, batch_id, wanted.verdicts, final=final)
    with services.writing() as session:
        batch = _batch(session, batch_id)
        draft = repository.locked_draft(session, batch_id)
        final = draft is not None and is_final(services, session, batch, draft, now, newest=True)
        row = build(services, session, batch, wanted.verdicts, final=final, ahead=ahead)
        return _view(services, session, row, batch)


@dataclass(frozen=True, slots=True)
class Ahead:
    """What a proposal has before anybody waits for it: its salt, and digests of files that are pinned."""

    salt: str
    pinned: frozenset[str] = frozenset()


def prepare(services: Services, batch_id: str, verdicts: Sequence[VerdictIn] | None, *, final: bool) -> Ahead:
    """Pins what a proposal would name if nothing changes until it is built, so that no writer waits for the store.

    Known answers are left out: pinned, they are public, and somebody may still be handed a task. Where nothing can be
    proposed there is nothing to pin; why, `build` says, which sees what others did meanwhile.
    """
    salt = new_salt()
    with services.reading() as session:
        batch, draft = repository.batch(session, batch_id), session.get(Draft, batch_id)
        if batch is None or draft is None:
            return Ahead(salt)
        try:
            planned = _planned(services, session, batch, draft, verdicts, final=final, salt=salt)
        except GatewayError:
            return Ahead(salt)
    for packed in planned.files:
        pin(services.store, packed)
    return Ahead(salt, frozenset(packed.digest for packed in planned.files))


def build(
    services: Services,
    session: Session,
    batch: MirrorBatch,
    verdicts: Sequence[VerdictIn] | None,
    *,
    final: bool,
    ahead: Ahead,
) -> Proposal:
    """Decides, pins of results, answers and (if `final`) the known answers what is not, and stores the proposal.

    Raises Conflict if there is nothing to decide, a proposal is under way, or a policy would judge by known answers
    that are not the committed ones; Invalid for verdicts that do not fit.
    """
    draft = repository.locked_draft(session, batch.batch_id)
    if draft is None:
        raise Conflict("answers_elsewhere", f"the answers of batch {batch.batch_id} are not with this gateway")
    planned = _planned(services, session, batch, draft, verdicts, final=final, salt=ahead.salt)
    missing = [packed for packed in planned.files if packed.digest not in ahead.pinned]
    for packed in [*([planned.known] if planned.known else []), *missing]:
        pin(services.store, packed)
    draft.is_revealed = draft.is_revealed or planned.known is not None
    repository.add_proposal(session, planned.proposal, planned.decisions)
    return planned.proposal


class _Planned(NamedTuple):
    """A proposal that is not stored yet, and the files that it names: the results last; and apart the known answers."""

    proposal: Proposal
    decisions: list[dict[str, object]]
    files: list[documents.Packed]
    known: documents.Packed | None


def _planned(
    services: Services,
    session: Session,
    batch: MirrorBatch,
    draft: Draft,
    verdicts: Sequence[VerdictIn] | None,
    *,
    final: bool,
    salt: str,
) -> _Planned:
    if any(row.status in ("open", "queued") for row in repository.proposals(session, batch.batch_id)):
        raise Conflict("proposal_under_way", f"batch {batch.batch_id} has a proposal already: sign that one")
    found = answers_of(session, batch.batch_id)
    undecided, everything, submissions = found.undecided, found.everything, found.submissions
    if not undecided:
        raise Conflict("nothing_to_decide", f"batch {batch.batch_id} has no undecided submission")
    known = known_answers(services, batch, draft)
    if known is None and verdicts is None:
        detail = (
            f"the policy of batch {batch.batch_id} cannot decide: its known answers here are not the committed ones"
        )
        raise Conflict("known_answers_changed", f"{detail}. Silence pays, or give verdicts of your own")
    final = final and known is not None
    tasks = repository.task_ids(session, batch.batch_id) if is_adaptive(draft) else None
    brought = repository.model_answers(session, batch.batch_id)
    model = model_said(brought.digest, brought.document) if brought else None
    is_compared = final and draft.task_type == preferences.TASK_TYPE
    pairs = preferences.pairs_of(draft.task_type, repository.contents(session, batch.batch_id)) if is_compared else None
    drawn = drawn_of(session, draft) if draft.review["policy"] == DRAWN else None
    judged = judge(
        draft, known or {}, everything, submissions, final=final, tasks=tasks, model=model, pairs=pairs, drawn=drawn
    )
    decided = _decided(draft, undecided, verdicts, judged)
    chosen = [item for item in undecided if (item.task, item.worker) in decided]
    if not chosen:
        raise Conflict("nothing_decided_yet", f"no answer of batch {batch.batch_id} has enough equal verdicts yet")
    workers = list(dict.fromkeys(item.worker for item in chosen))[:MAX_WORKERS]
    chosen = [item for item in chosen if item.worker in set(workers)]
    tallies = repository.tallies(session, batch.batch_id)
    chosen = _backed(services, batch, tallies, chosen, decided, explicit=verdicts is not None)
    workers = list(dict.fromkeys(item.worker for item in chosen))
    method = judged.method if verdicts is None else by_reviewers(judged)
    if drawn is not None:
        method = drawn.method({(item.task, item.worker) for item in chosen})
    counts = Counter((item.worker, decided[(item.task, item.worker)][0]) for item in chosen)
    signed = [Verdict(w, tallies[w].decided, counts[(w, "accepted")], counts[(w, "rejected")]) for w in workers]
    nonce = batch.settlements + 1
    reveal = draft.gold if final else None
    better = revisions.answered(session, batch.batch_id)
    named = {key: better[key] for item in chosen if (key := (item.task, item.worker)) in better}
    results = _results(batch, nonce, method, chosen, decided, judged, reveal, salt)
    for decision in results["decisions"]:
        if row := named.get((decision["task"], decision["worker"])):
            decision["revision"] = row.digest
    packed = documents.pack(results, "results")
    proposal = Proposal(
        proposal_id=secrets.token_hex(16),
        batch_id=batch.batch_id,
        nonce=nonce,
        results_digest=packed.digest,
        verdicts=[_plain(verdict) for verdict in signed],
        status="open",
        created_at=time.time(),
    )
    known_file = documents.pack(reveal, "gold") if reveal is not None else None
    files = [*_named(chosen, list(named.values()), brought), packed]
    return _Planned(proposal, _decision_rows(proposal, chosen, decided), files, known_file)


def _named(
    chosen: Sequence[Undecided], better: Sequence[Revision], brought: ModelAnswers | None
) -> Iterator[documents.Packed]:
    """Files that the results name: the answers, better ones, and a model's."""
    for assignment in {item.assignment.assignment_id: item.assignment for item in chosen}.values():
        assert assignment.answers is not None  # noqa: S101 - it was submitted
        yield documents.pack(assignment.answers, "answers")
    for row in better:
        assert row.document is not None  # noqa: S101 - it was answered
        yield documents.pack(row.document, "revision")
    if brought is not None:
        yield documents.pack(brought.document, "model-answers")


def known_answers(services: Services, batch: MirrorBatch, draft: Draft) -> Mapping[str, Any] | None:
    """By task, as the manifest commits to them; None if what is stored here differs, so that nobody is judged by it."""
    fetch = lambda cid: services.store.get(cid, documents.MAX_BLOCK_BYTES)  # noqa: E731
    return services.committed.known(draft, batch.terms["manifest"], fetch)


def _backed(
    services: Services,
    batch: MirrorBatch,
    tallies: Mapping[str, MirrorTally],
    chosen: list[Undecided],
    decided: Decided,
    *,
    explicit: bool,
) -> list[Undecided]:
    """Without rejections that the requester's dispute fee cannot back: they wait, and silence pays them.

    Raises Conflict if a reviewer asked for one of them, or if nothing else is left.
    """
    rejecting = dict.fromkeys(i.worker for i in chosen if decided[(i.task, i.worker)][0] == "rejected")
    short = unbacked(services, batch, tallies, list(rejecting))
    left = [i for i in chosen if i.worker not in short or decided[(i.task, i.worker)][0] != "rejected"]
    if short and (explicit or not left):
        fee = Terms.from_json(batch.terms).disputeFee
        detail = (
            f"rejecting {len(short)} workers needs {fee} units each in the account of {batch.requester}: "
            "deposit them, or silence pays those answers"
        )
        raise Conflict("dispute_fee_short", detail, workers=sorted(short), fee_units=str(fee))
    return left


def view(services: Services, proposal_id: str) -> ProposalView:
    with services.reading() as session:
        row = _proposal(session, proposal_id)
        return _view(services, session, row, _batch(session, row.batch_id))


def sign(services: Services, reviewer: str, proposal_id: str, signature: str) -> ProposalView:
    """Takes a reviewer's signature; the one that completes the quorum queues the settlement."""
    from backend.accounts.service import digest_signed_by
    from piecework.db.gateway import ProposalSignature

    with services.writing() as session:
        row = _proposal(session, proposal_id)
        batch = _batch(session, row.batch_id)
        panel = panel_of(services, batch.reviewer)
        panel.require(reviewer)
        if row.status != "open":
            raise Conflict(f"proposal_{row.status}", f"proposal {proposal_id} is {row.status} and takes no signature")
        typed = _typed_data(services, row)
        # A panel counts plain signatures only, 65 bytes each; a reviewer that is no panel may be any contract.
        fits = not panel.is_contract or len(signature) == _PLAIN_SIGNATURE
        if not fits or not digest_signed_by(services, reviewer, messages.digest(typed), signature):
            detail = f"the signature is not by {reviewer}, or not of proposal {proposal_id}"
            raise Invalid("signature_by_another_key", detail)
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


def _decided(
    draft: Draft, undecided: Sequence[Undecided], verdicts: Sequence[VerdictIn] | None, judged: Judged
) -> Decided:
    name = draft.review["policy"]
    if verdicts is not None and name == DRAWN:
        detail = f"the answers of batch {draft.batch_id} are judged by drawn reviewers: propose without verdicts"
        raise Invalid("verdicts_are_drawn", detail)
    if verdicts is not None:
        return _explicit(undecided, verdicts)
    if name not in AUTOMATIC:
        raise Invalid("verdicts_missing", f"policy {name!r} needs the reviewer's own verdicts")
    return judged.decisions


def _explicit(undecided: Sequence[Undecided], verdicts: Sequence[VerdictIn]) -> Decided:
    waiting = {(item.task, item.worker) for item in undecided}
    decided: dict[tuple[str, str], tuple[str, str]] = {}
    for verdict in verdicts:
        key = (verdict.task, verdict.worker)
        if key not in waiting:
            detail = f"{verdict.worker} has no undecided answer to task {verdict.task}"
            raise Invalid("verdict_unknown", detail)
        if key in decided:
            raise Invalid("verdict_twice", f"the answer of {verdict.worker} to {verdict.task} is decided twice")
        if verdict.decision == "rejected" and not verdict.reason.strip():
            raise Invalid("reason_missing", f"rejecting the answer to {verdict.task} needs a reason")
        decided[key] = (verdict.decision, verdict.reason.strip() or "accepted by the reviewer")
    return decided


def _results(
    batch: MirrorBatch,
    nonce: int,
    method: dict[str, Any],
    chosen: Sequence[Undecided],
    decided: Decided,
    judged: Judged,
    gold: dict[str, Any] | None,
    salt: str,
) -> dict[str, Any]:
    labels = judged.labels
    tasks = sorted({item.task for item in chosen} | judged.labelled)
    return {
        "format": documents.format_name("results"),
        "salt": salt,
        "batch_id": batch.batch_id,
        "settlement_nonce": nonce,
        "manifest_version": 1,
        "method": method,
        "decisions": [
            {
                "task": item.task,
                "worker": item.worker,
                "submission": item.assignment.work_digest,
                "decision": decided[(item.task, item.worker)][0],
                "reason": decided[(item.task, item.worker)][1],
            }
            for item in chosen
        ],
        "labels": [{"task": t, "label": labels[t][0], "confidence": labels[t][1]} for t in tasks],
        "gold": {"document_digest": documents.pack(gold, "gold").digest} if gold else None,
    }


def _decision_rows(row: Proposal, chosen: Sequence[Undecided], decided: Decided) -> list[dict[str, object]]:
    return [
        {
            "proposal_id": row.proposal_id,
            "task_id": item.task,
            "worker": item.worker,
            "batch_id": row.batch_id,
            "assignment_id": item.assignment.assignment_id,
            "decision": decided[(item.task, item.worker)][0],
            "reason": decided[(item.task, item.worker)][1],
            "settled": False,
        }
        for item in chosen
    ]


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


def _plain(verdict: Verdict) -> dict[str, Any]:
    return {
        "worker": verdict.worker,
        "decidedBefore": verdict.decidedBefore,
        "accepted": verdict.accepted,
        "rejected": verdict.rejected,
    }


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


def require_reviewer(services: Services, session: Session, batch_id: str, address: str) -> Draft | None:
    """The batch's draft, for its reviewers and its requester. Raises NotAllowed for anybody else."""
    batch = _batch(session, batch_id)
    if address != batch.requester and address not in panel_of(services, batch.reviewer).members:
        raise NotAllowed("reviewer_not_in_panel", f"{address} does not review batch {batch_id}")
    return session.get(Draft, batch_id)
