"""Every message that a key signs, as EIP-712 typed data, and the terms and ids they name.

The contract declares the same types in `contracts/libraries/Messages.sol`; a test compares every hash with the chain's.
Values are plain integers, checksummed addresses and 0x-prefixed digests, exactly as wallets expect them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from enum import IntEnum
from typing import Any

from eth_account.messages import SignableMessage, _hash_eip191_message, encode_typed_data
from eth_utils import keccak

DOMAIN_NAME = "Piecework"
DOMAIN_VERSION = "1"

TypedData = dict[str, Any]
"""A whole EIP-712 object: domain, types, primaryType, message."""


class PacketKind(IntEnum):
    """What a gasless packet asks for; the numbers are the contract's."""

    CLAIM = 0
    RETURN_CLAIM = 1
    SUBMIT = 2
    CLAIM_AND_SUBMIT = 3
    SET_SWEEP = 4
    DISPUTE = 5


_DOMAIN_FIELDS = [
    ("name", "string"),
    ("version", "string"),
    ("chainId", "uint256"),
    ("verifyingContract", "address"),
]
_PACKET_TAIL = [("sequence", "uint24"), ("deadline", "uint40")]

Types = Mapping[str, Sequence[tuple[str, str]]]
"""Names and kinds of the fields of each message."""
TYPES: Types = {
    "Claim": [
        ("batchId", "bytes32"),
        ("worker", "address"),
        ("manifestVersion", "uint16"),
        ("count", "uint16"),
        ("tasksDigest", "bytes32"),
        *_PACKET_TAIL,
    ],
    "ReturnClaim": [
        ("batchId", "bytes32"),
        ("worker", "address"),
        ("count", "uint16"),
        *_PACKET_TAIL,
    ],
    "Submit": [
        ("batchId", "bytes32"),
        ("worker", "address"),
        ("count", "uint16"),
        ("workDigest", "bytes32"),
        *_PACKET_TAIL,
    ],
    "ClaimAndSubmit": [
        ("batchId", "bytes32"),
        ("worker", "address"),
        ("manifestVersion", "uint16"),
        ("count", "uint16"),
        ("tasksDigest", "bytes32"),
        ("submitted", "uint16"),
        ("workDigest", "bytes32"),
        *_PACKET_TAIL,
    ],
    "SetSweep": [
        ("batchId", "bytes32"),
        ("worker", "address"),
        ("enabled", "bool"),
        *_PACKET_TAIL,
    ],
    "Dispute": [
        ("batchId", "bytes32"),
        ("worker", "address"),
        ("count", "uint16"),
        ("evidenceDigest", "bytes32"),
        *_PACKET_TAIL,
    ],
    "Ticket": [
        ("batchId", "bytes32"),
        ("manifestVersion", "uint16"),
        ("worker", "address"),
        ("count", "uint16"),
        ("tasksDigest", "bytes32"),
        ("leaseEnd", "uint40"),
        ("deadline", "uint40"),
        ("sequence", "uint24"),
    ],
    "Verdict": [
        ("worker", "address"),
        ("decidedBefore", "uint16"),
        ("accepted", "uint16"),
        ("rejected", "uint16"),
    ],
    "DirectPayment": [("worker", "address"), ("count", "uint16")],
    "Settlement": [
        ("batchId", "bytes32"),
        ("nonce", "uint32"),
        ("resultsDigest", "bytes32"),
        ("verdicts", "Verdict[]"),
        ("direct", "DirectPayment[]"),
    ],
    "Overturn": [
        ("batchId", "bytes32"),
        ("worker", "address"),
        ("decidedBefore", "uint16"),
        ("contestableBefore", "uint16"),
        ("count", "uint16"),
    ],
    "Withdraw": [
        ("account", "address"),
        ("amount", "uint256"),
        ("to", "address"),
        ("nonce", "uint256"),
        ("deadline", "uint256"),
    ],
    "SweepSetting": [
        ("account", "address"),
        ("enabled", "bool"),
        ("nonce", "uint256"),
        ("deadline", "uint256"),
    ],
}

_PRIMARY_OF_KIND = {
    PacketKind.CLAIM: "Claim",
    PacketKind.RETURN_CLAIM: "ReturnClaim",
    PacketKind.SUBMIT: "Submit",
    PacketKind.CLAIM_AND_SUBMIT: "ClaimAndSubmit",
    PacketKind.SET_SWEEP: "SetSweep",
    PacketKind.DISPUTE: "Dispute",
}


@dataclass(frozen=True, slots=True)
class Domain:
    """Where a signature counts: one escrow on one chain."""

    chain_id: int
    escrow: str

    def as_dict(self) -> dict[str, Any]:
        return {
            "name": DOMAIN_NAME,
            "version": DOMAIN_VERSION,
            "chainId": self.chain_id,
            "verifyingContract": self.escrow,
        }

    def separator(self) -> bytes:
        """The EIP-712 domain separator; the escrow's own view must give the same 32 bytes."""
        fields = ",".join(f"{kind} {name}" for name, kind in _DOMAIN_FIELDS)
        words = (keccak(text=f"EIP712Domain({fields})"), keccak(text=DOMAIN_NAME), keccak(text=DOMAIN_VERSION))
        return keccak(b"".join(_word(value) for value in (*words, self.chain_id, self.escrow)))


_AMOUNTS = ("reward", "operatorFee", "disputeFee")


@dataclass(frozen=True, slots=True)
class Terms:
    """Rules of a batch, field by field in the contract's order. Amounts in token units, times in seconds."""

    reward: int
    operatorFee: int  # noqa: N815 - the contract's own names
    disputeFee: int  # noqa: N815
    reviewer: str
    assigner: str
    operator: str
    gate: str
    arbitrator: str
    claimBy: int  # noqa: N815
    lease: int
    reviewWindow: int  # noqa: N815
    disputeWindow: int  # noqa: N815
    rulingWindow: int  # noqa: N815
    maxClaim: int  # noqa: N815
    flags: int
    manifest: str

    @property
    def unit_cost_units(self) -> int:
        """Token units that one assignment takes from the requester."""
        return self.reward + self.operatorFee

    @property
    def is_direct(self) -> bool:
        return bool(self.flags & 1)

    def as_tuple(self) -> tuple[Any, ...]:
        """The values in ABI order, `manifest` as 32 bytes."""
        *values, manifest = (getattr(self, f.name) for f in fields(self))
        return (*values, bytes.fromhex(str(manifest)[2:]))

    def to_json(self) -> dict[str, Any]:
        """The fields, amounts as decimal text."""
        return asdict(self) | {name: str(getattr(self, name)) for name in _AMOUNTS}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Terms:
        """Back from `to_json`, or from the terms of a `BatchOpened` event."""
        return cls(**{**values, **{name: int(values[name]) for name in _AMOUNTS}})

    def hash(self) -> bytes:
        """keccak256(abi.encode(terms)): every field is one word."""
        return keccak(b"".join(_word(value) for value in self.as_tuple()))


@dataclass(frozen=True, slots=True)
class BatchKey:
    """What a call on a batch carries; the batch id is its hash."""

    requester: str
    salt: str
    terms: Terms

    def as_tuple(self) -> tuple[Any, ...]:
        return (self.requester, bytes.fromhex(self.salt[2:]), self.terms.as_tuple())

    def to_json(self) -> dict[str, Any]:
        return {"requester": self.requester, "salt": self.salt, "terms": self.terms.to_json()}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> BatchKey:
        return cls(values["requester"], values["salt"], Terms.from_json(values["terms"]))

    def batch_id(self, domain: Domain) -> str:
        """The id that the contract derives: bound to chain, escrow, requester, salt and terms."""
        words = (
            domain.chain_id,
            domain.escrow,
            self.requester,
            bytes.fromhex(self.salt[2:]),
            self.terms.hash(),
        )
        return "0x" + keccak(b"".join(_word(value) for value in words)).hex()


@dataclass(frozen=True, slots=True)
class Ticket:
    """The assigner's leave to claim. An empty signature is no ticket."""

    leaseEnd: int = 0  # noqa: N815
    deadline: int = 0
    signature: str = "0x"

    def as_tuple(self) -> tuple[Any, ...]:
        return (self.leaseEnd, self.deadline, bytes.fromhex(self.signature[2:]))


@dataclass(frozen=True, slots=True)
class Packet:
    """One signed wish of a worker. Fields a kind does not use are zero; `work_digest` is also a dispute's evidence."""

    kind: PacketKind
    batch_id: str
    worker: str
    sequence: int
    deadline: int
    manifest_version: int = 0
    count: int = 0
    submitted: int = 0
    tasks_digest: str = "0x" + "00" * 32
    work_digest: str = "0x" + "00" * 32
    ticket: Ticket = Ticket()
    signature: str = "0x"

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"kind": int(self.kind)}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Packet:
        return cls(**{**values, "kind": PacketKind(values["kind"]), "ticket": Ticket(**values["ticket"])})

    def typed_data(self, domain: Domain) -> TypedData:
        """What the worker signs: only the fields of this kind."""
        values = {
            "batchId": self.batch_id,
            "worker": self.worker,
            "manifestVersion": self.manifest_version,
            "count": self.count,
            "submitted": self.submitted,
            "tasksDigest": self.tasks_digest,
            "workDigest": self.work_digest,
            "evidenceDigest": self.work_digest,
            "enabled": self.count == 1,
            "sequence": self.sequence,
            "deadline": self.deadline,
        }
        primary = _PRIMARY_OF_KIND[self.kind]
        return typed_data(domain, primary, {name: values[name] for name, _ in TYPES[primary]})

    def as_tuple(self, batch_index: int) -> tuple[Any, ...]:
        """The values in the contract's order, with the batch's index among the keys given beside."""
        return (
            int(self.kind),
            batch_index,
            self.worker,
            self.sequence,
            self.deadline,
            self.manifest_version,
            self.count,
            self.submitted,
            bytes.fromhex(self.tasks_digest[2:]),
            bytes.fromhex(self.work_digest[2:]),
            self.ticket.as_tuple(),
            bytes.fromhex(self.signature[2:]),
        )


@dataclass(frozen=True, slots=True)
class Verdict:
    """The reviewer's decision on some of one worker's submitted assignments, older lot first."""

    worker: str
    decidedBefore: int  # noqa: N815
    accepted: int
    rejected: int

    def as_tuple(self) -> tuple[Any, ...]:
        return (self.worker, self.decidedBefore, self.accepted, self.rejected)


@dataclass(frozen=True, slots=True)
class DirectPayment:
    """Pay for work done without a claim."""

    worker: str
    count: int

    def as_tuple(self) -> tuple[Any, ...]:
        return (self.worker, self.count)


def ticket(
    domain: Domain,
    *,
    batch_id: str,
    manifest_version: int,
    worker: str,
    count: int,
    tasks_digest: str,
    lease_end: int,
    deadline: int,
    sequence: int,
) -> TypedData:
    """What the assigner signs."""
    return typed_data(
        domain,
        "Ticket",
        {
            "batchId": batch_id,
            "manifestVersion": manifest_version,
            "worker": worker,
            "count": count,
            "tasksDigest": tasks_digest,
            "leaseEnd": lease_end,
            "deadline": deadline,
            "sequence": sequence,
        },
    )


def settlement(
    domain: Domain,
    *,
    batch_id: str,
    nonce: int,
    results_digest: str,
    verdicts: Sequence[Verdict],
    direct: Sequence[DirectPayment] = (),
) -> TypedData:
    """What a reviewer signs."""
    return typed_data(
        domain,
        "Settlement",
        {
            "batchId": batch_id,
            "nonce": nonce,
            "resultsDigest": results_digest,
            "verdicts": [asdict(verdict) for verdict in verdicts],
            "direct": [asdict(payment) for payment in direct],
        },
    )


def overturn(
    domain: Domain,
    *,
    batch_id: str,
    worker: str,
    decided_before: int,
    contestable_before: int,
    count: int,
) -> TypedData:
    """What a reviewer signs to take `count` rejections back."""
    return typed_data(
        domain,
        "Overturn",
        {
            "batchId": batch_id,
            "worker": worker,
            "decidedBefore": decided_before,
            "contestableBefore": contestable_before,
            "count": count,
        },
    )


def withdrawal(domain: Domain, *, account: str, amount_units: int, to: str, nonce: int, deadline: int) -> TypedData:
    """What an account signs to be paid out without gas."""
    return typed_data(
        domain,
        "Withdraw",
        {
            "account": account,
            "amount": amount_units,
            "to": to,
            "nonce": nonce,
            "deadline": deadline,
        },
    )


def sweep_setting(domain: Domain, *, account: str, enabled: bool, nonce: int, deadline: int) -> TypedData:
    """What an account signs to let anyone push its money to it, or to stop that."""
    return typed_data(
        domain,
        "SweepSetting",
        {"account": account, "enabled": enabled, "nonce": nonce, "deadline": deadline},
    )


def token_permit(
    *,
    token: str,
    token_name: str,
    token_version: str,
    chain_id: int,
    owner: str,
    spender: str,
    value_units: int,
    nonce: int,
    deadline: int,
) -> TypedData:
    """ERC-2612 permit of the payment token."""
    names = ("owner", "spender", "value", "nonce", "deadline")
    kinds = ("address", "address", "uint256", "uint256", "uint256")
    return {
        "domain": {
            "name": token_name,
            "version": token_version,
            "chainId": chain_id,
            "verifyingContract": token,
        },
        "types": {
            "EIP712Domain": _named(_DOMAIN_FIELDS),
            "Permit": _named(list(zip(names, kinds, strict=True))),
        },
        "primaryType": "Permit",
        "message": dict(zip(names, (owner, spender, value_units, nonce, deadline), strict=True)),
    }


def typed_data(domain: Domain, primary: str, message: Mapping[str, Any], known: Types = TYPES) -> TypedData:
    """`message` as a whole EIP-712 object with just the types it needs, of those that are `known`."""
    types = {"EIP712Domain": _named(_DOMAIN_FIELDS)}
    wanted = [primary]
    while wanted:
        name = wanted.pop()
        types[name] = _named(known[name])
        wanted += [kind[:-2] for _, kind in known[name] if kind.endswith("[]")]
    return {
        "domain": domain.as_dict(),
        "types": types,
        "primaryType": primary,
        "message": dict(message),
    }


def signable(data: TypedData) -> SignableMessage:
    """`data` as eth-account signs and recovers it."""
    return encode_typed_data(full_message=data)


def digest(data: TypedData) -> bytes:
    """The 32 bytes that an ERC-1271 contract is asked about."""
    return bytes(_hash_eip191_message(signable(data)))


def _named(pairs: Sequence[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"name": name, "type": kind} for name, kind in pairs]


def _word(value: int | str | bytes) -> bytes:
    """One ABI word: integers and addresses right-aligned, 32 bytes as they are."""
    if isinstance(value, int):
        return value.to_bytes(32, "big")
    if isinstance(value, bytes):
        return value.rjust(32, b"\0")
    return bytes.fromhex(value[2:]).rjust(32, b"\0")
