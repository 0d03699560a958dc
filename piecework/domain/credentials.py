"""What issuers and holders of credentials sign, as EIP-712 typed data.

The contract declares the same types in `contracts/Credentials.sol`; a test compares every hash with the chain's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eth_utils import keccak

from piecework.domain.messages import TypedData

DOMAIN_NAME = "Piecework Credentials"
DOMAIN_VERSION = "1"
MAX_LEVEL = 100

TYPES: Mapping[str, Sequence[tuple[str, str]]] = {
    "Grant": [
        ("issuer", "address"),
        ("holder", "address"),
        ("skill", "bytes32"),
        ("level", "uint8"),
        ("expiry", "uint40"),
        ("version", "uint40"),
        ("deadline", "uint256"),
    ],
    "Refusal": [
        ("holder", "address"),
        ("issuer", "address"),
        ("skill", "bytes32"),
        ("refused", "bool"),
        ("version", "uint40"),
        ("deadline", "uint256"),
    ],
}


@dataclass(frozen=True, slots=True)
class CredentialDomain:
    """Where a signature counts: one registry on one chain."""

    chain_id: int
    credentials: str


def skill_id(name: str) -> str:
    """A skill's id on chain: the keccak-256 of its name in UTF-8, so that everybody gets the same."""
    return "0x" + keccak(text=name).hex()


def grant(
    domain: CredentialDomain,
    *,
    issuer: str,
    holder: str,
    skill: str,
    level: int,
    expiry: int,
    version: int,
    deadline: int,
) -> TypedData:
    """What an issuer signs; `version` is the credential's present one, so it works once."""
    values = {"issuer": issuer, "holder": holder, "skill": skill, "level": level, "expiry": expiry}
    return _typed_data(domain, "Grant", {**values, "version": version, "deadline": deadline})


def refusal(
    domain: CredentialDomain, *, holder: str, issuer: str, skill: str, refused: bool, version: int, deadline: int
) -> TypedData:
    """What a holder signs to refuse credentials of an issuer and skill, or to take them again."""
    values = {"holder": holder, "issuer": issuer, "skill": skill, "refused": refused}
    return _typed_data(domain, "Refusal", {**values, "version": version, "deadline": deadline})


def _typed_data(domain: CredentialDomain, primary: str, message: dict[str, Any]) -> TypedData:
    domain_fields = [
        ("name", "string"),
        ("version", "string"),
        ("chainId", "uint256"),
        ("verifyingContract", "address"),
    ]
    return {
        "domain": {
            "name": DOMAIN_NAME,
            "version": DOMAIN_VERSION,
            "chainId": domain.chain_id,
            "verifyingContract": domain.credentials,
        },
        "types": {
            "EIP712Domain": [{"name": name, "type": kind} for name, kind in domain_fields],
            primary: [{"name": name, "type": kind} for name, kind in TYPES[primary]],
        },
        "primaryType": primary,
        "message": message,
    }
