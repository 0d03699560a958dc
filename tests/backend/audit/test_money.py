"""Sums of an audit over HTTP: they add up at every step of a batch's life, and a row that was altered breaks them."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from sqlalchemy import update

from piecework.db.mirror import MirrorAccount, MirrorBatch, MirrorPayment
from tests.backend.court import PANEL_FEE_UNITS, Court
from tests.backend.house import REWARD_UNITS, verdict

PARTS = ("paid_units", "operator_fee_units", "returned_fee_units", "refunded_units", "held_units")


@pytest.fixture(scope="module")
def ruled(court: Court) -> tuple[str, Any]:
    """A batch of four: two accepted, two rejected, contested, one of them granted; and its worker."""
    worker = court.wallet()
    court.earn(worker)
    fee, reserve = str(REWARD_UNITS // 20), "6000"
    asked = {"operator_fee_units": fee, "reserve_units": reserve, "answers_per_task": 1}
    batch_id = court.funded(court.requester(), 4, **asked)
    offer = court.submitted(worker, batch_id, count=4)
    tasks = offer["tasks"]
    verdicts = [verdict(worker, task) for task in tasks[:2]]
    verdicts += [verdict(worker, task, "rejected", "no cat") for task in tasks[2:]]
    court.settled(court.proposed(batch_id, verdicts))
    court.until(lambda: court.rejections(worker, batch_id), lambda items: items and items[0]["contestable"] == 2)
    dispute = court.disputed(worker, batch_id)
    court.vote(dispute["dispute_id"], 2, 2, 2)
    court.ended(dispute["dispute_id"], "ruled")
    return batch_id, worker


def sums(court: Court, batch_id: str) -> dict[str, Any]:
    found = court.get(None, f"/v1/audit/batches/{batch_id}")
    money = found["money"]
    assert int(money["funded_units"]) == sum(int(money[part]) for part in PARTS) + int(money["difference_units"])
    return dict(found)


def test_a_batchs_money_adds_up_after_payments_a_rejection_and_a_ruling(court: Court, ruled: Any) -> None:
    batch_id, _ = ruled
    found = sums(court, batch_id)
    money, fee = found["money"], REWARD_UNITS // 20
    assert money["difference_units"] == "0"
    assert money["paid_by_reason"] == {"reviewed": str(2 * REWARD_UNITS), "ruled": str(REWARD_UNITS)}
    assert (money["operator_fee_units"], money["returned_fee_units"]) == (str(2 * fee), str(fee))
    assert money["held_units"] == str(REWARD_UNITS + fee), "the upheld rejection is free again"
    assert money["arbitration_units"] == str(PANEL_FEE_UNITS)
    assert found["counts"] | {"accepted": 3, "free": 1, "funded": 4} == found["counts"]


def test_the_totals_add_up_and_the_token_holds_them(court: Court, ruled: Any) -> None:
    del ruled
    found = court.get(None, "/v1/audit/totals")
    deposited, withdrawn, owned = (int(found[f"{name}_units"]) for name in ("deposited", "withdrawn", "owned"))
    assert deposited - withdrawn == owned > 0
    assert (found["difference_units"], found["money"]["difference_units"], found["surplus_units"]) == ("0", "0", "0")
    assert found["balance_units"] == found["owned_units"]
    assert found["at"]["block_number"] == court.stack.web3.eth.block_number


def test_tokens_sent_unasked_are_a_surplus(court: Court) -> None:
    before = court.get(None, "/v1/audit/totals")
    stack = court.stack
    stack.send(stack.accounts["deployer"], stack.token.mint(stack.escrow.address, 7))
    court.until(lambda: court.get(None, "/v1/audit/totals")["surplus_units"], lambda found: found == "7")
    assert court.get(None, "/v1/audit/totals")["owned_units"] == before["owned_units"]


@pytest.mark.parametrize(
    ("table", "column", "where"),
    [
        (MirrorBatch, "free", "batch"),
        (MirrorPayment, "amount_units", "batch"),
        (MirrorAccount, "owed_units", "whole"),
    ],
    ids=["batch-row", "payment", "account"],
)
def test_an_altered_row_is_seen_in_the_sums(court: Court, ruled: Any, table: Any, column: str, where: str) -> None:
    """The mirror lies: the twin of every test above that finds nothing."""
    batch_id, worker = ruled
    which = table.address == worker.address if where == "whole" else table.batch_id == batch_id
    lie = 77
    with court.services.writing() as session:
        kept = [(row, getattr(row, column)) for row in session.query(table).filter(which)]
        keys = [([getattr(row, key.name) for key in table.__table__.primary_key], value) for row, value in kept]
        session.execute(update(table).where(which).values({column: lie}))
    try:
        money = court.get(None, f"/v1/audit/batches/{batch_id}")["money"]
        totals = court.get(None, "/v1/audit/totals")
        assert (money["difference_units"] != "0") == (where == "batch")
        assert totals["money"]["difference_units"] != "0" or totals["difference_units"] != "0"
    finally:
        with court.services.writing() as session:
            for key, value in keys:
                setattr(session.get(table, tuple(key)), column, value)


def test_events_are_listed_newest_first_by_name_and_by_account(court: Court, ruled: Any) -> None:
    batch_id, worker = ruled
    found = court.get(None, "/v1/audit/events", batch_id=batch_id, name=["Paid", "Rejected"])["items"]
    assert [item["name"] for item in found] == ["Paid", "Paid", "Rejected"]
    first = court.get(None, "/v1/audit/events", account=worker.address, limit=1)
    second = court.get(None, "/v1/audit/events", account=worker.address, limit=1, cursor=first["next_cursor"])
    places = [(page["items"][0]["block_number"], page["items"][0]["log_index"]) for page in (first, second)]
    assert places[0] > places[1]
    court.refused(None, "/v1/audit/events", None, 422, "batch_or_account", method="GET")


def test_the_table_holds_every_event_of_the_batch(court: Court, ruled: Any) -> None:
    batch_id, _ = ruled
    answer = court.client.get("/v1/audit/events.csv", params={"batch_id": batch_id})
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    listed, cursor = [], None
    while True:
        page = court.get(None, f"/v1/batches/{batch_id}/events", **({"cursor": cursor} if cursor else {}))
        listed += [(item["name"], item["transaction_hash"]) for item in page["items"]]
        if (cursor := page["next_cursor"]) is None:
            break
    assert [(row["event"], row["transaction_hash"]) for row in rows] == listed
    assert answer.headers["content-type"].startswith("text/csv")
    assert sum(int(row["amount_units"]) for row in rows if row["event"] == "Paid") == 3 * REWARD_UNITS


def test_an_unknown_batch_is_refused_by_name(court: Court) -> None:
    court.refused(None, "/v1/audit/batches/0x" + "00" * 32, None, 404, "batch_unknown", method="GET")
