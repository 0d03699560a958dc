"""What becomes of the intents that a mined transaction carried."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import structlog
from sqlalchemy.orm import Session

from backend.relay.budget import give_back
from backend.relay.losses import Losses
from backend.relay.outcomes import Outcomes
from backend.relay.planning import MAX_STRIKES
from piecework.db.gateway import RelayIntent

log = structlog.get_logger("relay")

KEEPER_KINDS = ("sweep", "pay_overdue", "expire_claims", "release_rejected", "rule_overdue", "conclude", "refund")
"""Wishes of nobody: one that does not apply is forgotten, and made again when it is due."""
_NOT_REPEATABLE = ("mint", "fund")
"""Gifts that nothing on chain keeps from being given twice; all other calls carry a number or a state of their own."""


def conclude(
    session: Session, intents: Sequence[RelayIntent], receipt: Any, outcomes: Outcomes, losses: Losses
) -> None:
    """Tells each intent what the receipt says; those of a reverted transaction go anew, in smaller company."""
    losses.book(session, intents, receipt)
    if receipt["status"] != 1:
        for intent in intents:
            _reverted(session, intent, losses)
        return
    packets = [intent for intent in intents if intent.kind == "packet"]
    reasons = outcomes.refusals(receipt, [intent.payload["packet"] for intent in packets])
    skipped = {intent.intent_id: reason for intent, reason in zip(packets, reasons, strict=True) if reason is not None}
    for intent in intents:
        reason = skipped.get(intent.intent_id)
        intent.status = "confirmed" if reason is None else "skipped"
        intent.error_code = reason
        intent.error_detail = None if reason is None else f"the contract skipped the packet: {reason}"
        if reason is not None:
            losses.forgo(session, intent)
    give_back(session, [intent for intent in packets if intent.status == "confirmed"])


def requeue(intents: Iterable[RelayIntent]) -> None:
    """The intents are as if they had never been sent."""
    for intent in intents:
        intent.status = "queued"
        intent.sender = intent.nonce = intent.transaction_hash = None
        intent.error_code = intent.error_detail = None


def strike(intent: RelayIntent, code: str, detail: str) -> bool:
    """Counts a failure without a reason of the intent's own; after the last one it has failed. True if it has."""
    intent.strikes += 1
    if intent.strikes < MAX_STRIKES:
        return False
    intent.status, intent.error_code, intent.error_detail = "failed", code, detail
    return True


def _reverted(session: Session, intent: RelayIntent, losses: Losses) -> None:
    """A revert is nobody's answer: another packet may have burnt the gas, or the chain moved on meanwhile.

    The next estimate tells the reason if there is one.
    """
    log.warning("intent_reverted", kind=intent.kind, intent_id=intent.intent_id, strikes=intent.strikes)
    why = "the transaction was mined and reverted"
    if intent.kind in _NOT_REPEATABLE:
        intent.status, intent.error_code, intent.error_detail = "failed", "reverted", why
    elif intent.kind in KEEPER_KINDS:
        losses.release(session, intent)
        session.delete(intent)
    elif strike(intent, "reverted", why):
        losses.release(session, intent)
    else:
        requeue([intent])
