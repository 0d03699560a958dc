"""What the sender makes of queued intents, on a real chain."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from structlog.testing import capture_logs

from piecework.chain.logs import EscrowLogs
from piecework.domain.messages import PacketKind, Verdict, sweep_setting, withdrawal
from tests.backend.relay.market import DAY, HOUR, REWARD_UNITS, digest_of, signed


def events_of(room: Any, transaction_hash: str) -> list[tuple[str, dict[str, Any]]]:
    """Name and arguments of the escrow's events in one transaction."""
    from backend.relay.outcomes import plain_log

    receipt = room.market.stack.web3.eth.get_transaction_receipt(transaction_hash)
    decoder = EscrowLogs()
    decoded = [decoder.decode(plain_log(entry)) for entry in receipt["logs"] if entry["address"] == room.escrow.address]
    return [(event.name, event.args) for event in decoded]


def paid_work(room: Any, market: Any, worker: Any, count: int = 1) -> Any:
    """A batch in which `worker` was paid for `count` assignments."""
    key = market.open_batch(count)
    market.relayed_by_hand(key, market.claim_and_submit(key, worker, count))
    accepted = market.settlement(key, 1, [Verdict(worker.address, 0, count, 0)])
    market.stack.send(market.stack.accounts["stranger"], room.escrow.settle(key, **accepted))
    return key


def queue_settlement(room: Any, key: Any, settlement: dict[str, Any]) -> str:
    verdicts = [
        {"worker": v.worker, "decidedBefore": v.decidedBefore, "accepted": v.accepted, "rejected": v.rejected}
        for v in settlement["verdicts"]
    ]
    return room.enqueue("settle", {**settlement, "key": key.to_json(), "verdicts": verdicts})


def queue_withdrawal(room: Any, account: Any, amount_units: int, **changes: Any) -> str:
    wish = {
        "account": account.address,
        "amount_units": amount_units,
        "to": account.address,
        "nonce": room.escrow.account(account.address).nonce,
        "deadline": room.market.now + HOUR,
    } | changes
    signature = signed(wish.pop("signer", account), withdrawal(room.escrow.domain, **wish))
    return room.enqueue("withdraw", wish | {"amount_units": str(amount_units), "signature": signature})


# ------------------------------------------------------------------------ packets


def test_nothing_queued_sends_nothing(room: Any) -> None:
    assert room.sender.run_once() is False
    assert room.mined_nonce() == 0


def test_packets_of_many_workers_and_batches_go_in_one_transaction(room: Any, market: Any) -> None:
    keys = [market.open_batch(20), market.open_batch(20)]
    workers = [market.worker() for _ in range(6)]
    asked = [room.queue_packet(key, market.claim(key, worker)) for worker in workers for key in keys]

    room.settle_down()

    intents = [room.intent(intent_id) for intent_id in asked]
    assert {intent.status for intent in intents} == {"confirmed"}
    assert len({intent.transaction_hash for intent in intents}) == 1
    assert room.mined_nonce() == 1
    for key in keys:
        assert all(room.escrow.tally(market.batch_id(key), w.address).claimed == 1 for w in workers)


def test_a_workers_packets_keep_their_order_within_a_transaction(room: Any, market: Any) -> None:
    key, worker = market.open_batch(20), market.worker()
    asked = []
    for _ in range(3):
        asked.append(room.queue_packet(key, market.claim(key, worker, 2)))
        asked.append(room.queue_packet(key, market.submit(key, worker, 1)))
        asked.append(room.queue_packet(key, market.give_back(key, worker, 1)))

    room.settle_down()

    assert room.statuses(asked) == ["confirmed"] * 9
    assert room.mined_nonce() == 1
    tally = room.escrow.tally(market.batch_id(key), worker.address)
    assert (tally.sequence, tally.old_lot + tally.young_lot, tally.claimed) == (9, 3, 0)


def test_a_transaction_that_would_be_too_big_is_split_by_gas(make_room: Any, market: Any) -> None:
    room = make_room(gas_limit=500_000)
    key = market.open_batch(40)
    asked = [room.queue_packet(key, market.claim(key, market.worker())) for _ in range(24)]

    room.settle_down()

    assert room.statuses(asked) == ["confirmed"] * 24
    used = [
        market.stack.web3.eth.get_transaction_receipt(row.transaction_hash)["gasUsed"] for row in room.transactions()
    ]
    assert len(used) > 2
    assert all(gas <= 500_000 for gas in used), used
    assert max(used) > 250_000, "chunks are far smaller than the limit allows"


def test_each_skipped_packet_gets_the_contracts_reason_and_the_others_apply(room: Any, market: Any) -> None:
    key = market.open_batch(2)
    good, late, forged, early, greedy = (market.worker() for _ in range(5))
    asked = {
        "good": room.queue_packet(key, market.claim(key, good)),
        "packet_expired": room.queue_packet(key, market.claim(key, late, deadline=market.now - 1)),
        "signature_invalid": room.queue_packet(key, market.claim(key, forged, signer=market.worker())),
        "sequence_not_next": room.queue_packet(key, market.claim(key, early, sequence=5)),
        "not_enough_free": room.queue_packet(key, market.claim(key, greedy, 9)),
        "not_enough_claimed": room.queue_packet(key, market.submit(key, market.worker())),
        "manifest_version_unknown": room.queue_packet(key, market.claim(key, market.worker(), manifest_version=2)),
    }

    room.settle_down()

    good_intent = room.intent(asked.pop("good"))
    assert (good_intent.status, good_intent.error_code) == ("confirmed", None)
    for reason, intent_id in asked.items():
        intent = room.intent(intent_id)
        assert (intent.status, intent.error_code) == ("skipped", reason)
        assert reason in intent.error_detail
        assert intent.transaction_hash == good_intent.transaction_hash


def test_a_packet_of_a_batch_that_does_not_exist_is_skipped_with_that_reason(room: Any, market: Any) -> None:
    key = replace(market.open_batch(2), salt=digest_of(10**9))
    intent_id = room.queue_packet(key, market.claim(key, market.worker()))

    room.settle_down()

    assert (room.intent(intent_id).status, room.intent(intent_id).error_code) == ("skipped", "batch_unknown")


def test_of_two_packets_with_one_sequence_number_the_one_that_applied_is_confirmed(room: Any, market: Any) -> None:
    key, worker = market.open_batch(9), market.worker()
    first = room.queue_packet(key, market.claim(key, worker, 1, sequence=0))
    second = room.queue_packet(key, market.claim(key, worker, 2, sequence=0))

    room.settle_down()

    assert room.escrow.tally(market.batch_id(key), worker.address).claimed == 1
    assert room.statuses([first, second]) == ["confirmed", "skipped"]
    assert room.intent(second).error_code == "sequence_not_next"


def test_a_claim_and_submit_and_a_sweep_setting_are_confirmed(room: Any, market: Any) -> None:
    key, worker = market.open_batch(5), market.worker()
    asked = [
        room.queue_packet(key, market.claim_and_submit(key, worker, 2)),
        room.queue_packet(key, market.packet(key, worker, PacketKind.SET_SWEEP, count=1)),
    ]

    room.settle_down()

    assert room.statuses(asked) == ["confirmed", "confirmed"]
    assert room.escrow.account(worker.address).sweep
    assert room.escrow.tally(market.batch_id(key), worker.address).sequence == 3


def test_a_packet_that_cannot_be_encoded_fails_alone(room: Any, market: Any) -> None:
    key = market.open_batch(9)
    broken = replace(market.claim(key, market.worker()), count=70_000)
    poison = room.queue_packet(key, broken)
    healthy = room.queue_packet(key, market.claim(key, market.worker()))

    room.settle_down(seconds=5)

    assert room.intent(poison).status == "failed"
    assert room.intent(healthy).status == "confirmed"


# ---------------------------------------------------------------- calls of their own


def test_a_settlement_pays_and_is_confirmed(room: Any, market: Any) -> None:
    key, worker = market.open_batch(5), market.worker()
    market.relayed_by_hand(key, market.claim_and_submit(key, worker, 3))
    intent_id = queue_settlement(room, key, market.settlement(key, 1, [Verdict(worker.address, 0, 2, 1)]))

    room.settle_down()

    assert room.intent(intent_id).status == "confirmed"
    account = room.escrow.account(worker.address)
    assert (account.owed, account.accepted, account.rejected) == (2 * REWARD_UNITS, 2, 1)


def test_a_settlement_that_the_contract_would_refuse_is_not_sent_and_names_the_error(room: Any, market: Any) -> None:
    key, worker = market.open_batch(5), market.worker()
    market.relayed_by_hand(key, market.claim_and_submit(key, worker, 1))
    ahead = queue_settlement(room, key, market.settlement(key, 2, [Verdict(worker.address, 0, 1, 0)]))
    forged = market.settlement(key, 1, [Verdict(worker.address, 0, 1, 0)])
    forged["signature"] = signed(
        worker,
        withdrawal(room.escrow.domain, account=worker.address, amount_units=1, to=worker.address, nonce=0, deadline=1),
    )
    by_another = queue_settlement(room, key, forged)

    room.settle_down()

    assert (room.intent(ahead).status, room.intent(ahead).error_code) == ("failed", "settlement_not_next")
    assert (room.intent(by_another).status, room.intent(by_another).error_code) == ("failed", "signature_invalid")
    assert "TaskEscrow_SettlementNotNext(given=2, next=1)" in room.intent(ahead).error_detail
    assert room.mined_nonce() == 0, "nothing was worth gas"


def test_a_refused_intent_does_not_hold_up_the_ones_behind_it(room: Any, market: Any) -> None:
    key, worker = market.open_batch(5), market.worker()
    refused = queue_settlement(room, key, market.settlement(key, 7, [Verdict(worker.address, 0, 1, 0)]))
    fine = room.enqueue("mint", {"to": worker.address, "amount_units": "5"})

    room.settle_down()

    assert room.statuses([refused, fine]) == ["failed", "confirmed"]
    assert [row.nonce for row in room.transactions()] == [0], "a refused intent takes no nonce"


def test_a_signed_withdrawal_brings_the_tokens_to_a_worker_without_gas(room: Any, market: Any) -> None:
    worker = market.worker()
    paid_work(room, market, worker, 2)
    intent_id = queue_withdrawal(room, worker, 150_000)

    room.settle_down()

    assert room.intent(intent_id).status == "confirmed"
    assert market.stack.token.balance_of(worker.address) == 150_000
    assert room.escrow.account(worker.address).owed == 2 * REWARD_UNITS - 150_000
    assert market.stack.web3.eth.get_balance(worker.address) == 0


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"amount_units": 10**9}, "insufficient_balance"),
        ({"deadline": 1}, "signature_expired"),
        ({"nonce": 9}, "signature_invalid"),
        ({"signer": "stranger"}, "signature_invalid"),
        ({"amount_units": 0}, "zero_amount"),
    ],
)
def test_a_withdrawal_that_cannot_be_is_failed_by_name(
    room: Any, market: Any, changes: dict[str, Any], code: str
) -> None:
    worker = market.worker()
    paid_work(room, market, worker)
    if "signer" in changes:
        changes = {"signer": market.stack.accounts["stranger"]}
    amount = changes.get("amount_units", REWARD_UNITS)
    intent_id = queue_withdrawal(room, worker, amount, **{k: v for k, v in changes.items() if k != "amount_units"})

    room.settle_down()

    assert (room.intent(intent_id).status, room.intent(intent_id).error_code) == ("failed", code)
    assert room.escrow.account(worker.address).owed == REWARD_UNITS
    assert room.mined_nonce() == 0


def test_a_sweep_setting_and_then_a_sweep_pay_out(room: Any, market: Any) -> None:
    worker, other = market.worker(), market.worker()
    paid_work(room, market, worker)
    paid_work(room, market, other)
    deadline = market.now + HOUR
    wish = {"account": worker.address, "enabled": True, "nonce": 0, "deadline": deadline}
    signature = signed(worker, sweep_setting(room.escrow.domain, **wish))
    setting = room.enqueue("set_sweep", {**wish, "signature": signature})
    room.settle_down()
    sweep = room.enqueue("sweep", {"accounts": [worker.address, other.address]})
    room.settle_down()

    assert room.statuses([setting, sweep]) == ["confirmed", "confirmed"]
    assert market.stack.token.balance_of(worker.address) == REWARD_UNITS
    assert market.stack.token.balance_of(other.address) == 0, "only accounts that switched it on are swept"


def test_the_faucet_mints_tokens_and_gives_gas(room: Any, market: Any) -> None:
    wallet = market.worker()
    asked = [
        room.enqueue("mint", {"to": wallet.address, "amount_units": "12345"}),
        room.enqueue("fund", {"to": wallet.address, "amount_wei": str(10**18)}),
    ]

    room.settle_down()

    assert room.statuses(asked) == ["confirmed", "confirmed"]
    assert market.stack.token.balance_of(wallet.address) == 12345
    assert market.stack.web3.eth.get_balance(wallet.address) == 10**18


def test_calls_that_time_allows_are_brought(room: Any, market: Any) -> None:
    silent, absent, rejected = (market.worker() for _ in range(3))
    key = market.open_batch(5)
    market.relayed_by_hand(
        key,
        market.claim_and_submit(key, silent),
        market.claim(key, absent),
        market.claim_and_submit(key, rejected),
    )
    verdict = market.settlement(key, 1, [Verdict(rejected.address, 0, 0, 1)])
    market.stack.send(market.stack.accounts["stranger"], room.escrow.settle(key, **verdict))
    market.stack.travel(8 * DAY)
    asked = [
        room.enqueue("pay_overdue", {"key": key.to_json(), "worker": silent.address}),
        room.enqueue("expire_claims", {"key": key.to_json(), "workers": [absent.address, silent.address]}),
        room.enqueue("release_rejected", {"key": key.to_json(), "workers": [rejected.address]}),
    ]
    room.settle_down()
    asked.append(room.enqueue("refund", {"key": key.to_json()}))
    room.settle_down()

    assert room.statuses(asked) == ["confirmed"] * 4
    batch = room.escrow.batch(market.batch_id(key))
    assert (batch.free, batch.claimed, batch.submitted, batch.contestable) == (0, 0, 0, 0)
    assert (batch.accepted, batch.refunded) == (1, 4)


def test_a_keepers_wish_that_does_not_apply_is_forgotten_without_a_transaction(room: Any, market: Any) -> None:
    key, worker = market.open_batch(5), market.worker()
    asked = room.enqueue("pay_overdue", {"key": key.to_json(), "worker": worker.address}, dedupe_key="overdue")
    room.settle_down()

    assert room.mined_nonce() == 0
    again = room.enqueue("pay_overdue", {"key": key.to_json(), "worker": worker.address}, dedupe_key="overdue")
    assert again != asked, "the same wish must be possible when it has become due"


# --------------------------------------------------------------------------- money, keys


def test_a_poor_relayer_is_warned_about(room: Any, market: Any) -> None:
    market.stack.web3.provider.make_request("anvil_setBalance", [room.relayer.address, hex(9 * 10**15)])
    room.enqueue("mint", {"to": market.worker().address, "amount_units": "1"})

    with capture_logs() as logs:
        room.settle_down()

    assert [entry["address"] for entry in logs if entry["event"] == "relayer_balance_low"] == [room.relayer.address]


def test_a_relayer_without_gas_keeps_what_is_asked_until_it_has_some(room: Any, market: Any) -> None:
    web3, worker = market.stack.web3, market.worker()
    web3.provider.make_request("anvil_setBalance", [room.relayer.address, "0x0"])
    asked = room.enqueue("mint", {"to": worker.address, "amount_units": "7"})
    for _ in range(3):
        room.sender.run_once()
    assert room.intent(asked).status in ("queued", "sent")

    web3.provider.make_request("anvil_setBalance", [room.relayer.address, hex(10**18)])
    room.settle_down()

    assert room.intent(asked).status == "confirmed"
    assert market.stack.token.balance_of(worker.address) == 7


def test_the_key_is_in_no_log_error_text_or_stored_row(room: Any, market: Any) -> None:
    secret = bytes(room.relayer.key).hex()
    key, worker = market.open_batch(3), market.worker()
    queue_settlement(room, key, market.settlement(key, 9, [Verdict(worker.address, 0, 1, 0)]))
    room.queue_packet(key, market.claim(key, worker))
    with capture_logs() as logs:
        room.settle_down()

    texts = [repr(room.sender), str(room.sender), repr(vars(room.sender)), repr(logs)]
    texts += [repr(vars(row)) for row in room.transactions()]
    assert logs, "the refusal is logged"
    assert all(secret not in text.lower() for text in texts)
