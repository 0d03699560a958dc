"""Tail probabilities, exact where counts are small, with numpy alone."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np

from piecework.quality.answers import Floats, Ints

SMALLEST = 1e-300
# Cells of the table in which sums of unlike coins are counted: what stays in a processor's cache.
_CELLS = 50_000


def normal_tail(deviations: Floats) -> Floats:
    """The chance of a standard normal number above each of `deviations`."""
    tail: Floats = np.array([0.5 * math.erfc(z / math.sqrt(2.0)) for z in np.ravel(deviations)], dtype=np.float64)
    return tail.reshape(np.shape(deviations))


def normal_deviations(tail: Floats) -> Floats:
    """The inverse of `normal_tail`."""
    standard = NormalDist()
    return np.array([-standard.inv_cdf(float(p)) for p in np.clip(tail, SMALLEST, 1.0 - 1e-16)])


def coins_tail(chance: Floats, group: Ints, heads: Ints) -> Floats:
    """For each group the chance of at least `heads` (groups,) heads among its unlike coins; exact.

    `chance`, `group`: (coins,), the coin's chance of heads and its group, `group` sorted. This is the Poisson binomial
    distribution, counted coin by coin: heads below the bound, or tails up to it, whichever are fewer.
    """
    coins = np.bincount(group, minlength=heads.size)
    first = np.cumsum(coins) - coins
    tail = np.where(heads > coins, 0.0, 1.0)
    asked = (heads > 0) & (heads <= coins)
    few = asked & (2 * heads <= coins)
    for which, kept, flip in ((few, heads, False), (asked & ~few, coins - heads + 1, True)):
        places = np.flatnonzero(which)
        # Groups of like size go together, so that padding costs little.
        order = places[np.lexsort((kept[places], coins[places]))]
        start = 0
        while start < order.size:
            alike = order[start:][coins[order[start:]] <= 1.3 * coins[order[start]] + 4]
            block = alike[: max(1, _CELLS // int(kept[alike].max()))]
            reached, below = _count(chance, first[block], coins[block], kept[block], flip=flip)
            tail[block] = below if flip else reached
            start += block.size
    return np.minimum(tail, 1.0)


def _count(chance: Floats, first: Ints, coins: Ints, bound: Ints, *, flip: bool) -> tuple[Floats, Floats]:
    """The chances of at least `bound` heads (with `flip`: tails) and of fewer, each summed up by itself, so that no
    digit is lost to 1 - x."""
    ways = np.zeros((bound.size, int(bound.max())))
    ways[:, 0] = 1.0
    reached = np.zeros(bound.size)
    rows = np.arange(bound.size)
    is_over = np.arange(ways.shape[1]) >= bound[:, None]
    for step in range(int(coins.max(initial=0))):
        thrown = step < coins
        p = np.where(thrown, chance[np.where(thrown, first + step, 0)], float(flip))
        p = 1.0 - p if flip else p
        reached += ways[rows, bound - 1] * p
        moved = ways[:, :-1] * p[:, None]
        ways *= (1.0 - p)[:, None]
        ways[:, 1:] += moved
        ways[is_over] = 0.0
    return reached, ways.sum(axis=1)


def log_choose(most: int) -> Floats:
    """log n! for n in 0..most: the table from which binomial coefficients are read."""
    return np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, most + 1)))])


def hypergeometric(total: int, marked: int, drawn: int, log_factorial: Floats) -> Floats:
    """Chance of each count 0..drawn of marked ones when `drawn` of `total` are taken, `marked` of them marked."""
    count = np.arange(drawn + 1)
    possible = (count <= marked) & (drawn - count <= total - marked)
    count = np.where(possible, count, 0 if drawn <= total - marked else drawn - (total - marked))
    f = log_factorial
    log_chance = (
        f[marked] - f[count] - f[marked - count]
        + f[total - marked] - f[drawn - count] - f[total - marked - drawn + count]
        - f[total] + f[drawn] + f[total - drawn]
    )  # fmt: skip
    return np.where(possible, np.exp(log_chance), 0.0)


def discoveries(p_value: Floats, rate: float) -> float:
    """The largest p-value that may be believed so that of those believed at most `rate` are false in the mean; 0 if
    none may.

    Y. Benjamini, Y. Hochberg, "Controlling the False Discovery Rate" (1995).
    """
    ordered = np.sort(p_value)
    allowed = rate * np.arange(1, ordered.size + 1) / max(1, ordered.size)
    passed = np.flatnonzero(ordered <= allowed)
    return float(ordered[passed[-1]]) if passed.size else 0.0
