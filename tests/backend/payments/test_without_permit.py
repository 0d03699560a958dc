"""Wallets that sign no permits: a contract allows the escrow its money by a call, and is drafted what funds from it."""

from __future__ import annotations

from typing import Any

import pytest
from web3.exceptions import ContractLogicError

from piecework.chain.escrow import PermitApproval
from tests.backend.house import House


def allow(house: House, wallet: Any, units: int) -> None:
    house.stack.send(wallet, house.stack.token.approve(house.stack.escrow.address, units))


def funding(house: House, units: int) -> dict[str, object]:
    return {"permit": {"amount_units": str(units), "deadline": house.services.clock.now() + 3_600, "signature": None}}


def test_a_batch_is_funded_from_what_the_token_allows(house: House) -> None:
    requester = house.requester()
    draft = house.post(requester, "/v1/batches", house.draft_body(tasks=2), 201)
    cost = int(draft["cost"]["total_units"])
    path = f"/v1/batches/{draft['batch_id']}/transaction"
    problem = house.refused(requester, path, funding(house, cost), 422, "allowance_too_small")
    assert f"0 of {cost} units" in problem["detail"]
    allow(house, requester, cost)

    house.send(requester, house.post(requester, path, funding(house, cost))["transaction"])

    assert house.services.escrow.batch(draft["batch_id"]).exists
    assert house.services.escrow.account(requester.address).owed == 0


def test_money_is_deposited_from_what_the_token_allows(house: House) -> None:
    requester = house.requester()
    allow(house, requester, 700)
    body = {"amount_units": "700", "deadline": house.services.clock.now() + 3_600}

    house.send(requester, house.post(None, "/v1/deposits/transaction", body)["transaction"])

    assert house.services.escrow.account(requester.address).owed == 700


def test_without_allowance_the_escrow_takes_no_permit_without_a_signature(house: House) -> None:
    requester = house.requester()
    call = house.stack.escrow.deposit_with_permit(PermitApproval(700, house.services.clock.now() + 3_600, None))
    with pytest.raises(ContractLogicError):
        house.stack.web3.eth.call({"from": requester.address, "to": call.to, "data": call.data})
