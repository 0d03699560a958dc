"""Shapes of the audit feature. Amounts are token units."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, PlainSerializer

from backend.batches.schemas import EventView

SumUnits = Annotated[int, PlainSerializer(str, return_type=str)]
"""Token units as decimal text, with a sign where there is one: sums of a mirror that is wrong can be anything."""


class Place(BaseModel):
    """The block that an answer is true at: how far the mirror was when it was read."""

    block_number: int
    block_hash: str
    block_timestamp: int


class Money(BaseModel):
    """What was locked for work, and where it is: `funded` is the sum of the next five."""

    funded_units: SumUnits
    paid_units: SumUnits
    """Credited to workers for work, bonuses aside."""
    operator_fee_units: SumUnits
    returned_fee_units: SumUnits
    """Operator fees that went back to the requester, since silence or a ruling paid."""
    refunded_units: SumUnits
    held_units: SumUnits
    """Rewards and fees of assignments that are free, claimed, in review or contested."""
    difference_units: SumUnits
    """`funded` less the five: zero, or the mirror is wrong."""
    paid_by_reason: dict[str, SumUnits]
    bonus_units: SumUnits
    arbitration_units: SumUnits
    """Paid to arbitrators out of locked dispute fees and bonds."""
    locked_units: SumUnits
    """Dispute fees that are locked from the requester's account now."""
    bond_units: SumUnits
    """Bonds of open disputes."""


class Counts(BaseModel):
    """Assignments. `funded` is the sum of the others."""

    funded: int
    free: int
    claimed: int
    submitted: int
    contestable: int
    disputed: int
    accepted: int
    refunded: int


class BatchMoney(BaseModel):
    at: Place
    batch_id: str
    requester: str
    reward_units: SumUnits
    operator_fee_units: SumUnits
    """Of one accepted assignment."""
    counts: Counts
    money: Money


class Totals(BaseModel):
    """The whole escrow. deposited - withdrawn = accounts + held + locked + bonds, and the token's balance no less."""

    at: Place
    batches: int
    accounts: int
    counts: Counts
    money: Money
    deposited_units: SumUnits
    withdrawn_units: SumUnits
    account_units: SumUnits
    """Owed to accounts: there to withdraw."""
    owned_units: SumUnits
    """Accounts, batches, locks and bonds: what the escrow must hold."""
    difference_units: SumUnits
    """deposited - withdrawn - owned: zero, or the mirror is wrong."""
    balance_units: SumUnits | None
    """`token.balanceOf(escrow)` at that block; None if the node does not answer for it."""
    surplus_units: SumUnits | None
    """Balance less `owned`: tokens that somebody sent unasked. Below zero the escrow could not pay everybody."""


class AuditEventPage(BaseModel):
    at: Place
    items: list[EventView]
    next_cursor: str | None
