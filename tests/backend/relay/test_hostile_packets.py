"""A wallet contract that answers one thing when asked and another when it counts must not harm others' packets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from piecework.chain.calls import Call
from piecework.domain.messages import Packet
from tests.backend.relay.room import Room

TWO_FACED = bytes.fromhex(
    "60218060095f395ff3"  # copy the 33 bytes behind this and return them
    "366009576001"  # called without data: go on; with data: jump to the answer
    "5f5500"  # store 1 at 0, stop
    "5b5f54601d57"  # answer: is anything stored? then burn
    "631626ba7e60e01b5f5260205ff3"  # the ERC-1271 yes
    "5b601d56"  # burn: jump here for ever
)
"""An ERC-1271 wallet that says yes to all, until it is called once without data; then it burns all gas it is given."""


class Wallet:
    """A contract that claims like a worker."""

    def __init__(self, market: Any) -> None:
        stranger, web3 = market.stack.accounts["stranger"], market.stack.web3
        transaction = {
            "data": TWO_FACED,
            "chainId": web3.eth.chain_id,
            "nonce": web3.eth.get_transaction_count(stranger.address),
            "gas": 200_000,
            "maxFeePerGas": web3.eth.gas_price * 2,
            "maxPriorityFeePerGas": 1,
        }
        raw = stranger.sign_transaction(transaction).raw_transaction
        receipt = web3.eth.wait_for_transaction_receipt(web3.eth.send_raw_transaction(raw))
        self.address = str(receipt["contractAddress"])
        assert len(web3.eth.get_code(self.address)) == 33

    def claim(self, market: Any, key: Any) -> Packet:
        packet = market.claim(key, market.worker())
        return replace(packet, worker=self.address, signature="0x01")


@pytest.fixture
def slow_blocks(market: Any) -> Iterator[Callable[[], None]]:
    """Transactions wait until the given function is called."""
    web3 = market.stack.web3
    web3.provider.make_request("evm_setAutomine", [False])
    yield lambda: web3.provider.make_request("evm_mine", [])
    web3.provider.make_request("evm_setAutomine", [True])
    web3.provider.make_request("evm_mine", [])


def turn_bad(market: Any, wallet: Wallet) -> None:
    """Sends the call that flips the wallet, with a fee that puts it first in the block."""
    stranger, web3 = market.stack.accounts["stranger"], market.stack.web3
    transaction = {
        "to": wallet.address,
        "data": "0x",
        "chainId": web3.eth.chain_id,
        "nonce": web3.eth.get_transaction_count(stranger.address),
        "gas": 60_000,
        "maxFeePerGas": web3.eth.gas_price * 10,
        "maxPriorityFeePerGas": web3.eth.gas_price * 5,
    }
    web3.eth.send_raw_transaction(stranger.sign_transaction(transaction).raw_transaction)


def test_a_wallet_contract_can_claim(room: Room, market: Any) -> None:
    key, wallet = market.open_batch(9), Wallet(market)
    intent_id = room.queue_packet(key, wallet.claim(market, key))

    room.settle_down()

    assert room.intent(intent_id).status == "confirmed"
    assert room.escrow.tally(market.batch_id(key), wallet.address).claimed == 1


def test_a_wallet_that_burns_gas_only_when_mined_does_not_fail_its_neighbours(
    room: Room, market: Any, slow_blocks: Callable[[], None]
) -> None:
    web3 = market.stack.web3
    web3.provider.make_request("evm_setAutomine", [True])
    key, wallet = market.open_batch(40), Wallet(market)
    web3.provider.make_request("evm_setAutomine", [False])
    room.queue_packet(key, wallet.claim(market, key))
    neighbours = [room.queue_packet(key, market.claim(key, market.worker())) for _ in range(8)]
    room.sender.run_once()
    assert set(room.statuses(neighbours)) == {"sent"}
    turn_bad(market, wallet)
    slow_blocks()
    web3.provider.make_request("evm_setAutomine", [True])

    room.settle_down()

    assert room.statuses(neighbours) == ["confirmed"] * 8
    assert room.mined_nonce() == 1, "gas was kept ready for what the wallet may burn, so nothing reverted"


def test_many_wallets_that_burn_gas_do_not_fail_their_neighbours(make_room: Callable[..., Room], market: Any) -> None:
    web3 = market.stack.web3
    room = make_room()
    key = market.open_batch(90)
    wallet = Wallet(market)
    market.stack.send(market.stack.accounts["stranger"], Call(to=wallet.address, data="0x"))
    for _ in range(80):
        packet = wallet.claim(market, key)
        room.queue_packet(key, packet)
    neighbours = [room.queue_packet(key, market.claim(key, market.worker())) for _ in range(5)]
    assert web3.eth.get_block("latest")["gasLimit"] <= 60_000_000

    room.settle_down(seconds=60)

    assert room.statuses(neighbours) == ["confirmed"] * 5
