"""Connecting to a node, and finding the contracts there or saying what is wrong."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from piecework.chain import anvil as anvil_module
from piecework.chain.anvil import AnvilFailed, AnvilMissing, anvil_binary, free_port, start_anvil
from piecework.chain.calls import encode, simulate
from piecework.chain.client import connect
from piecework.chain.deploy import DeploymentFailed, deploy_contract, deploy_escrow, deploy_panel, deploy_token
from piecework.chain.errors import CallReverted, ContractMissing, NodeUnreachable, WrongChainId
from piecework.chain.escrow import Escrow
from piecework.chain.token import Token
from tests.piecework.chain.node import answering, plain

ROOT = Path(__file__).resolve().parents[3]
ANSWERS_ONE_WORD_TO_ALL = "0x600a600c600039600a6000f360015f5260205ff3000000"
"""Creation code of a contract that returns the word 1 whatever it is asked."""


# ----------------------------------------------------------------------- node


def test_a_node_of_the_wanted_chain_is_taken(anvil: Any) -> None:
    assert connect(anvil.rpc_url, chain_id=31337).eth.chain_id == 31337
    assert connect(anvil.rpc_url).eth.chain_id == 31337


def test_a_node_of_another_chain_is_refused_with_both_numbers(anvil: Any) -> None:
    with pytest.raises(WrongChainId, match="serves chain 31337, not 1") as caught:
        connect(anvil.rpc_url, chain_id=1)
    assert (caught.value.expected, caught.value.found) == (1, 31337)


def test_a_node_that_is_down_is_named() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(NodeUnreachable, match=url):
        connect(url)


def test_a_node_that_stays_silent_is_given_up() -> None:
    enough = threading.Event()

    def silence(_: Any) -> Iterator[bytes]:
        enough.wait(60)
        yield b"{}"

    with answering(silence) as url:
        try:
            with pytest.raises(NodeUnreachable, match=url):
                connect(url, timeout_seconds=0.2)
        finally:
            enough.set()


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        {},
        "text",
        {"jsonrpc": "2.0", "id": 0, "result": "nonsense"},
        {"jsonrpc": "2.0", "id": 0, "result": None},
        {"jsonrpc": "2.0", "id": 0, "error": {"code": -32000, "message": "no"}},
    ],
)
def test_a_node_that_answers_nonsense_is_no_node(value: Any) -> None:
    with answering(plain(value)) as url, pytest.raises(NodeUnreachable):
        connect(url)


@pytest.mark.parametrize("status", [401, 404, 429, 500, 503])
def test_a_refusal_by_http_status_is_no_node(status: int) -> None:
    answer = plain({"jsonrpc": "2.0", "id": 0, "result": "0x7a69"})
    with answering(answer, status) as url, pytest.raises(NodeUnreachable):
        connect(url)


@pytest.mark.parametrize("url", ["", "nonsense", "http://", "ftp://127.0.0.1"])
def test_an_address_that_is_none_is_no_node(url: str) -> None:
    with pytest.raises(NodeUnreachable):
        connect(url)


# ------------------------------------------------------------------- contract


def test_an_escrow_is_recognised(stack: Any) -> None:
    stack.escrow.check()


def test_the_escrows_own_domain_separator_is_ours(stack: Any) -> None:
    assert bytes(stack.escrow.contract.functions.domainSeparator().call()) == stack.escrow.domain.separator()


def test_an_address_without_code_is_no_escrow(stack: Any) -> None:
    with pytest.raises(ContractMissing, match="there is no code"):
        Escrow(stack.web3, stack.accounts["stranger"].address).check()


def test_another_contract_is_no_escrow(stack: Any) -> None:
    for address in (stack.token.address, stack.panel):
        with pytest.raises(ContractMissing, match="other code answers"):
            Escrow(stack.web3, address).check()


def test_a_contract_that_answers_everything_is_no_escrow(stack: Any) -> None:
    address = created(stack, ANSWERS_ONE_WORD_TO_ALL)
    with pytest.raises(ContractMissing, match="another chain, address or version"):
        Escrow(stack.web3, address).check()


def created(stack: Any, code: str) -> str:
    """The address of a contract made from raw creation code."""
    sender = stack.accounts["stranger"]
    transaction = {
        "data": code,
        "chainId": stack.web3.eth.chain_id,
        "nonce": stack.web3.eth.get_transaction_count(sender.address),
        "gas": 500_000,
        "maxFeePerGas": stack.web3.eth.gas_price * 2,
        "maxPriorityFeePerGas": 1,
    }
    raw = sender.sign_transaction(transaction).raw_transaction
    receipt = stack.web3.eth.wait_for_transaction_receipt(stack.web3.eth.send_raw_transaction(raw))
    assert receipt["status"] == 1
    address = str(receipt["contractAddress"])
    assert stack.web3.eth.get_code(address)
    return address


def test_an_escrow_for_a_token_that_is_not_there_is_not_deployed(stack: Any) -> None:
    nowhere = stack.accounts["stranger"].address
    before = stack.web3.eth.get_transaction_count(stack.accounts["deployer"].address)

    with pytest.raises(ContractMissing, match="is no payment token on this chain"):
        deploy_escrow(stack.web3, stack.accounts["deployer"], nowhere, [])

    assert stack.web3.eth.get_transaction_count(stack.accounts["deployer"].address) == before


def test_a_deployment_that_the_contract_refuses_is_named(stack: Any) -> None:
    with pytest.raises(DeploymentFailed, match="creating ReviewPanel was refused: ReviewPanel_BadSetup"):
        deploy_panel(stack.web3, stack.accounts["deployer"], [stack.accounts["reviewer1"].address], 2)


def test_a_deployment_without_gas_money_is_named(stack: Any) -> None:
    from eth_account import Account

    with pytest.raises(DeploymentFailed, match=r"creating TestToken failed: .*funds"):
        deploy_token(stack.web3, Account.create())


def test_a_node_that_dies_during_deployment_is_named() -> None:
    from eth_account import Account

    process = start_anvil(ROOT)
    try:
        web3 = connect(process.rpc_url)
    finally:
        process.stop()
    with pytest.raises(NodeUnreachable, match=process.rpc_url):
        deploy_token(web3, Account.create())


def test_a_missing_library_is_named_before_anything_is_sent(stack: Any) -> None:
    arguments = (stack.token.address, [])
    with pytest.raises(KeyError):
        deploy_contract(stack.web3, stack.accounts["deployer"], "TaskEscrow", *arguments)


def test_a_refused_call_comes_back_with_the_contracts_own_error(stack: Any) -> None:
    stranger = stack.accounts["stranger"].address
    with pytest.raises(CallReverted) as caught:
        simulate(stack.web3, stack.escrow.withdraw(5, stranger), stranger)
    assert caught.value.reason.code == "insufficient_balance"
    assert caught.value.reason.arguments == {"account": stranger.lower(), "available": 0, "needed": 5}


def test_a_refusal_by_the_token_comes_back_with_the_tokens_own_error(stack: Any) -> None:
    stranger = stack.accounts["stranger"].address
    with pytest.raises(CallReverted) as caught:
        simulate(stack.web3, encode(stack.token.contract, "transfer", stack.escrow.address, 7), stranger)
    assert caught.value.reason.code == "erc20_insufficient_balance"


def test_a_token_tells_its_name_units_and_domain_version(stack: Any) -> None:
    token = Token(stack.web3, stack.token.address)

    assert (token.symbol, token.decimals, token.version) == ("pwUSD", 6, "1")
    assert token.name == "Piecework Test Dollar"


# ---------------------------------------------------------------------- anvil


def test_a_missing_anvil_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(AnvilMissing, match="make setup"):
        anvil_binary(tmp_path)


def test_an_anvil_on_a_taken_port_is_refused(anvil: Any) -> None:
    port = int(anvil.rpc_url.rpartition(":")[2])
    with pytest.raises(AnvilFailed, match=f"port {port}"):
        start_anvil(ROOT, port=port)


def test_an_answer_of_another_program_is_not_taken_for_anvil() -> None:
    with answering(plain({"jsonrpc": "2.0", "id": 1, "result": "Geth/v1"})) as url:
        assert not anvil_module._answers(url)


def test_a_saved_chain_keeps_its_first_genesis_however_often_it_is_started(tmp_path: Path) -> None:
    state = tmp_path / "chain.json"
    found = []
    for start in range(3):
        # As if minutes lay between the starts: each genesis block carries its own time.
        process = start_anvil(ROOT, state_file=state, extra=("--timestamp", str(1_800_000_000 + 60 * start)))
        try:
            web3 = connect(process.rpc_url)
            found.append(web3.eth.get_block(0)["hash"])
            web3.provider.make_request("evm_mine", [])
            assert web3.eth.block_number == len(found), "every block of before is there"
        finally:
            process.stop()
        put_newest_genesis_last(state)

    assert len(set(found)) == 1


def test_without_that_a_saved_chain_can_come_back_with_another_genesis(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(anvil_module, "keep_first_genesis", lambda _: None)

    with pytest.raises(AssertionError):
        test_a_saved_chain_keeps_its_first_genesis_however_often_it_is_started(tmp_path)


def put_newest_genesis_last(state: Path) -> None:
    """The order in the file is random; this is the bad one."""
    saved = json.loads(state.read_text())
    saved["blocks"].sort(key=lambda block: int(block["header"]["timestamp"], 16))
    first, *rest = [block for block in saved["blocks"] if int(block["header"]["number"], 16) == 0]
    saved["blocks"] = [first, *(b for b in saved["blocks"] if b is not first and b not in rest), *rest]
    state.write_text(json.dumps(saved))


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"blocks": [{"header": {}}]}', '{"blocks": null}'])
def test_what_is_no_saved_chain_is_left_as_it_is(tmp_path: Path, text: str) -> None:
    state = tmp_path / "chain.json"
    anvil_module.keep_first_genesis(state)
    state.write_text(text)

    anvil_module.keep_first_genesis(state)

    assert state.read_text() == text
