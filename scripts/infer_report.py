"""The page that `piecework infer --report` writes: a requester's report of a file of answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from backend.reports.assembling import Crowd, label_report
from backend.reports.requester_page import render
from backend.reports.schemas import Accuracy, Agreement, Alpha, RequesterReport, WorkerRow
from scripts.answers_file import AnswersFile

if TYPE_CHECKING:
    from scripts.infer import Outcome


def page_of(
    name: str, file: AnswersFile, outcome: Outcome, report: Mapping[str, Any], truth: Mapping[str, str] | None
) -> str:
    """HTML. `truth` by task name scores the labels; `report` is what the command prints."""
    if outcome.answers is None or outcome.found is None:
        return render(_plain(name, file, report))
    names = list(dict.fromkeys(file.answer))
    names += [f"(another answer {number})" for number in range(len(names), outcome.answers.labels)]
    number = {label: at for at, label in enumerate(names)}
    task_of = {task: at for at, task in enumerate(file.task_names)}
    # A true label that nobody gave is right for none.
    scored = {task_of[task]: number.get(label, -2) for task, label in (truth or {}).items() if task in task_of}
    crowd = Crowd(outcome.answers, file.task_names, file.worker_names, names)
    return render(label_report(crowd, outcome.found, title=name, known={}, truth=scored))


def _plain(name: str, file: AnswersFile, report: Mapping[str, Any]) -> RequesterReport:
    """Numbers and texts: who agrees with the others how well, and nothing that only labels have."""
    given = dict.fromkeys(file.worker_names, 0)
    for worker in file.worker:
        given[file.worker_names[worker]] += 1
    people = [
        WorkerRow(worker=row["worker"], answers=given[row["worker"]], accuracy=None, low=None, high=None)
        for row in report["skills"]
    ]
    return RequesterReport(
        title=name,
        batch_id=None,
        kind=report["kind"],
        status="all answers of a file",
        tasks=len(file.task_names),
        labelled=len(file.task_names),
        workers=len(file.worker_names),
        answers=len(file.answer),
        accuracy=Accuracy(estimate=None, known_answers=None, truth=None),
        cost=None,
        agreement=Agreement(pairwise=None, alpha=_alpha(report.get("alpha"))),
        confidence_bins=[],
        labels=[],
        other_labels=0,
        confusion=None,
        relabel=[],
        people=people,
        method=report["method"] | {"skills": report["skills"]},
    )


def _alpha(found: Mapping[str, Any] | None) -> Alpha | None:
    """As the command reports it; texts have none."""
    if found is None or found["alpha"] is None:
        return None
    return Alpha(value=found["alpha"], low=found["low"], high=found["high"], level=found["level"])
