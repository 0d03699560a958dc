"""A proposal before it is stored: who is paid and who is rejected, why, and the files that say so."""

from __future__ import annotations

import secrets
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from backend.draws.deciding import NAME as DRAWN
from backend.draws.deciding import drawn_of
from backend.errors import Conflict, Invalid
from backend.redundancy.book import is_adaptive
from backend.reviews import preferences, repository
from backend.reviews.backing import Backing, unbacked
from backend.reviews.beside import model_said
from backend.reviews.judging import AUTOMATIC, Judged, by_reviewers, judge
from backend.reviews.schemas import VerdictIn
from backend.reviews.undecided import Undecided, answers_of
from backend.revisions import repository as revisions
from backend.services import Services
from piecework.db.gateway import Draft, ModelAnswers, Proposal
from piecework.db.mirror import MirrorBatch, MirrorTally
from piecework.db.revisions import Revision
from piecework.domain import documents
from piecework.domain.messages import Terms, Verdict

MAX_WORKERS = 150
"""Workers in one settlement: about 6 million gas, well under what a transaction may use."""

Decided = Mapping[tuple[str, str], tuple[str, str]]


class Planned(NamedTuple):
    """A proposal that is not stored yet, and the files that it names: the results last; and apart the known answers."""

    proposal: Proposal
    decisions: list[dict[str, object]]
    files: list[documents.Packed]
    known: documents.Packed | None


def plan(
    services: Services,
    session: Session,
    batch: MirrorBatch,
    draft: Draft,
    verdicts: Sequence[VerdictIn] | None,
    *,
    final: bool,
    salt: str,
    backing: Backing,
) -> Planned:
    """What would be proposed now; nothing is stored. Raises Conflict and Invalid as `service.build` does."""
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
    chosen = _backed(backing, batch, tallies, chosen, decided, explicit=verdicts is not None)
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
    return Planned(proposal, _decision_rows(proposal, chosen, decided), files, known_file)


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
    backing: Backing,
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
    short = unbacked(backing, batch, tallies, list(rejecting))
    left = [i for i in chosen if i.worker not in short or decided[(i.task, i.worker)][0] != "rejected"]
    if short and (explicit or not left):
        fee = Terms.from_json(batch.terms).disputeFee
        detail = (
            f"rejecting {len(short)} workers needs {fee} units each in the account of {batch.requester}: "
            "deposit them, or silence pays those answers"
        )
        raise Conflict("dispute_fee_short", detail, workers=sorted(short), fee_units=str(fee))
    return left


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


def _plain(verdict: Verdict) -> dict[str, Any]:
    return {
        "worker": verdict.worker,
        "decidedBefore": verdict.decidedBefore,
        "accepted": verdict.accepted,
        "rejected": verdict.rejected,
    }
