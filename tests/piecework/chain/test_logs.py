"""Every event of the escrow's ABI is read back; a log that is none stops the reader by name."""

from __future__ import annotations

from typing import Any

import pytest
from eth_abi import encode
from eth_utils import keccak, to_checksum_address

from piecework.chain import artifacts
from piecework.chain.logs import LARGEST_JSON_INTEGER, EscrowLogs, UndecodableLog, json_ready

EVENTS = {entry["name"]: entry for entry in artifacts.load("TaskEscrow").entries("event")}
ADDRESS = to_checksum_address("0x" + "ab" * 20)


def kind_of(item: dict[str, Any]) -> str:
    if not item["type"].startswith("tuple"):
        return str(item["type"])
    inner = ",".join(kind_of(component) for component in item["components"])
    return f"({inner}){item['type'].removeprefix('tuple')}"


def sample(item: dict[str, Any]) -> tuple[Any, Any]:
    """A value to encode, and how it must be read."""
    kind = item["type"]
    if kind == "tuple":
        pairs = [sample(component) for component in item["components"]]
        names = [component["name"] for component in item["components"]]
        return tuple(pair[0] for pair in pairs), dict(zip(names, (pair[1] for pair in pairs), strict=True))
    if kind == "address":
        return ADDRESS, ADDRESS
    if kind == "bool":
        return True, True
    if kind.startswith("bytes"):
        size = int(kind.removeprefix("bytes"))
        return b"\x0f" * size, "0x" + "0f" * size
    assert kind.startswith("uint"), f"no sample for {kind}"
    largest = 2 ** int(kind.removeprefix("uint")) - 1
    return largest, largest


def log_of(name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """A raw log of the event `name`, and the arguments it holds."""
    entry = EVENTS[name]
    topics = ["0x" + keccak(text=f"{name}({','.join(kind_of(item) for item in entry['inputs'])})").hex()]
    plain: list[tuple[str, Any]] = []
    expected = {}
    for item in entry["inputs"]:
        value, readable = sample(item)
        expected[item["name"]] = readable
        if item["indexed"]:
            topics.append("0x" + encode([item["type"]], [value]).hex())
        else:
            plain.append((kind_of(item), value))
    raw = {
        "address": ADDRESS.lower(),
        "topics": topics,
        "data": "0x" + encode([kind for kind, _ in plain], [value for _, value in plain]).hex(),
        "blockNumber": "0x10",
        "blockHash": "0x" + "0b" * 32,
        "transactionHash": "0x" + "0c" * 32,
        "logIndex": "0x2",
    }
    return raw, expected


@pytest.mark.parametrize("name", EVENTS)
def test_an_event_of_the_abi_is_read_back(name: str) -> None:
    raw, expected = log_of(name)

    event = EscrowLogs().decode(raw)

    assert (event.name, event.args, event.contract) == (name, expected, ADDRESS)
    assert (event.block_number, event.log_index) == (16, 2)
    assert (event.block_hash, event.transaction_hash) == ("0x" + "0b" * 32, "0x" + "0c" * 32)
    assert event.batch_id == expected.get("batchId")


def test_the_reader_knows_every_event_of_the_abi() -> None:
    assert EscrowLogs().names == set(EVENTS)


@pytest.mark.parametrize("name", EVENTS)
def test_a_log_of_that_event_that_does_not_fit_is_refused(name: str) -> None:
    raw, _ = log_of(name)
    broken = [
        {"topics": raw["topics"][:-1]} if len(raw["topics"]) > 1 else {"topics": []},
        {"topics": [*raw["topics"], raw["topics"][0]]},
        {"data": raw["data"][:-2]} if raw["data"] != "0x" else {"topics": []},
        {"data": "0xzz"},
    ]
    for change in broken:
        with pytest.raises(UndecodableLog, match=r"log 2 of block 16 .* another version"):
            EscrowLogs().decode(raw | change)


@pytest.mark.parametrize("topics", [[], ["0x" + "00" * 32]])
def test_a_log_of_no_event_of_ours_is_refused(topics: list[str]) -> None:
    raw, _ = log_of("Deposited")
    with pytest.raises(UndecodableLog, match="unknown topic"):
        EscrowLogs().decode(raw | {"topics": topics})


def test_integers_that_json_readers_round_become_text() -> None:
    given = {"a": LARGEST_JSON_INTEGER, "b": [LARGEST_JSON_INTEGER + 1, True], "c": {"d": -LARGEST_JSON_INTEGER - 1}}

    assert json_ready(given) == {
        "a": LARGEST_JSON_INTEGER,
        "b": [str(LARGEST_JSON_INTEGER + 1), True],
        "c": {"d": str(-LARGEST_JSON_INTEGER - 1)},
    }
