"""A batch's outcomes, streamed: tasks some hundred at a time, so that memory does not grow with the batch."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from backend.batches.service import document_units
from backend.errors import Conflict, Invalid, NotFound
from backend.exports import repository
from backend.exports.labels import Labels, label_of
from backend.services import Services
from piecework.db.gateway import Draft
from piecework.domain import documents
from piecework.domain.cid import CidError, CidMismatch
from piecework.domain.documents import DocumentError
from piecework.files.label_studio import Interface, array
from piecework.files.outcomes import answer_csv, field_names, json_line, outcome, task_csv

_TASKS_AT_A_TIME = 200


@dataclass(frozen=True, slots=True)
class Export:
    """A batch's results up to its settlement number `last`. `version` changes with each settlement; `tasks` is how many
    there are."""

    draft: Draft
    labels: Labels
    after: int
    version: str
    tasks: int
    last: int


def opened(services: Services, batch_id: str, after: str | None, network: str) -> Export:
    """From behind the task `after`; `network` pays for reading it. Raises NotFound, Conflict without any results,
    Invalid for no task of it, and TooMany."""
    with services.reading() as session:
        draft = _draft(session, batch_id)
        settled = repository.settlements(session, batch_id)
        place = -1 if after is None else repository.position(session, batch_id, after)
    digests = [row.results_digest for row in settled]
    if not digests:
        raise Conflict("results_not_ready", f"batch {batch_id} has no settlement yet")
    if place is None:
        raise Invalid("after_unknown", f"{str(after)[:64]} is no task of batch {batch_id}: name the last one you have")
    if not services.labels.has(digests):
        services.rates.owe(document_units(services, digests, "results"), network=network)
    try:
        labels = services.labels.labels(digests, lambda cid: services.store.get(cid, documents.MAX_BLOCK_BYTES))
    except (CidError, CidMismatch, DocumentError) as error:
        raise Conflict("document_unreadable", f"a results file that the chain names is none: {error}") from error
    version = hashlib.sha256("".join(digests).encode()).hexdigest()[:16]
    return Export(draft, labels, place, version, draft.tasks, settled[-1].nonce)


def _draft(session: Session, batch_id: str) -> Draft:
    draft = repository.draft(session, batch_id)
    if draft is None and repository.is_funded(session, batch_id):
        raise NotFound("draft_unknown", f"batch {batch_id} was not drafted here: ask the gateway where it was")
    if draft is None:
        raise NotFound("batch_unknown", f"there is no batch {batch_id}")
    return draft


def json_lines(services: Services, export: Export) -> Iterator[str]:
    """An outcome a line."""
    return map(json_line, _outcomes(services, export))


def task_table(services: Services, export: Export) -> Iterator[str]:
    """CSV, a row a task; the columns are the same wherever it begins, the header comes at the start alone."""
    outcomes = _outcomes(services, export)
    yield from task_csv(outcomes, _fields(services, export), header=export.after < 0)


def answer_table(services: Services, export: Export) -> Iterator[str]:
    """CSV, a row an answer."""
    return answer_csv(_outcomes(services, export), header=export.after < 0)


def label_studio(services: Services, export: Export) -> Iterator[str]:
    """An array of tasks with predictions and annotations."""
    interface = interface_of(services, export)
    yield from array(interface.task(found) for found in _outcomes(services, export))


def label_studio_config(services: Services, batch_id: str) -> str:
    """The labelling interface that belongs to `label_studio`. Raises NotFound."""
    with services.reading() as session:
        draft = _draft(session, batch_id)
    return interface_of(services, Export(draft, {}, -1, "", draft.tasks, 0)).config()


def interface_of(services: Services, export: Export) -> Interface:
    draft, base = export.draft, services.settings.public_url.rstrip("/")
    fields = tuple(_fields(services, export))
    return Interface(draft.task_type, draft.answer_schema, fields, f"{base}/v1/payloads")


def _fields(services: Services, export: Export) -> list[str]:
    with services.reading() as session:
        return field_names(repository.contents(session, export.draft.batch_id, _TASKS_AT_A_TIME))


def _outcomes(services: Services, export: Export) -> Iterator[dict[str, Any]]:
    """Each page in a session of its own: who reads slowly holds no connection, and no old state of the database."""
    batch_id, place = export.draft.batch_id, export.after
    while True:
        with services.reading() as session:
            rows = repository.tasks(session, batch_id, place, _TASKS_AT_A_TIME)
            answers = _answers(session, batch_id, [row.task_id for row in rows], export.last)
        for row in rows:
            yield outcome(row.task_id, row.content, label_of(export.labels, row.task_id), answers[row.task_id])
        if len(rows) < _TASKS_AT_A_TIME:
            return
        place = rows[-1].position


def _answers(session: Session, batch_id: str, task_ids: list[str], last: int) -> defaultdict[str, list[dict[str, Any]]]:
    """By task: who answered what, and how it was decided. What no results file names is still sealed."""
    decided = repository.decisions(session, batch_id, task_ids, last)
    given = repository.answers(session, sorted({row.assignment_id for row in decided}))
    found: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in decided:
        answers = given.get(row.assignment_id, {})
        if row.task_id in answers:
            told = {"worker": row.worker, "answer": answers[row.task_id]}
            found[row.task_id].append(told | {"decision": row.decision, "reason": row.reason})
    return found
