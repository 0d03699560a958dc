"""What is counted for an intent is what the chain took for it, also after a reorg, a revert or a refusal."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from backend.relay import costs, estimates
from backend.relay import losses as losses_module
from backend.relay.losses import Losses
from piecework.db.engine import write_engine
from piecework.db.gateway import RelayHold, RelayLoss
from piecework.domain.messages import Verdict
from tests.backend.relay.market import OPERATOR_FEE_UNITS
from tests.backend.relay.room import Room

WEI = 10**18
NOW = 1_700_000_000.0


class FewSettings:
    """What the losses read of a gateway's settings."""

    relay_loss_wei = WEI
    relay_budget_seconds = 10**9
    coin_price_units: int | None = None
    default_reviewer: str | None = None


@pytest.fixture
def counting(market: Any, sqlite_engine: Engine, relayer: Any) -> Room:
    """A room whose relay counts what it costs; by its clock no time passes, so nothing runs off."""
    operator = market.stack.accounts["operator"].address
    losses = Losses(FewSettings(), market.stack.escrow, operator, now=lambda: NOW)  # type: ignore[arg-type]
    return Room(market, sqlite_engine, market.stack.escrow, relayer, losses=losses)


def queue(room: Room, kind: str, payload: dict[str, Any], key: str) -> str:
    room.losses.look()  # as all do who queue
    with Session(write_engine(room.engine)) as session, session.begin():
        return room.losses.bring(room.outbox, session, kind=kind, dedupe_key=key, payload=payload)


def spent_wei(room: Room) -> int:
    return 10**20 - int(room.market.stack.web3.eth.get_balance(room.relayer.address))


def levels(room: Room) -> tuple[int, int, int]:
    """Drawn by everybody; due and credit of the requester."""
    with Session(room.engine) as session:
        everybody = session.get_one(RelayLoss, "all")
        own = session.get(RelayLoss, room.market.stack.accounts["requester"].address)
        return everybody.drawn_wei, own.due_wei if own else 0, own.credit_wei if own else 0


def put_by(room: Room) -> int:
    with Session(room.engine) as session:
        return sum(hold.wei for hold in session.execute(select(RelayHold)).scalars())


def packet(key: Any, signed: Any) -> dict[str, Any]:
    return {"key": key.to_json(), "packet": signed.to_json()}


def test_several_packets_of_one_transaction_share_what_it_took(counting: Room) -> None:
    market, key = counting.market, counting.market.open_batch(3)
    for number in range(3):
        queue(counting, "packet", packet(key, market.claim(key, market.worker())), f"claim:{number}")

    counting.settle_down()

    assert len(counting.transactions()) == 1
    drawn, due, _ = levels(counting)
    assert drawn == due
    assert drawn - put_by(counting) == pytest.approx(spent_wei(counting), abs=3)


def test_the_same_wish_again_is_charged_once(counting: Room) -> None:
    market, key = counting.market, counting.market.open_batch(1)
    claim = packet(key, market.claim(key, market.worker()))
    first = queue(counting, "packet", claim, "claim")
    before = levels(counting)

    assert queue(counting, "packet", claim, "claim") == first
    assert levels(counting) == before


def test_a_reorg_counts_what_the_last_chain_took(counting: Room) -> None:
    market, key, web3 = counting.market, counting.market.open_batch(3), counting.market.stack.web3
    for number in range(2):
        queue(counting, "packet", packet(key, market.claim(key, market.worker())), f"claim:{number}")
        counting.settle_down()
    depth = web3.eth.block_number - min(row.block_number or 0 for row in counting.transactions()) + 1

    assert "error" not in web3.provider.make_request("anvil_reorg", [depth, []])
    assert counting.mined_nonce() == 0
    counting.sender.run_once()
    counting.settle_down()

    assert counting.mined_nonce() == 2
    assert levels(counting)[0] - put_by(counting) == pytest.approx(spent_wei(counting), abs=4)


def test_a_packet_that_was_skipped_frees_what_it_put_by(counting: Room) -> None:
    market, key = counting.market, counting.market.open_batch(1)
    first, second = market.worker(), market.worker()
    queue(counting, "packet", packet(key, market.claim(key, first)), "first")
    queue(counting, "packet", packet(key, market.claim(key, second)), "second")

    counting.settle_down()

    with Session(counting.engine) as session:
        wei = {hold.worker: hold.wei for hold in session.execute(select(RelayHold)).scalars()}
    assert wei[first.address] > 0 == wei[second.address]
    assert levels(counting)[0] - put_by(counting) == pytest.approx(spent_wei(counting), abs=3)


def test_what_is_refused_before_it_is_sent_costs_nothing(counting: Room) -> None:
    market, key = counting.market, counting.market.open_batch(1)
    payload = {"key": key.to_json(), "worker": market.worker().address}
    queue(counting, "pay_overdue", payload, "nothing is overdue")
    assert levels(counting)[0] > 0

    counting.settle_down()

    assert (levels(counting)[:2], spent_wei(counting)) == ((0, 0), 0)


def settled(room: Room, losses: Losses, coin_price_units: int | None) -> None:
    """Claim, answers and verdict of one worker by the relay."""
    losses.settings.coin_price_units = coin_price_units  # type: ignore[union-attr]
    market, key, worker = room.market, room.market.open_batch(1), room.market.worker()
    queue(room, "packet", packet(key, market.claim_and_submit(key, worker)), f"work:{worker.address}")
    room.settle_down()
    settlement = market.settlement(key, 1, [Verdict(worker.address, 0, 1, 0)])
    verdicts = [{"worker": worker.address, "decidedBefore": 0, "accepted": 1, "rejected": 0}]
    payload = settlement | {"key": key.to_json(), "verdicts": verdicts}
    queue(room, "settle", payload, f"settle:{worker.address}")
    room.settle_down()


def test_a_verdicts_fee_counts_at_what_the_coin_is_worth(counting: Room) -> None:
    price = 10**6
    settled(counting, counting.losses, price)

    fee_wei = OPERATOR_FEE_UNITS * 10**18 // price
    drawn, due, credit = levels(counting)
    assert (drawn, due) == (0, 0)
    assert credit == pytest.approx(fee_wei - spent_wei(counting) - put_by(counting), abs=4)


@pytest.mark.parametrize("case", ["no price of the coin", "another's fee"])
def test_a_fee_without_a_price_or_of_another_operator_does_not(counting: Room, case: str) -> None:
    if case == "another's fee":
        counting.losses.operator = counting.market.worker().address
    settled(counting, counting.losses, None if case == "no price of the coin" else 10**6)

    drawn, due, credit = levels(counting)
    assert (due, credit) == (drawn, 0)
    assert drawn - put_by(counting) == pytest.approx(spent_wei(counting), abs=4)


def test_the_real_costs_are_what_counts(counting: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """The planted bug: estimates stay, and are a hundred times too low."""
    monkeypatch.setattr(losses_module.Losses, "_wei", lambda _, gas: gas * 10**7)
    monkeypatch.setattr(losses_module.Losses, "book", lambda *_: None)
    with pytest.raises(AssertionError):
        test_several_packets_of_one_transaction_share_what_it_took(counting)


def brought_within(room: Room, monkeypatch: pytest.MonkeyPatch, *, weighed: bool) -> None:
    """Brings a claim where no signature may be recovered, as others wait for the lock."""
    key = room.market.open_batch(1)
    claim = packet(key, room.market.claim(key, room.market.worker()))
    if weighed:
        room.losses.weigh("packet", claim)

    def recovered(*_: object) -> bool:
        raise AssertionError("a signature is recovered while others wait")

    monkeypatch.setattr(costs, "is_signed_by_key", recovered)
    monkeypatch.setattr(estimates, "is_signed_by_key", recovered)
    queue(room, "packet", claim | {"ends_claim": False}, "claim")


def test_what_was_weighed_before_needs_no_signature_within_the_lock(
    counting: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    brought_within(counting, monkeypatch, weighed=True)
    assert levels(counting)[0] > 0


def test_what_was_not_weighed_is_found(counting: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(AssertionError, match="while others wait"):
        brought_within(counting, monkeypatch, weighed=False)
