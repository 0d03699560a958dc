"""What each event of the escrow does to the money of one address: the lines of its books.

Two sums are kept. `change_units` is of the account, which its owner can withdraw; `held_units` is of what the address
has locked in batches, dispute fees and bonds. Money that goes from one to the other is in both, with opposite signs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

MONEY_EVENTS = (
    "Deposited", "Withdrawn", "BatchOpened", "BatchExtended", "Refunded", "Paid", "BonusPaid", "FeePaid",
    "FeeReturned", "FeeLocked", "FeeReleased", "BondPosted", "BondReturned", "Ruled", "RejectionReleased",
)  # fmt: skip
"""Events that a line can come from."""


@dataclass(frozen=True, slots=True)
class Context:
    """What the event itself does not tell. None: not known, or the event is of no batch.

    `requester`: of the event's batch. `operator_fee_units`: of one assignment of it. `poster`: who put up the bond of
    the dispute that is ruled. `is_arbitration`: a `FeePaid` that follows a ruling, and so came out of bond and lock.
    """

    requester: str | None = None
    operator_fee_units: int = 0
    poster: str | None = None
    is_arbitration: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """One line in the books of `account`. `fee_units`: the operator's part of the money that moves."""

    account: str
    what: str
    change_units: int = 0
    held_units: int = 0
    fee_units: int = 0
    counterparty: str | None = None
    assignments: int | None = None


def entries(name: str, args: Mapping[str, Any], context: Context) -> Iterator[Entry]:
    """Every line that an event makes, in whosever books. `args`: as the mirror keeps them, amounts perhaps as text."""
    rule = _RULES.get(name)
    if rule is not None:
        yield from rule(args, context)


def _deposited(args: Mapping[str, Any], _: Context) -> Iterator[Entry]:
    yield Entry(args["account"], "deposit", int(args["amount"]))


def _withdrawn(args: Mapping[str, Any], _: Context) -> Iterator[Entry]:
    yield Entry(args["account"], "withdrawal", -int(args["amount"]), counterparty=args["to"])


def _funded(args: Mapping[str, Any], context: Context) -> Iterator[Entry]:
    amount, count = int(args["amount"]), args["assignments"]
    fee = context.operator_fee_units * count
    yield Entry(args["requester"], "batch funded", -amount, amount, fee, assignments=count)


def _refunded(args: Mapping[str, Any], context: Context) -> Iterator[Entry]:
    amount, count = int(args["amount"]), args["assignments"]
    fee = context.operator_fee_units * count
    yield Entry(args["requester"], "refund", amount, -amount, fee, assignments=count)


def _paid(args: Mapping[str, Any], context: Context) -> Iterator[Entry]:
    amount, count = int(args["amount"]), args["assignments"]
    yield Entry(args["worker"], "work paid", amount, counterparty=context.requester, assignments=count)
    if context.requester is not None:
        yield Entry(context.requester, "worker paid", 0, -amount, counterparty=args["worker"], assignments=count)


def _bonus(args: Mapping[str, Any], _: Context) -> Iterator[Entry]:
    amount = int(args["amount"])
    yield Entry(args["worker"], "bonus received", amount, counterparty=args["requester"])
    yield Entry(args["requester"], "bonus paid", -amount, counterparty=args["worker"])


def _fee_paid(args: Mapping[str, Any], context: Context) -> Iterator[Entry]:
    amount, receiver = int(args["amount"]), args["receiver"]
    if context.is_arbitration:
        yield Entry(receiver, "arbitration fee received", amount)
        return
    yield Entry(receiver, "operator fee received", amount, fee_units=amount, counterparty=context.requester)
    if context.requester is not None:
        yield Entry(context.requester, "operator fee paid", 0, -amount, amount, counterparty=receiver)


def _fee_returned(args: Mapping[str, Any], _: Context) -> Iterator[Entry]:
    amount = int(args["amount"])
    yield Entry(args["requester"], "operator fee returned", amount, -amount, amount)


def _fee_locked(args: Mapping[str, Any], _: Context) -> Iterator[Entry]:
    amount = int(args["amount"])
    yield Entry(args["requester"], "dispute fee locked", -amount, amount, counterparty=args["worker"])


def _fee_released(args: Mapping[str, Any], _: Context) -> Iterator[Entry]:
    amount = int(args["amount"])
    yield Entry(args["requester"], "dispute fee released", amount, -amount, counterparty=args["worker"])


def _bond_posted(args: Mapping[str, Any], _: Context) -> Iterator[Entry]:
    amount = int(args["amount"])
    yield Entry(args["poster"], "bond posted", -amount, amount)


def _bond_returned(args: Mapping[str, Any], _: Context) -> Iterator[Entry]:
    amount = int(args["amount"])
    yield Entry(args["poster"], "bond returned", amount, -amount)


def _ruled(args: Mapping[str, Any], context: Context) -> Iterator[Entry]:
    from_bond, from_lock = int(args["fromBond"]), int(args["fromLock"])
    if from_bond and context.poster is not None:
        yield Entry(context.poster, "arbitration paid from bond", 0, -from_bond)
    if from_lock and context.requester is not None:
        yield Entry(context.requester, "arbitration paid from dispute fee", 0, -from_lock, counterparty=args["worker"])


def _rejection_final(args: Mapping[str, Any], context: Context) -> Iterator[Entry]:
    """No money moves: it is free again inside of its batch."""
    if context.requester is not None:
        yield Entry(context.requester, "rejection final", counterparty=args["worker"], assignments=args["count"])


_RULES = {
    "Deposited": _deposited,
    "Withdrawn": _withdrawn,
    "BatchOpened": _funded,
    "BatchExtended": _funded,
    "Refunded": _refunded,
    "Paid": _paid,
    "BonusPaid": _bonus,
    "FeePaid": _fee_paid,
    "FeeReturned": _fee_returned,
    "FeeLocked": _fee_locked,
    "FeeReleased": _fee_released,
    "BondPosted": _bond_posted,
    "BondReturned": _bond_returned,
    "Ruled": _ruled,
    "RejectionReleased": _rejection_final,
}
