"""Earned money leaves at the gateway's cost while that is worth its gas, and by its owner's own transaction always."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete

from backend.payments import service
from backend.relay import loss_rows
from backend.relay.costs import WITHDRAWAL_GAS
from piecework.chain.fees import fees_now
from piecework.db.gateway import RelayLoss
from piecework.domain.messages import Verdict, withdrawal
from tests.backend.house import House, is_problem, open_house
from tests.backend.relay.market import HOUR, REWARD_UNITS, signed

DAY = 86_400
ADDRESSES = 16
MINIMUM_UNITS = REWARD_UNITS // 2


@pytest.fixture(scope="module")
def opened(stack: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder: Path = tmp_path_factory.mktemp("payments")
    limits = {"relay_budget_seconds": 30 * DAY, "withdrawal_minimum_units": MINIMUM_UNITS}
    with open_house(stack, folder, **limits) as house:
        yield house


@pytest.fixture
def payer(opened: House) -> Iterator[House]:
    """A gateway that counts from zero, with a bound of eight withdrawals at the gas price of now."""
    opened.until(opened._is_quiet, bool)
    with opened.services.writing() as session:
        session.execute(delete(RelayLoss))
    fees = fees_now(opened.stack.web3)
    price = (fees.most_wei - fees.tip_wei) // 2 + fees.tip_wei
    opened.services.settings.relay_loss_wei = 8 * WITHDRAWAL_GAS * price * 5 // 4
    yield opened
    opened.services.settings.relay_loss_wei = 0
    opened.services.settings.coin_price_units = None


def earners(house: House, count: int) -> list[Any]:
    """So many new addresses that are owed a reward each, and own no gas."""
    market, workers = house.gateway.market, [house.wallet() for _ in range(count)]
    key = market.open_batch(count)
    market.relayed_by_hand(key, *(market.claim_and_submit(key, worker) for worker in workers))
    settlement = market.settlement(key, 1, [Verdict(worker.address, 0, 1, 0) for worker in workers])
    market.stack.send(market.stack.accounts["stranger"], market.stack.escrow.settle(key, **settlement))
    return workers


def asked(house: House, account: Any, units: int = REWARD_UNITS) -> Any:
    """The answer to a withdrawal that the account signed."""
    escrow = house.stack.escrow
    wish = {"account": account.address, "amount_units": units, "to": account.address}
    wish |= {"nonce": escrow.account(account.address).nonce, "deadline": house.gateway.market.now + HOUR}
    body = wish | {"amount_units": str(units), "signature": signed(account, withdrawal(escrow.domain, **wish))}
    return house.client.post("/v1/withdrawals", json=body)


def relayer_wei(house: House) -> int:
    house.until(house._is_quiet, bool)
    return int(house.stack.web3.eth.get_balance(house.services.relayer_address))


def withdraws_by_itself(house: House, account: Any, units: int) -> None:
    house.stack.web3.provider.make_request("anvil_setBalance", [account.address, hex(10**18)])
    before = house.stack.token.balance_of(account.address)
    house.stack.send(account, house.stack.escrow.withdraw(units, account.address), gas=200_000)
    assert house.stack.token.balance_of(account.address) == before + units


def held_to_the_bound(house: House) -> list[tuple[Any, Any]]:
    """Many addresses that each withdraw once; who was refused, with the answer."""
    accounts, refused = earners(house, ADDRESSES), []
    before = relayer_wei(house)
    for account in accounts:
        answer = asked(house, account)
        if answer.status_code == 202:
            assert house.gateway.finished(answer.json()["intent_id"])["status"] == "confirmed"
        else:
            refused.append((account, answer))
    lost, bound = before - relayer_wei(house), house.services.settings.relay_loss_wei
    assert lost <= bound, f"{ADDRESSES - len(refused)} withdrawals cost {lost} wei, the bound is {bound}"
    return refused


def test_withdrawals_of_many_addresses_cost_no_more_than_the_bound(payer: House) -> None:
    refused = held_to_the_bound(payer)

    assert 0 < len(refused) < ADDRESSES - 4
    account, answer = refused[-1]
    problem = is_problem(answer)
    assert (answer.status_code, problem["code"]) == (429, "relay_loss_bound")
    assert int(answer.headers["retry-after"]) == problem["retry_after_seconds"]
    assert int(problem["most_wei"]) == payer.services.settings.relay_loss_wei * 3 // 4
    withdraws_by_itself(payer, account, REWARD_UNITS)


def test_with_the_bound_planted_away_they_cost_more(payer: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loss_rows, "short_of", lambda *_: None)
    with pytest.raises(AssertionError, match="withdrawals cost"):
        held_to_the_bound(payer)


def small_ones_are_refused(house: House) -> None:
    (account,) = earners(house, 1)
    before = relayer_wei(house)
    for _ in range(3):
        answer = asked(house, account, 1)
        if answer.status_code == 202:
            house.gateway.finished(answer.json()["intent_id"])
    assert relayer_wei(house) == before, "a unit at a time burns the operator's gas"
    problem = is_problem(answer)
    assert (answer.status_code, problem["code"]) == (409, "withdrawal_too_small")
    assert (problem["least_units"], problem["amount_units"]) == (str(MINIMUM_UNITS), "1")
    assert str(MINIMUM_UNITS) in problem["detail"]
    withdraws_by_itself(house, account, 1)


def test_a_unit_at_a_time_is_not_relayed_and_stays_the_owners_to_take(payer: House) -> None:
    small_ones_are_refused(payer)


def test_with_the_minimum_planted_away_a_unit_at_a_time_burns_gas(
    payer: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "least_withdrawal", lambda *_, **__: 0)
    with pytest.raises(AssertionError, match="burns the operator's gas"):
        small_ones_are_refused(payer)


def test_a_draft_says_it_too(payer: House) -> None:
    (account,) = earners(payer, 1)
    problem = payer.refused(
        account, "/v1/withdrawals/draft", {"amount_units": str(MINIMUM_UNITS - 1)}, 409, "withdrawal_too_small"
    )
    assert problem["owed_units"] == str(REWARD_UNITS)
    payer.post(account, "/v1/withdrawals/draft", {"amount_units": str(MINIMUM_UNITS)})
    assert payer.get(None, "/v1/chain")["withdrawal_minimum_units"] == str(MINIMUM_UNITS)


def test_where_gas_has_a_price_all_that_is_owed_leaves_from_what_its_gas_costs(payer: House) -> None:
    cheap, dear = earners(payer, 2)
    payer.services.settings.withdrawal_minimum_units = 2 * REWARD_UNITS
    price = payer.services.gas_price.wei(payer.stack.web3)
    worth = 10**18 * REWARD_UNITS // (WITHDRAWAL_GAS * price)  # of a coin, if the reward just paid for the gas
    try:
        payer.services.settings.coin_price_units = worth // 2
        assert asked(payer, cheap, REWARD_UNITS - 1).json()["code"] == "withdrawal_too_small"
        answer = asked(payer, cheap)
        assert payer.gateway.finished(answer.json()["intent_id"])["status"] == "confirmed"

        payer.services.settings.coin_price_units = worth * 2
        problem = asked(payer, dear).json()
        assert problem["code"] == "withdrawal_too_small"
        assert int(problem["least_units"]) == pytest.approx(2 * REWARD_UNITS, rel=0.1)
    finally:
        payer.services.settings.withdrawal_minimum_units = MINIMUM_UNITS
