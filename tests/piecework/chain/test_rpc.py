"""Plain JSON-RPC: a node that is down, slow, or answers nonsense gets a named error and never a wrong value."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest

from piecework.chain.anvil import free_port
from piecework.chain.errors import NodeUnreachable
from piecework.chain.rpc import Rpc, RpcError
from tests.piecework.chain.node import answering, plain

ONE = [("eth_chainId", ())]
TWO = [("eth_chainId", ()), ("eth_blockNumber", ())]


@contextmanager
def connected(url: str, timeout_seconds: float = 30.0) -> Iterator[Rpc]:
    with closing(Rpc(url, timeout_seconds=timeout_seconds)) as rpc:
        yield rpc


def answers(value: Any, requests: Any = TWO, status: int = 200) -> list[Any]:
    """What comes of a node that gives `value` whatever it is asked."""
    with answering(plain(value), status) as url, connected(url) as rpc:
        return rpc.batch(requests)


def result(number: int, value: Any = "0x1") -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": number, "result": value}


# ----------------------------------------------------------------- real chain


def test_a_real_node_answers_in_the_order_asked(anvil: Any) -> None:
    with connected(anvil.rpc_url) as rpc:
        chain_id, block = rpc.batch([("eth_chainId", []), ("eth_getBlockByNumber", ["0x0", False])])

        assert int(chain_id, 16) == rpc.chain_id() == 31337
        assert block["number"] == "0x0"
        assert rpc.block_number() >= 0
        assert rpc.batch([]) == []


def test_a_real_node_that_refuses_one_request_names_it(anvil: Any) -> None:
    with connected(anvil.rpc_url) as rpc, pytest.raises(RpcError, match="eth_noSuchThing was refused") as caught:
        rpc.batch([("eth_chainId", []), ("eth_noSuchThing", [])])
    assert caught.value.code == -32601


# --------------------------------------------------------------- down or slow


def test_a_node_that_is_down_is_named_with_its_address() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    with connected(url) as rpc, pytest.raises(NodeUnreachable, match=url) as caught:
        rpc.chain_id()
    assert "is it running, is the URL right?" in str(caught.value)


@pytest.mark.parametrize("url", ["", "nonsense", "http://", "ftp://127.0.0.1", "http://127.0.0.1:99999"])
def test_an_address_that_is_none_is_named(url: str) -> None:
    with connected(url) as rpc, pytest.raises(NodeUnreachable):
        rpc.chain_id()


def test_a_node_that_takes_the_request_and_stays_silent_is_given_up() -> None:
    enough = threading.Event()

    def silence(_: Any) -> Iterator[bytes]:
        enough.wait(60)
        yield b"{}"

    with answering(silence) as url, connected(url, timeout_seconds=0.2) as rpc:
        with pytest.raises(NodeUnreachable, match="ReadTimeout"):
            rpc.chain_id()
        enough.set()


def test_a_node_that_sends_a_byte_now_and_then_is_given_up() -> None:
    enough = threading.Event()

    def drip(_: Any) -> Iterator[bytes]:
        while not enough.wait(0.02):
            yield b" "

    with answering(drip) as url, connected(url, timeout_seconds=0.5) as rpc:
        try:
            with pytest.raises(NodeUnreachable, match=r"no whole answer in 0.5 s"):
                rpc.chain_id()
        finally:
            enough.set()


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 413, 429, 500, 502, 503])
def test_a_refusal_by_http_status_is_no_answer(status: int) -> None:
    with pytest.raises(NodeUnreachable):
        answers([result(0), result(1)], status=status)


# ------------------------------------------------------------------- nonsense


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"id":', b"\xff"])
def test_bytes_that_are_no_json_are_no_answer(body: bytes) -> None:
    with answering(lambda _: body) as url, connected(url) as rpc, pytest.raises(NodeUnreachable):
        rpc.chain_id()


@pytest.mark.parametrize("value", [None, 1, "text", True])
def test_json_that_is_no_rpc_is_no_answer(value: Any) -> None:
    with pytest.raises(NodeUnreachable, match="no JSON-RPC"):
        answers(value)


@pytest.mark.parametrize(
    "value",
    [
        [],
        [None, 1, "x"],
        {},
        {"result": "0x1"},
        [result(0)],
        [result(0), result(2)],
        [result(0), {"jsonrpc": "2.0", "id": 1}],
        [result(0), {"jsonrpc": "2.0", "id": 1, "error": None}],
        [result(0), {"jsonrpc": "2.0", "id": 1, "error": "no"}],
        [result(0), {"jsonrpc": "2.0", "id": 1, "error": {"code": "x", "message": None}}],
        [result(0), {"jsonrpc": "2.0", "id": 1, "result": "0x1", "error": {"code": 5, "message": "both"}}],
    ],
)
def test_a_request_left_unanswered_never_gets_anothers_answer(value: Any) -> None:
    with pytest.raises(RpcError):
        answers(value)


def test_answers_out_of_order_are_put_in_order() -> None:
    assert answers([result(1, "0xb"), result(0, "0xa")]) == ["0xa", "0xb"]


def test_an_empty_error_beside_a_result_is_no_error() -> None:
    assert answers([{"jsonrpc": "2.0", "id": 0, "result": None, "error": None}], ONE) == [None]


def test_one_error_for_a_whole_batch_is_the_error_of_its_first_request() -> None:
    refusal = {"jsonrpc": "2.0", "id": None, "error": {"code": -32005, "message": "batch too large"}}

    with pytest.raises(RpcError, match=r"eth_chainId was refused by the node: batch too large \(-32005\)") as caught:
        answers(refusal)
    assert caught.value.code == -32005
