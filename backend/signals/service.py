"""Signs of cheating in a batch: for its reviewers and requester all of them, for a worker its own with the reason.

No policy and no relay reads them: a signal rejects no answer and moves no money. What it leads to, beside a look by a
person, is in `limits.py`.
"""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy.orm import Session

from backend.reviews import repository as reviews
from backend.reviews.inference import rules_of
from backend.reviews.service import require_reviewer
from backend.services import Services
from backend.signals import repository
from backend.signals.funding import funding_of
from backend.signals.limits import MOST_AT_ONCE, limits_of
from backend.signals.looking import Looked, Stretch, look_at
from backend.signals.schemas import BatchSignals, FoundSignal, OwnSignal, OwnSignals
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
        for each in seen.found
    ]
    return BatchSignals(
        batch_id=batch_id,
        answers_looked_at=seen.answers,
        workers=seen.workers,
        false_discovery_rate=FALSE_DISCOVERY_RATE,
        funding=seen.funding,
        note=NOTE,
        items=items,
    )


def of_worker(services: Services, worker: str, batch_id: str) -> OwnSignals:
    """Without tasks and partners: those would tell which answers differ from the label before it is out."""
    with services.reading() as session:
        has_worked = repository.submissions(session, batch_id, worker) > 0
        seen = looked(services, session, batch_id) if has_worked else Looked(0, 0, ())
        limits = limits_of(services, session, batch_id, worker)
    items = [
        OwnSignal.model_validate({"signal": each.signal, "seen": each.seen, "how_to_answer": each.how_to_answer})
        for each in seen.found
        if each.worker == worker
    ]
    return OwnSignals(
        batch_id=batch_id,
        answers_looked_at=seen.answers,
        note=NO_VERDICT,
        how_to_contest=HOW_TO_CONTEST,
        tasks_at_a_time=MOST_AT_ONCE if limits else None,
        items=items,
    )


def looked(services: Services, session: Session, batch_id: str) -> Looked:
    """The last look, or a new one if the batch has grown since."""
    return services.signals.get(
        batch_id, repository.submissions(session, batch_id), lambda: _look(services, session, batch_id)
    )


def _look(services: Services, session: Session, batch_id: str) -> Looked:
    draft = repository.draft(session, batch_id)
    if draft is None:
        return Looked(0, 0, ())
    ended = repository.handed_in_at(session, batch_id)
    stretches = [
        Stretch(
            worker=row.worker,
            answers=[(item["task"], item["answer"]) for item in (row.answers or {"answers": []})["answers"]],
            started=row.created_at,
            ended=ended.get(row.assignment_id),
        )
        for row, _ in reviews.submitted(session, batch_id)
    ]
    rules = rules_of(batch_id, draft.review, draft.answer_schema)
    funding = funding_of(services, session, batch_id, {each.worker for each in stretches})
    looked = look_at(stretches, repository.contents(session, batch_id), rules, funding.links)
    return replace(looked, funding=funding.told)
