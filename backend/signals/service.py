"""Signs of cheating in a batch: for its reviewers and requester all of them, for a worker its own with the reason.

No policy and no relay reads them: a signal rejects no answer and moves no money. What it leads to, beside a look by a
person, is in `limits.py`.
"""

from __future__ import annotations

import time
from dataclasses import replace

from sqlalchemy.orm import Session

from backend.errors import Invalid, NotFound
from backend.reviews import repository as reviews
from backend.reviews.inference import rules_of
from backend.reviews.panels import panel_of
from backend.reviews.service import require_reviewer
from backend.services import Services
from backend.signals import repository
from backend.signals.book import is_fresh
from backend.signals.closing import OPERATOR, open_ones, unseen, with_closings
from backend.signals.funding import funding_of
from backend.signals.limits import MOST_AT_ONCE, limits_of
from backend.signals.looking import Looked, Stretch, look_at
from backend.signals.schemas import (
    BatchSignals,
    Closed,
    ClosingIn,
    FoundSignal,
    OwnClosed,
    OwnSignal,
    OwnSignals,
)
from piecework.db.gateway import ClosedSignal, SignalLook
from piecework.quality.signals.reasons import NO_VERDICT
from piecework.quality.signals.together import FALSE_DISCOVERY_RATE

NOTE = (
    "A signal is no verdict: look at the answers before you decide, and give a reason of your own for a rejection. "
    "Honest workers are named too, now and then."
)
HOW_TO_CONTEST = (
    "A signal needs no appeal, because it takes nothing from you. If an answer of yours is rejected, you read why and "
    "can appeal until the window ends: that decision is contested, not the signal."
)


def of_batch(services: Services, address: str, batch_id: str) -> BatchSignals:
    """Raises NotFound for an unknown batch, NotAllowed for others than its reviewers and requester."""
    with services.reading() as session:
        require_reviewer(services, session, batch_id, address)
        seen = looked(services, session, batch_id)
        closed = repository.closed(session, batch_id)
    items = [
        FoundSignal.model_validate(
            {
                "signal": each.signal,
                "seen": each.seen,
                "how_to_answer": each.how_to_answer,
                "worker": each.worker,
                "p_value": each.p_value,
                "tasks": list(each.tasks),
                "partners": list(each.partners),
            }
        )
        for each in open_ones(seen.found, closed)
    ]
    return BatchSignals(
        batch_id=batch_id,
        answers_looked_at=seen.answers,
        workers=seen.workers,
        false_discovery_rate=FALSE_DISCOVERY_RATE,
        funding=seen.funding,
        note=NOTE,
        items=items,
        closed=[_closed(row) for row in reversed(closed)],
    )


def close(services: Services, reviewer: str, batch_id: str, wanted: ClosingIn) -> Closed:
    """Raises NotFound for an unknown batch or a signal that is not open, NotAllowed for others than its reviewers, and
    Invalid without a reason."""
    if not wanted.reason.strip():
        raise Invalid("reason_missing", "say why nothing is wrong: the worker and other reviewers read it")
    with services.reading() as session:
        require_reviewer(services, session, batch_id, reviewer)
        seen = looked(services, session, batch_id)
    with services.writing() as session:
        batch = reviews.batch(session, batch_id)
        assert batch is not None  # noqa: S101 - seen above
        panel_of(services, batch.reviewer).require(reviewer)
        known = open_ones(seen.found, repository.closed(session, batch_id, wanted.worker))
        found = next((each for each in known if (each.worker, each.signal) == (wanted.worker, wanted.signal)), None)
        if found is None:
            detail = f"no signal {wanted.signal} about {wanted.worker} is open in batch {batch_id}"
            raise NotFound("signal_not_open", f"{detail}: GET /v1/signals/batches/{batch_id} lists the open ones")
        row = ClosedSignal(
            batch_id=batch_id,
            worker=wanted.worker,
            signal=wanted.signal,
            reviewer=reviewer,
            seen=found.seen,
            reason=wanted.reason.strip(),
            submissions=repository.digests(session, batch_id, wanted.worker),
            closed_at=time.time(),
        )
        session.add(row)
        session.flush()
        return _closed(row)


def _closed(row: ClosedSignal) -> Closed:
    return Closed.model_validate(
        {
            "signal": row.signal,
            "seen": row.seen,
            "reason": row.reason,
            "closed_at": row.closed_at,
            "closed_by": "operator" if row.reviewer == OPERATOR else "reviewer",
            "worker": row.worker,
            "reviewer": None if row.reviewer == OPERATOR else row.reviewer,
        }
    )


def of_worker(services: Services, worker: str, batch_id: str) -> OwnSignals:
    """Without tasks and partners: those would tell which answers differ from the label before it is out."""
    with services.reading() as session:
        has_worked = repository.submissions(session, batch_id, worker) > 0
        seen = looked(services, session, batch_id) if has_worked else Looked(0, 0, ())
        limits = limits_of(services, session, batch_id, worker)
        closed = repository.closed(session, batch_id, worker)
    items = [
        OwnSignal.model_validate({"signal": each.signal, "seen": each.seen, "how_to_answer": each.how_to_answer})
        for each in open_ones(seen.found, closed)
        if each.worker == worker
    ]
    return OwnSignals(
        batch_id=batch_id,
        answers_looked_at=seen.answers,
        note=NO_VERDICT,
        how_to_contest=HOW_TO_CONTEST,
        tasks_at_a_time=MOST_AT_ONCE if limits else None,
        items=items,
        closed=[OwnClosed(**_closed(row).model_dump(exclude={"worker", "reviewer"})) for row in reversed(closed)],
    )


def looked(services: Services, session: Session, batch_id: str) -> Looked:
    """The last look, or a new one if the batch has grown since."""
    count = repository.submissions(session, batch_id)
    return services.signals.get(batch_id, count, lambda: _kept_or_new(services, session, batch_id, count))


def _kept_or_new(services: Services, session: Session, batch_id: str, count: int) -> Looked:
    """What this or another gateway kept, if that still tells enough."""
    kept = repository.kept_look(session, batch_id)
    if kept is not None and is_fresh(count, kept.submissions):
        return Looked.from_json(kept.looked)
    found = _look(services, session, batch_id)
    row = SignalLook(batch_id=batch_id, submissions=count, looked=found.as_json(), looked_at=time.time())
    with services.writing() as writing:
        repository.keep_look(writing, row)
    return found


def _look(services: Services, session: Session, batch_id: str) -> Looked:
    draft = repository.draft(session, batch_id)
    if draft is None:
        return Looked(0, 0, ())
    ended = repository.handed_in_at(session, batch_id)
    stretches = {
        submission.work_digest: Stretch(
            worker=row.worker,
            answers=[(item["task"], item["answer"]) for item in (row.answers or {"answers": []})["answers"]],
            started=row.created_at,
            ended=ended.get(row.assignment_id),
        )
        for row, submission in reviews.submitted(session, batch_id)
    }
    rules = rules_of(batch_id, draft.review, draft.answer_schema)
    funding = funding_of(services, session, batch_id, {each.worker for each in stretches.values()})
    contents = repository.contents(session, batch_id)
    found = look_at(list(stretches.values()), contents, rules, funding.links)
    closed = repository.closed(session, batch_id)
    if closed:
        again = look_at(unseen(stretches, closed), contents, rules, funding.links)
        found = with_closings(found, again, closed)
    return replace(found, funding=funding.told)
