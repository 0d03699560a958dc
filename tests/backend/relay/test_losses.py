"""What relaying costs the operator beyond its fees has one bound, however many addresses ask and however they wait."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from backend.pay.gas_price import GasPrice
from backend.relay import costs, estimates, loss_rows
from backend.relay.costs import ANSWERS_GAS, CLAIM_GAS, ENDING_GAS, WHOLE_GAS
from backend.relay.keeper import Keeper
from backend.relay.outbox import Outbox
from piecework.db.gateway import RelayHold, RelayIntent, RelayLoss
from tests.backend.house import House, open_house, sign, verdict

DAY = 86_400
CLAIMS = 8
"""How many claims with all that follows the bound has room for, as they are charged at first."""


@pytest.fixture(scope="module")
def opened(stack: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder: Path = tmp_path_factory.mktemp("bounded")
    with open_house(stack, folder, relay_budget_seconds=30 * DAY) as house:
        yield house


@pytest.fixture
def bounded(opened: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """A gateway that counts from zero, with a bound of eight claims at the gas price of now.

    By its clock no time passes, so nothing runs off but where a test says so.
    """
    house = opened
    losses, settings, now = house.services.losses, house.services.settings, time.time()
    settings.relay_loss_wei, settings.coin_price_units = 0, None
    house.until(lambda: is_settled(house), bool)
    monkeypatch.setattr(losses, "now", lambda: now)
    monkeypatch.setattr(losses, "gas_price", GasPrice(keep_seconds=10**9))
    with house.services.writing() as session:
        session.execute(delete(RelayLoss))
        session.execute(delete(RelayHold))
    settings.relay_loss_wei = CLAIMS * WHOLE_GAS * losses.gas_price.wei(house.stack.web3) * 5 // 4
    yield house
    settings.relay_loss_wei = 0


def is_settled(house: House) -> bool:
    """Nothing is under way, nothing is due that the keeper would begin next, and no money that is put by is free."""
    services = house.services
    if not house._is_quiet():
        return False
    keeper = Keeper(Outbox(), sweep_minimum_units=services.settings.sweep_minimum_units, losses=services.losses)
    with services.reading() as session:
        if keeper.due(session, services.clock.now()) or services.losses.has_ended(session):
            return False
    return house._is_quiet()  # the keeper may have begun it meanwhile


def relayer_wei(house: House) -> int:
    house.until(lambda: is_settled(house), bool)
    return int(house.stack.web3.eth.get_balance(house.services.relayer_address))


def drawn(house: House) -> int:
    with house.services.reading() as session:
        return int(
            session.execute(select(RelayLoss.drawn_wei).where(RelayLoss.name == "all")).scalar_one_or_none() or 0
        )


def asked(house: House, worker: Any, batch_id: str) -> Any:
    """The answer to the worker's wish for one task."""
    headers = {"authorization": f"Bearer {house.token(worker)}"}
    return house.client.post("/v1/work/assignments", json={"batch_id": batch_id, "count": 1}, headers=headers)


def worked(house: House, worker: Any, offer: Any) -> None:
    path = f"/v1/work/assignments/{offer['assignment_id']}"
    house.post(worker, path + "/claim", {"signature": sign(worker, offer["typed_data"])}, 202)
    house.reaches(worker, offer["assignment_id"], "claimed")
    house.submit(worker, offer, house.answered(worker, offer))
    house.reaches(worker, offer["assignment_id"], "submitted")


def is_paid_by_silence(house: House, batch_id: str) -> None:
    house.stack.travel(DAY + 60)
    house.until(lambda: house.get(None, f"/v1/batches/{batch_id}")["submitted"], lambda left: left == 0)
    house.until(house.services.clock.now, lambda now: now >= house.gateway.market.now)


def silent_ring(house: House, requesters: int = 6, workers: int = 3, **terms: Any) -> tuple[int, int, list[Any]]:
    """Requesters and workers who are one, and whose reviewers never speak: wei that the relayer lost, how many
    workers were relayed, and the refusals."""
    before, relayed, refusals = relayer_wei(house), 0, []
    for _ in range(requesters):
        batch_id = house.funded(tasks=workers, **terms)
        for _ in range(workers):
            worker = house.wallet()
            answer = asked(house, worker, batch_id)
            if answer.status_code == 429:
                refusals.append(answer.json())
                break
            worked(house, worker, answer.json())
            relayed += 1
        is_paid_by_silence(house, batch_id)
    house.until(lambda: _holds(house), lambda holds: holds == [])
    return before - relayer_wei(house), relayed, refusals


def held_to_the_bound(house: House) -> None:
    bound = house.services.settings.relay_loss_wei
    lost, relayed, refusals = silent_ring(house)
    assert lost <= bound, f"{relayed} silent workers cost {lost} wei, the bound is {bound}"
    assert refusals


def test_a_ring_that_stays_silent_costs_no_more_than_the_bound(bounded: House) -> None:
    bound = bounded.services.settings.relay_loss_wei
    lost, relayed, refusals = silent_ring(bounded)

    assert 3 < relayed < 18
    assert 0 < lost <= bound // 2, "new work has half of the bound"
    assert drawn(bounded) == pytest.approx(lost, abs=relayed * 10), "what is counted is what it cost"
    problem = refusals[-1]
    assert problem["code"] == "relay_loss_bound"
    assert (int(problem["bound_wei"]), int(problem["most_wei"])) == (bound, bound // 2)
    assert str(bound) in problem["detail"]
    assert "wallet with gas" in problem["detail"]
    assert 0 < problem["retry_after_seconds"] <= 30 * DAY


def test_with_the_bound_planted_away_the_ring_costs_more(bounded: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loss_rows, "short_of", lambda *_: None)
    with pytest.raises(AssertionError, match="silent workers cost"):
        held_to_the_bound(bounded)


def test_with_silence_planted_as_free_the_ring_costs_more(bounded: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The old reckoning: whatever is claimed will be paid for by a verdict."""
    monkeypatch.setattr(loss_rows, "move", lambda *_: None)
    with pytest.raises(AssertionError, match="silent workers cost"):
        held_to_the_bound(bounded)


def test_what_is_claimed_is_carried_to_its_payment_though_the_bound_is_reached(bounded: House) -> None:
    batch_id, worker = bounded.funded(tasks=1), bounded.wallet()
    offer = bounded.claimed(worker, batch_id, count=1)
    with bounded.services.writing() as session:
        session.execute(update(RelayLoss).values(drawn_wei=bounded.services.settings.relay_loss_wei))

    bounded.submit(worker, offer, bounded.answered(worker, offer))
    bounded.reaches(worker, offer["assignment_id"], "submitted")
    is_paid_by_silence(bounded, batch_id)

    assert bounded.get(None, f"/v1/accounts/{worker.address}")["owed_units"] == "1000"


def test_what_a_claim_put_by_and_nothing_needed_is_free_again(bounded: House) -> None:
    batch_id, worker = bounded.funded(tasks=1), bounded.wallet()
    before = relayer_wei(bounded)
    bounded.submitted(worker, batch_id, count=1)
    assert drawn(bounded) > before - relayer_wei(bounded), "the ending is put by"

    is_paid_by_silence(bounded, batch_id)

    bounded.until(lambda: _holds(bounded), lambda holds: holds == [])
    lost = before - relayer_wei(bounded)
    assert drawn(bounded) == pytest.approx(lost, abs=10)


@contextmanager
def recovered_within(house: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What recovers a signature for its costs in a transaction that others wait for, meanwhile."""
    honest, services, found = costs.is_signed_by_key, house.services, []
    deep = threading.local()
    writing = type(services).writing

    @contextmanager
    def watched(self: Any) -> Iterator[Any]:
        with writing(self) as session:
            deep.inside = True
            try:
                yield session
            finally:
                deep.inside = False

    def recover(data: Any, signature: str, address: str) -> bool:
        if getattr(deep, "inside", False):
            found.append(address)
        return honest(data, signature, address)

    with monkeypatch.context() as patched:
        patched.setattr(type(services), "writing", watched)
        patched.setattr(costs, "is_signed_by_key", recover)
        patched.setattr(estimates, "is_signed_by_key", recover)
        yield found


def worked_once(house: House) -> None:
    worker, batch_id = house.wallet(), house.funded(tasks=1)
    house.submitted(worker, batch_id, count=1)


def test_what_workers_sign_is_weighed_before_others_wait(bounded: House, monkeypatch: pytest.MonkeyPatch) -> None:
    with recovered_within(bounded, monkeypatch) as found:
        worked_once(bounded)
    assert found == []


def test_what_is_weighed_within_the_lock_is_found(bounded: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(bounded.services.losses), "weigh", lambda *_: None)
    with recovered_within(bounded, monkeypatch) as found:
        worked_once(bounded)
    assert len(found) >= 2


def _holds(house: House) -> list[Any]:
    with house.services.reading() as session:
        return [hold.worker for hold in session.execute(select(RelayHold)).scalars()]


def test_a_requester_whose_verdicts_pay_goes_on_while_a_ring_has_used_up_the_bound(bounded: House) -> None:
    requester, first = bounded.requester(), bounded.wallet()
    # Ten workers' gas for each accepted assignment, by what the coin is worth here: a unit for some 10^9 wei.
    bounded.services.settings.coin_price_units = 10**9
    fee = 10 * WHOLE_GAS
    terms = {"reward_units": str(20 * fee), "operator_fee_units": str(fee)}
    batch_id = bounded.funded(requester, tasks=1, **terms)
    bounded.submitted(first, batch_id, count=1)
    bounded.settled(bounded.proposed(batch_id, [verdict(first, "t0")]))
    bounded.until(lambda: drawn(bounded), lambda wei: wei == 0)
    lost, _, refusals = silent_ring(bounded, **terms)
    assert lost <= bounded.services.settings.relay_loss_wei // 2, "a fee that silence gives back pays for nothing"
    assert refusals[-1]["code"] == "relay_loss_bound"

    again = bounded.funded(requester, tasks=3, **terms)

    for _ in range(3):
        bounded.submitted(bounded.wallet(), again, count=1)


def test_a_requester_that_was_silent_once_goes_on(bounded: House) -> None:
    requester = bounded.requester()
    silent = bounded.funded(requester, tasks=1)
    bounded.submitted(bounded.wallet(), silent, count=1)
    is_paid_by_silence(bounded, silent)

    bounded.submitted(bounded.wallet(), bounded.funded(requester, tasks=1), count=1)


def test_the_bound_runs_off_with_time(bounded: House) -> None:
    silent_ring(bounded)
    batch_id, worker = bounded.funded(tasks=1), bounded.wallet()
    problem = asked(bounded, worker, batch_id).json()
    with bounded.services.writing() as session:
        waited = RelayLoss.counted_at - problem["retry_after_seconds"] - 1
        session.execute(update(RelayLoss).values(counted_at=waited))

    bounded.submitted(worker, batch_id, count=1)


def test_gas_that_is_put_by_is_not_less_than_real_calls_take(bounded: House) -> None:
    worker, batch_id = bounded.wallet(), bounded.funded(tasks=2)
    bounded.submitted(worker, batch_id, count=1)
    bounded.settled(bounded.proposed(batch_id, [verdict(worker, "t0")]))
    other = bounded.wallet()
    bounded.submitted(other, batch_id, count=1)
    is_paid_by_silence(bounded, batch_id)

    most = {"packet": max(CLAIM_GAS, ANSWERS_GAS), "settle": ENDING_GAS, "pay_overdue": ENDING_GAS}
    took = gas_by_kind(bounded)
    assert set(most) <= set(took)
    for kind, gas in most.items():
        assert 0.4 * gas < max(took[kind]) <= gas, (kind, took[kind])


def gas_by_kind(house: House) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    with house.services.reading() as session:
        for intent in session.execute(select(RelayIntent).where(RelayIntent.status == "confirmed")).scalars():
            receipt = house.stack.web3.eth.get_transaction_receipt(intent.transaction_hash)
            found.setdefault(intent.kind, []).append(int(receipt["gasUsed"]))
    return found
