"""Handing out tasks, and taking signed claims and submissions."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from backend.draws import enrolment
from backend.draws import guarding as draws
from backend.errors import Conflict, Invalid, NotFound
from backend.matching.service import check_eligible
from backend.pay.relaying import check_claim
from backend.redundancy.book import is_adaptive
from backend.relay import allowance
from backend.services import Services
from backend.signals.limits import Limits, limits_of
from backend.waiting.naming import await_claim
from backend.waiting.store import check_lately, keep_named
from backend.work import packets, repository
from backend.work.choosing import choose
from backend.work.schemas import (
    AnswersIn,
    AnswersToSign,
    AssignmentIn,
    AssignmentOffer,
    AssignmentPage,
    AssignmentView,
    ReturnToSign,
    SignedReturn,
    SignedSubmission,
    TaskView,
    TicketView,
)
from backend.work.status import FINAL, Standing, refresh, standing
from piecework.db.gateway import Assignment, Draft
from piecework.db.mirror import MirrorBatch
from piecework.domain import documents, messages
from piecework.domain.answers import AnswerInvalid, check_answer
from piecework.domain.canonical import canonical_bytes, new_salt, read_back
from piecework.domain.cid import cid_of_digest
from piecework.domain.messages import Packet, PacketKind, Terms, Ticket
from piecework.domain.task_types import AnswerRefused, check_task_answer

WAITING = ("queued", "submission_queued")
"""Statuses that change by themselves soon."""
_FILES_A_TASK = 10
"""That an answer can name and so keep."""


def assign(services: Services, worker: str, wanted: AssignmentIn) -> AssignmentOffer:
    """Picks tasks, keeps their list and signs the ticket. An unused ticket is offered again instead of a second one.

    Raises StoreUnavailable or StoreFull while nothing that comes of the work could be stored.
    """
    check_lately(services.store)
    now = services.clock.now()
    tally = services.escrow.tally(wanted.batch_id, worker)
    with services.reading() as session:
        early = _looked_early(services, session, worker, wanted, now)
    with services.writing() as session:
        draft = repository.locked_draft(session, wanted.batch_id)
        batch = _open_batch(services, repository.batch(session, wanted.batch_id), draft, now)
        assert draft is not None  # noqa: S101 - _open_batch refused otherwise
        for due in repository.due_assignments(session, wanted.batch_id, now):
            refresh(session, due, now)
        unused = _in_flight(session, wanted.batch_id, worker, tally.sequence, now)
        limits = limits_of(services, session, batch.batch_id, worker)
        if unused is not None:
            return _offer(services, unused, limits)
        if not early.is_room_seen:
            _check_room(services, session, batch, worker, wanted)
        tasks = choose(services, session, draft, worker, wanted, limits)
        row = _ticketed(services, session, batch, worker, tasks, early.candidates, tally.sequence, now)
        repository.hold(session, row)
        session.flush()
        return _offer(services, row, limits)


def view(services: Services, worker: str, assignment_id: str) -> AssignmentView:
    """One of the worker's own assignments, with its tasks once they are claimed on chain."""
    now = services.clock.now()
    with services.reading() as session:
        row = _own(session, worker, assignment_id)
        return _view(session, row, standing(session, row, now))


def own_page(services: Services, worker: str, batch_id: str | None) -> AssignmentPage:
    now = services.clock.now()
    with services.reading() as session:
        rows = repository.own_assignments(session, worker, batch_id)
        return AssignmentPage(items=[_view(session, row, standing(session, row, now)) for row in rows])


def take_claim(services: Services, worker: str, assignment_id: str, signature: str) -> str:
    """Queues the signed claim."""
    now = services.clock.now()
    packet = packets.signed(_claim_packet(_standing_at(services, worker, assignment_id, "ticketed", now)), signature)
    found = packets.checked(services, packet, now)
    with services.writing() as session:
        row = _own(session, worker, assignment_id)
        _expect(standing(session, row, now), ("ticketed",), row)
        row.claim_intent = packets.queue(services, session, found)
        return row.claim_intent


def draft_answers(services: Services, worker: str, assignment_id: str, given: AnswersIn) -> AnswersToSign:
    """Checks the answers, makes their salted document and returns what to sign."""
    now = services.clock.now()
    with services.reading() as session:
        row = _own(session, worker, assignment_id)
        _expect(standing(session, row, now), ("claimed",), row)
        draft = repository.draft(session, row.batch_id)
        assert draft is not None  # noqa: S101 - assignments exist only for drafts
        contents = {name: task.content for name, task in repository.tasks(session, row.batch_id, row.tasks).items()}
        _check_answers(row, draft, contents, given)
        draws.check_name_answers(session, row.batch_id, {item.task: item.answer for item in given.answers})
        document = {
            "format": documents.format_name("answers"),
            "salt": new_salt(),
            "batch_id": row.batch_id,
            "manifest_version": row.manifest_version,
            "worker": worker,
            "answers": [answer.model_dump() for answer in given.answers],
        }
    packed = documents.pack(document, "answers")
    if len(packed.blocks) > 1:
        raise Invalid("answers_too_large", f"the answers have more than {documents.MAX_BLOCK_BYTES} bytes")
    document = read_back(document)
    sequence = services.escrow.tally(row.batch_id, worker).sequence
    with services.writing() as session:
        row = _own(session, worker, assignment_id)
        _expect(standing(session, row, now), ("claimed",), row)
        row.answers, row.work_digest, row.submit_intent = document, packed.digest, None
        row.submit_sequence = sequence
        row.submit_deadline = min(row.lease_end, now + services.settings.packet_lifetime_seconds)
        return AnswersToSign(
            work_digest=packed.digest,
            answers=document,
            typed_data=_submit_packet(row).typed_data(services.escrow.domain),
            sequence=row.submit_sequence,
            deadline=row.submit_deadline,
        )


def take_submission(services: Services, worker: str, assignment_id: str, signed: SignedSubmission) -> str:
    """Queues the signed submission."""
    now = services.clock.now()
    row = _standing_at(services, worker, assignment_id, "claimed", now)
    _expect_answers(row, signed)
    found = packets.checked(services, packets.signed(_submit_packet(row), signed.signature), now)
    keep_named(services.store, canonical_bytes(row.answers or {}), _FILES_A_TASK * len(row.tasks))
    with services.writing() as session:
        row = _own(session, worker, assignment_id)
        _expect(standing(session, row, now), ("claimed",), row)
        _expect_answers(row, signed)  # the worker may have posted others meanwhile
        row.submit_intent = packets.queue(services, session, found)
        return row.submit_intent


def draft_return(services: Services, worker: str, assignment_id: str) -> ReturnToSign:
    now = services.clock.now()
    row = _standing_at(services, worker, assignment_id, "claimed", now)
    sequence = services.escrow.tally(row.batch_id, worker).sequence
    deadline = now + services.settings.packet_lifetime_seconds
    packet = _return_packet(row, sequence, deadline)
    return ReturnToSign(typed_data=packet.typed_data(services.escrow.domain), sequence=sequence, deadline=deadline)


def take_return(services: Services, worker: str, assignment_id: str, signed: SignedReturn) -> str:
    now = services.clock.now()
    row = _standing_at(services, worker, assignment_id, "claimed", now)
    packet = packets.signed(_return_packet(row, signed.sequence, signed.deadline), signed.signature)
    found = packets.checked(services, packet, now)
    with services.writing() as session:
        row = _own(session, worker, assignment_id)
        _expect(standing(session, row, now), ("claimed",), row)
        row.return_intent = packets.queue(services, session, found)
        return row.return_intent


# ------------------------------------------------------------------ allocation


class _Early(NamedTuple):
    """What was seen before the draft's lock: is there room to bring a claim, and who had enrolled for reviews."""

    is_room_seen: bool
    candidates: str | None


def _looked_early(services: Services, session: Session, worker: str, wanted: AssignmentIn, now: int) -> _Early:
    """All that can be looked at without the draft's lock: may this worker be given work of the batch, and would its
    claim be brought? Who is refused here keeps nobody waiting."""
    draft = repository.draft(session, wanted.batch_id)
    batch = _open_batch(services, repository.batch(session, wanted.batch_id), draft, now)
    assert draft is not None  # noqa: S101 - _open_batch refused otherwise
    is_drawn = bool(draws.tasks_for(session, batch.batch_id, worker))
    check_eligible(session, batch.batch_id, batch.requester, worker, now, is_drawn=is_drawn)
    draws.check_reviewers_are_paid(session, draft)
    candidates = enrolment.commit(services, session, draft)
    if is_adaptive(draft):
        services.asking.freshen(session, draft)
    own = repository.open_assignments(session, batch.batch_id, worker)
    if any(standing(session, row, now).status not in FINAL for row in own):
        return _Early(False, candidates)  # one that is offered again, or is on its way
    _check_room(services, session, batch, worker, wanted)
    # Where answers are asked for only as far as they tell something, most who ask get none.
    if is_adaptive(draft) and not repository.due_assignments(session, batch.batch_id, now):
        choose(
            services, session, draft, worker, wanted, limits_of(services, session, batch.batch_id, worker), newest=False
        )
    return _Early(True, candidates)


def _check_room(services: Services, session: Session, batch: MirrorBatch, worker: str, wanted: AssignmentIn) -> None:
    """Would a claim of so many tasks be brought on chain? Raises Conflict or TooMany with the number."""
    check_claim(services, batch, len(wanted.tasks) if wanted.tasks is not None else wanted.count)
    if not wanted.own_gas:
        allowance.check(services, session, worker, batch)


def _open_batch(services: Services, batch: MirrorBatch | None, draft: Draft | None, now: int) -> MirrorBatch:
    if batch is None:
        raise NotFound("batch_unknown", "the mirror has no such batch: is it funded, and indexed yet?")
    if draft is None or batch.assigner not in services.assigner.addresses:
        raise Conflict("other_assigner", f"tasks of batch {batch.batch_id} are handed out elsewhere")
    if batch.closed_at is not None or batch.claim_by < now or draft.is_revealed:
        raise Conflict("batch_not_open", f"batch {batch.batch_id} takes no more claims")
    return batch


def _in_flight(session: Session, batch_id: str, worker: str, sequence: int, now: int) -> Assignment | None:
    """An unused ticket of this worker, if there is one. Raises Conflict while a packet is on its way."""
    for row in repository.open_assignments(session, batch_id, worker):
        found = refresh(session, row, now)
        if found.status in WAITING:
            detail = f"assignment {row.assignment_id} has a packet on its way: wait for it"
            raise Conflict("claim_in_flight", detail, assignment_id=row.assignment_id)
        if found.status == "ticketed":
            if row.sequence == sequence:
                return row
            row.state = "expired"  # its number was used by something else
            repository.release(session, row)
    return None


def _ticketed(
    services: Services,
    session: Session,
    batch: MirrorBatch,
    worker: str,
    tasks: Sequence[str],
    candidates: str | None,
    sequence: int,
    now: int,
) -> Assignment:
    task_list = {
        "format": documents.format_name("task-list"),
        "salt": new_salt(),
        "batch_id": batch.batch_id,
        "manifest_version": 1,
        "worker": worker,
        "tasks": list(tasks),
    }
    if candidates is not None:
        task_list["candidates"] = candidates
    packed = documents.pack(task_list, "task-list")
    terms = Terms.from_json(batch.terms)
    lease_end = now + terms.lease
    deadline = now + min(terms.lease, services.settings.packet_lifetime_seconds)
    await_claim(session, packed, deadline - now)
    ticket = messages.ticket(
        services.escrow.domain,
        batch_id=batch.batch_id,
        manifest_version=1,
        worker=worker,
        count=len(tasks),
        tasks_digest=packed.digest,
        lease_end=lease_end,
        deadline=deadline,
        sequence=sequence,
    )
    return Assignment(
        assignment_id=secrets.token_hex(16),
        batch_id=batch.batch_id,
        worker=worker,
        manifest_version=1,
        sequence=sequence,
        tasks=list(tasks),
        tasks_digest=packed.digest,
        lease_end=lease_end,
        deadline=deadline,
        ticket_signature=services.assigner.sign_ticket(ticket, batch.assigner),
        state="open",
        created_at=time.time(),
    )


# --------------------------------------------------------------------- packets


def _claim_packet(row: Assignment) -> Packet:
    return Packet(
        kind=PacketKind.CLAIM,
        batch_id=row.batch_id,
        worker=row.worker,
        sequence=row.sequence,
        deadline=row.deadline,
        manifest_version=row.manifest_version,
        count=len(row.tasks),
        tasks_digest=row.tasks_digest,
        ticket=Ticket(row.lease_end, row.deadline, row.ticket_signature),
    )


def _submit_packet(row: Assignment) -> Packet:
    if row.submit_sequence is None or row.submit_deadline is None or row.work_digest is None:
        raise Conflict("answers_unknown", "post the answers first")
    return Packet(
        kind=PacketKind.SUBMIT,
        batch_id=row.batch_id,
        worker=row.worker,
        sequence=row.submit_sequence,
        deadline=row.submit_deadline,
        count=len(row.tasks),
        work_digest=row.work_digest,
    )


def _return_packet(row: Assignment, sequence: int, deadline: int) -> Packet:
    return Packet(
        kind=PacketKind.RETURN_CLAIM,
        batch_id=row.batch_id,
        worker=row.worker,
        sequence=sequence,
        deadline=deadline,
        count=len(row.tasks),
    )


def _check_answers(row: Assignment, draft: Draft, contents: Mapping[str, Any], given: AnswersIn) -> None:
    asked, answered = set(row.tasks), [answer.task for answer in given.answers]
    if len(set(answered)) != len(answered):
        raise Invalid("task_id_twice", "a task is answered twice")
    stray = sorted(set(answered) - asked)
    if stray:
        raise Invalid("task_unknown", f"task {stray[0]} is not in this assignment")
    missing = sorted(asked - set(answered))
    if missing:
        raise Invalid("answers_incomplete", f"{len(missing)} tasks are unanswered, {missing[0]} first")
    for answer in given.answers:
        try:
            check_answer(answer.answer, draft.answer_schema)
            check_task_answer(draft.task_type, contents[answer.task], answer.answer, draft.answer_schema)
        except (AnswerInvalid, AnswerRefused) as error:
            raise Invalid("answer_invalid", f"the answer to {answer.task} does not fit: {error}") from error


# ----------------------------------------------------------------------- views


def _own(session: Session, worker: str, assignment_id: str) -> Assignment:
    row = repository.assignment(session, assignment_id)
    if row is None or row.worker != worker:
        raise NotFound("assignment_unknown", f"this worker has no assignment {assignment_id}")
    return row


def _standing_at(services: Services, worker: str, assignment_id: str, status: str, now: int) -> Assignment:
    """The worker's assignment as it is now, if that is its status; to be asked again by who changes it."""
    with services.reading() as session:
        row = _own(session, worker, assignment_id)
        _expect(standing(session, row, now), (status,), row)
    return row


def _expect_answers(row: Assignment, signed: SignedSubmission) -> None:
    if row.work_digest != signed.work_digest or row.answers is None:
        raise Conflict("answers_unknown", f"post the answers of digest {signed.work_digest} first")


def _expect(found: Standing, wanted: Sequence[str], row: Assignment) -> None:
    if found.status in wanted:
        return
    detail = f"assignment {row.assignment_id} is {found.status}, this needs it to be {' or '.join(wanted)}"
    if wanted == ("ticketed",) and found.status in ("queued", "claimed", "submission_queued", "submitted"):
        raise Conflict("already_claimed", detail, reason=found.reason)
    codes = {
        "ticketed": "claim_not_on_chain",
        "queued": "claim_not_on_chain",
        "expired": "lease_over",
        "submitted": "already_submitted",
        "submission_queued": "already_submitted",
    }
    raise Conflict(codes.get(found.status, f"assignment_{found.status}"), detail, reason=found.reason)


def _offer(services: Services, row: Assignment, limits: Limits | None) -> AssignmentOffer:
    return AssignmentOffer(
        notices=limits.reasons() if limits else [],
        assignment_id=row.assignment_id,
        batch_id=row.batch_id,
        manifest_version=row.manifest_version,
        tasks=row.tasks,
        tasks_digest=row.tasks_digest,
        task_list_cid=cid_of_digest(row.tasks_digest),
        ticket=TicketView(lease_end=row.lease_end, deadline=row.deadline, signature=row.ticket_signature),
        typed_data=_claim_packet(row).typed_data(services.escrow.domain),
        sequence=row.sequence,
        deadline=row.deadline,
    )


def _view(session: Session, row: Assignment, found: Standing) -> AssignmentView:
    tasks = None
    if found.status in ("claimed", "submission_queued"):
        contents: dict[str, Any] = repository.tasks(session, row.batch_id, row.tasks)
        shown = draws.shown(session, row.batch_id, row.tasks)
        tasks = [TaskView(id=name, content=shown.get(name, contents[name].content)) for name in row.tasks]
    return AssignmentView(
        assignment_id=row.assignment_id,
        batch_id=row.batch_id,
        status=found.status,
        reason=found.reason,
        lease_end=row.lease_end,
        task_ids=row.tasks,
        tasks=tasks,
        work_digest=row.work_digest,
    )
