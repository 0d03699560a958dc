"""The sender: one nonce owner that signs, stores, sends and watches, in rounds.

A round takes all queued intents, makes transactions of them, stores each signed under its nonce, and only then sends.
The next
round begins when all are mined. Whatever happens in between, the same bytes under the same nonce are sent again: so
nothing takes effect twice and no nonce is left out.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import structlog
from pydantic import SecretStr
from sqlalchemy import Engine, delete, func, select
from sqlalchemy.orm import Session

from backend.relay.calls import Planned, plan_packets, plan_single
from piecework.chain.errors import RevertReason, decode_revert, refusal_name
from piecework.chain.logs import EscrowLogs
from piecework.db.engine import write_engine
from piecework.db.gateway import RelayIntent, RelayTransaction

if TYPE_CHECKING:
    from piecework.chain.escrow import Escrow
    from piecework.chain.token import Token

log = structlog.get_logger("relay")

KEEPER_KINDS = ("sweep", "pay_overdue", "expire_claims", "release_rejected", "refund")
"""Wishes of nobody: one that does not apply is forgotten, and made again when it is due."""
_ROUND = 400
_GAS_MARGIN = 1.25
_FIRST_PACKET_GAS = 90_000
_STUCK_SECONDS = 45.0
_FEE_BUMP = 1.15
_LOW_BALANCE_WEI = 10**16


class Sender:
    """Brings intents on chain with the relayer's key."""

    def __init__(
        self, engine: Engine, escrow: Escrow, token: Token, key: SecretStr, *, gas_limit: int = 12_000_000
    ) -> None:
        from eth_account import Account

        self._engine = write_engine(engine)
        self._escrow = escrow
        self._token = token
        self._web3 = escrow.web3
        self._account = Account.from_key(key.get_secret_value())
        self.address = str(self._account.address)
        self._gas_limit = gas_limit
        self._packet_gas = _FIRST_PACKET_GAS
        self._logs = EscrowLogs()

    def __repr__(self) -> str:
        return f"Sender({self.address})"

    # ---------------------------------------------------------------- one round

    def run_once(self) -> bool:
        """Watches what was sent, then sends what is queued; True if there was anything to do."""
        mined = self._web3.eth.get_transaction_count(self._account.address, "latest")
        busy = self._watch(mined)
        if busy:
            return True
        with Session(self._engine) as session:
            waiting = select(RelayIntent).where(RelayIntent.status == "queued").order_by(RelayIntent.position)
            intents = list(session.execute(waiting.limit(_ROUND)).scalars())
            session.expunge_all()
        if not intents:
            return False
        self._warn_if_poor()
        nonce = self._next_nonce(mined)
        for planned, gas in self._plan(intents):
            self._store_and_send(planned, nonce, gas)
            nonce += 1
        return True

    def _plan(self, intents: Sequence[RelayIntent]) -> Iterable[tuple[Planned, int]]:
        packets = [intent for intent in intents if intent.kind == "packet"]
        while packets:
            size = max(1, min(len(packets), int(self._gas_limit / _GAS_MARGIN // self._packet_gas)))
            planned = plan_packets(self._escrow, packets[:size])
            gas = self._estimate(planned)
            while gas is not None and gas * _GAS_MARGIN > self._gas_limit and size > 1:
                size = max(1, size // 2)
                planned = plan_packets(self._escrow, packets[:size])
                gas = self._estimate(planned)
            packets = packets[size:]
            if gas is not None:
                self._packet_gas = max(30_000, gas // size)
                yield planned, gas
        for intent in intents:
            if intent.kind != "packet":
                planned = plan_single(self._escrow, self._token, intent)
                gas = self._estimate(planned)
                if gas is not None:
                    yield planned, gas

    def _estimate(self, planned: Planned) -> int | None:
        """Gas of the call, or None if it would revert; then its intents are told why."""
        from web3.exceptions import ContractLogicError, Web3RPCError

        transaction: Any = {
            "from": self._account.address,
            "to": planned.call.to,
            "data": planned.call.data,
            "value": planned.value_wei,
        }
        try:
            return int(self._web3.eth.estimate_gas(transaction))
        except ContractLogicError as error:
            data = error.data if isinstance(error.data, (str, bytes)) else b""
            self._fail(planned.intents, decode_revert(data))
        except Web3RPCError as error:
            self._fail(planned.intents, RevertReason("NodeRefused", {"message": str(error)[:300]}))
        return None

    def _fail(self, intents: Sequence[RelayIntent], reason: RevertReason) -> None:
        with Session(self._engine) as session, session.begin():
            for intent in intents:
                log.warning("intent_refused", kind=intent.kind, intent_id=intent.intent_id, reason=str(reason))
                if intent.kind in KEEPER_KINDS:
                    session.execute(delete(RelayIntent).where(RelayIntent.position == intent.position))
                    continue
                stored = session.get_one(RelayIntent, intent.position)
                stored.status = "failed"
                stored.error_code = reason.code[:60]
                stored.error_detail = f"the contract would refuse it: {reason}"

    # ------------------------------------------------------------- store and send

    def _store_and_send(self, planned: Planned, nonce: int, gas: int) -> None:
        fee, tip = self._fees()
        with Session(self._engine) as session, session.begin():
            row = RelayTransaction(
                sender=self.address,
                nonce=nonce,
                to=planned.call.to,
                data=planned.call.data,
                gas=int(gas * _GAS_MARGIN) + 20_000,
                value_wei=planned.value_wei,
                max_fee_wei=fee,
                priority_fee_wei=tip,
                status="sent",
                sent_at=time.time(),
            )
            self._sign(row)
            session.add(row)
            for intent in planned.intents:
                stored = session.get_one(RelayIntent, intent.position)
                stored.status = "sent"
                stored.nonce = nonce
                stored.transaction_hash = row.transaction_hash
            raw = row.raw
        self._broadcast(raw)

    def _sign(self, row: RelayTransaction) -> None:
        signed = self._account.sign_transaction(
            {
                "type": 2,
                "chainId": self._escrow.chain_id,
                "nonce": row.nonce,
                "to": row.to,
                "data": row.data,
                "value": row.value_wei,
                "gas": row.gas,
                "maxFeePerGas": row.max_fee_wei,
                "maxPriorityFeePerGas": row.priority_fee_wei,
            }
        )
        row.raw = "0x" + bytes(signed.raw_transaction).hex()
        row.transaction_hash = "0x" + bytes(signed.hash).hex()

    def _broadcast(self, raw: str) -> None:
        from web3.exceptions import Web3RPCError

        try:
            self._web3.eth.send_raw_transaction(raw)  # type: ignore[arg-type]
        except Web3RPCError as error:
            # Already known, or mined meanwhile: watching will tell.
            log.info("broadcast_answered", error=str(error)[:200])

    def _fees(self) -> tuple[int, int]:
        base = int(self._web3.eth.get_block("latest").get("baseFeePerGas", 0))
        tip = int(self._web3.eth.max_priority_fee)
        return base * 2 + tip, tip

    def _next_nonce(self, mined: int) -> int:
        with Session(self._engine) as session:
            own = RelayTransaction.sender == self.address
            last = session.execute(select(func.max(RelayTransaction.nonce)).where(own)).scalar_one()
        return mined if last is None else max(mined, int(last) + 1)

    # ------------------------------------------------------------------- watching

    def _watch(self, mined: int) -> bool:
        """Follows stored transactions; True while one is not mined."""
        with Session(self._engine) as session, session.begin():
            own = RelayTransaction.sender == self.address
            lost = select(RelayTransaction).where(own, RelayTransaction.nonce >= mined).order_by(RelayTransaction.nonce)
            again = list(session.execute(lost).scalars())
            for row in again:
                if row.status == "mined":
                    self._unmine(session, row)
                elif time.time() - row.sent_at > _STUCK_SECONDS and row.nonce == mined:
                    self._bump(session, row)
            raws = [row.raw for row in again]
            passed = select(RelayTransaction).where(
                own, RelayTransaction.status == "sent", RelayTransaction.nonce < mined
            )
            for row in session.execute(passed).scalars():
                self._conclude(session, row)
        for raw in raws:
            self._broadcast(raw)
        return bool(raws)

    def _unmine(self, session: Session, row: RelayTransaction) -> None:
        log.warning("reorganised_transaction_sent_again", nonce=row.nonce, transaction_hash=row.transaction_hash)
        row.status = "sent"
        row.block_number = None
        for intent in self._intents_of(session, row):
            intent.status = "sent"
            intent.error_code = intent.error_detail = None

    def _bump(self, session: Session, row: RelayTransaction) -> None:
        fee, tip = self._fees()
        row.max_fee_wei = max(fee, int(row.max_fee_wei * _FEE_BUMP) + 1)
        row.priority_fee_wei = max(tip, int(row.priority_fee_wei * _FEE_BUMP) + 1)
        row.max_fee_wei = max(row.max_fee_wei, row.priority_fee_wei)
        row.sent_at = time.time()
        self._sign(row)
        log.warning("stuck_transaction_replaced", nonce=row.nonce, transaction_hash=row.transaction_hash)
        for intent in self._intents_of(session, row):
            intent.transaction_hash = row.transaction_hash

    def _conclude(self, session: Session, row: RelayTransaction) -> None:
        from web3.exceptions import TransactionNotFound

        try:
            receipt = self._web3.eth.get_transaction_receipt(row.transaction_hash)  # type: ignore[arg-type]
        except TransactionNotFound:
            # Its nonce went to another transaction of the key: what it carried is queued anew.
            log.error("nonce_used_elsewhere", nonce=row.nonce)
            for intent in self._intents_of(session, row):
                intent.status, intent.nonce, intent.transaction_hash = "queued", None, None
            session.delete(row)
            return
        row.status = "mined"
        row.block_number = int(receipt["blockNumber"])
        skipped = self._skipped(receipt) if receipt["status"] == 1 else {}
        for intent in self._intents_of(session, row):
            if receipt["status"] != 1:
                self._mark(intent, "failed", "reverted", "the transaction was mined and reverted")
                continue
            packet = intent.payload.get("packet", {})
            reason = skipped.get((packet.get("batch_id"), packet.get("worker"), packet.get("sequence")))
            if reason is None:
                self._mark(intent, "confirmed", None, None)
            else:
                self._mark(intent, "skipped", reason, f"the contract skipped the packet: {reason}")

    def _skipped(self, receipt: Any) -> dict[tuple[str, str, int], str]:
        """Packets that the receipt says were skipped, with the reason."""
        found = {}
        for log_entry in receipt["logs"]:
            if log_entry["address"] != self._escrow.address:
                continue
            event = self._logs.decode(_plain(log_entry))
            if event.name == "PacketSkipped":
                key = (event.args["batchId"], event.args["worker"], event.args["sequence"])
                found[key] = refusal_name(event.args["reason"])
        return found

    def _mark(self, intent: RelayIntent, status: str, code: str | None, detail: str | None) -> None:
        intent.status = status
        intent.error_code = code
        intent.error_detail = detail

    def _intents_of(self, session: Session, row: RelayTransaction) -> Iterable[RelayIntent]:
        return session.execute(select(RelayIntent).where(RelayIntent.nonce == row.nonce)).scalars()

    def _warn_if_poor(self) -> None:
        balance = self._web3.eth.get_balance(self._account.address)
        if balance < _LOW_BALANCE_WEI:
            log.warning("relayer_balance_low", address=self.address, balance_wei=balance)


def _plain(entry: Any) -> dict[str, Any]:
    """web3's log as plain JSON-RPC."""
    return {
        "address": entry["address"],
        "topics": ["0x" + bytes(topic).hex() for topic in entry["topics"]],
        "data": "0x" + bytes(entry["data"]).hex(),
        "blockNumber": hex(entry["blockNumber"]),
        "blockHash": "0x" + bytes(entry["blockHash"]).hex(),
        "transactionHash": "0x" + bytes(entry["transactionHash"]).hex(),
        "logIndex": hex(entry["logIndex"]),
    }
