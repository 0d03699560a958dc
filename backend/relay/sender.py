"""The sender: one nonce owner that signs, stores, sends and watches, in rounds.

A round takes all queued intents, makes transactions of them, stores each signed under its nonce, and only then sends.
Those that do not touch are estimated, stored and sent together.
The next round begins when all are mined. Whatever happens in between, the same bytes under the same nonce are sent
again: so nothing takes effect twice and no nonce is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import structlog
from pydantic import SecretStr
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from backend.relay.conclusions import KEEPER_KINDS, strike
from backend.relay.losses import Losses
from backend.relay.planning import Planner, Ready, Refusal, Unclear
from backend.relay.signing import Signer
from backend.relay.watching import Watcher
from piecework.chain.fees import Fees
from piecework.db.engine import write_engine
from piecework.db.gateway import RelayIntent, RelayTransaction

if TYPE_CHECKING:
    from piecework.chain.escrow import Escrow
    from piecework.chain.token import Token

log = structlog.get_logger("relay")

_ROUND = 400


class SentMeanwhile(RuntimeError):
    """Somebody else sent an intent of this round: two processes own the key, or the database was changed by hand."""


class Sender:
    """Brings intents on chain with the relayer's key."""

    def __init__(
        self,
        engine: Engine,
        escrow: Escrow,
        token: Token,
        key: SecretStr,
        *,
        gas_limit: int = 12_000_000,
        losses: Losses | None = None,
    ) -> None:
        self._engine, self._writer = engine, write_engine(engine)
        self._signer = Signer(escrow.web3, escrow.chain_id, key)
        self.address = self._signer.address
        self._planner = Planner(escrow, token, self.address, gas_limit=gas_limit)
        self._losses = losses or Losses()
        self._watcher = Watcher(engine, escrow.web3, escrow.address, self._signer, self._losses)

    def __repr__(self) -> str:
        return f"Sender({self.address})"

    def run_once(self) -> bool:
        """Watches what was sent, then sends what is queued; True if there was anything to do."""
        busy, mined = self._watcher.watch()
        if busy:
            return True
        intents = self._queued()
        if not intents:
            return False
        nonce, weather = self._next_nonce(mined), self._signer.look()
        first, done = nonce, False
        unclear: list[Unclear] = []
        for wave in self._planner.plan(intents, weather.block_gas):
            ready = [step for step in wave if isinstance(step, Ready)]
            if ready:
                self._store_and_send(ready, nonce, weather.fees)
                nonce += len(ready)
            for step in wave:
                if isinstance(step, Refusal):
                    self._refuse(step)
            unclear += [step for step in wave if isinstance(step, Unclear)]
            done |= any(not isinstance(step, Unclear) for step in wave)
        # A node that answers for others but never for this one is not what is wrong.
        self._set_aside(unclear, count=nonce > first)
        return done

    def _queued(self) -> Sequence[RelayIntent]:
        with Session(self._engine) as session:
            waiting = select(RelayIntent).where(RelayIntent.status == "queued").order_by(RelayIntent.position)
            intents = list(session.execute(waiting.limit(_ROUND)).scalars())
            session.expunge_all()
        return intents

    def _next_nonce(self, mined: int) -> int:
        with Session(self._engine) as session:
            own = RelayTransaction.sender == self.address
            last = session.execute(select(func.max(RelayTransaction.nonce)).where(own)).scalar_one()
        return mined if last is None else max(mined, int(last) + 1)

    def _store_and_send(self, wave: Sequence[Ready], nonce: int, fees: Fees) -> None:
        """All of them are stored, under one nonce after the other, before the first is sent."""
        rows = [self._signed(ready, nonce + number, fees) for number, ready in enumerate(wave)]
        with Session(self._writer, expire_on_commit=False) as session, session.begin():
            for ready, row in zip(wave, rows, strict=True):
                session.add(row)
                for intent in ready.planned.intents:
                    stored = session.get_one(RelayIntent, intent.position)
                    if stored.status != "queued":
                        raise SentMeanwhile(f"intent {intent.intent_id} is {stored.status} already")
                    stored.status = "sent"
                    stored.sender, stored.nonce = self.address, row.nonce
                    stored.transaction_hash = row.transaction_hash
        self._signer.broadcast([(row.transaction_hash, row.raw) for row in rows])

    def _signed(self, ready: Ready, nonce: int, fees: Fees) -> RelayTransaction:
        planned = ready.planned
        row = RelayTransaction(
            sender=self.address,
            nonce=nonce,
            to=planned.call.to,
            data=planned.call.data,
            gas=ready.gas,
            value_wei=planned.value_wei,
            status="sent",
            is_final=False,
        )
        self._signer.offer(row, fees)
        return row

    def _refuse(self, refusal: Refusal) -> None:
        intent = refusal.intent
        log.warning("intent_refused", kind=intent.kind, intent_id=intent.intent_id, reason=refusal.detail)
        with Session(self._writer) as session, session.begin():
            stored = session.get_one(RelayIntent, intent.position)
            self._losses.release(session, stored)
            if intent.kind in KEEPER_KINDS:
                session.delete(stored)
                return
            stored.status, stored.error_code, stored.error_detail = "failed", refusal.code, refusal.detail

    def _set_aside(self, unclear: Sequence[Unclear], *, count: bool) -> None:
        for step in unclear:
            log.warning("intent_not_estimated", intent_id=step.intent.intent_id, detail=step.detail)
        if unclear and count:
            with Session(self._writer) as session, session.begin():
                for step in unclear:
                    stored = session.get_one(RelayIntent, step.intent.position)
                    if strike(stored, "node_refused", f"the node would not estimate it: {step.detail}"):
                        self._losses.release(session, stored)
