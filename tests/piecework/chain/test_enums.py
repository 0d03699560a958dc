"""Numbers that the chain and Python must read alike, taken from the contracts' sources and ABI."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest

from piecework.chain import artifacts
from piecework.chain.credentials import CredentialState
from piecework.chain.errors import PAID_REASONS, REFUSALS, refusal_name
from piecework.chain.escrow import AccountState, BatchState, DisputeState, TallyState
from piecework.chain.panel import CaseState
from piecework.domain.messages import (
    BatchKey,
    DirectPayment,
    Packet,
    PacketKind,
    Terms,
    Ticket,
    Verdict,
)
from tests.piecework.chain.solidity import enums, snake_case

PYTHON_ENUMS = {
    "PacketKind": [kind.name.lower() for kind in PacketKind],
    "Refusal": list(REFUSALS),
    "PaidReason": list(PAID_REASONS),
}

VIEWS: list[tuple[str, str, type[Any]]] = [
    ("TaskEscrow", "accountOf", AccountState),
    ("TaskEscrow", "batchOf", BatchState),
    ("TaskEscrow", "tallyOf", TallyState),
    ("TaskEscrow", "disputeOf", DisputeState),
    ("Credentials", "credentialOf", CredentialState),
    ("ArbitrationPanel", "caseOf", CaseState),
]


def test_every_enum_of_the_contracts_has_the_same_names_in_the_same_order_in_python() -> None:
    assert enums() == PYTHON_ENUMS


def test_packet_kinds_are_numbered_from_zero() -> None:
    assert [int(kind) for kind in PacketKind] == list(range(len(PacketKind)))


def test_the_parser_sees_a_changed_enum(monkeypatch: pytest.MonkeyPatch) -> None:
    planted = {"A.sol": "enum PacketKind { Claim, Submit }\nenum Fresh { One, TwoThree }"}
    monkeypatch.setattr("tests.piecework.chain.solidity.sources", lambda: planted)

    assert enums() == {"PacketKind": ["claim", "submit"], "Fresh": ["one", "two_three"]}
    assert enums() != PYTHON_ENUMS


def test_a_refusal_of_a_newer_contract_is_given_by_its_number() -> None:
    assert refusal_name(len(REFUSALS) - 1) == REFUSALS[-1]
    assert refusal_name(len(REFUSALS)) == f"refusal_{len(REFUSALS)}"


def outputs(contract: str, function: str) -> list[str]:
    """Names of what a view returns, as snake_case."""
    entry = next(entry for entry in artifacts.load(contract).entries("function") if entry["name"] == function)
    found = entry["outputs"][0]["components"] if len(entry["outputs"]) == 1 else entry["outputs"]
    return [snake_case(item["name"]) for item in found]


@pytest.mark.parametrize(("contract", "function", "state"), VIEWS, ids=[view[1] for view in VIEWS])
def test_a_view_is_read_field_by_field_in_the_contracts_order(contract: str, function: str, state: type[Any]) -> None:
    assert [field.name for field in fields(state)] == outputs(contract, function)


def inputs(function: str, argument: str) -> list[str]:
    """Names of a struct argument's fields, as the contract spells them."""
    entry = next(entry for entry in artifacts.load("TaskEscrow").entries("function") if entry["name"] == function)
    found = next(item for item in entry["inputs"] if item["name"] == argument)
    return [item["name"] for item in found["components"]]


@pytest.mark.parametrize(
    ("function", "argument", "value"),
    [
        ("openBatch", "terms", Terms),
        ("settle", "key", BatchKey),
        ("settle", "verdicts", Verdict),
        ("settle", "direct", DirectPayment),
        ("claim", "ticket", Ticket),
    ],
)
def test_a_struct_is_written_field_by_field_in_the_contracts_order(
    function: str, argument: str, value: type[Any]
) -> None:
    assert [field.name for field in fields(value)] == inputs(function, argument)


def test_a_packet_is_written_in_the_contracts_order() -> None:
    given = {
        "kind": PacketKind.CLAIM_AND_SUBMIT,
        "batch_id": "0x" + "01" * 32,
        "worker": "0x" + "02" * 20,
        "sequence": 3,
        "deadline": 4,
        "manifest_version": 5,
        "count": 6,
        "submitted": 7,
        "tasks_digest": "0x" + "08" * 32,
        "work_digest": "0x" + "09" * 32,
        "ticket": Ticket(10, 11, "0x12"),
        "signature": "0x13",
    }

    written = dict(zip(inputs("relay", "packets"), Packet(**given).as_tuple(99), strict=True))  # type: ignore[arg-type]

    assert written.pop("batchIndex") == 99
    expected = {
        "kind": 3,
        "worker": given["worker"],
        "sequence": 3,
        "deadline": 4,
        "manifestVersion": 5,
        "count": 6,
        "submitted": 7,
        "tasksDigest": bytes([8] * 32),
        "workDigest": bytes([9] * 32),
        "ticket": (10, 11, b"\x12"),
        "signature": b"\x13",
    }
    assert written == expected
