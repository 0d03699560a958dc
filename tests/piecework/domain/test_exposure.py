"""How many known answers one worker may be given."""

from __future__ import annotations

import pytest

from piecework.domain.exposure import default_share, most_known


@pytest.mark.parametrize(
    ("known", "tasks", "share"),
    [(1, 100, 0.2), (16, 100, 0.2), (40, 100, 0.5), (50, 300, 0.208334), (3, 3, 1.0), (9, 10, 1.0)],
)
def test_the_share_is_a_quarter_above_the_batch_s_own_and_at_least_a_fifth(
    known: int, tasks: int, share: float
) -> None:
    assert default_share(known, tasks) == share


def test_one_is_always_allowed_and_the_share_is_rounded_down() -> None:
    assert [most_known(0.2, given) for given in (0, 1, 5, 9, 10, 14, 15)] == [1, 1, 1, 1, 2, 2, 3]


def test_a_worker_who_does_everything_may_do_every_known_answer() -> None:
    for tasks in range(1, 40):
        for known in range(1, tasks + 1):
            assert most_known(default_share(known, tasks), tasks) >= known
