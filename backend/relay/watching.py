"""Watching what was sent: stuck, mined, taken back by a reorg, mined again otherwise, at last final."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy import Engine, delete, func, select
from sqlalchemy.orm import Session

from backend.relay.chainview import ChainView, Place
from backend.relay.conclusions import conclude, requeue
from backend.relay.losses import Losses
from backend.relay.outcomes import Outcomes
from backend.relay.signing import Signer
from piecework.db.engine import write_engine
from piecework.db.gateway import RelayIntent, RelayReplaced, RelayTransaction

if TYPE_CHECKING:
    from web3 import Web3

log = structlog.get_logger("relay")

STUCK_SECONDS = 45.0
FINAL_BLOCKS = 128
"""A block with that many on top is not looked at again, unless the account's nonce itself goes back."""
_FINAL_A_ROUND = 200
_PLAIN_GAS = 21_000
_SENT = RelayTransaction.is_final.is_(False), RelayTransaction.status == "sent"
"""As the index has it: what was mined long ago is not read again."""


@dataclass(frozen=True, slots=True)
class Found:
    """What the chain says of one stored nonce. `receipt` is None if another transaction used it."""

    nonce: int
    receipt: Any | None


class Watcher:
    """Compares the stored transactions of one relayer with the chain."""

    def __init__(self, engine: Engine, web3: Web3, escrow: str, signer: Signer, losses: Losses) -> None:
        self._engine, self._writer = engine, write_engine(engine)
        self._web3 = web3
        self._signer = signer
        self._outcomes = Outcomes(escrow)
        self._losses = losses
        self._own = RelayTransaction.sender == signer.address
        self._verified: Place | None = None
        """Head of the chain when every stored block was last known to be part of it."""
        self._final_at: int | None = None
        """Height at which the oldest mined row is final; None if there may be one at any height."""

    def watch(self) -> tuple[bool, int]:
        """One look. Returns whether a transaction is still under way, and the relayer's next nonce on chain.

        The chain is asked first and nothing is locked meanwhile; then all is stored at once.
        """
        view = ChainView.now(self._web3, self._signer.address)
        with Session(self._engine, expire_on_commit=False) as session:
            open_rows = self._rows(session, RelayTransaction.nonce >= view.mined)
            passed = self._rows(session, *_SENT, RelayTransaction.nonce < view.mined)
            deep, doubted = self._look_again(session, view)
            hashes = {row.nonce: self._hashes(session, row) for row in [*passed, *doubted]}
        view.look_at(transactions=[each for known in hashes.values() for each in known])
        found = [self._find(view, nonce, known) for nonce, known in hashes.items()]
        told = [each for each in found if each is not None]
        lost = [row for row in open_rows if row.status == "mined"]
        if lost or told or deep:  # who only looks takes no lock that others wait for
            with Session(self._writer) as session, session.begin():
                for row in lost:
                    self._take_back(session, self._get(session, row.nonce))
                for each in told:
                    self._apply(session, each)
                for row in deep:
                    self._get(session, row.nonce).is_final = True
        self._keep_moving(view, open_rows)
        self._send_again(view.mined, [row.transaction_hash for row in lost])
        if len(told) == len(found):
            self._verified = view.head
        return bool(open_rows) or len(told) < len(found), view.mined

    # ---------------------------------------------------------------- the chain's side

    def _look_again(
        self, session: Session, view: ChainView
    ) -> tuple[Sequence[RelayTransaction], Sequence[RelayTransaction]]:
        """Mined rows that are final now, and those whose block is gone."""
        watched = (
            RelayTransaction.status == "mined",
            RelayTransaction.is_final.is_(False),
            RelayTransaction.nonce < view.mined,
        )
        due = RelayTransaction.block_number <= view.head.number - FINAL_BLOCKS
        deep = []
        if self._final_at is None or view.head.number >= self._final_at:  # else each look would read all of them
            deep = self._rows(session, *watched, due)[:_FINAL_A_ROUND]
            younger = RelayTransaction.nonce > (deep[-1].nonce if deep else -1)
            oldest = select(func.min(RelayTransaction.block_number)).where(self._own, *watched, younger)
            block = session.execute(oldest).scalar_one()
            self._final_at = None if block is None else int(block) + FINAL_BLOCKS
        rows = deep if self._verified and view.has(self._verified) else self._rows(session, *watched)
        view.look_at(blocks=[row.block_number or 0 for row in rows])
        doubted = [row for row in rows if not view.has(Place(row.block_number or 0, row.block_hash or ""))]
        if doubted:
            log.warning("reorganised_receipts_read_again", nonces=[row.nonce for row in doubted])
        return [row for row in deep if row not in doubted], doubted

    def _find(self, view: ChainView, nonce: int, hashes: Sequence[str]) -> Found | None:
        """None if the node does not know yet."""
        receipt = view.receipt(hashes)
        if receipt is not None:
            return Found(nonce, receipt)
        user = view.user_of(nonce)
        return None if user is None or user in hashes else Found(nonce, None)

    # ------------------------------------------------------------- the database's side

    def _apply(self, session: Session, found: Found) -> None:
        row = self._get(session, found.nonce)
        intents = self._intents(session, row)
        if found.receipt is None:
            # Another transaction of the key has the nonce, so none of ours can take effect: what it carried goes anew.
            log.error("nonce_used_elsewhere", nonce=row.nonce)
            requeue(intents)
            session.execute(delete(RelayReplaced).where(*_carrier(RelayReplaced, row)))
            session.delete(row)
            return
        self._signer.forget(row.transaction_hash)
        self._name_mined(session, row, "0x" + bytes(found.receipt["transactionHash"]).hex())
        row.status, row.is_final = "mined", False
        row.block_number = int(found.receipt["blockNumber"])
        row.block_hash = "0x" + bytes(found.receipt["blockHash"]).hex()
        if self._final_at is not None:
            self._final_at = min(self._final_at, row.block_number + FINAL_BLOCKS)
        conclude(session, intents, found.receipt, self._outcomes, self._losses)

    def _name_mined(self, session: Session, row: RelayTransaction, mined_hash: str) -> None:
        """The row tells the form that was mined; the newer one is kept among the replaced, for a reorg."""
        if row.transaction_hash == mined_hash:
            return
        older = session.get_one(RelayReplaced, mined_hash)
        session.add(_replaced(row))
        row.transaction_hash, row.raw = older.transaction_hash, older.raw
        session.delete(older)
        for intent in self._intents(session, row):
            intent.transaction_hash = mined_hash

    def _take_back(self, session: Session, row: RelayTransaction) -> None:
        log.warning("reorganised_transaction_sent_again", nonce=row.nonce, transaction_hash=row.transaction_hash)
        row.status, row.is_final = "sent", False
        row.block_number = row.block_hash = None
        for intent in self._intents(session, row):
            intent.status = "sent"
            intent.error_code = intent.error_detail = None

    def _keep_moving(self, view: ChainView, open_rows: Sequence[RelayTransaction]) -> None:
        """Replaces the transaction that all others wait for if it is stuck, or fills the gap before them."""
        first = open_rows[0] if open_rows else None
        if first is None or first.status != "sent" or time.time() - first.sent_at <= STUCK_SECONDS:
            return
        fees = self._signer.fees()
        ceiling = int(self._web3.eth.get_block("latest")["gasLimit"])
        with Session(self._writer) as session, session.begin():
            if first.nonce > view.mined:
                log.error("nonce_gap_filled", nonce=view.mined)
                row = RelayTransaction(
                    sender=self._signer.address,
                    nonce=view.mined,
                    to=self._signer.address,
                    data="0x",
                    gas=_PLAIN_GAS,
                    value_wei=0,
                    status="sent",
                    is_final=False,
                )
                self._signer.offer(row, fees)
                session.add(row)
                return
            row = self._get(session, first.nonce)
            session.add(_replaced(row))
            row.gas = min(row.gas, ceiling)
            self._signer.offer_more(row, fees)
            log.warning("stuck_transaction_replaced", nonce=row.nonce, transaction_hash=row.transaction_hash)
            for intent in self._intents(session, row):
                intent.transaction_hash = row.transaction_hash

    def _send_again(self, mined: int, lost: Sequence[str]) -> None:
        with Session(self._engine) as session:
            rows = [(row.transaction_hash, row.raw) for row in self._rows(session, RelayTransaction.nonce >= mined)]
        self._signer.broadcast(rows, at_once=lost)

    # ------------------------------------------------------------------------- rows

    def _get(self, session: Session, nonce: int) -> RelayTransaction:
        return session.get_one(RelayTransaction, (self._signer.address, nonce))

    def _rows(self, session: Session, *wanted: Any) -> list[RelayTransaction]:
        query = select(RelayTransaction).where(self._own, *wanted).order_by(RelayTransaction.nonce)
        return list(session.execute(query).scalars())

    def _intents(self, session: Session, row: RelayTransaction) -> list[RelayIntent]:
        query = select(RelayIntent).where(*_carrier(RelayIntent, row)).order_by(RelayIntent.position)
        return list(session.execute(query).scalars())

    def _hashes(self, session: Session, row: RelayTransaction) -> list[str]:
        older = session.execute(select(RelayReplaced.transaction_hash).where(*_carrier(RelayReplaced, row))).scalars()
        return [row.transaction_hash, *older]


def _carrier(table: Any, row: RelayTransaction) -> Iterable[Any]:
    return table.sender == row.sender, table.nonce == row.nonce


def _replaced(row: RelayTransaction) -> RelayReplaced:
    return RelayReplaced(transaction_hash=row.transaction_hash, sender=row.sender, nonce=row.nonce, raw=row.raw)
