"""Every error that a contract of ours can raise comes back under its name, and no answer of a node breaks us."""

from __future__ import annotations

from typing import Any

import pytest
from eth_abi import encode
from eth_utils import keccak, to_checksum_address
from hypothesis import given
from hypothesis import strategies as st

from piecework.chain import artifacts
from piecework.chain.errors import REFUSALS, RevertReason, decode_revert, refusal_name

SAMPLES: dict[str, Any] = {
    "address": to_checksum_address("0x" + "ab" * 20),
    "bool": True,
    "bytes": b"\x01\x02",
    "bytes4": b"\xff" * 4,
    "bytes32": b"\xfe" * 32,
    "string": "why",
    **{f"uint{bits}": 7 for bits in range(8, 257, 8)},
}
ERRORS = {
    (contract, entry["name"]): entry
    for contract in artifacts.names()
    for entry in artifacts.load(contract).entries("error")
}


def revert_data(entry: dict[str, Any]) -> bytes:
    """What a contract that raises `entry` with sample values gives."""
    kinds = [item["type"] for item in entry["inputs"]]
    selector = keccak(text=f"{entry['name']}({','.join(kinds)})")[:4]
    return selector + encode(kinds, [SAMPLES[kind] for kind in kinds])


def readable(item: dict[str, Any]) -> Any:
    value = SAMPLES[item["type"]]
    if isinstance(value, bytes):
        return "0x" + value.hex()
    return value.lower() if item["type"] == "address" else value


@pytest.mark.parametrize(("contract", "name"), ERRORS, ids=[f"{c}.{n}" for c, n in ERRORS])
def test_an_error_of_the_abi_comes_back_with_its_name_and_values(contract: str, name: str) -> None:
    entry = ERRORS[contract, name]
    expected = {item["name"]: readable(item) for item in entry["inputs"]}
    if name == "TaskEscrow_Refused":
        expected["reason"] = REFUSALS[7]

    data = revert_data(entry)

    assert decode_revert(data) == decode_revert("0x" + data.hex()) == RevertReason(name, expected)


def test_errors_are_found_in_every_room_of_the_contracts() -> None:
    rooms = {name.partition("_")[0] for _, name in ERRORS}

    assert {"TaskEscrow", "ReviewPanel", "ArbitrationPanel", "Credentials", "SafeERC20FailedOperation"} <= rooms


def test_no_two_errors_share_their_selector() -> None:
    by_selector: dict[bytes, str] = {}
    for entry in ERRORS.values():
        selector = revert_data(entry)[:4]
        assert by_selector.setdefault(selector, entry["name"]) == entry["name"]


@pytest.mark.parametrize("number", range(len(REFUSALS)))
def test_a_refusal_gives_its_own_code(number: int) -> None:
    reason = decode_revert(keccak(text="TaskEscrow_Refused(uint8)")[:4] + encode(["uint8"], [number]))

    assert reason.code == REFUSALS[number] == refusal_name(number)
    assert REFUSALS[number] in str(reason)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("TaskEscrow_BatchIsClosed", "batch_is_closed"),
        ("ReviewPanel_BadSetup", "bad_setup"),
        ("ERC20InsufficientBalance", "erc20_insufficient_balance"),
        ("ERC2612ExpiredSignature", "erc2612_expired_signature"),
        ("ECDSAInvalidSignatureLength", "ecdsa_invalid_signature_length"),
        ("Error", "error"),
    ],
)
def test_codes_are_snake_case_words(name: str, code: str) -> None:
    assert RevertReason(name, {}).code == code


def test_plain_reverts_and_panics_are_read() -> None:
    said = decode_revert("0x08c379a0" + encode(["string"], ["too late"]).hex())
    panicked = decode_revert("0x4e487b71" + encode(["uint256"], [0x11]).hex())

    assert said == RevertReason("Error", {"message": "too late"})
    assert panicked == RevertReason("Panic", {"code": 0x11})


def test_names_of_terms_are_shown_as_words() -> None:
    data = keccak(text="TaskEscrow_WindowOutOfRange(bytes32,uint256,uint256,uint256)")[:4]
    data += encode(["bytes32", "uint256", "uint256", "uint256"], [b"lease".ljust(32, b"\0"), 1, 60, 100])

    assert str(decode_revert(data)) == "TaskEscrow_WindowOutOfRange(field=lease, given=1, min=60, max=100)"


@pytest.mark.parametrize(
    "data",
    [
        "",
        "0x",
        "execution reverted",
        "0xzz",
        "0x1",
        b"",
        b"\x01",
        bytes.fromhex("08c379a0"),
        bytes.fromhex("08c379a0") + encode(["bytes"], [b"\xff\xfe"]),  # text that is no UTF-8
        bytes.fromhex("08c379a0") + b"\xff" * 64,
        keccak(text="TaskEscrow_Refused(uint8)")[:4] + b"\xff" * 32,
    ],
)
def test_unreadable_revert_data_is_given_as_it_came(data: str | bytes) -> None:
    assert decode_revert(data).name == "Unknown"


@given(st.sampled_from([revert_data(entry)[:4] for entry in ERRORS.values()]), st.binary(max_size=200))
def test_no_revert_data_breaks_the_reader(selector: bytes, rest: bytes) -> None:
    assert str(decode_revert(selector + rest))
