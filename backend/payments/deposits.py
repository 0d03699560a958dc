"""Deposits: money for batches, for the dispute fees behind rejections, and for bonds."""

from __future__ import annotations

from backend.batches.service import as_transaction, permit_for
from backend.errors import Invalid
from backend.payments.schemas import DepositIn, PermitToSign
from backend.schemas import Transaction
from backend.services import Services
from piecework.chain.escrow import PermitApproval

_LIFETIME_SECONDS = 86_400


def draft(services: Services, account: str, amount_units: int) -> PermitToSign:
    """The token's permit for the account's wallet to sign."""
    if amount_units == 0:
        raise Invalid("amount_zero", "the amount is zero")
    deadline = services.clock.now() + _LIFETIME_SECONDS
    permit = permit_for(services, account, amount_units, services.token.nonce_of(account), deadline)
    permit["message"]["value"] = str(amount_units)
    return PermitToSign(permit=permit)


def transaction(services: Services, signed: DepositIn) -> Transaction:
    """The `depositWithPermit` for the wallet that signed the permit."""
    if signed.amount_units == 0:
        raise Invalid("amount_zero", "the amount is zero")
    if signed.deadline < services.clock.now():
        raise Invalid("signature_expired", "the permit's deadline is over: draft it anew and sign")
    try:
        approval = PermitApproval(signed.amount_units, signed.deadline, signed.signature)
        return as_transaction(services, services.escrow.deposit_with_permit(approval))
    except ValueError as error:
        raise Invalid("permit_malformed", str(error)) from error
