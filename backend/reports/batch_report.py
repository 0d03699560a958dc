"""What a batch's work came to, for its requester."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sqlalchemy.orm import Session

from backend.errors import Conflict, NotAllowed, NotFound
from backend.redundancy.book import is_adaptive
from backend.reports import repository
from backend.reports.assembling import Crowd, label_report, label_text, model_view
from backend.reports.measured_report import measured_report, said_of
from backend.reports.ranking_rows import ranking_rows
from backend.reports.schemas import CostView, ModelStops, ModelView, Redundancy, RequesterReport, WorkerRow
from backend.reviews import inference, preferences
from backend.reviews import repository as reviews
from backend.reviews.beside import ModelSaid, join, model_said, predictions
from backend.reviews.bought import Bought
from backend.reviews.planning import known_answers
from backend.reviews.policy import Answer
from backend.reviews.stops import Asked
from backend.services import Services
from piecework.db.gateway import Assignment, Draft
from piecework.db.mirror import MirrorBatch
from piecework.quality.infer import Parameters
from piecework.quality.joining import answers_saved
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
        asked = Asked(tuple(reviews.task_ids(session, batch_id)), draft.answers_per_task)
        brought = reviews.model_answers(session, batch_id)
        model = model_said(brought.digest, brought.document) if brought else None
        unit_cost_units = batch.reward_units + batch.operator_fee_units
        contents = dict(reviews.contents(session, batch_id)) if draft.task_type == preferences.TASK_TYPE else {}
        numbers = _numbers(draft, assignments, known or {}, asked, model, unit_cost_units, contents)
        return numbers.model_copy(
            update={
                "batch_id": batch_id,
                "tasks": draft.tasks,
                "status": _status(services, batch),
                "cost": _cost(services, session, batch, numbers.labelled),
                "redundancy": _redundancy(services, session, batch, draft) if is_adaptive(draft) else None,
                "people": _with_verdicts(session, batch_id, numbers.people),
                "warnings": [] if known is not None else services.committed.warnings_of(batch_id),
            }
        )


def _numbers(
    draft: Draft,
    assignments: Sequence[Assignment],
    known: Mapping[str, Any],
    asked: Asked,
    model: ModelSaid | None,
    unit_cost_units: int,
    contents: Mapping[str, Mapping[str, Any]],
) -> RequesterReport:
    """`contents`: of all tasks, where they compare things."""
    answers = [
        Answer(item["task"], row.worker, item["answer"])
        for row in assignments
        for item in (row.answers or {"answers": []})["answers"]
    ]
    rules = inference.rules_of(draft.batch_id, draft.review, draft.answer_schema)
    table = inference.tabulate(answers, known, rules)
    if rules.kind != "labels":
        return measured_report(said_of(table, rules), title=draft.title)
    ranking = ranking_rows(table, draft.task_type, contents)
    labels = [label_text(value) for value in table.values]
    # Whoever knows one label could have said another: one that has no name yet.
    labels += [f"(another answer {number})" for number in range(len(labels), table.answers.labels)]
    crowd = Crowd(table.answers, table.tasks, table.workers, labels)
    scored = {int(task): int(table.known[task]) for task in np.flatnonzero(table.known != NO_LABEL)}
    if model is None or rules.policy is not None:
        found, bought = inference.label_table(table, rules, asked, model=model, known=known)
        if model is None or bought is None or bought.joined is None:
            numbers = label_report(crowd, found, title=draft.title, known=scored)
            return numbers.model_copy(update={"ranking": ranking})
        numbers = label_report(crowd, bought.joined.labelling, title=draft.title, known=scored)
        seen = _model_of(model, bought, known, unit_cost_units)
        return numbers.model_copy(update={"model": seen, "ranking": ranking})
    said = predictions(model, table.tasks, table.values, table.answers.labels)
    joined = join(table.answers, said, rules.seed, table.known)
    saved = answers_saved(table.answers, lambda _: said, Parameters(seed=rules.seed), known=table.known).saved
    seen = model_view(model.name, joined, saved, unit_cost_units, answers_without=table.answers.size)
    numbers = label_report(crowd, joined.labelling, title=draft.title, known=scored)
    return numbers.model_copy(update={"model": seen, "ranking": ranking})


def _model_of(model: ModelSaid, bought: Bought, known: Mapping[str, Any], unit_cost_units: int) -> ModelView:
    """Of a batch with a target confidence."""
    assert bought.joined is not None  # noqa: S101 - a model speaks
    found = bought.by_model(known)
    assert found is not None  # noqa: S101
    view = model_view(
        model.name, bought.joined, found.answers_saved, unit_cost_units,
        answers_without=bought.answers.size + found.answers_saved,
    )  # fmt: skip
    stops = ModelStops(
        tasks=found.tasks,
        answers_saved_at_most=found.answers_saved_at_most,
        saved_units_at_most=found.answers_saved_at_most * unit_cost_units,
        tasks_held_open=found.held_open,
    )
    return view.model_copy(update={"stops": stops})


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


def _redundancy(services: Services, session: Session, batch: MirrorBatch, draft: Draft) -> Redundancy:
    services.asking.freshen(session, draft)
    with services.asking.room(session, draft) as room:
        stops, is_done = room.stops(), room.asking.is_fitted and room.asking.is_done()
    unit = batch.reward_units + batch.operator_fee_units
    how = None
    if batch.free > 0:
        last = "it comes back by itself when the claim period is over"
        how = f"close the batch with POST /v1/batches/{batch.batch_id}/close/draft, or wait: {last}"
        if not is_done:
            how = f"tasks are still asked; once they are done, {how}"
    return Redundancy(
        target_confidence=draft.review["target_confidence"],
        answers_per_task=draft.answers_per_task,
        tasks_at_target=stops.at_target,
        tasks_at_cap=stops.at_cap,
        tasks_open=stops.short,
        answers_used=stops.answers,
        answers_saved=stops.answers_saved,
        saved_units=stops.answers_saved * unit,
        returned_units=batch.refunded * unit,
        how_to_take_back=how,
    )


def _with_verdicts(session: Session, batch_id: str, people: Sequence[WorkerRow]) -> list[WorkerRow]:
    counts = repository.verdicts(session, batch_id)
    return [
        row.model_copy(
            update={name: counts.get((row.worker, name), 0) for name in ("accepted", "rejected")},
        )
        for row in people
    ]
