"""A requester's report over HTTP: for its requester alone, from the chain's counts and the crowd's answers."""

from __future__ import annotations

from typing import Any

import pytest

from backend.reports.markup import policy
from backend.reports.style import STYLE
from tests.backend.house import REWARD_UNITS, House, is_problem, verdict
from tests.backend.relay.market import digest_of
from tests.backend.reports.reading import HOSTILE, Page


def path(batch_id: str) -> str:
    return f"/v1/batches/{batch_id}/report"


@pytest.fixture(scope="module")
def measured(house: House) -> tuple[Any, str, list[Any]]:
    """Three people and four tasks of four, one known; the first is paid, the last rejected."""
    requester, workers = house.requester(), [house.wallet() for _ in range(3)]
    batch_id = house.funded(requester, tasks=4, answers_per_task=3, title=HOSTILE[1], gold={"t0": "cat"})
    offers = [
        house.submitted(worker, batch_id, answer, count=4)
        for worker, answer in zip(workers, ("cat", "cat", "dog"), strict=True)
    ]
    verdicts = [verdict(workers[0], task) for task in offers[0]["tasks"]]
    verdicts += [verdict(workers[2], "t3", "rejected", "there is no dog")]
    house.settled(house.proposed(batch_id, verdicts))
    return requester, batch_id, workers


def test_the_report_counts_labels_people_and_money(house: House, measured: Any) -> None:
    requester, batch_id, workers = measured
    paid = lambda found: found["cost"]["paid_units"] == str(4 * REWARD_UNITS)  # noqa: E731
    found = house.until(lambda: house.get(requester, path(batch_id)), paid)
    assert (found["tasks"], found["labelled"], found["answers"], found["workers"]) == (4, 4, 12, 3)
    assert {row["label"]: row["tasks"] for row in found["labels"]} == {"cat": 4}
    assert found["status"] == "waiting for decisions"
    assert found["accuracy"]["known_answers"]["value"] == 1.0
    assert found["accuracy"]["known_answers"]["count"] == 1
    estimate = found["accuracy"]["estimate"]
    assert 0 <= estimate["low"] < estimate["value"] < estimate["high"] <= 1
    assert found["agreement"]["pairwise"]["value"] == pytest.approx(1 / 3, abs=1e-6)
    people = {row["worker"]: row for row in found["people"]}
    assert set(people) == {worker.address for worker in workers}
    first, last = people[workers[0].address], people[workers[2].address]
    assert first["accuracy"] > last["accuracy"]
    assert (first["accepted"], first["rejected"], first["known_right"]) == (4, 0, 1)
    assert (last["accepted"], last["rejected"], last["known_right"], last["known_seen"]) == (0, 1, 0, 1)
    assert [row["task"] for row in found["relabel"]]
    assert found["method"]["name"] == "piecework-labels"


def test_every_unit_that_was_locked_is_somewhere(house: House, measured: Any) -> None:
    requester, batch_id, _ = measured
    cost = house.get(requester, path(batch_id))["cost"]
    parts = ("paid_units", "operator_fee_units", "returned_units", "held_units")
    assert sum(int(cost[name]) for name in parts) == int(cost["funded_units"]) > 0


def test_the_page_comes_with_a_policy_that_allows_nothing(house: House, measured: Any) -> None:
    requester, batch_id, _ = measured
    headers = {"authorization": f"Bearer {house.token(requester)}"}
    browser = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    for query, extra in (({"format": "html"}, {}), ({}, browser)):
        answer = house.client.get(path(batch_id), params=query, headers=headers | extra)
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert answer.headers["content-security-policy"] == policy(STYLE)
        assert "default-src 'none'" in policy(STYLE)
        assert "frame-ancestors 'none'" in policy(STYLE)
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "private, no-store"
        page = Page(answer.text)
        assert page.problems() == []
        assert HOSTILE[1] in page.words
        assert batch_id in page.words


def test_only_the_requester_reads_it(house: House, measured: Any) -> None:
    requester, batch_id, workers = measured
    for who in (workers[0], house.reviewers()[0], house.wallet()):
        house.refused(who, path(batch_id), None, 403, "not_your_batch", method="GET")
    house.refused(None, path(batch_id), None, 401, "not_signed_in", method="GET")
    house.refused(requester, path(digest_of(9)), None, 404, "batch_unknown", method="GET")
    house.refused(requester, path("0x12"), None, 422, "malformed_request", method="GET")
    asked = house.client.get(
        path(batch_id), params={"format": "pdf"}, headers={"authorization": f"Bearer {house.token(requester)}"}
    )
    assert is_problem(asked)["code"] == "malformed_request"


def test_a_batch_without_answers_has_no_report_yet(house: House) -> None:
    requester = house.requester()
    house.refused(requester, path(house.funded(requester, 1)), None, 409, "report_not_ready", method="GET")
