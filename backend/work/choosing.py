"""Which tasks a worker gets: those it picked, or those that the batch needs most.

In a batch with known answers the draw is random and nobody picks: who could pick would give the known ones a pattern,
and a refusal would tell them apart. In a batch with a target confidence the gateway picks what tells most about labels
(`backend.redundancy`), among those that the worker named if it named any.
"""

from __future__ import annotations

import functools
import secrets
from collections.abc import Sequence

from sqlalchemy.orm import Session

from backend.draws import guarding as draws
from backend.errors import Conflict, Invalid
from backend.redundancy.book import is_adaptive
from backend.services import Services
from backend.signals.limits import MOST_AT_ONCE, Limits
from backend.work import repository
from backend.work.schemas import AssignmentIn
from piecework.db.gateway import Draft
from piecework.domain.exposure import default_share, most_known


def choose(
    services: Services,
    session: Session,
    draft: Draft,
    worker: str,
    wanted: AssignmentIn,
    limits: Limits | None = None,
    *,
    newest: bool = True,
) -> list[str]:
    """Ids of tasks that `worker` never held, in the order in which it will see them.

    `limits`: of a worker under a signal: fewer tasks, and as many known answers as the batch promised at most.
    `newest`: the draft is locked, so no other session sees more than this one.

    Raises Conflict if there is none, Invalid or Conflict for wishes that cannot be.
    """
    if (own := draws.tasks_for(session, draft.batch_id, worker)) is not None:
        return _of_drawn(session, draft, worker, wanted, own)
    if draft.gold is not None:
        _refuse_wishes(draft, wanted)
    if limits is not None:
        wanted = _within(limits, draft, wanted)
    if is_adaptive(draft):
        return _most_telling(services, session, draft, worker, wanted, closely=limits is not None, newest=newest)
    if draft.gold is not None:
        picked = _drawn(session, draft, worker, wanted.count, closely=limits is not None)
    elif wanted.tasks is None:
        picked = repository.open_tasks(session, draft.batch_id, worker, draft.answers_per_task, wanted.count)
    else:
        return _wished(session, draft, worker, wanted.tasks)
    if not picked:
        raise _nothing_left(draft)
    return picked


def _of_drawn(session: Session, draft: Draft, worker: str, wanted: AssignmentIn, own: set[str]) -> list[str]:
    """Reviews that this worker was drawn for. Raises Conflict for any other, and if none is left."""
    strange = sorted(set(wanted.tasks or ()) - own)
    if strange:
        raise Conflict("not_drawn", f"{worker} was not drawn for review {strange[0]}, or it is decided")
    if wanted.tasks is not None:
        return _wished(session, draft, worker, wanted.tasks)
    held = repository.held_tasks(session, draft.batch_id, worker, sorted(own))
    picked = sorted(own - held)[: wanted.count]
    if not picked:
        raise Conflict("not_drawn", f"{worker} was drawn for no review of batch {draft.batch_id} that is left")
    return picked


def _within(limits: Limits, draft: Draft, wanted: AssignmentIn) -> AssignmentIn:
    """The same wish for no more than the worker may be given now. Raises Conflict with the reasons if it wants more."""
    asked = len(wanted.tasks) if wanted.tasks is not None and not is_adaptive(draft) else 1
    if asked > limits.room:
        reasons = [reason.model_dump() for reason in limits.reasons()]
        do = "hand in what you hold first" if limits.room == 0 else f"name {limits.room} tasks at most"
        detail = f"you may hold {MOST_AT_ONCE} tasks of batch {draft.batch_id} at a time and hold {limits.held}: {do}"
        raise Conflict("signal_limit", detail, reasons=reasons)
    return wanted.model_copy(update={"count": min(wanted.count, limits.room)})


def _nothing_left(draft: Draft) -> Conflict:
    return Conflict("no_tasks_left", f"batch {draft.batch_id} has no task left for this worker")


def _most_telling(
    services: Services,
    session: Session,
    draft: Draft,
    worker: str,
    wanted: AssignmentIn,
    *,
    closely: bool,
    newest: bool,
) -> list[str]:
    """Those about which this worker's answers tell most, at most `count`; of those that it named, if it did."""
    if wanted.tasks is not None:
        _check_named(session, draft, wanted.tasks)
    with services.asking.room(session, draft, newest=newest) as room:
        found = room.choice(session, worker, wanted.tasks)
    if not found.tasks:
        if not found.waits:
            raise _nothing_left(draft)
        detail = (
            f"what is left of batch {draft.batch_id} may be made unnecessary by answers that are under way, or is left "
            "to workers whose answers tell more about it: ask again in a minute, or take other work"
        )
        raise Conflict("no_tasks_now", detail)
    if not draft.gold:
        return found.tasks[: wanted.count]
    return _with_known(session, draft, worker, found.tasks, wanted.count, closely=closely)


def _with_known(
    session: Session, draft: Draft, worker: str, telling: Sequence[str], count: int, *, closely: bool
) -> list[str]:
    """Known answers among the most telling tasks, as many as the batch has in the mean, in random order; `closely`: as
    many as this worker may be given."""
    known = set((draft.gold or {"answers": {}})["answers"])
    seen = repository.claimed_tasks(session, draft.batch_id, worker)
    seen_known, share = _count(seen, known), known_share(draft)
    total = min(count, len(telling) + most_known(share, count))
    mixed_in = total if closely else int(total * len(known) / draft.tasks + secrets.SystemRandom().random())
    most = max(0, most_known(share, len(seen) + total) - seen_known)
    drawn = repository.drawn_tasks(
        session, draft.batch_id, worker, draft.answers_per_task, min(mixed_in, most, total - 1), known=True
    )
    kept = [*drawn, *telling[: total - len(drawn)]]
    while _count(kept, known) > (most := max(0, most_known(share, len(seen) + len(kept)) - seen_known)):
        kept = _without_surplus(kept, known, most)
    secrets.SystemRandom().shuffle(kept)
    return kept


def _check_named(session: Session, draft: Draft, wanted: Sequence[str]) -> None:
    if len(set(wanted)) != len(wanted):
        raise Invalid("task_id_twice", "a task is asked for twice")
    rows = repository.tasks(session, draft.batch_id, wanted)
    for task_id in wanted:
        if task_id not in rows:
            raise Invalid("task_unknown", f"batch {draft.batch_id} has no task {task_id}")


def _refuse_wishes(draft: Draft, wanted: AssignmentIn) -> None:
    if wanted.tasks is not None:
        detail = f"the gateway draws the tasks of batch {draft.batch_id}: ask for a count instead of naming tasks"
        raise Invalid("tasks_are_drawn", detail)


def _drawn(session: Session, draft: Draft, worker: str, count: int, *, closely: bool) -> list[str]:
    """At random among those with the fewest answers, with no more known answers than this worker may be given.

    `closely`: with as many as that.
    """
    assert draft.gold is not None  # noqa: S101 - asked for by `choose` alone
    known = set(draft.gold["answers"])
    seen = repository.claimed_tasks(session, draft.batch_id, worker)
    seen_known, share = _count(seen, known), known_share(draft)
    draw = functools.partial(repository.drawn_tasks, session, draft.batch_id, worker, draft.answers_per_task)
    first = draw(max(0, most_known(share, len(seen) + count) - seen_known), known=True)[:count] if closely else []
    drawn = [*first, *draw(count - len(first), known=False)] if closely else draw(count)
    kept = _without_surplus(drawn, known, most_known(share, len(seen) + len(drawn)) - seen_known)
    if len(kept) < len(drawn):
        kept += [task for task in draw(len(drawn), known=False) if task not in kept][: len(drawn) - len(kept)]
    # Fewer tasks than drawn allow fewer known answers.
    while _count(kept, known) > (most := max(0, most_known(share, len(seen) + len(kept)) - seen_known)):
        kept = _without_surplus(kept, known, most)
    secrets.SystemRandom().shuffle(kept)
    return kept


def known_share(draft: Draft) -> float:
    """Of known answers among one worker's tasks."""
    if draft.max_gold_share is not None:
        return draft.max_gold_share
    return default_share(len(draft.gold["answers"]) if draft.gold else 0, draft.tasks)


def _without_surplus(tasks: Sequence[str], known: set[str], most: int) -> list[str]:
    """`tasks` in their order, with the first `most` known answers only."""
    kept: list[str] = []
    for task in tasks:
        if task not in known:
            kept.append(task)
        elif most > 0:
            kept.append(task)
            most -= 1
    return kept


def _count(tasks: Sequence[str], known: set[str]) -> int:
    return sum(task in known for task in tasks)


def _wished(session: Session, draft: Draft, worker: str, wanted: Sequence[str]) -> list[str]:
    _check_named(session, draft, wanted)
    rows = repository.tasks(session, draft.batch_id, wanted)
    held = repository.held_tasks(session, draft.batch_id, worker, wanted)
    for task_id in wanted:
        if task_id in held:
            raise Conflict("already_answered", f"this worker holds or did task {task_id} already")
        if rows[task_id].assigned >= draft.answers_per_task:
            raise Conflict("task_already_taken", f"task {task_id} has all its answers given out")
    return list(wanted)
