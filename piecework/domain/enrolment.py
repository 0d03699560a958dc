"""A receipt for who enrols as a reviewer: the assigner's word, to hold against the lists that it commits to.

It says since when the reviewer has been enrolled without a break, and when that was signed. Enrolling again after
leaving begins anew, so every list that was made between the two must name the reviewer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from piecework.domain.ids import parse_address, parse_digest
from piecework.domain.messages import Domain, TypedData, Types, typed_data

PRIMARY = "Enrolment"
TYPES: Types = {
    PRIMARY: [
        ("batchId", "bytes32"),
        ("reviewBatchId", "bytes32"),
        ("reviewer", "address"),
        ("enrolledAt", "uint40"),
        ("signedAt", "uint40"),
    ]
}
"""No contract reads it."""
SLACK_SECONDS = 120
"""Between a receipt's times and a list that must know of it: clocks differ, and transactions wait for each other."""
_LATEST = 2**40 - 1
_FIELDS = tuple(name for name, _ in TYPES[PRIMARY])


def enrolment(
    domain: Domain, *, batch_id: str, review_batch_id: str, reviewer: str, enrolled_at: int, signed_at: int
) -> TypedData:
    """What the assigner of the batch signs; times are unix seconds of the chain's clock."""
    values = (batch_id, review_batch_id, reviewer, enrolled_at, signed_at)
    return typed_data(domain, PRIMARY, dict(zip(_FIELDS, values, strict=True)), TYPES)


def enrolment_of(domain: Domain, receipt: Any) -> tuple[TypedData, bytes]:
    """The message of a receipt as the gateway gave it (`typed_data` and `signature`), built anew for this escrow, and
    its signature. Raises ValueError for what is no such receipt."""
    try:
        message = receipt["typed_data"]["message"]
        given: dict[str, Any] = {name: parse_digest(message[name]) for name in ("batchId", "reviewBatchId")}
        given["reviewer"] = parse_address(message["reviewer"])
        given |= {name: _second(message[name]) for name in ("enrolledAt", "signedAt")}
        built = typed_data(domain, PRIMARY, given, TYPES)
        signature = bytes.fromhex(receipt["signature"].removeprefix("0x"))
        theirs = dict(receipt["typed_data"]["domain"])
        theirs["chainId"] = int(theirs["chainId"])
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise ValueError(f"no receipt of an enrolment ({type(error).__name__}: {error})") from error
    if theirs != domain.as_dict():
        raise ValueError("a receipt for another escrow or chain")
    return built, signature


def _second(value: Any) -> int:
    """Raises ValueError for what is none of the chain's clock."""
    found = int(value)
    if not 0 <= found <= _LATEST:
        raise ValueError(f"{found} is no second")
    return found


def must_name(message: Mapping[str, Any], handed_out: int) -> bool:
    """Whether a list that was made at that second must name the receipt's reviewer."""
    return bool(message["enrolledAt"] + SLACK_SECONDS < handed_out < message["signedAt"] - SLACK_SECONDS)
