"""Who is paid by one hand, read from a real chain: a ring's common funder weighs, a faucet or a fund does not."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest
from eth_account import Account
from eth_utils import keccak

from backend.signals.funding import links_of
from backend.signals.looking import Looked, Stretch, look_at
from piecework.chain import transfers
from piecework.chain.calls import encode
from piecework.chain.rpc import Rpc
from piecework.chain.transfers import TRANSFER, Transfer, TransferReader
from piecework.domain.ids import ZERO_ADDRESS
from tests.backend.house import House
from tests.backend.signals.test_looking import RULES

RING = 3
TASKS = [f"t{number:03d}" for number in range(60)]


def people(count: int) -> list[str]:
    return [Account.create().address for _ in range(count)]


def funded(stack: Any) -> Any:
    """A new wallet with tokens and gas: somebody who pays others."""
    wallet = Account.create()
    stack.web3.provider.make_request("anvil_setBalance", [wallet.address, hex(10**18)])
    stack.send(stack.accounts["deployer"], stack.token.mint(wallet.address, 10**9))
    return wallet


def pay(stack: Any, payer: Any, *accounts: str) -> None:
    for account in accounts:
        stack.send(payer, encode(stack.token.contract, "transfer", account, 1_000))


def links(stack: Any, workers: list[str], withdrawn: Any = (), first: int = 0) -> set[tuple[str, str]]:
    with closing(Rpc(stack.rpc_url)) as rpc:
        reader = TransferReader(rpc, stack.token.address, first, rpc.block_number())
        return links_of(reader, workers, withdrawn, {ZERO_ADDRESS, stack.escrow.address})


def crowd(workers: list[str], ring: list[str], seed: int = 0) -> list[Stretch]:
    """Honest people are wrong on a fifth of their tasks, each on its own. The ring repeats one mind on twelve tasks,
    wrong on two fifths, and works like the others on ten. Everybody works in turns."""
    rng = random.Random(seed)
    labels = ("cat", "dog", "fox")
    truth = {task: rng.choice(labels) for task in TASKS}

    def said(task: str, right: float) -> str:
        return truth[task] if rng.random() < right else rng.choice([each for each in labels if each != truth[task]])

    shared = rng.sample(TASKS, 12)
    mind = {task: said(task, 0.6) for task in shared}
    given = []
    for worker in [*workers, *ring]:
        others = rng.sample([task for task in TASKS if task not in shared], 10)
        tasks = others if worker in ring else rng.sample(TASKS, 40)
        answers = [(task, said(task, 0.8)) for task in tasks] + (list(mind.items()) if worker in ring else [])
        rng.shuffle(answers)
        given += [Stretch(worker, answers[at : at + 5], 0.0, None) for at in range(0, len(answers), 5)]
    rng.shuffle(given)
    return given


def named(looked: Looked) -> set[str]:
    return {each.worker for each in looked.found}


def test_a_ring_with_a_common_funder_is_found_by_fewer_shared_errors(stack: Any) -> None:
    """In 24 crowds: two of three members with the link, one of three without it, and nobody honest either way."""
    workers, ring, funder = people(16), people(RING), funded(stack)
    pay(stack, funder, *ring)
    found = links(stack, workers + ring)
    with_link, without = 0, 0
    for seed in range(24):
        given = crowd(workers, ring, seed)
        alone, linked = named(look_at(given, {}, RULES)), named(look_at(given, {}, RULES, found))
        assert alone <= linked <= set(ring)
        with_link, without = with_link + len(linked), without + len(alone)

    assert found == {tuple(sorted(pair)) for pair in ((ring[0], ring[1]), (ring[0], ring[2]), (ring[1], ring[2]))}
    assert without <= 24
    assert with_link >= 40
    assert named(look_at(crowd(workers, [], 4), {}, RULES, found)) == set(), "a link alone leads to nothing"


def exchange(stack: Any, workers: list[str]) -> None:
    """It pays many who never work here: the batch's own few payments do not show that."""
    hot_wallet = funded(stack)
    pay(stack, hot_wallet, *people(25), *workers)


def faucet(stack: Any, workers: list[str]) -> None:
    for worker in workers:
        stack.send(stack.accounts["deployer"], stack.token.mint(worker, 1_000))


def relief_fund(stack: Any, workers: list[str]) -> None:
    """It pays every worker of a village, all of them in this batch, and a few others."""
    pay(stack, funded(stack), *workers, *people(15))


@pytest.mark.parametrize("source", [exchange, faucet, relief_fund])
def test_honest_workers_paid_by_an_exchange_a_faucet_or_a_fund_are_neither_linked_nor_flagged(
    stack: Any, source: Callable[[Any, list[str]], None]
) -> None:
    workers = people(16)
    source(stack, workers[:8])

    found = links(stack, workers)

    assert found == set()
    assert named(look_at(crowd(workers, []), {}, RULES, found)) == set()


def test_honest_workers_with_a_small_common_payer_are_linked_and_not_flagged(stack: Any) -> None:
    """A family: being linked is no fault."""
    workers = people(16)
    pay(stack, funded(stack), *workers[:4])

    found = links(stack, workers)

    assert len(found) == 6
    assert named(look_at(crowd(workers, []), {}, RULES, found)) == set()


def test_without_counting_what_an_exchange_pays_elsewhere_its_customers_would_be_linked(
    stack: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The planted bug: only this batch's workers are counted."""
    workers = people(6)
    exchange(stack, workers[:4])
    monkeypatch.setattr("backend.signals.funding._deals_with_few", lambda *_: True)
    assert len(links(stack, workers)) == 6


def test_workers_who_pay_each_other_or_have_their_pay_sent_to_one_place_are_linked(stack: Any) -> None:
    payer, one, two, three = funded(stack), *people(3)
    purse = people(1)[0]

    pay(stack, payer, one)
    assert links(stack, [payer.address, one, two]) == {tuple(sorted((payer.address, one)))}
    withdrawn = [(two, purse), (three, purse), (one, stack.escrow.address)]
    assert links(stack, [two, three, one], withdrawn) == {tuple(sorted((two, three)))}


def test_a_transfer_that_was_reorganised_away_links_nobody(stack: Any) -> None:
    funder, ring = funded(stack), people(2)
    place = stack.web3.provider.make_request("evm_snapshot", [])["result"]
    pay(stack, funder, *ring)
    assert len(links(stack, ring)) == 1

    stack.web3.provider.make_request("evm_revert", [place])

    assert links(stack, ring) == set()


def test_reads_are_cut_smaller_where_a_node_refuses_and_bounded_in_number(
    stack: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    funder, ring = funded(stack), people(2)
    first = stack.web3.eth.block_number
    pay(stack, funder, *ring)

    class Stingy(Rpc):
        def call(self, method: str, *params: Any) -> Any:
            query = params[0]
            if int(query["toBlock"], 16) - int(query["fromBlock"], 16) >= 2:
                raise transfers.RpcError(method, -32005, "too many results")
            return super().call(method, *params)

    last = stack.web3.eth.block_number
    with closing(Stingy(stack.rpc_url)) as rpc:
        reader = TransferReader(rpc, stack.token.address, first, last)
        assert reader.sent_by([funder.address]) == {Transfer(funder.address, each) for each in ring}
        monkeypatch.setattr(transfers, "MOST_REQUESTS", 1)
        with pytest.raises(transfers.TooManyRequests):
            TransferReader(rpc, stack.token.address, first, last).sent_to(ring)
    assert "0x" + keccak(text="Transfer(address,address,uint256)").hex() == TRANSFER


def test_reviewers_are_told_what_was_read_and_a_silent_node_only_leaves_links_out(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch_id = house.funded(tasks=6, answers_per_task=2)
    for worker in (house.wallet(), house.wallet()):
        house.submitted(worker, batch_id, count=2)
    path = f"/v1/signals/batches/{batch_id}"
    assert house.get(house.reviewers()[0], path)["funding"].startswith("transfers and withdrawals of blocks 0 to ")

    monkeypatch.setattr(house.services.settings, "rpc_url", "http://127.0.0.1:1/secret")
    house.submitted(house.wallet(), batch_id, count=1)
    told = house.get(house.reviewers()[0], path)
    assert told["funding"] == "not read: the node gave no transfers (NodeUnreachable)"
    assert told["answers_looked_at"] == 5
    monkeypatch.setattr(house.services.settings, "funding_lookback_blocks", 0)
    house.submitted(house.wallet(), batch_id, count=1)
    assert house.get(house.reviewers()[0], path)["funding"] == "not read"
