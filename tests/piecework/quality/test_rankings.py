"""Rankings against published figures, slow computations of another kind, and laws that they must obey."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from piecework.quality.answers import AnswersInvalid, Floats
from piecework.quality.rankings import LEFT, RIGHT, TIE, Comparisons, Ranking, comparisons_of, rank

# A. Agresti, "Categorical Data Analysis" (2002), section 10.6.2: wins of row over column, American League 1987.
TEAMS = ["Milwaukee", "Detroit", "Toronto", "New York", "Boston", "Cleveland", "Baltimore"]
WINS = [
    [0, 7, 9, 7, 7, 9, 11],
    [6, 0, 7, 5, 11, 9, 9],
    [4, 6, 0, 7, 7, 8, 12],
    [6, 8, 6, 0, 6, 7, 10],
    [6, 2, 6, 7, 0, 7, 12],
    [4, 4, 5, 6, 6, 0, 6],
    [2, 4, 1, 3, 1, 7, 0],
]
PUBLISHED = [1.58, 1.44, 1.29, 1.25, 1.11, 0.68, 0.0]


def season() -> Comparisons:
    games = [(i, j) for i, j in itertools.permutations(range(7), 2) for _ in range(WINS[i][j])]
    left, right = zip(*games, strict=True)
    return comparisons_of(left, right, [0] * len(games), [LEFT] * len(games))


def drawn(seed: int, *, items: int = 12, workers: int = 20, per_worker: int = 60, ties: float = 0.0) -> Comparisons:
    """Workers 0, 5, 10, ... guess; the others say what they see. `ties`: weight of a tie."""
    random = np.random.default_rng(seed)
    worker = np.repeat(np.arange(workers), per_worker)
    left = random.integers(items, size=worker.size)
    right = (left + random.integers(1, items, size=worker.size)) % items
    apart = true_scores(items)[left] - true_scores(items)[right]
    weights = np.stack([np.exp(apart / 2), np.exp(-apart / 2), np.full(apart.size, ties)], axis=1)
    weights[worker % 5 == 0] = [1.0, 1.0, ties]
    said = (random.random(worker.size)[:, None] > np.cumsum(weights / weights.sum(1, keepdims=True), 1)).sum(1)
    return comparisons_of(left, right, worker, np.array([LEFT, RIGHT, TIE])[said], items=items, workers=workers)


def true_scores(items: int) -> Floats:
    return np.linspace(2.0, -2.0, items)


def test_a_published_example_comes_out_to_the_printed_digits() -> None:
    found = rank(season(), reliability=False, prior_deviation=1e4)
    assert np.round(found.score - found.score[-1], 2).tolist() == PUBLISHED
    assert [TEAMS[i] for i in found.order()] == TEAMS
    apart = np.sqrt(found.covariance[0, 0] + found.covariance[6, 6] - 2 * found.covariance[0, 6])  # type: ignore[index]
    assert apart == pytest.approx(0.34, abs=0.01), "the printed error of Milwaukee against Baltimore"


def test_without_a_prior_the_scores_are_those_of_hunters_algorithm() -> None:
    """D. R. Hunter, "MM Algorithms for Generalized Bradley-Terry Models" (2004), written out plainly."""
    power = [1.0] * 7
    for _ in range(2_000):
        wins = [sum(row) for row in WINS]
        games = [
            [(WINS[i][j] + WINS[j][i]) / (power[i] + power[j]) if i != j else 0 for j in range(7)] for i in range(7)
        ]
        power = [wins[i] / sum(games[i]) for i in range(7)]
    logs = np.log(power)
    found = rank(season(), reliability=False, prior_deviation=1e5)
    assert found.score == pytest.approx(logs - logs.mean(), abs=1e-6)


def posterior(data: Comparisons, theta: Floats, tie: float, trust: Floats, deviation: float) -> float:
    """Log posterior of Davidson's model with Crowd-BT's workers, comparison by comparison."""
    total = -(float(theta @ theta) + (tie**2 if math.isfinite(tie) else 0.0)) / deviation**2
    for i, j, w, said in zip(data.left, data.right, data.worker, data.outcome, strict=True):
        left, right = math.exp(theta[i]), math.exp(theta[j])
        even = math.exp(tie) * math.sqrt(left * right) if math.isfinite(tie) else 0.0
        win, lose = (left, right) if said == LEFT else (right, left)
        seen = even if said == TIE else trust[w] * win + (1 - trust[w]) * lose
        total += math.log(seen / (left + right + even))
    return total


@pytest.mark.parametrize(("reliability", "ties"), [(False, 0.0), (False, 0.7), (True, 0.0), (True, 0.7)])
def test_no_step_in_any_direction_explains_the_comparisons_better(*, reliability: bool, ties: float) -> None:
    data = drawn(1, items=6, workers=10, per_worker=30, ties=ties)
    found = rank(data, reliability=reliability)
    best = posterior(data, found.score, found.tie, found.reliability, 2.0)
    assert found.converged
    for item in range(6):
        for step in (-1e-3, 1e-3):
            moved = found.score + step * (np.arange(6) == item)
            assert posterior(data, moved, found.tie, found.reliability, 2.0) < best
    if ties:
        for step in (-1e-3, 1e-3):
            assert posterior(data, found.score, found.tie + step, found.reliability, 2.0) < best
    assert (found.tie == -math.inf) == (not ties)


@pytest.mark.parametrize(("reliability", "ties"), [(False, 0.7), (True, 0.7), (True, 0.0)])
def test_errors_are_those_of_the_curvature_taken_numerically(*, reliability: bool, ties: float) -> None:
    data = drawn(2, items=5, workers=10, per_worker=40, ties=ties)
    found = rank(data, reliability=reliability)
    size, step = 5 + bool(ties), 1e-3

    def value(move: Floats) -> float:
        tie = found.tie + move[5] if ties else found.tie
        return posterior(data, found.score + move[:5], tie, found.reliability, 2.0)

    curve = np.zeros((size, size))
    for i, j in itertools.product(range(size), repeat=2):
        a, b = step * np.eye(size)[i], step * np.eye(size)[j]
        curve[i, j] = -(value(a + b) - value(a - b) - value(b - a) + value(-a - b)) / (4 * step**2)
    centre = np.eye(5) - 1 / 5
    slow = centre @ np.linalg.inv(curve)[:5, :5] @ centre
    assert found.covariance == pytest.approx(slow, rel=1e-3, abs=1e-5)
    assert found.error == pytest.approx(np.sqrt(np.diag(slow)), rel=1e-3)


def test_scores_of_simulated_things_are_found_and_their_errors_are_honest() -> None:
    """Nine tenths and more of the true scores lie within two errors; within a quarter of that they would not."""
    inside = narrow = 0
    for seed in range(25):
        found = rank(drawn(seed, ties=0.5))
        off = np.abs(found.score - true_scores(12)) / found.error
        inside, narrow = inside + int((off < 2).sum()), narrow + int((off < 0.5).sum())
        assert np.corrcoef(found.score, true_scores(12))[0, 1] > 0.95
        assert abs(found.tie - math.log(0.5)) < 0.5
    assert inside >= 0.88 * 25 * 12
    assert narrow < 0.6 * 25 * 12


def test_workers_who_guess_or_turn_everything_round_are_told_apart_and_weigh_less() -> None:
    data = drawn(3, per_worker=80)
    turned = data.outcome * np.where(data.worker == 1, -1, 1)
    data = comparisons_of(data.left, data.right, data.worker, turned, items=12, workers=20)
    found, plain = rank(data), rank(data, reliability=False)
    guess = found.reliability[::5]
    honest = np.delete(found.reliability, [*range(0, 20, 5), 1])
    assert found.reliability[1] < 0.2
    assert guess.max() < honest.min()
    right = np.abs(found.score - true_scores(12)).mean()
    assert right < 0.7 * np.abs(plain.score - true_scores(12)).mean()


comparison = st.tuples(st.integers(0, 4), st.integers(1, 4), st.integers(0, 2), st.sampled_from([LEFT, TIE, RIGHT]))


def made(rows: list[tuple[int, int, int, int]]) -> Comparisons:
    left, step, worker, outcome = (np.array(column, dtype=np.int64) for column in zip(*rows, strict=True))
    return comparisons_of(left, (left + step) % 5, worker, outcome, items=5, workers=3)


def close(one: Ranking, other: Ranking) -> bool:
    return bool(
        np.allclose(one.score, other.score, atol=1e-4) and np.allclose(one.reliability, other.reliability, atol=1e-4)
    )


@settings(max_examples=60, deadline=None)
@given(st.lists(comparison, min_size=1, max_size=30), st.randoms(use_true_random=False))
def test_order_sides_and_names_change_nothing(rows, random) -> None:  # type: ignore[no-untyped-def]
    data = made(rows)
    plain = rank(data)
    assert np.isfinite(plain.score).all(), "neither what never lost nor what nobody compared is infinite"
    assert abs(plain.score.sum()) < 1e-6
    order, items, workers = list(range(data.size)), list(range(5)), list(range(3))
    for names in (order, items, workers):
        random.shuffle(names)
    assert close(plain, rank(data.take(np.array(order))))
    sides = comparisons_of(data.right, data.left, data.worker, -data.outcome, items=5, workers=3)
    assert close(plain, rank(sides))
    new, by = np.array(items), np.array(workers)
    named = rank(comparisons_of(new[data.left], new[data.right], by[data.worker], data.outcome, items=5, workers=3))
    assert np.allclose(named.score[new], plain.score, atol=1e-4)
    assert np.allclose(named.reliability[by], plain.reliability, atol=1e-4)


def test_the_same_comparisons_give_the_same_digits() -> None:
    one, two = rank(drawn(4, ties=0.3)), rank(drawn(4, ties=0.3))
    assert one.score.tobytes() == two.score.tobytes()
    assert one.reliability.tobytes() == two.reliability.tobytes()


def test_what_never_lost_leads_and_groups_that_never_met_are_not_known_apart() -> None:
    data = comparisons_of([0, 0, 0, 3], [1, 1, 1, 4], [0, 1, 2, 0], [LEFT] * 4, items=6)
    found = rank(data)
    assert 0 < found.score[0] < 6
    assert found.score[5] == pytest.approx(0.0)
    assert found.compared.tolist() == [3, 3, 0, 1, 1, 0]
    wide = found.outlook(np.array([0]), np.array([3]))[0, 0]
    assert 0.1 < wide < 0.9
    assert found.outlook(np.array([0]), np.array([1]))[0, 0] > wide


def test_ties_alone_make_all_equal_and_a_tie_the_outlook() -> None:
    data = comparisons_of([0, 1, 2] * 8, [1, 2, 0] * 8, range(24), [TIE] * 24)
    found = rank(data)
    assert found.score == pytest.approx([0, 0, 0], abs=1e-9)
    assert 0 < found.tie < 10
    assert found.outlook(np.array([0]), np.array([1]))[0].argmax() == 2
    assert found.chances(np.array([0]), np.array([1]))[0, 2] > 0.5


def test_nothing_to_compare_is_no_error() -> None:
    found = rank(comparisons_of([], [], [], [], items=3, workers=2))
    assert found.score.tolist() == [0, 0, 0]
    assert found.converged
    assert rank(comparisons_of([], [], [], [])).score.size == 0


def test_many_things_and_comparisons_take_no_table_of_things_by_things() -> None:
    random = np.random.default_rng(5)
    left = random.integers(5_000, size=40_000)
    right = (left + random.integers(1, 5_000, size=left.size)) % 5_000
    true = random.normal(size=5_000)
    said = np.where(random.random(left.size) < 1 / (1 + np.exp(true[right] - true[left])), LEFT, RIGHT)
    found = rank(comparisons_of(left, right, random.integers(300, size=left.size), said), max_iterations=10)
    assert np.corrcoef(found.score, true)[0, 1] > 0.8
    assert found.covariance is None
    assert np.isnan(found.error).all()
    with pytest.raises(ValueError, match="2000 things"):
        found.outlook(np.array([0]), np.array([1]))


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (([0], [0], [0], [LEFT]), "compares a thing with itself"),
        (([0], [1], [0], [2]), "an outcome is"),
        (([0], [1], [0], []), "different lengths"),
        (([0], [-1], [0], [LEFT]), "right numbers"),
        (([0.5], [1], [0], [LEFT]), "flat array of integers"),
    ],
)
def test_comparisons_that_make_no_sense_are_refused(columns: tuple[list[int], ...], message: str) -> None:
    with pytest.raises(AnswersInvalid, match=message):
        comparisons_of(*columns)
