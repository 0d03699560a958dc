"""Which of many things is better, from comparisons of two at a time: a strength for each thing, with its error.

Bradley-Terry: R. A. Bradley, M. E. Terry, "Rank Analysis of Incomplete Block Designs" (1952); ties: R. R. Davidson, "On
Extending the Bradley-Terry Model to Accommodate Ties in Paired Comparison Experiments", JASA 65 (1970); workers who say
the opposite of what they see: X. Chen, P. N. Bennett, K. Collins-Thompson, E. Horvitz, "Pairwise Ranking Aggregation in
a Crowdsourced Setting", WSDM (2013).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from piecework.quality.answers import AnswersInvalid, Bools, Floats, Ints, ints
from piecework.quality.signals.chances import normal_tail

LEFT, TIE, RIGHT = 1, 0, -1

# What is thought of strengths before anybody compares: how far apart two things lie, in log odds.
PRIOR_DEVIATION = 2.0
# A worker's reliability is drawn towards the crowd's with this weight; the crowd's starts at 0.9 with it.
PRIOR_ANSWERS = 4.0
CROWD_RELIABILITY = 0.9
# More things than this get no errors: those need a table of things by things.
MOST_ITEMS = 2_000
MAX_ITERATIONS = 500
_TOLERANCE = 1e-7


@dataclass(frozen=True)
class Comparisons:
    """`left`, `right`: things, `worker`, `outcome` (LEFT, TIE or RIGHT): shape (comparisons,).

    `items`, `workers`: how many there may be; some may not occur.
    """

    left: Ints
    right: Ints
    worker: Ints
    outcome: Ints
    items: int
    workers: int

    @property
    def size(self) -> int:
        return int(self.left.size)

    def take(self, which: Ints | Bools) -> Comparisons:
        """The same things and workers with fewer comparisons (positions or a mask)."""
        left, right, worker = self.left[which], self.right[which], self.worker[which]
        return Comparisons(left, right, worker, self.outcome[which], self.items, self.workers)


@dataclass(frozen=True)
class Ranking:
    """`score`: (items,), log odds, zero in the mean; a thing one above another is preferred e to 1, ties apart.

    `error`: (items,), standard errors of the scores, and `covariance`: (items, items), given the workers'
    reliabilities; NaN and None above MOST_ITEMS. `reliability`: (workers,), the chance that a worker says what it sees
    and not the opposite. `tie`: log weight of a tie, minus infinity if nobody said so. `compared`: (items,).
    """

    score: Floats
    error: Floats
    covariance: Floats | None
    reliability: Floats
    tie: float
    compared: Ints
    iterations: int
    converged: bool

    def order(self) -> Ints:
        """Things, the best first; among equals the first."""
        return np.argsort(-np.round(self.score, 9), kind="stable")

    def chances(self, left: Ints, right: Ints) -> Floats:
        """What a worker who says what it sees would say: (pairs, 3), the left, the right, a tie."""
        return _chances(self.score[left] - self.score[right], self.tie)

    def outlook(self, left: Ints, right: Ints) -> Floats:
        """The chance that the left thing is preferred by most, the right one, or a tie: (pairs, 3).

        Raises ValueError where there are too many things for a covariance.
        """
        if self.covariance is None:
            raise ValueError(f"more than {MOST_ITEMS} things: their errors are not known")
        variance = np.diag(self.covariance)
        spread = variance[left] + variance[right] - 2.0 * self.covariance[left, right]
        spread = np.sqrt(np.maximum(spread, 1e-12))
        apart = self.score[left] - self.score[right]
        # A tie is the likeliest word where the scores lie closer than this.
        near = 2.0 * max(0.0, self.tie)
        wins, loses = normal_tail((near - apart) / spread), normal_tail((near + apart) / spread)
        return np.stack([wins, loses, np.maximum(0.0, 1.0 - wins - loses)], axis=1)


def comparisons_of(
    left: ArrayLike,
    right: ArrayLike,
    worker: ArrayLike,
    outcome: ArrayLike,
    *,
    items: int | None = None,
    workers: int | None = None,
) -> Comparisons:
    """Checks and wraps four aligned integer arrays. Counts default to the highest number plus one.

    Raises AnswersInvalid for unequal lengths, numbers out of range, or a thing compared with itself.
    """
    names = ("left", "right", "worker", "outcome")
    columns = [ints(values, name) for values, name in zip((left, right, worker, outcome), names, strict=True)]
    sizes = {name: column.size for name, column in zip(names, columns, strict=True)}
    if len(set(sizes.values())) > 1:
        raise AnswersInvalid(f"the columns have different lengths: {sizes}")
    one, two, by, said = columns
    most = int(max(one.max(initial=-1), two.max(initial=-1))) + 1
    items, workers = most if items is None else items, int(by.max(initial=-1)) + 1 if workers is None else workers
    for name, column, count in (("left", one, items), ("right", two, items), ("worker", by, workers)):
        if column.min(initial=0) < 0 or column.max(initial=-1) >= count:
            raise AnswersInvalid(f"{name} numbers must lie in 0..{count - 1}")
    if (np.abs(said) > 1).any():
        raise AnswersInvalid(f"an outcome is {LEFT} (left), {TIE} (tie) or {RIGHT} (right)")
    if (one == two).any():
        raise AnswersInvalid(f"comparison {int(np.argmax(one == two))} compares a thing with itself")
    return Comparisons(one, two, by, said, items, workers)


def rank(
    data: Comparisons,
    *,
    reliability: bool = True,
    prior_deviation: float = PRIOR_DEVIATION,
    max_iterations: int = MAX_ITERATIONS,
) -> Ranking:
    """Scores from comparisons alone; things that nobody compared, and groups never compared, stay about zero.

    `reliability`: whether workers may differ; without it everybody says what they see. The prior, a normal
    distribution of `prior_deviation`, keeps what never lost finite. Expectation-maximisation over who said the
    opposite, each round one Newton step that never lowers the likelihood.
    """
    if not prior_deviation > 0.0:
        raise ValueError(f"prior_deviation must be above 0, not {prior_deviation}")
    model = _Model(data, prior_deviation)
    theta, tie = np.zeros(data.items), 0.0 if model.ties.any() else -np.inf
    trust = np.full(data.workers, CROWD_RELIABILITY if reliability else 1.0)
    iterations, converged = 0, data.size == 0
    while iterations < max_iterations and not converged:
        iterations += 1
        honest = model.honest(theta, tie, trust)
        moved_theta, moved_tie = model.step(theta, tie, honest)
        moved_trust = model.trust(honest) if reliability else trust
        moves = (moved_theta - theta, moved_trust - trust, moved_tie - tie if model.ties.any() else 0.0)
        converged = all(np.abs(move).max(initial=0.0) < _TOLERANCE for move in moves)
        theta, tie, trust = moved_theta, moved_tie, moved_trust
    covariance = model.covariance(theta, tie, trust) if 0 < data.items <= MOST_ITEMS else None
    error = np.full(data.items, np.nan) if covariance is None else np.sqrt(np.maximum(np.diag(covariance), 0.0))
    compared = np.bincount(data.left, minlength=data.items) + np.bincount(data.right, minlength=data.items)
    return Ranking(theta, error, covariance, trust, float(tie), compared, iterations, converged)


class _Model:
    """The likelihood of one set of comparisons, whose last parameter is the log weight of a tie."""

    def __init__(self, data: Comparisons, prior_deviation: float) -> None:
        self.data = data
        self.ties = data.outcome == TIE
        # Two things lie sqrt(2) deviations of one apart.
        self.precision = 2.0 / prior_deviation**2
        self.given = np.bincount(data.worker[~self.ties], minlength=data.workers)

    def honest(self, theta: Floats, tie: float, trust: Floats) -> Floats:
        """The chance that each worker said what it saw, (comparisons,); a tie is its own opposite."""
        chance = _chances(theta[self.data.left] - theta[self.data.right], tie)
        said = np.where(self.data.outcome == LEFT, chance[:, 0], chance[:, 1])
        other = np.where(self.data.outcome == LEFT, chance[:, 1], chance[:, 0])
        weight = trust[self.data.worker]
        found: Floats = np.where(self.ties, 1.0, weight * said / (weight * said + (1.0 - weight) * other))
        return found

    def trust(self, honest: Floats) -> Floats:
        """Each worker's share of what it said as it saw it, drawn towards the crowd's."""
        each = np.where(self.ties, 0.0, honest)
        sums = _sums(self.data.worker, each, self.data.workers)
        crowd = (sums.sum() + PRIOR_ANSWERS * CROWD_RELIABILITY) / (self.given.sum() + PRIOR_ANSWERS)
        found: Floats = (sums + PRIOR_ANSWERS * crowd) / (self.given + PRIOR_ANSWERS)
        return found

    def step(self, theta: Floats, tie: float, honest: Floats) -> tuple[Floats, float]:
        """One Newton step on the likelihood in which each comparison stands as it was said with chance `honest`."""
        data, items = self.data, self.data.items
        chance = _chances(theta[data.left] - theta[data.right], tie)
        pull = 0.5 * (data.outcome * (2.0 * honest - 1.0) - (chance[:, 0] - chance[:, 1]))
        slope = _sums(data.left, pull, items) - _sums(data.right, pull, items) - self.precision * theta
        last = float((self.ties - chance[:, 2]).sum()) - self.precision * tie if self.ties.any() else 0.0
        times, diagonal = self._curvature(chance, np.zeros(data.size))
        move = _solve(times, np.append(slope, last), diagonal)
        before, factor = self._value(theta, tie, honest), 1.0
        while factor > 1e-9:
            moved = theta + factor * move[:-1], tie + factor * float(move[-1])
            # The optimum has mean zero; rounding must not leave it.
            moved = moved[0] - moved[0].mean(), moved[1]
            if self._value(*moved, honest) >= before - 1e-12 * abs(before):
                return moved
            factor /= 2.0
        return theta, tie

    def covariance(self, theta: Floats, tie: float, trust: Floats) -> Floats:
        """Of the scores about their mean, (items, items), by the observed information (Louis 1982)."""
        data, items = self.data, self.data.items
        honest = self.honest(theta, tie, trust)
        chance = _chances(theta[data.left] - theta[data.right], tie)
        # What is not known of who said the opposite takes information away.
        for lost in (honest * (1.0 - honest), np.zeros(data.size)):
            times, _ = self._curvature(chance, np.where(self.ties, 0.0, lost))
            whole = self._dense(*times.parts)
            try:
                np.linalg.cholesky(whole)
            except np.linalg.LinAlgError:
                continue
            inverse = np.linalg.inv(whole)[:items, :items]
            centred: Floats = inverse - inverse.mean(axis=0) - inverse.mean(axis=1)[:, None] + inverse.mean()
            return centred
        raise AssertionError("with nothing taken away the information is positive")

    def _value(self, theta: Floats, tie: float, honest: Floats) -> float:
        apart = theta[self.data.left] - theta[self.data.right]
        logs = _log_chances(apart, tie)
        as_said = np.where(self.data.outcome == LEFT, logs[:, 0], logs[:, 1])
        turned = np.where(self.data.outcome == LEFT, logs[:, 1], logs[:, 0])
        each = np.where(self.ties, logs[:, 2], honest * as_said + (1.0 - honest) * turned)
        prior = float(theta @ theta) + (tie * tie if self.ties.any() else 0.0)
        return float(each.sum()) - self.precision * prior / 2.0

    def _curvature(self, chance: Floats, lost: Floats) -> tuple[_Curvature, Floats]:
        lead = chance[:, 0] - chance[:, 1]
        apart = 0.25 * (chance[:, 0] + chance[:, 1] - lead**2) - lost
        cross = -0.5 * lead * chance[:, 2]
        last = chance[:, 2] * (1.0 - chance[:, 2])
        times = _Curvature(self.data, self.precision, apart, cross, float(last.sum()))
        items = self.data.items
        diagonal = _sums(self.data.left, apart, items) + _sums(self.data.right, apart, items)
        return times, np.append(diagonal, last.sum()) + self.precision

    def _dense(self, apart: Floats, cross: Floats, last: float) -> Floats:
        data, items = self.data, self.data.items
        table = _sums(data.left * items + data.right, -apart, items * items).reshape(items, items)
        table = table + table.T
        table[np.diag_indices(items)] -= table.sum(axis=1)
        edge = _sums(data.left, cross, items) - _sums(data.right, cross, items)
        whole: Floats = np.block([[table, edge[:, None]], [edge[None, :], np.array([[last]])]])
        whole[np.diag_indices(items + 1)] += self.precision
        return whole


@dataclass(frozen=True)
class _Curvature:
    """Minus the second derivatives as a linear map, without a table of things by things."""

    data: Comparisons
    precision: float
    apart: Floats
    cross: Floats
    last: float

    @property
    def parts(self) -> tuple[Floats, Floats, float]:
        return self.apart, self.cross, self.last

    def __call__(self, vector: Floats) -> Floats:
        data, tie = self.data, float(vector[-1])
        each = vector[data.left] - vector[data.right]
        flow = self.apart * each + self.cross * tie
        found = _sums(data.left, flow, data.items) - _sums(data.right, flow, data.items)
        return np.append(found, float(self.cross @ each) + self.last * tie) + self.precision * vector


def _solve(times: Callable[[Floats], Floats], target: Floats, diagonal: Floats) -> Floats:
    """Conjugate gradients, scaled by the diagonal: a Newton step needs no table and no last digit."""
    found = np.zeros_like(target)
    left = target.copy()
    goal = 1e-8 * float(target @ target)
    scaled = left / diagonal
    way, power = scaled, float(left @ scaled)
    for _ in range(4 * target.size):
        if float(left @ left) <= goal:
            break
        image = times(way)
        step = power / float(way @ image)
        found = found + step * way
        left = left - step * image
        scaled = left / diagonal
        before, power = power, float(left @ scaled)
        way = scaled + power / before * way
    return found


def _sums(place: Ints, weight: Floats, size: int) -> Floats:
    """What falls on each of `size` places."""
    return np.bincount(place, weights=weight, minlength=size).astype(np.float64, copy=False)


def _log_chances(apart: Floats, tie: float) -> Floats:
    """Log chances of left, right and tie for things whose scores lie `apart`: (pairs, 3)."""
    weights = np.stack([apart / 2.0, -apart / 2.0, np.full(apart.shape, tie)], axis=1)
    top = weights.max(axis=1, keepdims=True)
    found: Floats = weights - top - np.log(np.exp(weights - top).sum(axis=1, keepdims=True))
    return found


def _chances(apart: Floats, tie: float) -> Floats:
    found: Floats = np.exp(_log_chances(apart, tie))
    return found
