"""Pairs of workers: do they say the same more often than two honest people on the same tasks would?

Given what one worker of the pair said, each match of the other is a coin whose chance follows from `honest`; matches
beyond that have an exact tail. Both directions are counted and the weaker one is believed. Real people share more than
any model knows, so the batch's own pairs set the scale: deviations are measured from their median, in units of their
spread if that is wider than chance (B. Efron, "Large-Scale Simultaneous Hypothesis Testing: The Choice of a Null
Hypothesis", 2004).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from piecework.quality.answers import Answers, Floats, Ints
from piecework.quality.signals.chances import coins_tail, normal_deviations, normal_tail
from piecework.quality.signals.honest import Honest

# Workers of a task that are compared with each other; of more the first count.
_MOST_OF_A_TASK = 100
_LEAST_VARIANCE = 0.5
_LEAST_PAIRS = 20


@dataclass(frozen=True)
class Pairs:
    """All but the last four are of shape (pairs,).

    `one`, `two`: workers, `one` below `two`. `shared`, `matched`: tasks that count, and matches. `expected`: of
    matches. `p_value`: 1 for a pair with no more matches than expected. `later`: share of the shared tasks that `two`
    answered after `one`. `first_answer`, `second_answer`, `pair_of`: (meetings,), positions of both answers to a shared
    task, sorted by pair. `scale`: how much wider than chance the batch's deviations spread.
    """

    one: Ints
    two: Ints
    shared: Ints
    matched: Ints
    expected: Floats
    p_value: Floats
    later: Floats
    first_answer: Ints
    second_answer: Ints
    pair_of: Ints
    scale: float

    def tasks_matched(self, answers: Answers, pair: int, error: Floats | None = None) -> Ints:
        """Tasks on which the pair matched; with `error` (answers,) those alone on which both were wrong."""
        start, end = np.searchsorted(self.pair_of, [pair, pair + 1])
        first, second = self.first_answer[start:end], self.second_answer[start:end]
        matched = answers.label[first] == answers.label[second]
        if error is not None:
            matched &= error[first] > 0
        tasks: Ints = answers.task[first[matched]]
        return tasks


@dataclass(frozen=True)
class Meetings:
    """`first`, `second`, `pair`: (meetings,), both answers' positions, the lower worker's first, and their pair's place
    in `name`: (pairs,), one x workers + two."""

    first: Ints
    second: Ints
    name: Ints
    pair: Ints


def compare_pairs(honest: Honest, *, errors_only: bool) -> Pairs:
    """All pairs with a task in common. With `errors_only` a match on a right answer is none."""
    answers = honest.answers
    meetings = meetings_by_pair(answers)
    first, second, names, pair_of = meetings.first, meetings.second, meetings.name, meetings.pair
    pairs = names.size
    matches = answers.label[first] == answers.label[second]
    if errors_only:
        matches &= honest.error[first] > 0
    matched = np.bincount(pair_of, weights=matches, minlength=pairs).astype(np.int64)
    shared = np.bincount(pair_of, minlength=pairs)
    weakest, expected, sides = np.full(pairs, np.inf), np.zeros(pairs), []
    for given, other in ((first, second), (second, first)):
        counted = honest.error[given] > 0 if errors_only else np.ones(given.size, dtype=np.bool_)
        chance, group = _match_chance(honest, other[counted], given[counted]), pair_of[counted]
        sides.append((chance, group))
        mean, rough = _roughly(chance, group, matched)
        weakest, expected = np.fmin(weakest, rough), np.maximum(expected, mean)
    odd = np.flatnonzero(matched > expected)
    tails = np.max([_tails(*side, matched, odd) for side in sides], axis=0)
    middle, scale = _spread(weakest[np.isfinite(weakest)])
    p_value = np.ones(pairs)
    p_value[odd] = normal_tail((normal_deviations(tails) - middle) / scale)
    later = np.bincount(pair_of, weights=second > first, minlength=pairs) / np.maximum(shared, 1)
    one, two = names // answers.workers, names % answers.workers
    return Pairs(one, two, shared, matched, expected, p_value, later, first, second, pair_of, scale)


def meetings_by_pair(answers: Answers) -> Meetings:
    """Every two answers to one task, sorted by pair of workers."""
    first, second = _meetings(answers)
    key = answers.worker[first] * answers.workers + answers.worker[second]
    order = np.argsort(key, kind="stable")
    names, pair_of = np.unique(key[order], return_inverse=True)
    return Meetings(first[order], second[order], names, pair_of)


def _roughly(chance: Floats, pair_of: Ints, matched: Ints) -> tuple[Floats, Floats]:
    """Expected matches, and deviations from that in standard deviations; no number where too little is known."""
    mean = np.bincount(pair_of, weights=chance, minlength=matched.size).astype(np.float64)
    variance = np.bincount(pair_of, weights=chance * (1.0 - chance), minlength=matched.size)
    rough: Floats = (matched - mean) / np.sqrt(np.maximum(variance, 1e-9))
    return mean, np.where(variance >= _LEAST_VARIANCE, rough, np.nan)


def _tails(chance: Floats, pair_of: Ints, matched: Ints, asked: Ints) -> Floats:
    """Exact tails of the pairs `asked` alone."""
    place = np.full(matched.size, -1)
    place[asked] = np.arange(asked.size)
    inside = place[pair_of] >= 0
    return coins_tail(chance[inside], place[pair_of][inside], matched[asked])


def _match_chance(honest: Honest, answer: Ints, given: Ints) -> Floats:
    """Chance that the worker of `answer` says what `given` says on the same task."""
    err = honest.chance_without(answer, given)
    same = honest.same_error_chance(answer, given)
    return np.clip(np.where(honest.error[given] > 0, err * same, 1.0 - err), 1e-9, 1.0 - 1e-9)


def _meetings(answers: Answers) -> tuple[Ints, Ints]:
    """Pairs of answers to one task, the lower worker's first: two arrays of positions."""
    order = np.lexsort((np.arange(answers.size), answers.task))
    count = answers.per_task()
    start = np.cumsum(count) - count
    rank = np.arange(answers.size) - start[answers.task[order]]
    firsts, seconds = [], []
    for step in range(1, min(int(count.max(initial=0)), _MOST_OF_A_TASK)):
        here = np.flatnonzero(rank + step < np.minimum(count[answers.task[order]], _MOST_OF_A_TASK))
        firsts.append(order[here])
        seconds.append(order[here + step])
    if not firsts:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    one, two = np.concatenate(firsts), np.concatenate(seconds)
    swap = answers.worker[one] > answers.worker[two]
    return np.where(swap, two, one), np.where(swap, one, two)


def _spread(deviations: Floats) -> tuple[float, float]:
    """Median, never below 0, and spread, never below 1, of a crowd in which a few cheat."""
    if deviations.size < _LEAST_PAIRS:
        return 0.0, 1.0
    low, middle, high = np.quantile(deviations, [0.25, 0.5, 0.75])
    return max(0.0, float(middle)), max(1.0, float(high - low) / 1.349)
