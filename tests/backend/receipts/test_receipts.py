"""Receipts over HTTP: a table that adds up, names its transactions, and can be cut to days."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from backend.audit import service as audit_service
from backend.audit.repository import Wanted
from backend.receipts import service as receipts_service
from backend.services import Services
from piecework.domain.messages import Verdict
from piecework.files import cells
from tests.backend.payments.gateway import EXPLORER_URL, Gateway, running_gateway
from tests.backend.relay.market import DAY, OPERATOR_FEE_UNITS, REWARD_UNITS


@pytest.fixture(scope="module")
def gateway(stack: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with running_gateway(stack, tmp_path_factory.mktemp("gateway")) as found:
        yield found


@pytest.fixture(scope="module")
def worker(gateway: Gateway) -> Any:
    """Paid for two of three reviewed answers, and three days later for one by silence."""
    market, worker = gateway.market, gateway.market.worker()
    stack = market.stack
    key = market.open_batch(3)
    market.relayed_by_hand(key, market.claim_and_submit(key, worker, 3))
    settlement = market.settlement(key, 1, [Verdict(worker.address, 0, 2, 1)])
    stack.send(stack.accounts["stranger"], stack.escrow.settle(key, **settlement))
    stack.travel(3 * DAY)
    key = market.open_batch(1)
    market.relayed_by_hand(key, market.claim_and_submit(key, worker, 1))
    stack.travel(DAY + 1)
    path = f"/v1/accounts/{worker.address}"
    gateway.until(path, lambda found: found["owed_units"] == str(3 * REWARD_UNITS))
    return worker


def receipts(gateway: Gateway, address: str, **query: Any) -> list[dict[str, str]]:
    answer = gateway.client.get(f"/v1/accounts/{address}/receipts.csv", params=query)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == f'attachment; filename="piecework-receipts-{address}.csv"'
    return list(csv.DictReader(io.StringIO(answer.text)))


def test_a_workers_receipts_name_payer_batch_and_transaction(gateway: Gateway, worker: Any) -> None:
    rows = receipts(gateway, worker.address)
    requester = gateway.market.stack.accounts["requester"].address

    assert [row["what"] for row in rows] == ["work paid"] * 2
    assert [row["amount_units"] for row in rows] == [str(2 * REWARD_UNITS), str(REWARD_UNITS)]
    assert [Decimal(row["amount"]) for row in rows] == [Decimal(2 * REWARD_UNITS).scaleb(-6), Decimal("0.1")]
    assert [row["balance_units"] for row in rows] == [str(2 * REWARD_UNITS), str(3 * REWARD_UNITS)]
    web3 = gateway.market.stack.web3
    for row in rows:
        assert row["counterparty"] == requester
        assert row["explorer_url"] == f"{EXPLORER_URL}/tx/{row['transaction_hash']}"
        assert web3.eth.get_transaction_receipt(row["transaction_hash"])["blockNumber"] == int(row["block_number"])
        stamp = web3.eth.get_block(int(row["block_number"]))["timestamp"]
        assert datetime.fromisoformat(row["date_utc"]) == datetime.fromtimestamp(stamp, UTC)


def test_a_requesters_receipts_end_at_its_balance_and_at_what_is_locked(gateway: Gateway, worker: Any) -> None:
    requester = gateway.market.stack.accounts["requester"].address
    rows = receipts(gateway, requester)
    account = gateway.get(f"/v1/accounts/{requester}")

    assert rows[-1]["balance_units"] == account["owed_units"]
    assert rows[-1]["locked_units"] == str(REWARD_UNITS + OPERATOR_FEE_UNITS), "the rejected answer's money"
    whats = [row["what"] for row in rows]
    assert whats.count("batch funded") == 2
    assert whats.count("worker paid") == 2
    assert whats.count("operator fee returned") == 1, "silence pays no operator"
    funded = next(row for row in rows if row["what"] == "batch funded")
    assert funded["fee_units"] == str(3 * OPERATOR_FEE_UNITS)
    assert funded["amount_units"] == str(-3 * (REWARD_UNITS + OPERATOR_FEE_UNITS))
    assert funded["amount"].startswith("-0.3")


def test_days_cut_the_table_and_leave_the_balances(gateway: Gateway, worker: Any) -> None:
    every = receipts(gateway, worker.address)
    first, last = (datetime.fromisoformat(row["date_utc"]).date() for row in every)

    assert receipts(gateway, worker.address, until=first) == every[:1]
    assert receipts(gateway, worker.address, since=first + timedelta(days=1)) == every[1:]
    assert receipts(gateway, worker.address, since=first, until=last) == every
    assert receipts(gateway, worker.address, since=last + timedelta(days=1)) == []


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"since": "2026-02-02", "until": "2026-02-01"}, "dates_reversed"),
        ({"since": "yesterday"}, "malformed_request"),
        ({"until": "2026-02-30"}, "malformed_request"),
    ],
)
def test_days_that_are_none_are_refused(gateway: Gateway, worker: Any, query: dict[str, str], code: str) -> None:
    found = gateway.get(f"/v1/accounts/{worker.address}/receipts.csv", status=422, **query)

    assert found["code"] == code


class Watched:
    """The gateway's services, and how many of their sessions are open."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.held = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.services, name)

    @contextmanager
    def reading(self) -> Iterator[Any]:
        with self.services.reading() as session:
            self.held += 1
            try:
                yield session
            finally:
                self.held -= 1


def held_by_slow_readers(gateway: Gateway, monkeypatch: pytest.MonkeyPatch, table: Callable[[Any], Any]) -> int:
    """Sessions that are open while a reader has only the first part."""
    for module in (cells, receipts_service, audit_service):
        monkeypatch.setattr(module, "ROWS_AT_A_TIME", 1)
    watched = Watched(gateway.client.app.state.services)  # type: ignore[attr-defined]
    with closing(table(watched)) as parts:
        next(parts)
        return watched.held


def of_worker(worker: Any) -> Callable[[Any], Any]:
    return lambda services: receipts_service.table(services, worker.address, None, None)


def of_escrow(_: Any) -> Callable[[Any], Any]:
    return lambda services: audit_service.table(services, Wanted(None, None, ()))


@pytest.mark.parametrize("table", [of_worker, of_escrow], ids=["receipts", "events"])
def test_who_reads_a_table_slowly_holds_no_connection(
    gateway: Gateway, worker: Any, monkeypatch: pytest.MonkeyPatch, table: Any
) -> None:
    assert held_by_slow_readers(gateway, monkeypatch, table(worker)) == 0


def test_a_table_that_holds_its_session_is_noticed(
    gateway: Gateway, worker: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The planted bug: one session for the whole table."""

    def within_one(services: Any) -> Iterator[str]:
        with services.reading():
            yield from of_worker(worker)(services)

    assert held_by_slow_readers(gateway, monkeypatch, within_one) == 1


def test_an_address_that_never_acted_has_an_empty_table(gateway: Gateway) -> None:
    assert receipts(gateway, gateway.market.worker().address) == []
    assert gateway.get("/v1/accounts/0x12/receipts.csv", status=422)["code"] == "malformed_request"
