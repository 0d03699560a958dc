"""Which tasks of a batch with a target confidence need no further answer, and what that saved.

A task stops once the label that it would get is as sure as the target, under the cautious tables of
`piecework.quality.adaptive`, and at least two have answered; or at its cap. All answers on chain count, in the chain's
order, and nothing else: who has the answers and the manifest comes to the same stops.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from piecework.domain.canonical import read_back
from piecework.quality.adaptive import Policy
from piecework.quality.answers import Answers

_TOLERANCE = 2e-6
"""Another machine's logarithms may round otherwise."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a batch asks, as its manifest says: task ids, and answers to each at most."""

    tasks: tuple[str, ...]
    cap: int


@dataclass(frozen=True, slots=True)
class ByModel:
    """What a model changed: `tasks` stopped that people alone are not sure enough of, and the answers that were not
    bought for them: as many as average workers would have had to add if all agreed, and those up to the cap.
    `held_open`: tasks that people alone would stop now, and people with the model do not."""

    tasks: int
    answers_saved: int
    answers_saved_at_most: int
    held_open: int


@dataclass(frozen=True, slots=True)
class Stops:
    """Of the tasks whose answer is not known: how many are sure enough, at their cap, or neither; the answers to them,
    and those that the sure ones did not need."""

    at_target: int
    at_cap: int
    short: int
    answers: int
    answers_saved: int
    by_model: ByModel | None = None

    def as_json(self) -> dict[str, Any]:
        return {name: value for name, value in asdict(self).items() if value is not None}


def policy_of(target: float, seed: int) -> Policy:
    return Policy(confidence=target, seed=seed)


def all_tasks(asked: Asked, answered: Sequence[str]) -> list[str]:
    """Sorted ids of the batch's tasks; a file may claim to answer others."""
    return sorted({*asked.tasks, *answered})


def over_all_tasks(answers: Answers, answered_tasks: Sequence[str], asked: Asked) -> Answers:
    """The same answers, among all tasks of the batch, which are numbered by their sorted ids."""
    place = {name: number for number, name in enumerate(all_tasks(asked, answered_tasks))}
    numbers = np.array([place[name] for name in answered_tasks], dtype=np.int64)
    task = numbers[answers.task] if answers.size else answers.task
    return Answers(task, answers.worker, answers.label, len(place), answers.workers, answers.labels)


def stops_of(
    names: Sequence[str], confidence: Sequence[float], answered: Sequence[int], asked: Asked, policy: Policy,
    known: Collection[str],
) -> Stops:  # fmt: skip
    """`names`, `confidence`, `answered`: of all tasks. With no unknown task all of them count."""
    is_known = set(known) if not set(names) <= set(known) else set()
    target = policy.confidence - _TOLERANCE
    at_target = at_cap = short = saved = used = 0
    for name, sure, given in zip(names, confidence, answered, strict=True):
        if name in is_known:
            continue
        used += given
        if given >= asked.cap:
            at_cap += 1
        elif sure >= target:
            at_target += 1
            saved += asked.cap - given
        else:
            short += 1
    return Stops(at_target, at_cap, short, used, saved)


def by_model_of(
    names: Sequence[str], alone: Sequence[float], both: Sequence[float], answered: Sequence[int],
    needed: Sequence[int], asked: Asked, policy: Policy, known: Collection[str],
) -> ByModel:  # fmt: skip
    """`alone`, `both`: confidences at which people, and people with the model, may stop; `needed`: further answers of
    people until they may alone. All of all tasks."""
    is_known = set(known) if not set(names) <= set(known) else set()
    target = policy.confidence - _TOLERANCE
    tasks = saved = at_most = held_open = 0
    for name, people, joint, given, more in zip(names, alone, both, answered, needed, strict=True):
        if name in is_known:
            continue
        if given < asked.cap and joint >= target > people:
            tasks += 1
            saved += more
            at_most += asked.cap - given
        held_open += people >= target > joint
    return ByModel(tasks, saved, at_most, held_open)


def parameters(asked: Asked, policy: Policy) -> Mapping[str, Any]:
    """What a results file says of the rule that stopped its tasks."""
    return read_back({"answers_per_task": asked.cap, "policy": asdict(policy)})
