"""Nobody makes the gateway burn its gas in loops, and nobody who works is held up by that."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, func, select, update

from backend.errors import TooMany
from backend.relay import allowance, budget, conclusions
from piecework.db.gateway import RelayBudget, RelayIntent
from piecework.db.mirror import MirrorAccount, MirrorBatch, MirrorPayment
from tests.backend.house import House, open_house, sign, verdict

DAY = 86_400


@pytest.fixture(scope="module")
def thrifty(stack: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Six packets without answers a worker and batch, thirty an address, twenty a batch."""
    folder: Path = tmp_path_factory.mktemp("thrifty")
    limits = {
        "relay_packets_per_worker_and_batch": 6,
        "relay_packets_per_address": 30,
        "relay_packets_per_batch": 20,
        "relay_packets_of_settings": 40,
        "relay_budget_seconds": DAY,
    }
    with open_house(stack, folder, **limits) as house:
        yield house


def packets_of(house: House, worker: Any) -> int:
    """How many packets of the worker went to the relay."""
    own = RelayIntent.payload["packet"]["worker"].as_string() == worker.address
    with house.services.reading() as session:
        return int(session.execute(select(func.count()).where(RelayIntent.kind == "packet", own)).scalar_one())


def signed_return(house: House, worker: Any, offer: Any) -> Any:
    drafted = house.post(worker, f"/v1/work/assignments/{offer['assignment_id']}/return/draft", {})
    signature = sign(worker, drafted["typed_data"])
    return {"sequence": drafted["sequence"], "deadline": drafted["deadline"], "signature": signature}


def give_back(house: House, worker: Any, offer: Any) -> None:
    path = f"/v1/work/assignments/{offer['assignment_id']}/return"
    house.post(worker, path, signed_return(house, worker, offer), 202)
    house.reaches(worker, offer["assignment_id"], "returned")


def loop(house: House, worker: Any, batch_id: str, rounds: int) -> None:
    """Claims and gives back."""
    for _ in range(rounds):
        give_back(house, worker, house.claimed(worker, batch_id, count=1))


def later(house: House, seconds: float) -> None:
    """Everything in the budget happened that much earlier."""
    with house.services.writing() as session:
        session.execute(update(RelayBudget).values(counted_at=RelayBudget.counted_at - seconds))


def test_claiming_and_giving_back_ends_with_the_number_and_the_time(thrifty: House) -> None:
    batch_id, worker = thrifty.funded(tasks=3), thrifty.wallet()

    loop(thrifty, worker, batch_id, 3)
    problem = thrifty.refused(
        worker, "/v1/work/assignments", {"batch_id": batch_id, "count": 1}, 429, "relay_budget_spent"
    )

    assert packets_of(thrifty, worker) == 6
    assert (problem["packets"], problem["refill_seconds"]) == (6, DAY)
    assert DAY // 6 - 60 <= problem["retry_after_seconds"] <= DAY // 6
    assert worker.address in problem["detail"]
    assert batch_id in problem["detail"]
    later(thrifty, problem["retry_after_seconds"] + 1)
    offer = thrifty.claimed(worker, batch_id, count=1)
    path = f"/v1/work/assignments/{offer['assignment_id']}/return"
    thrifty.refused(worker, path, signed_return(thrifty, worker, offer), 429, "relay_budget_spent")
    thrifty.submit(worker, offer, thrifty.answered(worker, offer))
    thrifty.reaches(worker, offer["assignment_id"], "submitted")


def test_the_answer_says_when_to_come_back_in_its_header(thrifty: House) -> None:
    batch_id, worker = thrifty.funded(tasks=2), thrifty.wallet()
    loop(thrifty, worker, batch_id, 3)
    headers = {"authorization": f"Bearer {thrifty.token(worker)}"}
    answer = thrifty.client.post("/v1/work/assignments", json={"batch_id": batch_id}, headers=headers)
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) == answer.json()["retry_after_seconds"]


def test_who_works_has_no_end_of_claims(thrifty: House) -> None:
    batch_id, worker = thrifty.funded(tasks=12), thrifty.wallet()

    for _ in range(12):
        thrifty.submitted(worker, batch_id, count=1)

    assert packets_of(thrifty, worker) == 24


def test_a_worker_with_own_gas_still_gets_its_ticket(thrifty: House) -> None:
    batch_id, worker = thrifty.funded(tasks=2), thrifty.wallet()
    loop(thrifty, worker, batch_id, 3)

    offer = thrifty.offer(worker, batch_id, count=1, own_gas=True)

    path = f"/v1/work/assignments/{offer['assignment_id']}/claim"
    body = {"signature": sign(worker, offer["typed_data"])}
    thrifty.refused(worker, path, body, 429, "relay_budget_spent")
    assert offer["typed_data"]["message"]["worker"] == worker.address


def test_the_same_packet_sent_again_is_counted_once(thrifty: House) -> None:
    account = thrifty.wallet().address
    asked = {"kind": "mint", "dedupe_key": f"twice:{account}"}
    payload = {"to": account, "amount_units": "1"}
    with thrifty.services.writing() as session:
        budget = allowance.budget_of(thrifty.services, session, account)
        intents = {allowance.bring(thrifty.services, session, budget, payload=payload, **asked) for _ in range(5)}
        level = session.get_one(RelayBudget, account).level

    assert len(intents) == 1
    assert level == 1


def test_made_up_addresses_cannot_use_up_what_is_for_workers_who_were_paid(thrifty: House) -> None:
    known = thrifty.wallet()
    first = thrifty.funded(tasks=1)
    thrifty.submitted(known, first, count=1)
    thrifty.settled(thrifty.proposed(first, [verdict(known, "t0")]))
    thrifty.until(
        lambda: thrifty.get(None, f"/v1/accounts/{known.address}")["accepted"], lambda accepted: accepted == 1
    )
    batch_id = thrifty.funded(tasks=4)

    for rounds in (3, 3, 1):  # room for strangers: 4 assignments and half of 20
        loop(thrifty, thrifty.wallet(), batch_id, rounds)
    stranger = thrifty.wallet()
    problem = thrifty.refused(
        stranger, "/v1/work/assignments", {"batch_id": batch_id, "count": 1}, 429, "relay_budget_spent"
    )

    assert problem["packets"] == 14
    assert f"batch {batch_id}" in problem["detail"]
    thrifty.submitted(known, batch_id, count=1)


def test_switching_sweeping_on_and_off_ends_too(thrifty: House) -> None:
    account = thrifty.wallet()

    def switch(number: int, status: int) -> Any:
        drafted = thrifty.post(account, "/v1/sweeps/draft", {"enabled": number % 2 == 0})
        signed = {name: drafted[name] for name in ("account", "enabled", "nonce", "deadline")}
        signed["signature"] = sign(account, drafted["typed_data"])
        if status == 202:
            intent = thrifty.post(account, "/v1/sweeps", signed, 202)["intent_id"]
            assert thrifty.gateway.finished(intent)["status"] == "confirmed"
        return signed

    with thrifty.services.writing() as session:
        session.add(RelayBudget(name=account.address, level=28.0, counted_at=9e9))
    for number in range(2):
        switch(number, 202)
    thrifty.refused(account, "/v1/sweeps", switch(2, 429), 429, "relay_budget_spent")


def brought(house: House, kind: str, account: str, **more: Any) -> None:
    with house.services.writing() as session:
        asked: Any = {"kind": kind, "dedupe_key": f"{kind}:{account}", "payload": {"account": account}}
        budget = allowance.budget_of(house.services, session, account, **more)
        intent = allowance.bring(house.services, session, budget, **asked)
        session.delete(session.execute(select(RelayIntent).where(RelayIntent.intent_id == intent)).scalar_one())


def settings_of_strangers(house: House, count: int) -> int:
    """How many of so many new addresses may set something."""
    done = 0
    for _ in range(count):
        try:
            brought(house, "set_sweep", house.wallet().address)
        except TooMany:
            continue
        done += 1
    return done


def without_settings(house: House) -> None:
    with house.services.writing() as session:
        session.execute(delete(RelayBudget).where(RelayBudget.name == "settings"))


def test_new_addresses_do_not_make_room_for_more_settings(thrifty: House) -> None:
    without_settings(thrifty)
    assert settings_of_strangers(thrifty, 30) == 20

    known, stranger = thrifty.wallet().address, thrifty.wallet().address
    with thrifty.services.writing() as session:
        session.add(MirrorAccount(address=known, accepted=1))
    brought(thrifty, "set_sweep", known)
    brought(thrifty, "withdraw", stranger, is_promised=True)
    without_settings(thrifty)


def test_settings_that_are_counted_by_address_alone_are_caught(thrifty: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The planted bug: each new address brings room of its own."""
    without_settings(thrifty)
    monkeypatch.setattr(allowance, "_of_settings", lambda *_: 0)
    assert settings_of_strangers(thrifty, 30) == 30


def test_a_record_of_paying_oneself_does_not_open_what_is_for_the_requesters_own_workers(thrifty: House) -> None:
    batch_id, ring, own = thrifty.funded(tasks=4), thrifty.wallet().address, thrifty.wallet().address
    with thrifty.services.writing() as session:
        batch = session.get_one(MirrorBatch, batch_id)
        for address in (ring, own):
            session.add(MirrorAccount(address=address, accepted=1_000))
        paid = {"assignments": 1, "amount_units": 1, "reason": "reviewed", "block_timestamp": 1}
        paid |= {"batch_id": batch_id, "transaction_hash": batch_id}
        session.add(MirrorPayment(block_number=10**9, log_index=0, worker=own, **paid))
        session.add(RelayBudget(name=batch_id, level=4.0 + 15, counted_at=9e9))
        session.flush()
        with pytest.raises(TooMany):
            allowance.check(thrifty.services, session, ring, batch)
        allowance.check(thrifty.services, session, own, batch)


def test_the_limits_are_told(thrifty: House) -> None:
    assert thrifty.get(None, "/v1/chain")["relay"] == {
        "loss_wei": "0",
        "packets_per_address": 30,
        "packets_per_worker_and_batch": 6,
        "packets_per_batch": 20,
        "settings_of_all": 40,
        "refill_seconds": DAY,
        "coin_price_units": None,
        "subsidy_units": "0",
        "claim_units": "0",
    }


def endless(house: House) -> None:
    """Asserts that a loop comes to its end."""
    batch_id, worker = house.funded(tasks=3), house.wallet()
    loop(house, worker, batch_id, 3)
    headers = {"authorization": f"Bearer {house.token(worker)}"}
    answer = house.client.post("/v1/work/assignments", json={"batch_id": batch_id, "count": 1}, headers=headers)
    assert answer.status_code == 429, "the loop goes on"


def answered_piece_by_piece(house: House, most: int) -> int:
    """How many packets of one answer each are taken, of one claim, from a bucket that has room for two."""
    market, worker = house.gateway.market, house.wallet()
    key = market.open_batch(most + 1)
    batch_id = market.batch_id(key)
    house.until(lambda: house.client.get(f"/v1/batches/{batch_id}").status_code, lambda status: status == 200)

    def send(packet: Any, kind: str) -> int:
        names = "batch_id", "sequence", "deadline", "manifest_version", "count", "tasks_digest", "work_digest"
        body = {name: getattr(packet, name) for name in (*names, "signature")} | {"kind": kind}
        headers = {"authorization": f"Bearer {house.token(worker)}"}
        answer = house.client.post("/v1/work/packets", json=body, headers=headers)
        if answer.status_code == 202:
            assert house.gateway.finished(answer.json()["intent_id"])["status"] == "confirmed"
        return int(answer.status_code)

    assert send(market.claim(key, worker, most + 1, sequence=0), "claim") == 202
    with house.services.writing() as session:
        full = {"level": 10.0, "counted_at": 9e9}
        session.execute(update(RelayBudget).where(RelayBudget.name == f"{worker.address}:{batch_id}").values(full))
    for done in range(most):
        status = send(market.submit(key, worker, 1, sequence=1 + done), "submit")
        if status != 202:
            assert status == 429
            return done
    return most


def test_one_claim_does_not_bring_any_number_of_packets(thrifty: House) -> None:
    assert answered_piece_by_piece(thrifty, 4) == 2


def test_answers_that_all_give_back_are_caught(thrifty: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The planted bug: every packet of answers pays for its claim again."""
    monkeypatch.setattr(budget, "ENDS_CLAIM", "nowhere")
    assert answered_piece_by_piece(thrifty, 4) == 4


def test_a_budget_that_is_not_charged_is_caught(thrifty: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The planted bug: packets are brought without being counted."""
    monkeypatch.setattr(allowance, "take", lambda *_: None)
    with pytest.raises(AssertionError, match="the loop goes on"):
        endless(thrifty)


def test_a_budget_that_gives_returns_back_is_caught(thrifty: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The planted bug: every packet that applied counts as work."""

    def too_kind(session: Any, confirmed: Any) -> None:
        for intent in confirmed:
            packet = intent.payload["packet"]
            names = budget.names_of(packet["worker"], packet["batch_id"])
            session.execute(update(RelayBudget).where(RelayBudget.name.in_(names)).values(level=0.0))

    monkeypatch.setattr(conclusions, "give_back", too_kind)
    with pytest.raises(AssertionError, match="the loop goes on"):
        endless(thrifty)


def test_without_planted_bugs_the_loop_ends(thrifty: House) -> None:
    endless(thrifty)
