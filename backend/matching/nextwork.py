"""The best next work for one worker: open batches that it may do, by expected pay, fit and urgency, and why."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from backend.draws import guarding as draws
from backend.errors import Conflict
from backend.matching import repository, service
from backend.matching.eligibility import BatchRules, WorkerFacts, refusals
from backend.matching.schemas import NextItem, NextPage, NotOffered, ProfileIn, Reason
from backend.pay.pace import ENOUGH_MEASURED, units_per_hour
from backend.redundancy.book import is_adaptive
from backend.services import Services
from backend.signals.limits import limits_of
from backend.work import repository as work
from backend.work.schemas import MAX_TASKS
from piecework.db.gateway import Draft
from piecework.db.mirror import MirrorBatch
from piecework.db.people import BatchNeeds

PAGE = 200
MOST_LOOKED_AT = 1_000
ENOUGH = 100
MOST_EXPLAINED = 200
_WEEK = 604_800


@dataclass(frozen=True, slots=True)
class _Found:
    item: NextItem | None
    against: list[Reason]


def next_work(services: Services, worker: str, *, limit: int, explain: bool) -> NextPage:
    """At most `limit` batches. Looks at the best paid open ones until it has enough to choose from."""
    now = services.clock.now()
    items: list[NextItem] = []
    not_offered: list[NotOffered] = []
    after, looked_at = None, 0
    with services.reading() as session:
        facts = service.facts(session, worker, now)
        while looked_at < MOST_LOOKED_AT and len(items) < max(limit, ENOUGH):
            rows = repository.candidates(
                session, now=now, assigners=services.assigner.addresses, after=after, limit=PAGE
            )
            for row in rows:
                found = _weigh(services, session, facts, row, now)
                if found.item is not None:
                    items.append(found.item)
                elif len(not_offered) < MOST_EXPLAINED:
                    batch, draft, _ = row
                    not_offered.append(NotOffered(batch_id=batch.batch_id, title=draft.title, reasons=found.against))
            looked_at += len(rows)
            if len(rows) < PAGE:
                break
            after = (rows[-1][2].units_per_hour, rows[-1][2].batch_id)
    items.sort(key=lambda item: (-item.score, item.batch_id))
    return NextPage(items=items[:limit], not_offered=not_offered if explain else None, looked_at=looked_at)


def _weigh(services: Services, session: Session, facts: WorkerFacts, row: repository.Candidate, now: int) -> _Found:
    batch, draft, needs = row
    asked = service.needs_of(needs)
    against = refusals(facts, BatchRules(batch.batch_id, batch.requester, asked))
    if against:
        return _Found(None, against)
    try:
        draws.check_reviewers_are_paid(session, draft)
    except Conflict as waits:
        return _Found(None, [Reason(code=waits.code, text=waits.detail)])
    each_ms, measured = _each_ms(services, session, batch, needs)
    pay = units_per_hour(batch.reward_units, each_ms)
    wish = facts.profile.wished_units_per_hour
    if wish is not None and pay < wish:
        text = f"pays about {pay} units an hour, you wish {wish}"
        return _Found(None, [Reason(code="below_your_wish", text=text)])
    most = min(MAX_TASKS, int(batch.terms["maxClaim"]), batch.free, _fits_week(facts.profile, each_ms))
    limits = limits_of(services, session, batch.batch_id, facts.address)
    if limits is not None and limits.room == 0:
        return _Found(None, limits.reasons())
    most = min(most, limits.room) if limits else most
    tasks = _open_for(services, session, draft, facts.address, most)
    if tasks == 0:
        return _Found(None, [Reason(code="no_tasks_left", text="no task is left for you, at least for now")])
    fit, fitting = _fit(facts, draft)
    urgency, urgent = _urgency(batch, now)
    said = f"median of {measured} assignments of this batch" if measured else "as its requester estimates"
    reasons = [Reason(code="pay", text=f"about {pay} units an hour: {each_ms / 1_000:.1f} s a task, {said}")]
    item = NextItem(
        batch_id=batch.batch_id,
        title=draft.title,
        task_type=draft.task_type,
        requester=batch.requester,
        reward_units=batch.reward_units,
        assign={"batch_id": batch.batch_id, "count": tasks},
        seconds_per_task=each_ms / 1_000,
        pay_per_hour_units=pay,
        basis="measured" if measured else "stated",
        measured_assignments=measured,
        claim_by=batch.claim_by,
        score=pay * fit * urgency // (1_000_000 if limits is None else 2_000_000),
        reasons=reasons + fitting + urgent + (limits.reasons() if limits else []),
    )
    return _Found(item, [])


def _open_for(services: Services, session: Session, draft: Draft, worker: str, most: int) -> int:
    """Tasks that this worker would be given if it asked now, at most `most`."""
    if (own := draws.tasks_for(session, draft.batch_id, worker)) is not None:
        return min(most, len(own - work.held_tasks(session, draft.batch_id, worker, sorted(own))))
    if not is_adaptive(draft):
        return len(work.open_tasks(session, draft.batch_id, worker, draft.answers_per_task, most))
    with services.asking.room(session, draft) as room:
        return min(most, len(room.choice(session, worker).tasks))


def _each_ms(services: Services, session: Session, batch: MirrorBatch, needs: BatchNeeds) -> tuple[int, int]:
    """Milliseconds for a task, and how many assignments that was measured on; zero if it is an estimate."""
    pace = services.paces.of(session, batch)
    if pace.assignments >= ENOUGH_MEASURED:
        return pace.median_ms, pace.assignments
    return needs.expected_seconds * 1_000, 0


def _fits_week(profile: ProfileIn, each_ms: int) -> int:
    """Tasks that fit the hours that the worker has in a week; one at least."""
    if profile.hours_per_week is None:
        return MAX_TASKS
    return max(1, profile.hours_per_week * 3_600_000 // max(1, each_ms))


def _fit(facts: WorkerFacts, draft: Draft) -> tuple[int, list[Reason]]:
    """A thousand, more for what the worker brings beyond what is asked, and why."""
    fit, reasons = 1_000, []
    skills = sorted({skill.lower() for skill in draft.skills} & set(facts.profile.skills))
    if skills:
        fit += 50 * min(3, len(skills))
        reasons.append(Reason(code="your_skills", text=f"your skills: {', '.join(skills)}"))
    spoken = {language.code for language in facts.profile.languages}
    languages = sorted({language.lower() for language in draft.languages} & spoken)
    if languages:
        fit += 50
        reasons.append(Reason(code="your_language", text=f"in a language that you speak: {', '.join(languages)}"))
    return fit, reasons


def _urgency(batch: MirrorBatch, now: int) -> tuple[int, list[Reason]]:
    """A thousand, up to a tenth more for much that is left and little time to claim it."""
    left_seconds = max(0, batch.claim_by - now)
    if left_seconds >= _WEEK or batch.funded == 0:
        return 1_000, []
    urgency = 1_000 + 100 * (_WEEK - left_seconds) * batch.free // (_WEEK * batch.funded)
    text = f"{batch.free} of {batch.funded} assignments are free, for {left_seconds // 3_600} more hours"
    return urgency, [Reason(code="ends_soon", text=text)]
