"""From a batch's submissions to findings: numbers for `piecework.quality.signals`, and names for what comes back."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from backend.reviews.inference import Rules, Table, tabulate
from backend.reviews.policy import Answer
from piecework.quality.signals.links import handover_links
from piecework.quality.signals.reasons import reason_of
from piecework.quality.signals.speed import Timing, too_fast
from piecework.quality.signals.together import FALSE_DISCOVERY_RATE, Finding, combine, look

_NOT_READ = ("http://", "https://", "ipfs://", "data:")


@dataclass(frozen=True, slots=True)
class Stretch:
    """One assignment: from getting the tasks to handing in, unix seconds; `ended` is None where that is not known."""

    worker: str
    answers: Sequence[tuple[str, Any]]
    started: float
    ended: float | None


@dataclass(frozen=True, slots=True)
class Found:
    """One finding with names. `tasks` and `partners`: the most telling first. `beyond`: the closing after which answers
    show it anew, 0 for none."""

    worker: str
    signal: str
    p_value: float
    seen: str
    how_to_answer: str
    tasks: tuple[str, ...]
    partners: tuple[str, ...]
    beyond: int = 0


@dataclass(frozen=True, slots=True)
class Looked:
    """All findings of a batch, and how much they rest on."""

    answers: int
    workers: int
    found: tuple[Found, ...]
    funding: str = "not read"

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Looked:
        """What `as_json` gave, after a way through JSON."""
        found = tuple(
            Found(**(each | {"tasks": tuple(each["tasks"]), "partners": tuple(each["partners"])}))
            for each in kept["found"]
        )
        return cls(kept["answers"], kept["workers"], found, kept["funding"])


def look_at(
    stretches: Sequence[Stretch],
    contents: Mapping[str, Any],
    rules: Rules,
    linked: Collection[tuple[str, str]] = (),
) -> Looked:
    """`contents`: what a task shows, by task. `linked`: pairs of workers whose money has a hand in common. Where any
    text may be an answer, only the times are looked at."""
    given = [Answer(task, each.worker, value) for each in stretches for task, value in each.answers]
    if not given:
        return Looked(0, 0, ())
    table = tabulate(given, {}, rules)
    timing, links = _times(stretches, contents, table)
    links = np.concatenate([links, _numbered(linked, table)])
    if rules.choices:
        outlook = look(table.answers, timing=timing, links=links)
    else:
        workers = table.answers.workers
        outlook = combine([too_fast(timing, workers)], table.answers.per_worker() > 0, FALSE_DISCOVERY_RATE)
    return Looked(len(given), len(table.workers), tuple(_named(finding, table) for finding in outlook.findings))


def _numbered(linked: Collection[tuple[str, str]], table: Table) -> Any:
    worker_of = {name: number for number, name in enumerate(table.workers)}
    pairs = [(worker_of[one], worker_of[two]) for one, two in sorted(linked) if {one, two} <= worker_of.keys()]
    return np.array(pairs, dtype=np.int64).reshape(-1, 2)


def signs(content: Any) -> int:
    """Letters that a person reads: all texts inside but addresses of files."""
    if isinstance(content, str):
        return 0 if content.startswith(_NOT_READ) else len(content)
    if isinstance(content, Mapping):
        return sum(signs(each) for each in content.values())
    return sum(signs(each) for each in content) if isinstance(content, list) else 0


def _times(stretches: Sequence[Stretch], contents: Mapping[str, Any], table: Table) -> tuple[Timing, Any]:
    """Who holds several assignments at once looks slower than it is, which accuses nobody."""
    worker_of = {name: number for number, name in enumerate(table.workers)}
    task_of = {name: number for number, name in enumerate(table.tasks)}
    length = {task: signs(contents.get(task)) for task in table.tasks}
    timed = [each for each in stretches if each.answers and each.ended is not None]
    worker = np.array([worker_of[each.worker] for each in timed], dtype=np.int64)
    started = np.array([each.started for each in timed], dtype=np.float64)
    ended = np.array([each.ended for each in timed], dtype=np.float64)
    timing = Timing(
        worker=worker,
        first_task=np.array([task_of[each.answers[0][0]] for each in timed], dtype=np.int64),
        tasks=np.array([len(each.answers) for each in timed], dtype=np.int64),
        seconds=ended - started,
        signs=np.array([sum(length[task] for task, _ in each.answers) for each in timed], dtype=np.float64),
    )
    return timing, handover_links(worker, started, ended)


def _named(finding: Finding, table: Table) -> Found:
    reason = reason_of(finding.name, finding.evidence.numbers)
    return Found(
        worker=table.workers[finding.worker],
        signal=finding.name,
        p_value=finding.p_value,
        seen=reason.seen,
        how_to_answer=reason.answer,
        tasks=tuple(table.tasks[number] for number in finding.evidence.tasks),
        partners=tuple(table.workers[number] for number in finding.evidence.partners),
    )
