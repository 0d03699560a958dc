"""Several questions in one request: each answer stands at its question, whatever the node makes of lists."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import requests
from web3 import HTTPProvider, Web3
from web3.exceptions import BadResponseFormat

from piecework.chain import together
from piecework.chain.anvil import free_port
from piecework.chain.client import connect
from piecework.chain.together import Refused, ask_together
from tests.backend.relay.lossy import Fate, lossy_node
from tests.piecework.chain.node import answering

NAMES = ("one", "two", "three")


def questions() -> list[together.Question]:
    return [("echo", [name]) for name in NAMES]


def answers_of(answer: Callable[[list[Any]], Any], status: int = 200) -> tuple[list[Any], list[int]]:
    """What comes of a node that echoes but answers lists by `answer`; and how much each request asked."""
    asked: list[int] = []

    def speak(body: Any) -> bytes:
        asked.append(len(body) if isinstance(body, list) else 1)
        return json.dumps(answer(body) if isinstance(body, list) else echo(body)).encode()

    with answering(speak, status) as url:
        return ask_together(Web3(HTTPProvider(url)), questions()), asked


def echo(call: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": call["id"], "result": call["params"][0]}


def test_a_real_node_answers_all_at_once_in_the_order_asked(anvil: Any) -> None:
    with lossy_node(anvil.rpc_url, lambda *_: "answer") as node:
        asked: list[together.Question] = [("eth_chainId", []), ("eth_noSuchThing", []), ("eth_blockNumber", [])]
        chain_id, refused, block = ask_together(Web3(HTTPProvider(node.rpc_url)), asked)
    assert int(chain_id, 16) == 31337
    assert isinstance(refused, Refused)
    assert "-32601" in str(refused)
    assert int(block, 16) >= 0
    assert dict(node.seen) == {"eth_chainId+eth_noSuchThing+eth_blockNumber": 1}


def test_more_than_a_node_takes_go_in_several_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(together, "MOST_TOGETHER", 2)
    assert answers_of(lambda calls: [echo(call) for call in calls]) == (list(NAMES), [2, 1])


@pytest.mark.parametrize("turn", ["backwards", "as asked"])
def test_answers_in_any_order_come_to_their_questions(turn: str) -> None:
    step = -1 if turn == "backwards" else 1
    assert answers_of(lambda calls: [echo(call) for call in calls][::step]) == (list(NAMES), [3])


@pytest.mark.parametrize(
    "answer",
    [
        lambda _: {"jsonrpc": "2.0", "id": None, "error": {"code": -32600, "message": "no lists here"}},
        lambda calls: [echo(call) for call in calls[1:]],
        lambda calls: [echo(calls[0])] * 3,
        lambda _: [],
    ],
    ids=["refused", "one missing", "one thrice", "none"],
)
def test_where_lists_are_not_answered_it_is_asked_one_by_one(answer: Callable[[list[Any]], Any]) -> None:
    assert answers_of(answer) == (list(NAMES), [3, 1, 1, 1])


def test_taking_what_comes_planted_gives_a_wrong_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(together, "_is_whole", lambda *_: True)
    assert answers_of(lambda calls: [echo(calls[0])] * 3)[0] != list(NAMES)


def test_a_list_whose_answer_is_lost_is_asked_for_again(anvil: Any) -> None:
    def judge(name: str, count: int) -> Fate:
        return "lose_reply" if "+" in name and count == 1 else "answer"

    with lossy_node(anvil.rpc_url, judge) as node:
        assert len(ask_together(connect(node.rpc_url), [("eth_chainId", []), ("eth_blockNumber", [])])) == 2
    assert node.seen["eth_chainId+eth_blockNumber"] == 2


def test_a_node_that_is_away_is_told() -> None:
    web3 = Web3(HTTPProvider(f"http://127.0.0.1:{free_port()}"))
    with pytest.raises(requests.ConnectionError):
        ask_together(web3, questions())


def test_what_is_no_answer_is_told() -> None:
    with answering(lambda _: b'{"jsonrpc": "2.0", "id": 0}') as url, pytest.raises(BadResponseFormat, match="JSON-RPC"):
        ask_together(Web3(HTTPProvider(url)), questions()[:1])
