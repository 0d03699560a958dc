"""The Python client against a whole stack, its documentation's example as written."""

from __future__ import annotations

import ast
import asyncio
import re
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas
import pytest

from piecework import AsyncClient, Client
from piecework.client import (
    FundingFailed,
    GatewayRefused,
    GatewayUnreachable,
    NotWhatWasAsked,
    PieceworkError,
    StillWaiting,
    TasksRefused,
)
from scripts.crowd.wallet import Node, Wallet
from tests.e2e.crowd import Crowd, key_of
from tests.e2e.running import Up, until

ROOT = Path(__file__).resolve().parents[2]
REVIEWS = {"Works well": "good", "Broke at once": "bad", "Would buy again": "good"}
WORDS = {"title": "Is this review good?", "instructions": "Would its writer buy again?", "task_type": "choice"}
HOW: dict[str, Any] = {**WORDS, "options": {"choices": ["good", "bad"]}, "reward": "0.03", "answers_per_task": 3}
DOCUMENTED = "/tmp/market"  # noqa: S108 - the folder of the documentation, replaced by the test's own
ROWS = [{"text": text} for text in REVIEWS]


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    running = Up(tmp_path_factory.mktemp("client") / "market", arguments=("--in-memory",))
    running.start()
    yield running
    running.stop()


def answer(task: Any) -> str:
    return REVIEWS[task["content"]["text"]]


def test_the_example_of_the_documentation_runs_as_written(up: Up, capsys: pytest.CaptureFixture[str]) -> None:
    text = (ROOT / "docs" / "client.md").read_text()
    block = re.findall(r"```python\n(.*?)```", text, re.DOTALL)[0].replace(DOCUMENTED, str(up.folder))
    imports = (ast.Import, ast.ImportFrom)
    assert sum(not isinstance(statement, imports) for statement in ast.parse(block).body) <= 10
    pandas.DataFrame({"review": list(REVIEWS)}).to_csv(up.folder / "reviews.csv", index=False)
    with Client(up.facts["gateway_url"], key=key_of(up, "requester")) as rich:
        rich.faucet("100")
    found: dict[str, Any] = {}
    with Crowd(up, answer):
        exec(block, found)  # noqa: S102 - our own documentation
    found["client"].close()
    labels = dict(zip(found["table"]["content.text"], found["table"]["label"], strict=True))
    assert labels == REVIEWS
    assert {"task", "label", "confidence"} <= set(found["table"].columns)
    printed = capsys.readouterr().out
    assert "(0.270000 for workers, 0.013500 for the operator)" in printed
    assert "9/9" in printed, "the progress bar's last state"


def test_unspent_money_comes_back_and_is_withdrawn(up: Up, client: Client) -> None:
    before = client.balance()
    draft = client.create_batch(ROWS, **HOW, claim_period_seconds=3_600)
    assert draft.cost.total == Decimal("0.2835")
    batch = draft.fund()
    assert batch.progress().free == 9
    with pytest.raises(StillWaiting, match="0 of 9"):
        batch.wait(timeout_seconds=0.1, poll_seconds=0.05, show=False)
    assert list(batch.results()) == []
    batch.close()
    assert batch.wait(timeout_seconds=60, show=False).status == "ended"
    with closing(Node(up.facts["rpc_url"])) as node:
        node.travel(4_000)
        refunded = until(lambda: client.balance() - before, "the refund") if batch.progress().refunded == 0 else None
        assert refunded in (None, Decimal("0.2835"))
        held = node.tokens_of(up.facts["token"], client.address or "")
        owed = client.balance()
        assert owed >= Decimal("0.2835")
        client.withdraw()
        assert node.tokens_of(up.facts["token"], client.address or "") == held + int(owed * 10**6)
    assert client.balance() == 0


def test_a_wallet_elsewhere_funds_with_the_transactions_that_are_printed(up: Up) -> None:
    async def whole() -> None:
        wallet = Wallet()
        url = up.facts["gateway_url"]
        async with AsyncClient(url, key=wallet._account.key.hex(), escrow=up.facts["escrow"]) as requester:
            await requester.faucet("5")
            draft = await requester.create_batch(ROWS, **HOW)
            transactions = await draft.transactions()
            assert [t.to for t in transactions] == [up.facts["token"], up.facts["escrow"]]
            with closing(Node(up.facts["rpc_url"])) as node:
                for transaction in transactions:
                    node.send(wallet, {**transaction.as_dict(), "chain_id": transaction.chain_id, "value": 0})
                await requester.until_indexed(int(node.call("eth_blockNumber"), 16))
            assert (await requester.batch(draft.batch_id).progress()).free == 9

    asyncio.run(whole())


def test_what_goes_wrong_is_said_in_words(up: Up, client: Client, tmp_path: Path) -> None:
    url = up.facts["gateway_url"]
    with pytest.raises(GatewayRefused, match="pay_below_floor"):
        client.create_batch(ROWS, **{**HOW, "reward": "0.000001"})
    with pytest.raises(GatewayRefused, match="batch_unknown"):
        client.batch("0x" + "00" * 32).progress()
    with pytest.raises(TasksRefused, match="row 1"):
        client.create_batch([{"words": "one"}], **HOW)
    with Client(url, key=Wallet()._account.key.hex()) as poor, pytest.raises(FundingFailed, match="which holds 0"):
        poor.create_batch(ROWS, **HOW).fund()
    with Client(url, escrow="0x" + "00" * 20) as wary, pytest.raises(NotWhatWasAsked):
        wary.chain()
    with Client(url) as reader, pytest.raises(PieceworkError, match="with its key"):
        reader.create_batch(ROWS, **HOW)
    with pytest.raises(PieceworkError) as refused:
        Client(url, key="0x1234secret")
    assert "secret" not in str(refused.value)
    client.close()
    client.close()
    with pytest.raises(RuntimeError, match="closed"):
        client.balance()


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "nowhere", "ftp://127.0.0.1"])
def test_a_gateway_that_is_not_there_is_said_to_be_so(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("piecework.client.transport.FIRST_PAUSE_SECONDS", 0.001)
    with Client(url) as lost, pytest.raises(GatewayUnreachable, match=r"127|nowhere"):
        lost.chain()
