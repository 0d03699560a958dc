"""Ways to spend money on answers: each gives labels after each of a row of costs, for one crowd and one seed.

None is shown the truth: they take answers and a seed. A cost is a share of all answers that exist. A task without an
answer gets the label that is most frequent among the labelled ones, for every strategy alike.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from piecework.quality.adaptive import Policy, infer_bought, replay_purchase
from piecework.quality.answers import Answers, Ints
from piecework.quality.confusion import ConfusionPrior, fit_confusion
from piecework.quality.infer import infer_labels
from piecework.quality.vote import NO_LABEL, best_label, majority_vote

SHARES = (.04, .06, .08, .10, .12, .15, .18, .21, .25, .30, .33, .36, .40, .45, .50, .55, .60, .65, .70, .75, .80, .85,
          .90, .95, 1.0)  # fmt: skip
_PLAIN = ConfusionPrior(row=1e-9, worker=1e-9, prevalence=1e-9)
"""Dawid-Skene as published: no priors."""
EXTENSION_START = 2
EXTENSION_AGREEMENT = 2 / 3
"""MTurk's SimplePlurality: a task gets one more assignment while its agreement score is below this."""


@dataclass(frozen=True)
class Point:
    """`share` of all answers bought; `label`: (tasks,)."""

    share: float
    label: Ints


Strategy = Callable[[Answers, int], Iterator[Point]]


def plain_dawid_skene(answers: Answers) -> Ints:
    """Dawid-Skene without priors, from the vote's shares."""
    return best_label(answers, fit_confusion(answers, _PLAIN).log_posterior)


def guessed(label: Ints) -> Ints:
    """The usual label where there is none."""
    labelled = label[label != NO_LABEL]
    usual = int(np.bincount(labelled, minlength=1).argmax())
    return np.where(label == NO_LABEL, usual, label)


def fixed_plurality(pool: Answers, seed: int) -> Iterator[Point]:
    """The same number of answers on each task, drawn at random; the most frequent one is taken."""
    rank = _random_ranks(pool, seed)
    for count in range(1, int(pool.per_task().max(initial=0)) + 1):
        bought = pool.take(rank < count)
        yield Point(bought.size / pool.size, guessed(majority_vote(bought)))


def extended_plurality(pool: Answers, seed: int) -> Iterator[Point]:
    """MTurk's rule: two answers a task, and one more to the tasks that do not agree enough, up to a cap that grows."""
    rank = _random_ranks(pool, seed)
    votes = np.zeros((pool.tasks, pool.labels))
    is_bought = np.zeros(pool.size, dtype=np.bool_)
    is_open = np.ones(pool.tasks, dtype=np.bool_)
    for count in range(int(pool.per_task().max(initial=0))):
        now = (rank == count) & is_open[pool.task]
        is_bought |= now
        np.add.at(votes, (pool.task[now], pool.label[now]), 1)
        if count + 1 < EXTENSION_START:
            continue
        agreement = votes.max(axis=1) / np.maximum(votes.sum(axis=1), 1)
        is_open = agreement < EXTENSION_AGREEMENT - 1e-9
        yield Point(is_bought.mean(), guessed(majority_vote(pool.take(is_bought))))


def random_dawid_skene(pool: Answers, seed: int) -> Iterator[Point]:
    """Answers in random order; plain Dawid-Skene."""
    order = np.random.default_rng(seed).permutation(pool.size)
    yield from _along(pool, order, plain_dawid_skene)


def random_ours(pool: Answers, seed: int) -> Iterator[Point]:
    """Answers in random order; our inference. Tells what the order alone is worth."""
    order = np.random.default_rng(seed).permutation(pool.size)
    yield from _along(pool, order, lambda bought: infer_labels(bought).label)


def ours(pool: Answers, seed: int) -> Iterator[Point]:
    """The policy's order, never stopping; our inference."""
    policy = Policy(confidence=1.0, seed=seed)
    order = replay_purchase(pool, policy)
    yield from _along(pool, order, lambda bought: infer_bought(bought, policy).label)


def ours_stopped(pool: Answers, seed: int) -> Point:
    """What `piecework infer --adaptive` does: each task stops at the default confidence."""
    policy = Policy(seed=seed)
    bought = pool.take(replay_purchase(pool, policy))
    return Point(bought.size / pool.size, guessed(infer_bought(bought, policy, ended=True).label))


STRATEGIES: dict[str, Strategy] = {
    "fixed-k plurality": fixed_plurality,
    "SimplePlurality extension": extended_plurality,
    "random, Dawid-Skene": random_dawid_skene,
    "random, our inference": random_ours,
    "ours": ours,
}


def points(name: str, pool: Answers, seed: int) -> list[Point]:
    """All of one of STRATEGIES, by name: for a process of its own."""
    return list(STRATEGIES[name](pool, seed))


def _along(pool: Answers, order: Ints, label: Callable[[Answers], Ints]) -> Iterator[Point]:
    for share in SHARES:
        bought = pool.take(order[: max(1, round(share * pool.size))])
        yield Point(bought.size / pool.size, guessed(label(bought)))


def _random_ranks(pool: Answers, seed: int) -> Ints:
    """Each answer's place in a random queue of its task: (answers,)."""
    order = np.random.default_rng(seed).permutation(pool.size)
    order = order[np.argsort(pool.task[order], kind="stable")]
    start = np.cumsum(pool.per_task()) - pool.per_task()
    rank = np.empty(pool.size, dtype=np.int64)
    rank[order] = np.arange(pool.size) - start[pool.task[order]]
    return rank
