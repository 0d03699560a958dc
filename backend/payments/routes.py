"""Accounts, payments, withdrawals, sweeps, intents, and the development faucet."""

from __future__ import annotations

import secrets
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel

from backend.dependencies import SignedIn, TheServices
from backend.idempotency import CreatingRoute
from backend.paging import MAX_LIMIT
from backend.payments import deposits, service
from backend.payments.schemas import (
    AccountView,
    DepositDraft,
    DepositIn,
    DepositTransaction,
    FaucetRequest,
    IntentView,
    PaymentPage,
    PermitToSign,
    SignedSweep,
    SignedWithdrawal,
    SweepDraft,
    SweepToSign,
    WithdrawalDraft,
    WithdrawalList,
    WithdrawalToSign,
)
from backend.schemas import Accepted, AddressText

router = APIRouter(prefix="/v1", tags=["payments"], route_class=CreatingRoute)

Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT)]


class FaucetAnswer(BaseModel):
    intent_ids: list[str]


@router.get("/accounts/{address}")
def account(address: AddressText, services: TheServices) -> AccountView:
    """What an address is owed, and its record in both roles."""
    return service.account_view(services, address)


@router.get("/accounts/{address}/payments")
def payments(address: AddressText, services: TheServices, cursor: str | None = None, limit: Limit = 20) -> PaymentPage:
    """Every credit for work, newest first, with its transaction."""
    return service.payment_page(services, address, cursor, limit)


@router.get("/accounts/{address}/withdrawals")
def withdrawals(address: AddressText, services: TheServices, limit: Limit = 20) -> WithdrawalList:
    """Money that left the escrow for this account, newest first."""
    return service.withdrawal_list(services, address, limit)


@router.post("/deposits/draft")
def draft_deposit(body: DepositDraft, address: SignedIn, services: TheServices) -> PermitToSign:
    """The token's permit for a deposit into the signed-in account: for batches, dispute fees or bonds."""
    return deposits.draft(services, address, body.amount_units)


@router.post("/deposits/transaction")
def deposit(body: DepositIn, services: TheServices) -> DepositTransaction:
    """The exact transaction that deposits, for the wallet that signed the permit."""
    return DepositTransaction(transaction=deposits.transaction(services, body))


@router.post("/withdrawals/draft")
def draft_withdrawal(body: WithdrawalDraft, address: SignedIn, services: TheServices) -> WithdrawalToSign:
    """The message that pays the signed-in account out without gas."""
    return service.draft_withdrawal(services, address, body)


@router.post("/withdrawals", status_code=202)
def withdraw(body: SignedWithdrawal, services: TheServices) -> Accepted:
    """Takes a signed withdrawal; whoever brings it, the money goes where the signature says."""
    return Accepted(intent_id=service.take_withdrawal(services, body))


@router.post("/sweeps/draft")
def draft_sweep(body: SweepDraft, address: SignedIn, services: TheServices) -> SweepToSign:
    """The message that lets earnings be pushed to the account's own address, or stops that."""
    return service.draft_sweep(services, address, body.enabled)


@router.post("/sweeps", status_code=202)
def set_sweep(body: SignedSweep, services: TheServices) -> Accepted:
    """Takes a signed sweep setting."""
    return Accepted(intent_id=service.take_sweep(services, body))


@router.get("/intents/{intent_id}")
def intent(intent_id: Annotated[str, Path(max_length=64)], services: TheServices) -> IntentView:
    """How far something is on its way to the chain."""
    return service.intent_view(services, intent_id)


@router.post("/faucet", status_code=202)
def faucet(body: FaucetRequest, services: TheServices) -> FaucetAnswer:
    """Test tokens, on development chains only."""
    return FaucetAnswer(intent_ids=service.faucet(services, body, secrets.token_hex(16)))
