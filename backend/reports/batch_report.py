"""What a batch's work came to, for its requester."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sqlalchemy.orm import Session

from backend.errors import Conflict, NotAllowed, NotFound
from backend.reports import repository
from backend.reports.assembling import Crowd, label_report, label_text
from backend.reports.schemas import CostView, RequesterReport, WorkerRow
from backend.reviews import inference
from backend.reviews.policy import Answer
from backend.reviews.service import known_answers
from backend.services import Services
from piecework.db.gateway import Assignment, Draft
from piecework.db.mirror import MirrorBatch
from piecework.quality.infer import Parameters, infer_labels
from piecework.quality.vote import NO_LABEL


def report(services: Services, requester: str, batch_id: str) -> RequesterReport:
    """Of all answers so far, whatever the batch's policy. Raises NotFound, NotAllowed, and Conflict without answers."""
    with services.reading() as session:
        found = repository.batch(session, batch_id)
        if found is None:
            raise NotFound("batch_unknown", f"the mirror has no batch {batch_id}: is it funded, and indexed yet?")
        batch, draft = found
        if batch.requester != requester:
            raise NotAllowed("not_your_batch", f"batch {batch_id} belongs to {batch.requester}; its report is theirs")
        if draft is None:
            raise Conflict("answers_elsewhere", f"the answers of batch {batch_id} are not with this gateway")
        assignments = repository.submitted(session, batch_id)
        if not assignments:
            raise Conflict("report_not_ready", f"batch {batch_id} has no answers yet: ask again when it has some")
        known = known_answers(services, batch, draft)
        numbers = _numbers(draft, assignments, known or {})
        return numbers.model_copy(
            update={
                "batch_id": batch_id,
                "tasks": draft.tasks,
                "status": _status(services, batch),
                "cost": _cost(services, session, batch, numbers.labelled),
                "people": _with_verdicts(session, batch_id, numbers.people),
                "warnings": [] if known is not None else services.committed.warnings_of(batch_id),
            }
        )


def _numbers(draft: Draft, assignments: Sequence[Assignment], known: Mapping[str, Any]) -> RequesterReport:
    answers = [
        Answer(item["task"], row.worker, item["answer"])
        for row in assignments
        for item in (row.answers or {"answers": []})["answers"]
    ]
    rules = inference.rules_of(draft.batch_id, draft.review, draft.answer_schema)
    table = inference.tabulate(answers, known, rules)
    labels = [label_text(value) for value in table.values]
    # Whoever knows one label could have said another: one that has no name yet.
    labels += [f"(another answer {number})" for number in range(len(labels), table.answers.labels)]
    crowd = Crowd(table.answers, table.tasks, table.workers, labels)
    scored = {int(task): int(table.known[task]) for task in np.flatnonzero(table.known != NO_LABEL)}
    return label_report(
        crowd, infer_labels(table.answers, Parameters(seed=rules.seed)), title=draft.title, known=scored
    )


def _status(services: Services, batch: MirrorBatch) -> str:
    if batch.closed_at is None and batch.claim_by >= services.clock.now() and batch.free > 0:
        return "taking answers"
    waiting = batch.claimed + batch.submitted + batch.contestable + batch.disputed
    return "waiting for decisions" if waiting else "finished"


def _cost(services: Services, session: Session, batch: MirrorBatch, labelled: int) -> CostView:
    """What was locked is paid, spent on fees, returned, or held: nothing else can become of it."""
    unit = batch.reward_units + batch.operator_fee_units
    paid = repository.paid_units(session, batch.batch_id)
    fees = batch.accepted * batch.operator_fee_units
    held = batch.free + batch.claimed + batch.submitted + batch.contestable + batch.disputed
    return CostView(
        symbol=services.token_info.symbol,
        decimals=services.token_info.decimals,
        funded_units=batch.funded * unit,
        paid_units=paid,
        operator_fee_units=fees,
        returned_units=batch.refunded * unit,
        held_units=held * unit,
        per_label_units=(paid + fees) // labelled if labelled else None,
    )


def _with_verdicts(session: Session, batch_id: str, people: Sequence[WorkerRow]) -> list[WorkerRow]:
    counts = repository.verdicts(session, batch_id)
    return [
        row.model_copy(
            update={name: counts.get((row.worker, name), 0) for name in ("accepted", "rejected")},
        )
        for row in people
    ]
