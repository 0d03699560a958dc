"""A report on answers that are hardly ever equal: texts, numbers, boxes, comparisons.

They have no table of what is taken for what, and no share of labels that are right: what can be told is how like what
was found people's answers are, each kind by a measure of its own. No I/O.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from backend.reports.assembling import MOST_RELABEL, alpha_view, label_text, share_view
from backend.reports.schemas import (
    Accuracy,
    Agreement,
    Measure,
    RankedThing,
    Relabel,
    RequesterReport,
    ShareView,
    WorkerRow,
)
from backend.reviews import chosen_texts, inference
from backend.reviews.inference import Rules, Table
from piecework.quality import agreement
from piecework.quality.agreement import krippendorff_alpha
from piecework.quality.answers import Floats, Ints
from piecework.quality.intervals import Share, counted_share
from piecework.quality.majority import NO_LABEL

_DIGITS = 6


@dataclass(frozen=True)
class Said:
    """Answers and what they come to. `task`, `worker`: (answers,), numbers of `tasks` and `workers`. `value`: (tasks,),
    what was found, in words, None without; `sure`: how sure that is. `likeness`: (answers,), how like it each answer
    is, 0 to 1, by `measure`. `error`: (workers,), half of whose answers are off by more, in the answers' unit.
    `known_seen`, `known_right`: (workers,), known answers. `alone`: whether an answer counts that nobody else's can be
    held against.
    """

    kind: Literal["numbers", "text", "pairs", "boxes", "records"]
    measure: Measure
    task: Ints
    worker: Ints
    tasks: Sequence[str]
    workers: Sequence[str]
    value: Sequence[str | None]
    sure: Sequence[float | None]
    likeness: Floats
    method: dict[str, Any]
    error: Sequence[float | None] | None = None
    alpha: agreement.Agreement | None = None
    known: Share | None = None
    known_seen: Ints | None = None
    known_right: Ints | None = None
    alone: bool = False
    ranking: list[RankedThing] = field(default_factory=list)


def measured_report(said: Said, *, title: str) -> RequesterReport:
    labelled = [value is not None for value in said.value]
    return RequesterReport(
        title=title,
        batch_id=None,
        kind=said.kind,
        status="all answers of a file",
        tasks=len(said.tasks),
        labelled=sum(labelled),
        workers=int(np.unique(said.worker).size),
        answers=int(said.task.size),
        accuracy=Accuracy(estimate=None, known_answers=share_view(said.known), truth=None),
        cost=None,
        agreement=Agreement(
            pairwise=None,
            alpha=alpha_view(said.alpha) if said.alpha else None,
            measure=said.measure,
            likeness=_likeness(said),
        ),
        confidence_bins=_bins([sure for sure in said.sure if sure is not None]),
        labels=[],
        other_labels=0,
        confusion=None,
        relabel=_relabel(said),
        people=_people(said),
        ranking=said.ranking,
        method=said.method,
    )


_KINDS: Mapping[str, tuple[Literal["numbers", "boxes", "records"], Measure]] = {
    "numbers": ("numbers", "near"),
    "boxes": ("boxes", "overlap"),
    "records": ("records", "fields"),
}


def said_of(table: Table, rules: Rules) -> Said:
    """A batch's answers of the kinds `text`, `numbers`, `boxes` and `records`."""
    answers = table.answers
    rests: dict[str, Any] = {"task": answers.task, "worker": answers.worker, "tasks": table.tasks}
    rests["workers"] = table.workers
    if rules.kind == "text":
        chosen = chosen_texts.choose(answers, table.workers, [label_text(value) for value in table.values])
        return Said(
            kind="text",
            measure="similarity",
            value=[label_text(table.values[at]) for at in chosen.label],
            sure=chosen.agreement,
            likeness=chosen.likeness,
            method=dict(chosen_texts.METHOD),
            **rests,
        )
    found = inference.measure(table, rules)
    is_known = table.known != NO_LABEL
    tried = is_known[answers.task]
    kind, measure = _KINDS[rules.kind]
    is_numbers = kind == "numbers"
    in_words: Callable[[Any], str] = boxes_in_words if kind == "boxes" else label_text
    return Said(
        kind=kind,
        measure=measure,
        value=[None if value is None else in_words(value) for value in found.value],
        sure=found.sure,
        likeness=found.likeness,
        method=dict(found.method),
        error=[row["median_error"] for row in found.skills] if is_numbers else None,
        alpha=number_alpha(answers.task, [table.values[label] for label in answers.label]) if is_numbers else None,
        known=counted_share(float(found.found_known[is_known].sum()), int(is_known.sum())),
        known_seen=np.bincount(answers.worker[tried], minlength=answers.workers) if is_known.any() else None,
        known_right=np.bincount(answers.worker[tried & found.knows], minlength=answers.workers),
        **rests,
    )


def boxes_in_words(things: Sequence[dict[str, Any]]) -> str:
    names = [str(thing["label"]) for thing in things]
    counts = [f"{names.count(name)} {name}" for name in dict.fromkeys(names)]
    return ", ".join(counts) or "nothing"


def number_alpha(task: Ints, values: Sequence[Any]) -> agreement.Agreement | None:
    """Krippendorff's, of the answers that are numbers."""
    is_number = np.array([isinstance(v, (int, float)) and not isinstance(v, bool) for v in values], dtype=np.bool_)
    numbers = np.array([float(v) if ok else 0.0 for v, ok in zip(values, is_number, strict=True)])
    is_number &= np.abs(numbers) <= _FARTHEST
    return krippendorff_alpha(task[is_number], numbers[is_number], level="interval") if is_number.any() else None


_FARTHEST = 1e90
"""Squares of larger numbers leave the range of floating point."""


def _likeness(said: Said) -> ShareView | None:
    """In the mean of tasks, so that one with many answers weighs no more. Wilson's interval of a share is never too
    narrow for a mean of figures from 0 to 1."""
    given = np.bincount(said.task, minlength=1)
    least = 1 if said.alone else 2
    sums = np.bincount(said.task, weights=said.likeness, minlength=1)
    compared = given >= least
    return share_view(counted_share(float((sums[compared] / given[compared]).sum()), int(compared.sum())))


def _bins(sure: Sequence[float]) -> list[int]:
    place = np.minimum((np.array(sure) * 10).astype(np.int64), 9)
    return np.bincount(place, minlength=10).tolist() if sure else []


def _relabel(said: Said) -> list[Relabel]:
    given = np.bincount(said.task, minlength=len(said.tasks))
    told = [
        (sure, task, value)
        for task, (sure, value) in enumerate(zip(said.sure, said.value, strict=True))
        if sure is not None and value is not None
    ]
    return [
        Relabel(
            task=said.tasks[task],
            label=value,
            confidence=round(sure, _DIGITS),
            runner_up=None,
            runner_up_confidence=None,
            answers=int(given[task]),
        )
        for sure, task, value in sorted(told, key=lambda each: each[0])[:MOST_RELABEL]
    ]


def _people(said: Said) -> list[WorkerRow]:
    """Who agrees best comes first; who gave no answer is left out."""
    size = len(said.workers)
    given = np.bincount(said.worker, minlength=size)
    counts = said.alone | (np.bincount(said.task, minlength=1)[said.task] > 1)
    compared = np.bincount(said.worker[counts], minlength=size)
    sums = np.bincount(said.worker[counts], weights=said.likeness[counts], minlength=size)
    order = np.argsort(-sums / np.maximum(compared, 1), kind="stable")
    return [
        WorkerRow(
            worker=said.workers[at],
            answers=int(given[at]),
            accuracy=None,
            low=None,
            high=None,
            agreement=share_view(counted_share(float(sums[at]), int(compared[at]))),
            error=said.error[at] if said.error is not None else None,
            known_seen=int(said.known_seen[at]) if said.known_seen is not None else None,
            known_right=int(said.known_right[at])
            if said.known_seen is not None and said.known_right is not None
            else None,
        )
        for at in order.tolist()
        if given[at]
    ]
