"""Withdrawals and sweeps by signature: checked here, brought on chain by the relay."""

from __future__ import annotations

from backend.accounts.service import digest_signed_by
from backend.errors import Conflict, Invalid, NotFound
from backend.paging import decode_cursor, encode_cursor
from backend.pay.relaying import least_withdrawal
from backend.payments import repository
from backend.payments.schemas import (
    AccountView,
    AsRequester,
    FaucetRequest,
    IntentError,
    IntentView,
    PaymentPage,
    PaymentView,
    SignedSweep,
    SignedWithdrawal,
    SweepToSign,
    WithdrawalDraft,
    WithdrawalList,
    WithdrawalToSign,
    WithdrawalView,
)
from backend.relay.allowance import bring, budget_of
from backend.services import Services
from piecework.domain import messages
from piecework.domain.ids import ZERO_ADDRESS

FAUCET_WEI = 10**18


def account_view(services: Services, address: str) -> AccountView:
    """Balance and record from the mirror; zeros for an address that never acted."""
    with services.reading() as session:
        row = repository.account(session, address)
        pending_units, pending_until = repository.pending(session, address)
        withdrawn_units = repository.withdrawn_units(session, address)
        batches, funded, accepted, refunded = repository.requester_totals(session, address)
        rejected = repository.requester_events(session, address, "Rejected") if batches else 0
        overturned = repository.requester_events(session, address, "Overturned") if batches else 0
    return AccountView(
        address=address,
        owed_units=row.owed_units if row else 0,
        pending_units=pending_units,
        pending_until=pending_until,
        withdrawn_units=withdrawn_units,
        accepted=row.accepted if row else 0,
        rejected=row.rejected if row else 0,
        contested=row.contested if row else 0,
        disputes_won=row.disputes_won if row else 0,
        disputes_lost=row.disputes_lost if row else 0,
        sweep=row.sweep if row else False,
        as_requester=AsRequester(
            batches=batches,
            funded=funded,
            accepted=accepted,
            refunded=refunded,
            rejected=rejected,
            overturned=overturned,
        ),
    )


def payment_page(services: Services, address: str, cursor: str | None, limit: int) -> PaymentPage:
    with services.reading() as session:
        rows = repository.payments(session, address, decode_cursor(cursor, (int, int)), limit)
    items = [
        PaymentView(
            batch_id=row.batch_id,
            worker=row.worker,
            assignments=row.assignments,
            amount_units=row.amount_units,
            reason=row.reason,
            block_number=row.block_number,
            block_timestamp=row.block_timestamp,
            log_index=row.log_index,
            transaction_hash=row.transaction_hash,
            explorer_url=services.transaction_url(row.transaction_hash),
        )
        for row in rows
    ]
    last = encode_cursor((rows[-1].block_number, rows[-1].log_index)) if len(rows) == limit else None
    return PaymentPage(items=items, next_cursor=last)


def withdrawal_list(services: Services, address: str, limit: int) -> WithdrawalList:
    with services.reading() as session:
        rows = repository.withdrawals(session, address, limit)
    return WithdrawalList(
        items=[
            WithdrawalView(
                to=row.args["to"],
                amount_units=int(row.args["amount"]),
                block_number=row.block_number,
                block_timestamp=row.block_timestamp,
                transaction_hash=row.transaction_hash,
                explorer_url=services.transaction_url(row.transaction_hash),
            )
            for row in rows
        ]
    )


def draft_withdrawal(services: Services, account: str, draft: WithdrawalDraft) -> WithdrawalToSign:
    """The exact message for this account's next nonce."""
    state = services.escrow.account(account)
    amount = state.owed if draft.amount_units == "all" else draft.amount_units
    if amount == 0:
        raise Invalid("amount_zero", f"nothing is owed to {account}" if state.owed == 0 else "the amount is zero")
    _check_owed(account, state.owed, amount)
    _check_worth(services, state.owed, amount)
    to = draft.to or account
    deadline = services.clock.now() + services.settings.packet_lifetime_seconds
    data = messages.withdrawal(
        services.escrow.domain, account=account, amount_units=amount, to=to, nonce=state.nonce, deadline=deadline
    )
    return WithdrawalToSign(
        typed_data=data, account=account, amount_units=amount, to=to, nonce=state.nonce, deadline=deadline
    )


def take_withdrawal(services: Services, signed: SignedWithdrawal) -> str:
    """Queues a signed withdrawal after checking all that the contract will check."""
    if signed.amount_units == 0:
        raise Invalid("amount_zero", "the amount is zero")
    if signed.to in (ZERO_ADDRESS, services.escrow.address):
        raise Invalid("recipient_invalid", f"money cannot be sent to {signed.to}")
    state = services.escrow.account(signed.account)
    _check_owed(signed.account, state.owed, signed.amount_units)
    _check_worth(services, state.owed, signed.amount_units)
    data = messages.withdrawal(
        services.escrow.domain,
        account=signed.account,
        amount_units=signed.amount_units,
        to=signed.to,
        nonce=signed.nonce,
        deadline=signed.deadline,
    )
    _check_signed(services, signed.account, state.nonce, signed.nonce, signed.deadline, data, signed.signature)
    payload = signed.model_dump(mode="json")
    services.losses.weigh("withdraw", payload)
    with services.writing() as session:
        key = f"withdraw:{signed.account}:{signed.nonce}:{signed.signature}"[:200]
        budget = budget_of(services, session, signed.account, is_promised=True)
        return bring(services, session, budget, kind="withdraw", dedupe_key=key, payload=payload)


def draft_sweep(services: Services, account: str, enabled: bool) -> SweepToSign:
    nonce = services.escrow.account(account).nonce
    deadline = services.clock.now() + services.settings.packet_lifetime_seconds
    data = messages.sweep_setting(
        services.escrow.domain, account=account, enabled=enabled, nonce=nonce, deadline=deadline
    )
    return SweepToSign(typed_data=data, account=account, enabled=enabled, nonce=nonce, deadline=deadline)


def take_sweep(services: Services, signed: SignedSweep) -> str:
    state = services.escrow.account(signed.account)
    data = messages.sweep_setting(
        services.escrow.domain,
        account=signed.account,
        enabled=signed.enabled,
        nonce=signed.nonce,
        deadline=signed.deadline,
    )
    _check_signed(services, signed.account, state.nonce, signed.nonce, signed.deadline, data, signed.signature)
    payload = signed.model_dump(mode="json")
    services.losses.weigh("set_sweep", payload)
    with services.writing() as session:
        key = f"set_sweep:{signed.account}:{signed.nonce}:{signed.signature}"[:200]
        budget = budget_of(services, session, signed.account)
        return bring(services, session, budget, kind="set_sweep", dedupe_key=key, payload=payload)


def intent_view(services: Services, intent_id: str) -> IntentView:
    with services.reading() as session:
        intent = services.outbox.get(session, intent_id)
    if intent is None:
        raise NotFound("intent_unknown", f"there is no intent {intent_id}")
    error = None
    if intent.error_code:
        error = IntentError(code=intent.error_code, detail=intent.error_detail or "")
    return IntentView.model_validate(
        {
            "intent_id": intent.intent_id,
            "kind": intent.kind,
            "status": intent.status,
            "transaction_hash": intent.transaction_hash,
            "explorer_url": services.transaction_url(intent.transaction_hash),
            "error": error,
            "created_at": intent.created_at,
        }
    )


def faucet(services: Services, wanted: FaucetRequest, key: str) -> list[str]:
    """Queues test tokens, and gas if asked for; development chains only."""
    if not services.is_development:
        raise NotFound("faucet_absent", "this chain's money is real: there is no faucet")
    if wanted.amount_units > services.settings.faucet_limit_units:
        limit = services.settings.faucet_limit_units
        raise Invalid("amount_too_large", f"the faucet gives at most {limit} units at a time")
    intents = []
    with services.writing() as session:
        if wanted.amount_units:
            payload = {"to": wanted.address, "amount_units": str(wanted.amount_units)}
            intents.append(services.outbox.enqueue(session, kind="mint", dedupe_key=f"mint:{key}", payload=payload))
        if wanted.native:
            gift = {"to": wanted.address, "amount_wei": str(FAUCET_WEI)}
            intents.append(services.outbox.enqueue(session, kind="fund", dedupe_key=f"fund:{key}", payload=gift))
    if not intents:
        raise Invalid("amount_zero", "ask for tokens, gas, or both")
    return intents


def _check_owed(account: str, owed_units: int, amount_units: int) -> None:
    if amount_units > owed_units:
        detail = f"{account} is owed {owed_units} units, {amount_units} were asked for"
        raise Conflict("more_than_owed", detail, owed_units=str(owed_units))


def _check_worth(services: Services, owed_units: int, amount_units: int) -> None:
    """Raises Conflict with the least that is relayed: small ones in great number would burn the operator's gas."""
    least = least_withdrawal(services, is_all=amount_units == owed_units)
    if amount_units < least:
        detail = (
            f"a withdrawal of {amount_units} units is not worth its gas: from {least} units it is relayed at the "
            f"gateway's cost, and {owed_units} are owed; a `withdraw` from a wallet with gas takes any amount, always"
        )
        raise Conflict(
            "withdrawal_too_small",
            detail,
            least_units=str(least),
            owed_units=str(owed_units),
            amount_units=str(amount_units),
        )


def _check_signed(
    services: Services,
    account: str,
    next_nonce: int,
    nonce: int,
    deadline: int,
    data: messages.TypedData,
    signature: str,
) -> None:
    if nonce != next_nonce:
        raise Conflict("nonce_not_next", f"{account}'s next number is {next_nonce}, the message carries {nonce}")
    if deadline < services.clock.now():
        raise Invalid("signature_expired", "the message's deadline is over: draft it anew and sign")
    if not digest_signed_by(services, account, messages.digest(data), signature):
        raise Invalid("signature_by_another_key", f"the signature is not by {account}, or not of this message")
