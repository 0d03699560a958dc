"""From answers and what was inferred of them to a requester's report. No I/O."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from backend.reports.schemas import (
    Accuracy,
    Agreement,
    Alpha,
    Confusion,
    LabelShare,
    ModelView,
    Relabel,
    RequesterReport,
    ShareView,
    WorkerRow,
)
from piecework.quality import agreement
from piecework.quality.agreement import krippendorff_alpha
from piecework.quality.answers import Answers
from piecework.quality.infer import Labelling
from piecework.quality.intervals import Share, counted_share
from piecework.quality.joining import Joined
from piecework.quality.summary import (
    confidence_histogram,
    confusion_counts,
    estimated_accuracy,
    label_counts,
    least_certain,
    pairwise_agreement,
    runner_up,
)
from piecework.quality.vote import NO_LABEL

MOST_RELABEL = 100
MOST_LABELS = 40
_DIGITS = 6


@dataclass(frozen=True)
class Crowd:
    """Answers as numbers, with the names of tasks, workers and labels behind them."""

    answers: Answers
    tasks: Sequence[str]
    workers: Sequence[str]
    labels: Sequence[str]


def label_report(
    crowd: Crowd, found: Labelling, *, title: str, known: Mapping[int, int], truth: Mapping[int, int] | None = None
) -> RequesterReport:
    """`known` and `truth`: label numbers by task number; they score and change no label."""
    labelled = found.label != NO_LABEL
    return RequesterReport(
        title=title,
        batch_id=None,
        kind="labels",
        status="all answers of a file",
        tasks=len(crowd.tasks),
        labelled=int(labelled.sum()),
        workers=int((crowd.answers.per_worker() > 0).sum()),
        answers=crowd.answers.size,
        accuracy=Accuracy(
            estimate=share_view(estimated_accuracy(crowd.answers, found)),
            known_answers=_scored(found, known),
            truth=_scored(found, truth or {}),
        ),
        cost=None,
        agreement=Agreement(
            pairwise=share_view(pairwise_agreement(crowd.answers)),
            alpha=alpha_view(krippendorff_alpha(crowd.answers.task, crowd.answers.label)),
        ),
        confidence_bins=confidence_histogram(found).tolist(),
        **_labels(crowd, found),
        confusion=_confusion(crowd, found),
        relabel=_relabel(crowd, found),
        people=_people(crowd, found, known),
        method=found.method(),
    )


def model_view(
    name: str,
    joined: Joined,
    saved: int,
    unit_cost_units: int | None,
    *,
    answers_without: int,
    saved_cost: float | None = None,
) -> ModelView:
    """`saved`: answers, of `answers_without`; `unit_cost_units`: what one costs, None where nothing is paid;
    `saved_cost`: of a file, in a unit of its own."""
    people, both = joined.people.label, joined.labelling.label
    return ModelView(
        name=name,
        verdict=joined.trust.verdict,
        predicted=joined.trust.predicted,
        accuracy=share_view(joined.trust.accuracy),
        known_answers=share_view(joined.trust.known),
        labels_changed=int(((people != both) & (people != NO_LABEL)).sum()),
        answers_saved=saved,
        saved_units=None if unit_cost_units is None else saved * unit_cost_units,
        saved_cost=saved_cost,
        answers_without=answers_without,
    )


def share_view(share: Share | None) -> ShareView | None:
    if share is None:
        return None
    value, low, high = (round(each, _DIGITS) for each in (share.value, share.low, share.high))
    return ShareView(value=value, low=low, high=high, count=share.count)


def alpha_view(found: agreement.Agreement) -> Alpha | None:
    if math.isnan(found.alpha):
        return None
    low, high = (None if math.isnan(end) else round(end, _DIGITS) for end in (found.low, found.high))
    return Alpha(value=round(found.alpha, _DIGITS), low=low, high=high, level=found.level)


def label_text(value: Any) -> str:
    """A label as people read it: text as it is, everything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)


def _scored(found: Labelling, right: Mapping[int, int]) -> ShareView | None:
    scored = [task for task in right if found.label[task] != NO_LABEL]
    return share_view(counted_share(sum(found.label[task] == right[task] for task in scored), len(scored)))


def _labels(crowd: Crowd, found: Labelling) -> dict[str, Any]:
    counts = label_counts(found, len(crowd.labels))
    order = np.argsort(-counts, kind="stable")
    used = order[counts[order] > 0]
    shown = [LabelShare(label=crowd.labels[number], tasks=int(counts[number])) for number in used[:MOST_LABELS]]
    return {"labels": shown, "other_labels": max(0, int(used.size) - MOST_LABELS)}


def _confusion(crowd: Crowd, found: Labelling) -> Confusion | None:
    counts = confusion_counts(crowd.answers, found)
    if counts is None:
        return None
    return Confusion(labels=list(crowd.labels), said_by_true=np.round(counts, 2).tolist())


def _relabel(crowd: Crowd, found: Labelling) -> list[Relabel]:
    given = crowd.answers.per_task()
    rows = []
    for task in least_certain(found, MOST_RELABEL).tolist():
        second = runner_up(found, task)
        rows.append(
            Relabel(
                task=crowd.tasks[task],
                label=crowd.labels[found.label[task]],
                confidence=round(min(1.0, float(found.confidence[task])), _DIGITS),
                runner_up=crowd.labels[second[0]] if second else None,
                runner_up_confidence=round(second[1], _DIGITS) if second else None,
                answers=int(given[task]),
            )
        )
    return rows


def _people(crowd: Crowd, found: Labelling, known: Mapping[int, int]) -> list[WorkerRow]:
    """Best first; who gave no answer is left out."""
    answers = crowd.answers
    gold = np.full(answers.tasks, NO_LABEL, dtype=np.int64)
    gold[list(known)] = list(known.values())
    tried = gold[answers.task] != NO_LABEL
    seen = np.bincount(answers.worker[tried], minlength=answers.workers)
    right = np.bincount(answers.worker[tried & (gold[answers.task] == answers.label)], minlength=answers.workers)
    low, high = found.skill.interval()
    order = np.argsort(-found.skill.accuracy, kind="stable")
    given = answers.per_worker()
    return [
        WorkerRow(
            worker=crowd.workers[number],
            answers=int(given[number]),
            accuracy=round(float(found.skill.accuracy[number]), _DIGITS),
            low=round(float(low[number]), _DIGITS),
            high=round(float(high[number]), _DIGITS),
            known_seen=int(seen[number]) if known else None,
            known_right=int(right[number]) if known else None,
        )
        for number in order.tolist()
        if given[number]
    ]
