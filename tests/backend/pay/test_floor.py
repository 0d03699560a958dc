"""Pay an hour is public, and a batch below the operator's floor is refused with the number that passes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from backend.pay import floor
from backend.settings import GatewaySettings
from tests.backend.house import House, open_house

FLOOR = 3_000_000


@pytest.fixture(scope="module")
def fair(stack: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder: Path = tmp_path_factory.mktemp("fair")
    with open_house(stack, folder, pay_floor_units_per_hour=FLOOR) as house:
        yield house


def test_a_floor_stands_unless_the_operator_takes_it_away() -> None:
    assert GatewaySettings.model_fields["pay_floor_units_per_hour"].default == FLOOR


def test_a_batch_below_the_floor_is_refused_with_the_reward_that_passes(fair: House) -> None:
    requester = fair.requester()
    body = fair.draft_body(reward_units="24999", estimated_seconds_per_task=30)

    problem = fair.refused(requester, "/v1/batches", body, 422, "pay_below_floor")

    assert problem["reward_units_that_pass"] == "25000"
    assert (problem["pay_per_hour_units"], problem["floor_units_per_hour"]) == ("2999880", str(FLOOR))
    draft = fair.post(requester, "/v1/batches", body | {"reward_units": problem["reward_units_that_pass"]}, 201)
    assert draft["pay_per_hour_units"] == str(FLOOR)
    assert fair.get(None, "/v1/chain")["pay_floor_units_per_hour"] == str(FLOOR)


def test_the_floor_is_what_refuses(fair: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The planted bug: pay that is counted a thousand times too high passes."""
    requester, body = fair.requester(), fair.draft_body(reward_units="25", estimated_seconds_per_task=30)
    fair.refused(requester, "/v1/batches", body, 422, "pay_below_floor")
    monkeypatch.setattr(floor, "units_per_hour", lambda reward, each_ms: reward * 3_600_000_000 // each_ms)
    fair.post(requester, "/v1/batches", body, 201)


def test_who_stated_too_little_time_is_measured_by_its_earlier_batches(fair: House) -> None:
    requester, worker = fair.requester(), fair.wallet()
    stated = {"reward_units": "8334", "estimated_seconds_per_task": 10}
    batch_id = fair.funded(requester, tasks=10, **stated)
    assert fair.get(None, f"/v1/batches/{batch_id}")["pay"]["basis"] == "stated"

    offer = fair.claimed(worker, batch_id, count=10)
    fair.stack.travel(500)
    fair.submit(worker, offer, fair.answered(worker, offer))
    fair.reaches(worker, offer["assignment_id"], "submitted")

    pay = fair.until(
        lambda: fair.get(None, f"/v1/batches/{batch_id}")["pay"], lambda found: found["basis"] == "measured"
    )
    assert (pay["measured_assignments"], pay["measured_workers"], pay["stated_seconds_per_task"]) == (10, 1, 10)
    assert 50 <= pay["seconds_per_task"] < 60
    assert int(pay["pay_per_hour_units"]) == 8_334 * 3_600_000 // round(pay["seconds_per_task"] * 1_000)
    assert pay["fast_quarter_pay_units"] == pay["slow_quarter_pay_units"] == pay["pay_per_hour_units"]

    def listed(units: int) -> bool:
        page = fair.get(None, "/v1/batches", status="all", min_pay_units_per_hour=units)
        return batch_id in [item["batch_id"] for item in page["items"]]

    fair.until(lambda: listed(FLOOR), lambda found: not found)
    assert listed(int(pay["pay_per_hour_units"]))
    rows = fair.get(None, "/v1/batches", status="all", requester=requester.address)["items"]
    assert [row["pay_per_hour_units"] for row in rows] == [pay["pay_per_hour_units"]]

    problem = fair.refused(requester, "/v1/batches", fair.draft_body(**stated), 422, "pay_below_floor")
    passing = problem["reward_units_that_pass"]
    assert 41_667 <= int(passing) <= 50_000
    draft = fair.draft(requester, **stated | {"reward_units": passing})
    assert draft["seconds_per_task"] >= 50
    fair.draft(fair.requester(), **stated)


def test_what_funding_costs_in_gas_is_told_before_and_enough(fair: House) -> None:
    requester = fair.requester()
    before = fair.stack.web3.eth.get_balance(requester.address)
    draft = fair.draft(requester, reward_units="25000")
    cost = draft["cost"]
    assert int(cost["total_units"]) == int(cost["reward_units"]) + int(cost["operator_fee_units"]) == 50_000

    body = {"permit": fair.permit(requester, draft)}
    path = f"/v1/batches/{draft['batch_id']}/transaction"
    fair.send(requester, fair.post(requester, path, body)["transaction"])

    spent = before - fair.stack.web3.eth.get_balance(requester.address)
    block = fair.stack.web3.eth.get_block("latest")
    assert block["gasUsed"] <= cost["gas"]["gas"] < 2 * block["gasUsed"]
    assert 0 < spent <= int(cost["gas"]["most_wei"])
