"""The draw: the same for everybody who computes it, other for each block, fair to each candidate."""

from __future__ import annotations

import hashlib
from collections import Counter

import pytest

from piecework.domain.draw import ACCEPT, REJECT, DrawRules, decided, missing, ranked

PEOPLE = [f"0x{number:040x}" for number in range(1, 9)]
ALIKE = dict.fromkeys(PEOPLE, 1)
RULES = DrawRules(reviewers=3, quorum=2, most=5)


def digest(number: int) -> str:
    return "0x" + hashlib.sha256(str(number).encode()).hexdigest()


def test_a_ranking_follows_from_block_submission_task_and_candidates_alone() -> None:
    order = ranked(digest(1), digest(2), "t0", ALIKE)

    assert order == ranked(digest(1), digest(2), "t0", dict.fromkeys(reversed(PEOPLE), 1))
    assert sorted(order) == PEOPLE
    for other in ((digest(3), digest(2), "t0"), (digest(1), digest(3), "t0"), (digest(1), digest(2), "t1")):
        assert ranked(*other, ALIKE) != order
    assert ranked(digest(1), digest(2), "t0", dict.fromkeys(PEOPLE[1:], 1)) == [
        name for name in order if name != PEOPLE[0]
    ]


def test_each_candidate_comes_first_about_as_often() -> None:
    """4,000 draws among 8: 500 each, with a standard deviation of 21."""
    first = Counter(ranked(digest(number), digest(0), "t0", ALIKE)[0] for number in range(4_000))

    assert all(400 < first[name] < 600 for name in PEOPLE), first


def test_one_order_whatever_all_weigh_if_they_weigh_alike() -> None:
    """And that of the bare hashes, which earlier draws were made by."""
    order = ranked(digest(1), digest(2), "t0", ALIKE)

    seed = hashlib.sha256(b"piecework/draw/1\0" + bytes.fromhex(digest(1)[2:] + digest(2)[2:]) + b"t0").digest()
    assert order == sorted(PEOPLE, key=lambda name: hashlib.sha256(seed + bytes.fromhex(name[2:])).digest())
    for weight in (7, 10**12, 2**96):
        assert ranked(digest(1), digest(2), "t0", dict.fromkeys(PEOPLE, weight)) == order


def test_who_weighs_three_times_as_much_comes_first_three_times_as_often() -> None:
    """4,000 draws: 3/4 of them, with a standard deviation of 27; and nobody of weight nothing."""
    weights = {PEOPLE[0]: 3_000_000, PEOPLE[1]: 1_000_000, PEOPLE[2]: 0}
    orders = [ranked(digest(number), digest(0), "t0", weights) for number in range(4_000)]

    assert 2_850 < sum(order[0] == PEOPLE[0] for order in orders) < 3_150
    assert all(sorted(order) == PEOPLE[:2] for order in orders)


def test_splitting_oneself_up_gains_no_first_place() -> None:
    """A tenth of the weight, in one address or in fifty: a tenth of 1,000 draws, with a standard deviation of 9."""
    honest = dict.fromkeys(PEOPLE, 1_125_000)  # nine millions of ten
    crowd = {f"0x{number:040x}": 20_000 for number in range(100, 150)}
    for ring in ({f"0x{100:040x}": 1_000_000}, crowd):
        first = [ranked(digest(number), digest(0), "t0", honest | ring)[0] for number in range(1_000)]
        assert 50 < sum(name in ring for name in first) < 150

    alike = [ranked(digest(n), digest(0), "t0", dict.fromkeys([*honest, *crowd], 1))[0] for n in range(300)]
    assert sum(name in crowd for name in alike) > 220, "the planted bug: all weigh alike"


@pytest.mark.parametrize(
    ("verdicts", "outcome"),
    [
        ([], None),
        ([ACCEPT], None),
        ([ACCEPT, REJECT], None),
        ([ACCEPT, ACCEPT], ACCEPT),
        ([REJECT, ACCEPT, REJECT], REJECT),
        ([ACCEPT, REJECT, REJECT, ACCEPT], REJECT),
    ],
)
def test_what_first_comes_to_the_quorum_decides(verdicts: list[str], outcome: str | None) -> None:
    assert decided(verdicts, RULES) == outcome


@pytest.mark.parametrize(
    ("verdicts", "drawn", "is_waiting", "more"),
    [
        ([], 0, False, 3),
        ([ACCEPT, REJECT], 3, True, 0),
        ([ACCEPT, REJECT], 3, False, 1),
        ([], 3, False, 2),
        ([], 4, False, 1),
        ([], 5, False, 0),
        ([ACCEPT, ACCEPT], 3, False, 0),
    ],
)
def test_more_are_drawn_as_far_as_a_decision_needs_and_the_cap_allows(
    verdicts: list[str], drawn: int, is_waiting: bool, more: int
) -> None:
    assert missing(verdicts, drawn, RULES, is_waiting=is_waiting) == more
