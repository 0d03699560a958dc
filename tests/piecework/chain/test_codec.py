"""What the codec encodes and reads is what web3's contracts do, and a call is one question to the node."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from web3 import HTTPProvider, Web3

from piecework.chain import artifacts
from piecework.chain.calls import encode
from piecework.chain.client import connect
from piecework.chain.codec import Codec
from piecework.domain.messages import BatchKey, Packet, PacketKind, Terms, Ticket, Verdict

ADDRESS = "0x52908400098527886E0F7030069857D2E4169EE7"
OTHER = "0xde709f2102306220921060314715629080e2fb77"
DIGEST = "0x" + "a5" * 32


@pytest.fixture(scope="module")
def key(stack: Any) -> BatchKey:
    terms = Terms.from_json({field.name: _value(field.name) for field in dataclasses.fields(Terms)})
    return BatchKey(ADDRESS, DIGEST, terms)


def _value(name: str) -> Any:
    addresses = ("reviewer", "assigner", "operator", "gate", "arbitrator")
    return ADDRESS if name in addresses else DIGEST if name == "manifest" else 7


def packet(key: BatchKey, stack: Any, number: int) -> Packet:
    return Packet(
        kind=PacketKind.CLAIM_AND_SUBMIT,
        batch_id=key.batch_id(stack.escrow.domain),
        worker=ADDRESS,
        sequence=number,
        deadline=2**40 - 1,
        manifest_version=1,
        count=10,
        submitted=9,
        tasks_digest=DIGEST,
        work_digest=DIGEST,
        ticket=Ticket(1, 2, "0x" + "0b" * 65),
        signature="0x" + "0c" * (65 + number),
    )


def test_calldata_is_the_same_byte_for_byte(stack: Any, key: BatchKey) -> None:
    escrow, contract = stack.escrow, stack.escrow.contract
    packets = [packet(key, stack, number) for number in range(5)]
    verdicts = [Verdict(ADDRESS, 1, 2, 3)]
    calls = {
        "relay": ([key.as_tuple()], [each.as_tuple(0) for each in packets]),
        "settle": (key.as_tuple(), 3, b"\x01" * 32, [each.as_tuple() for each in verdicts], [], b"\x02" * 195),
        "sweep": ([ADDRESS, Web3.to_checksum_address(OTHER)],),
        "openBatch": (key.terms.as_tuple(), b"\x03" * 32, 100),
        "setSweepBySig": (ADDRESS, True, 4, 5, b"\x06" * 65),
    }
    for name, arguments in calls.items():
        assert escrow._call(name, *arguments) == encode(contract, name, *arguments), name
    assert escrow.relay([key], packets) == encode(contract, "relay", *calls["relay"])


def test_calldata_of_another_abi_is_found_to_differ(stack: Any, key: BatchKey) -> None:
    abi = [dict(item) for item in artifacts.load("TaskEscrow").abi]
    sweep = next(item for item in abi if item.get("name") == "sweep")
    sweep["inputs"] = [{"name": "accounts", "type": "address[2]"}]  # the planted bug

    found = Codec(abi).data("sweep", ([ADDRESS, ADDRESS],))

    assert found != encode(stack.escrow.contract, "sweep", [ADDRESS, ADDRESS]).data


def test_views_read_the_same(stack: Any, key: BatchKey) -> None:
    functions = stack.escrow.contract.functions

    assert dataclasses.astuple(stack.escrow.tally(DIGEST, ADDRESS)) == tuple(functions.tallyOf(DIGEST, ADDRESS).call())
    assert stack.escrow.may_claim(key, ADDRESS, 1) is not None
    found = stack.escrow._codec.read(stack.web3, stack.escrow.address, "mayClaim", (key.as_tuple(), ADDRESS, 1, 1))
    assert found == (functions.mayClaim(key.as_tuple(), ADDRESS, 1, 1).call(),)


@pytest.mark.parametrize("to", [OTHER, ADDRESS])
def test_what_is_no_such_view_tells_nothing(stack: Any, to: str) -> None:
    to = Web3.to_checksum_address(to)
    assert stack.escrow._codec.read(stack.web3, to, "tallyOf", (bytes(32), ADDRESS)) is None


def test_a_call_is_one_question_to_the_node(stack: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = _listened(monkeypatch)
    _call_and_estimate(connect(stack.rpc_url), stack)
    assert asked == ["eth_chainId", "eth_call", "eth_estimateGas"], "the first is the connection's own"


def test_web3_as_it_comes_asks_for_the_chain_each_time(stack: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The planted bug: else the test above would hold for nothing."""
    asked = _listened(monkeypatch)
    _call_and_estimate(Web3(HTTPProvider(stack.rpc_url)), stack)
    assert asked.count("eth_chainId") >= 2


def _listened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What connections that are made from now on ask."""
    asked: list[str] = []
    original = HTTPProvider.make_request

    def make_request(self: Any, method: Any, params: Any) -> Any:
        asked.append(str(method))
        return original(self, method, params)

    monkeypatch.setattr(HTTPProvider, "make_request", make_request)
    return asked


def _call_and_estimate(web3: Any, stack: Any) -> None:
    call = {"from": stack.accounts["deployer"].address, "to": stack.escrow.address, "data": "0xfc0c546a"}
    web3.eth.call(call)
    web3.eth.estimate_gas(call)
