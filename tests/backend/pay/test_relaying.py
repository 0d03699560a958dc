"""Work whose fee does not pay for its relaying is refused with the number that would, at drafting and at claiming."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from backend.pay import relaying
from backend.pay.gas_price import GasPrice
from tests.backend.house import House, open_house, verdict

COST = 20_000
"""Units that relaying one worker's work costs in these tests, more or less: the chain's own gas price counts."""


@pytest.fixture(scope="module")
def priced(stack: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A gateway at which gas has a price, which stays what it was at first."""
    folder: Path = tmp_path_factory.mktemp("priced")
    with open_house(stack, folder) as house:
        house.services.gas_price = GasPrice(keep_seconds=10**9)
        wei = house.services.gas_price.wei(stack.web3)
        house.services.settings.coin_price_units = COST * 10**18 // (relaying.RELAY_GAS * wei)
        yield house


def fee_of(house: House, each: int) -> dict[str, Any]:
    return {"reward_units": str(each * 20), "operator_fee_units": str(each)}


def cost_at(house: House) -> int:
    return int(house.get(None, "/v1/chain")["relay"]["claim_units"])


def test_a_batch_whose_largest_claim_does_not_pay_is_refused_with_the_fee_that_passes(priced: House) -> None:
    requester, cost = priced.requester(), cost_at(priced)
    assert COST - 1_000 < cost <= COST + 1
    body = priced.draft_body(30, max_claim=10, **fee_of(priced, cost // 10 - 1))

    problem = priced.refused(requester, "/v1/batches", body, 422, "relay_not_paid")

    needed = int(problem["operator_fee_units_that_pass"])
    assert (int(problem["relay_cost_units"]), needed) == (cost, -(-cost // 10))
    assert int(problem["reward_units_that_pass"]) == needed * 20
    passing = {"reward_units": problem["reward_units_that_pass"], "operator_fee_units": str(needed)}
    draft = priced.post(requester, "/v1/batches", body | passing, 201)
    assert int(draft["cost"]["relay_units"]) == cost


def test_a_batch_of_few_tasks_has_no_larger_claim_than_these(priced: House) -> None:
    requester, cost = priced.requester(), cost_at(priced)
    body = priced.draft_body(2, max_claim=10, **fee_of(priced, cost // 10 + 1))
    problem = priced.refused(requester, "/v1/batches", body, 422, "relay_not_paid")
    assert int(problem["operator_fee_units_that_pass"]) == -(-cost // 2)


def test_the_operators_own_share_counts(priced: House, monkeypatch: pytest.MonkeyPatch) -> None:
    requester, cost = priced.requester(), cost_at(priced)
    body = priced.draft_body(10, reward_units="1000", operator_fee_units="0")
    problem = priced.refused(requester, "/v1/batches", body, 422, "relay_not_paid")
    assert int(problem["operator_fee_units_that_pass"]) == -(-cost // 10)

    monkeypatch.setattr(priced.services.settings, "relay_subsidy_units", cost // 10 + 1)

    priced.post(requester, "/v1/batches", body, 201)
    assert int(priced.get(None, "/v1/chain")["relay"]["subsidy_units"]) == cost // 10 + 1


def test_a_claim_that_is_too_small_is_refused_with_the_count_that_passes(priced: House) -> None:
    cost = cost_at(priced)
    batch_id, worker = priced.funded(tasks=12, **fee_of(priced, -(-cost // 5))), priced.wallet()

    wanted = {"batch_id": batch_id, "count": 4}
    problem = priced.refused(worker, "/v1/work/assignments", wanted, 409, "claim_too_small")

    assert problem["count_that_passes"] == 5
    priced.submitted(worker, batch_id, count=5)
    priced.submitted(worker, batch_id, count=5)
    assert len(priced.submitted(worker, batch_id, count=5)["tasks"]) == 2, "what is left is taken, however little"


def test_when_gas_is_dear_claims_wait_and_what_is_claimed_goes_through(
    priced: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    cost = cost_at(priced)
    batch_id, worker = priced.funded(tasks=20, **fee_of(priced, -(-cost // 5))), priced.wallet()
    offer = priced.claimed(worker, batch_id, count=5)
    monkeypatch.setattr(priced.services.settings, "coin_price_units", priced.services.settings.coin_price_units * 3)

    wanted = {"batch_id": batch_id, "count": 10}
    problem = priced.refused(priced.wallet(), "/v1/work/assignments", wanted, 409, "relay_too_dear")

    assert problem["retry_after_seconds"] == 60
    assert int(problem["relay_cost_units"]) > int(problem["paid_units"]) > 0
    priced.submit(worker, offer, priced.answered(worker, offer))
    priced.reaches(worker, offer["assignment_id"], "submitted")


def test_without_a_price_of_the_coin_nothing_is_refused(priced: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(priced.services.settings, "coin_price_units", None)
    batch_id = priced.funded(tasks=1, reward_units="20", operator_fee_units="0")
    priced.submitted(priced.wallet(), batch_id, count=1)
    relay = priced.get(None, "/v1/chain")["relay"]
    assert (relay["coin_price_units"], relay["claim_units"]) == (None, "0")


def test_the_check_is_what_refuses(priced: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The planted bug: gas is counted a thousand times too low."""
    requester = priced.requester()
    body = priced.draft_body(2, reward_units="1000", operator_fee_units="50")
    priced.refused(requester, "/v1/batches", body, 422, "relay_not_paid")
    monkeypatch.setattr(relaying, "RELAY_GAS", relaying.RELAY_GAS // 1000)
    priced.post(requester, "/v1/batches", body, 201)


def test_the_gas_that_is_counted_is_what_real_ones_take(priced: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Claim, answers and verdict of a new worker, each alone in a transaction."""
    monkeypatch.setattr(priced.services.settings, "coin_price_units", None)
    batch_id, worker, web3 = priced.funded(tasks=10), priced.wallet(), priced.stack.web3
    first = web3.eth.block_number

    offer = priced.claimed(worker, batch_id, count=10)
    priced.submit(worker, offer, priced.answered(worker, offer))
    priced.reaches(worker, offer["assignment_id"], "submitted")
    priced.settled(priced.proposed(batch_id, [verdict(worker, f"t{number}") for number in range(10)]))

    blocks = [web3.eth.get_block(number) for number in range(first + 1, web3.eth.block_number + 1)]
    used = [block["gasUsed"] for block in blocks if block["transactions"]]
    assert len(used) == 3
    assert 0.85 * relaying.RELAY_GAS < sum(used) <= relaying.RELAY_GAS


def claim_of(priced: House, key: Any, worker: Any, count: int) -> dict[str, Any]:
    packet = priced.gateway.market.claim(key, worker, count, sequence=0)
    names = ("batch_id", "sequence", "deadline", "manifest_version", "count", "tasks_digest", "signature")
    return {name: getattr(packet, name) for name in names} | {"kind": "claim"}


def opened_elsewhere(priced: House, each: int, operator: str) -> Any:
    """The key of a batch of twenty assignments that pays `each` to an operator."""
    market = priced.gateway.market
    key = market.open_batch(20, reward=each * 20, operatorFee=each, operator=operator)
    path = f"/v1/batches/{market.batch_id(key)}"
    priced.until(lambda: priced.client.get(path).status_code, lambda status: status == 200)
    return key


def test_a_claim_without_a_ticket_of_ours_must_pay_too(priced: House) -> None:
    worker, each = priced.wallet(), -(-cost_at(priced) // 5)
    key = opened_elsewhere(priced, each, priced.services.operator_address)

    small = claim_of(priced, key, worker, 4)
    problem = priced.refused(worker, "/v1/work/packets", small, 409, "claim_too_small")
    assert problem["count_that_passes"] == 5
    intent = priced.post(worker, "/v1/work/packets", claim_of(priced, key, worker, 5), 202)["intent_id"]
    assert priced.gateway.finished(intent)["status"] == "confirmed"


def test_a_fee_that_somebody_else_gets_pays_for_no_relaying_here(priced: House) -> None:
    worker, each = priced.wallet(), cost_at(priced)
    key = opened_elsewhere(priced, each, priced.wallet().address)
    problem = priced.refused(worker, "/v1/work/packets", claim_of(priced, key, worker, 5), 409, "relay_too_dear")
    assert problem["paid_units"] == "0"
