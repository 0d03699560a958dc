"""The pace of a batch is what the chain's times say, worker by worker."""

from __future__ import annotations

import random

from backend.pay.pace import Event, Pace, pace_of, timings_of, units_per_hour

_transactions = iter(range(10**9))


def claim(at: int, count: int, transaction: str | None = None) -> Event:
    return Event(at, False, at, count, transaction or f"0x{next(_transactions)}")


def submission(at: int, count: int, transaction: str | None = None) -> Event:
    return Event(at, True, at, count, transaction or f"0x{next(_transactions)}")


def test_a_packet_of_ten_in_fifty_seconds_is_five_seconds_each() -> None:
    assert timings_of([claim(100, 10), submission(150, 10)]) == [(5_000, 10)]


def test_the_second_submission_of_a_claim_counts_from_the_first() -> None:
    assert timings_of([claim(0, 10), submission(20, 5), submission(50, 5)]) == [(4_000, 5), (6_000, 5)]


def test_a_claim_made_while_another_is_open_counts_from_the_submission_before() -> None:
    found = timings_of([claim(0, 2), claim(1, 2), submission(20, 2), submission(30, 2)])
    assert found == [(10_000, 2), (5_000, 2)]


def test_a_pause_between_two_claims_is_nobodys_work() -> None:
    found = timings_of([claim(0, 1), submission(7, 1), claim(10_000, 1), submission(10_009, 1)])
    assert found == [(7_000, 1), (9_000, 1)]


def test_work_that_was_claimed_as_it_was_submitted_has_no_time() -> None:
    assert timings_of([claim(5, 3, "0xa"), submission(5, 3, "0xa")]) == []
    assert pace_of([[claim(5, 3, "0xa"), submission(5, 3, "0xa")]]) == Pace()


def test_work_within_one_second_of_the_chain_took_at_most_that_second() -> None:
    assert timings_of([claim(5, 4), submission(5, 4)]) == [(250, 4)]


def test_quartiles_are_over_assignments_not_over_packets() -> None:
    slow = [claim(0, 1), submission(1_000, 1)]
    workers = [[claim(0, 10), submission(50, 10)], [claim(0, 10), submission(80, 10)], slow]
    assert pace_of(workers) == Pace(assignments=21, workers=3, fast_ms=5_000, median_ms=8_000, slow_ms=8_000)


def test_the_order_of_rows_and_workers_changes_nothing() -> None:
    rng = random.Random(3)
    workers = [
        [event for n in range(5) for event in (claim(n * 100, 3), submission(n * 100 + rng.randrange(1, 60), 3))]
        for _ in range(6)
    ]
    expected = pace_of(workers)
    for events in workers:
        rng.shuffle(events)
    rng.shuffle(workers)
    assert pace_of(workers) == expected
    assert (expected.assignments, expected.workers) == (90, 6)


def test_pay_an_hour_is_whole_units_rounded_down() -> None:
    assert units_per_hour(50_000, 5_000) == 36_000_000
    assert units_per_hour(1, 7_000) == 514
