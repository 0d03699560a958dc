"""From stored intents to contract calls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from piecework.chain.calls import Call
from piecework.chain.credentials import Credentials
from piecework.chain.panel import ArbitrationPanel
from piecework.domain.messages import BatchKey, Packet, Verdict

if TYPE_CHECKING:
    from piecework.chain.escrow import Escrow
    from piecework.chain.token import Token
    from piecework.db.gateway import RelayIntent


@dataclass(frozen=True, slots=True)
class Planned:
    """One transaction and the intents it carries. `value_wei` is given away only by the development faucet."""

    call: Call
    intents: tuple[RelayIntent, ...]
    value_wei: int = 0


def plan_packets(escrow: Escrow, intents: Sequence[RelayIntent]) -> Planned:
    """All packets in one `relay` call, in their order."""
    keys: dict[str, BatchKey] = {}
    packets = []
    for intent in intents:
        packet = Packet.from_json(intent.payload["packet"])
        keys.setdefault(packet.batch_id, BatchKey.from_json(intent.payload["key"]))
        packets.append(packet)
    return Planned(escrow.relay(list(keys.values()), packets), tuple(intents))


def plan_single(escrow: Escrow, token: Token, intent: RelayIntent) -> Planned:
    """One intent that is a call of its own."""
    given: dict[str, Any] = intent.payload
    if intent.kind == "fund":
        return Planned(Call(given["to"], "0x"), (intent,), int(given["amount_wei"]))
    if intent.kind == "mint":
        return Planned(token.mint(given["to"], int(given["amount_units"])), (intent,))
    return Planned(_escrow_call(escrow, intent.kind, given), (intent,))


def _escrow_call(escrow: Escrow, kind: str, given: dict[str, Any]) -> Call:
    if kind == "withdraw":
        amount, signed = int(given["amount_units"]), (given["nonce"], given["deadline"], given["signature"])
        return escrow.withdraw_by_sig(given["account"], amount, given["to"], *signed)
    if kind == "set_sweep":
        signed = (given["nonce"], given["deadline"], given["signature"])
        return escrow.set_sweep_by_sig(given["account"], given["enabled"], *signed)
    if kind == "rule_overdue":
        return escrow.rule_overdue(int(given["dispute_id"], 16))
    if kind == "conclude":
        panel = ArbitrationPanel(escrow.web3, given["panel"])
        return panel.conclude(escrow.address, int(given["dispute_id"], 16))
    if kind in ("grant_credential", "set_refusal"):
        return _credentials_call(Credentials(escrow.web3, given["credentials"]), kind, given)
    if kind == "sweep":
        return escrow.sweep(given["accounts"])
    key = BatchKey.from_json(given["key"])
    if kind == "settle":
        verdicts = [Verdict(**verdict) for verdict in given["verdicts"]]
        return escrow.settle(key, given["nonce"], given["results_digest"], verdicts, (), given["signature"])
    if kind == "pay_overdue":
        return escrow.pay_overdue(key, given["worker"])
    if kind == "expire_claims":
        return escrow.expire_claims(key, given["workers"])
    if kind == "release_rejected":
        return escrow.release_rejected(key, given["workers"])
    if kind == "refund":
        return escrow.refund(key)
    raise ValueError(f"no call for an intent of kind {kind!r}")


def _credentials_call(registry: Credentials, kind: str, given: dict[str, Any]) -> Call:
    signed = (given["deadline"], given["signature"])
    if kind == "grant_credential":
        wish = (given["issuer"], given["holder"], given["skill"], given["level"], given["expiry"])
        return registry.grant_by_sig(*wish, *signed)
    return registry.set_refusal_by_sig(given["holder"], given["issuer"], given["skill"], given["refused"], *signed)
