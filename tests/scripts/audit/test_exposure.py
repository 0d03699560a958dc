"""The audit counts the known answers that each worker was given."""

from __future__ import annotations

from scripts.audit.books import Claim
from scripts.audit.exposure import check_exposure
from scripts.audit.report import Report
from tests.scripts.audit.auditing import count_of

KNOWN = {"k1", "k2", "k3"}


def report_of(*packets: tuple[str, list[str] | None]) -> Report:
    """Claims of workers with their tasks, at a share of 0.2."""
    report = Report()
    claims = [Claim(worker, len(tasks or ()), 1, "0x", 0) for worker, tasks in packets]
    check_exposure(report, "batch", claims, [tasks for _, tasks in packets], KNOWN, 0.2)
    return report


def test_one_known_answer_is_always_allowed_and_then_one_in_five() -> None:
    report = report_of(("ada", ["k1"]), ("bob", ["a", "b"]), ("ada", [f"t{n}" for n in range(8)] + ["k2"]))

    assert report.exit_code == 0
    assert count_of(report.as_json(), "gold_exposure") == 3


def test_a_worker_who_was_given_too_many_is_named_even_if_it_evens_out_later() -> None:
    report = report_of(("ada", ["k1", "k2", "a"]), ("ada", [f"t{n}" for n in range(20)]), ("bob", ["k1"]))

    assert [item["subject"] for item in report.differs] == ["ada in batch"]
    assert "2 of 3" in report.differs[0]["found"]


def test_after_a_lost_list_nothing_is_said_of_its_worker() -> None:
    report = report_of(("ada", None), ("ada", ["k1", "k2"]), ("bob", ["k1"]))

    assert count_of(report.as_json(), "gold_exposure") == 1
