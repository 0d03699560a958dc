"""How much gas an intent may take, who is answerable for it, and what is put by for what must follow.

The figures are upper ones of real transactions, each alone in its block; a test compares them. What a call really
took replaces them once it is mined.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from backend.relay.estimates import SIGNATURE_RESERVE, is_signed_by_key, reserve
from piecework.domain import messages
from piecework.domain.messages import BatchKey, Packet, PacketKind, TypedData, Verdict

Place = tuple[str, str]
"""Batch id and worker."""

CLAIM_GAS = 85_000
ANSWERS_GAS = 75_000
ENDING_GAS = 140_000
"""The verdict on one worker's answers, or their payment by silence."""
WHOLE_GAS = CLAIM_GAS + ANSWERS_GAS + ENDING_GAS
_DISPUTE_GAS = 220_000
WITHDRAWAL_GAS = 90_000
_SETTING_GAS = 120_000
_CALL_GAS = 140_000
"""Of a call about one batch, dispute or account."""
_ONE_MORE_GAS = 60_000
"""For each further worker or account of a list."""

WASTE, MONEY, EARNED = 2, 3, 4
"""Up to how many quarters of the bound it may be brought: what brings nothing yet, money that leaves, and what
somebody worked for already."""


_OF_A_PACKET = ("key", "packet")
"""What of an intent's payload says what it needs."""


@dataclass(frozen=True, slots=True)
class Need:
    """Of one intent. `payer`: the requester whose batch it is about, None if it is about none.

    `gas` for itself and `later_gas` for what a claim must be followed by. What was put by for `places` pays first.
    """

    gas: int
    share: int
    payer: str | None = None
    later_gas: int = 0
    places: tuple[Place, ...] = ()


def need_of(kind: str, payload: dict[str, Any], domain: Any, *, trusted_reviewer: str | None = None) -> Need | None:
    """None for gifts of a development chain. `trusted_reviewer`: a contract that burns no gas in its signatures."""
    if kind == "packet":
        return _of_packet(payload, domain)
    if kind in ("mint", "fund"):
        return None
    if kind == "withdraw":
        return Need(WITHDRAWAL_GAS + _asking(payload["account"], _withdrawal(payload, domain), payload), MONEY)
    if kind == "sweep":
        return Need(_listed(len(payload["accounts"])), MONEY)
    if kind == "set_sweep":
        return Need(_SETTING_GAS + _asking(payload["account"], _sweeping(payload, domain), payload), WASTE)
    if kind in ("grant_credential", "set_refusal"):
        return Need(_SETTING_GAS + SIGNATURE_RESERVE, WASTE)
    if "key" not in payload:  # a dispute that nobody ruled on in time, or a case to conclude
        return Need(_CALL_GAS * 2, EARNED)
    return _of_batch(kind, payload, domain, trusted_reviewer)


def weighed(kind: str, payload: dict[str, Any], domain: Any, *, trusted_reviewer: str | None = None) -> Need | None:
    """`need_of`, kept for who asks again: signatures must not be recovered while others wait for a lock."""
    told = {name: payload[name] for name in _OF_A_PACKET} if kind == "packet" else payload
    return _weighed(kind, json.dumps(told, sort_keys=True), domain, trusted_reviewer)


@lru_cache(maxsize=1_024)
def _weighed(kind: str, payload: str, domain: Any, trusted_reviewer: str | None) -> Need | None:
    return need_of(kind, json.loads(payload), domain, trusted_reviewer=trusted_reviewer)


def whole_claim(payer: str) -> Need:
    """A claim that is signed by a key, with all that must follow."""
    return Need(CLAIM_GAS, WASTE, payer, ANSWERS_GAS + ENDING_GAS)


def _of_packet(payload: dict[str, Any], domain: Any) -> Need:
    key, packet = BatchKey.from_json(payload["key"]), Packet.from_json(payload["packet"])
    payer, place = key.requester, (packet.batch_id, packet.worker)
    kept = reserve(key, packet, domain)
    if packet.kind == PacketKind.CLAIM:
        by_key = is_signed_by_key(packet.typed_data(domain), packet.signature, packet.worker)
        later = ANSWERS_GAS + ENDING_GAS + (0 if by_key else SIGNATURE_RESERVE)
        return Need(CLAIM_GAS + kept, WASTE, payer, later)
    if packet.kind == PacketKind.CLAIM_AND_SUBMIT:
        return Need(CLAIM_GAS + ANSWERS_GAS + kept, WASTE, payer, ENDING_GAS)
    if packet.kind == PacketKind.SUBMIT:
        return Need(ANSWERS_GAS + kept, EARNED, payer, places=(place,))
    if packet.kind == PacketKind.DISPUTE:
        return Need(_DISPUTE_GAS + kept, EARNED, payer)
    return Need(ANSWERS_GAS + kept, WASTE, payer, places=(place,))


def _of_batch(kind: str, payload: dict[str, Any], domain: Any, trusted_reviewer: str | None) -> Need:
    key = BatchKey.from_json(payload["key"])
    batch_id = key.batch_id(domain)
    if kind == "settle":
        workers = [verdict["worker"] for verdict in payload["verdicts"]]
    else:
        workers = payload.get("workers") or ([payload["worker"]] if "worker" in payload else [])
    gas = _listed(len(workers))
    if kind == "settle" and key.terms.reviewer != trusted_reviewer:
        gas += _asking(key.terms.reviewer, _settlement(batch_id, payload, domain), payload)
    places = () if kind == "release_rejected" else tuple((batch_id, worker) for worker in workers)
    return Need(gas, EARNED if kind in ("settle", "pay_overdue") else WASTE, key.requester, places=places)


def _listed(count: int) -> int:
    return _CALL_GAS + _ONE_MORE_GAS * max(0, count - 1)


def _asking(signer: str, data: TypedData, payload: dict[str, Any]) -> int:
    """Gas that a contract may burn which is asked for a signature; none if a key signed."""
    return 0 if is_signed_by_key(data, payload["signature"], signer) else SIGNATURE_RESERVE


def _withdrawal(payload: dict[str, Any], domain: Any) -> TypedData:
    wish = {name: payload[name] for name in ("account", "to", "nonce", "deadline")}
    return messages.withdrawal(domain, amount_units=int(payload["amount_units"]), **wish)


def _sweeping(payload: dict[str, Any], domain: Any) -> TypedData:
    wish = {name: payload[name] for name in ("account", "enabled", "nonce", "deadline")}
    return messages.sweep_setting(domain, **wish)


def _settlement(batch_id: str, payload: dict[str, Any], domain: Any) -> TypedData:
    verdicts = [Verdict(**verdict) for verdict in payload["verdicts"]]
    numbers = {"nonce": payload["nonce"], "results_digest": payload["results_digest"]}
    return messages.settlement(domain, batch_id=batch_id, verdicts=verdicts, **numbers)
