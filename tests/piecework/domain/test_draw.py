"""The draw: the same for everybody who computes it, other for each block, fair to each candidate."""

from __future__ import annotations

import hashlib
from collections import Counter

import pytest

from piecework.domain.draw import ACCEPT, REJECT, DrawRules, decided, missing, ranked

PEOPLE = [f"0x{number:040x}" for number in range(1, 9)]
RULES = DrawRules(reviewers=3, quorum=2, most=5)


def digest(number: int) -> str:
    return "0x" + hashlib.sha256(str(number).encode()).hexdigest()


def test_a_ranking_follows_from_block_submission_task_and_candidates_alone() -> None:
    order = ranked(digest(1), digest(2), "t0", PEOPLE)

    assert order == ranked(digest(1), digest(2), "t0", reversed(PEOPLE))
    assert sorted(order) == PEOPLE
    for other in ((digest(3), digest(2), "t0"), (digest(1), digest(3), "t0"), (digest(1), digest(2), "t1")):
        assert ranked(*other, PEOPLE) != order
    assert ranked(digest(1), digest(2), "t0", PEOPLE[1:]) == [name for name in order if name != PEOPLE[0]]


def test_each_candidate_comes_first_about_as_often() -> None:
    """4,000 draws among 8: 500 each, with a standard deviation of 21."""
    first = Counter(ranked(digest(number), digest(0), "t0", PEOPLE)[0] for number in range(4_000))

    assert all(400 < first[name] < 600 for name in PEOPLE), first


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
