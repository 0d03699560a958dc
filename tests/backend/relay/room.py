"""The room under test: a database, an outbox and a sender on the market's chain."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pydantic import SecretStr
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from backend.relay.losses import Losses
from backend.relay.outbox import Outbox
from backend.relay.sender import Sender
from piecework.db.engine import write_engine
from piecework.db.gateway import RelayIntent, RelayTransaction
from piecework.domain.messages import BatchKey, Packet
from tests.backend.relay.market import Market

_keys = itertools.count(1)


def key_of(account: Any) -> SecretStr:
    """The account's private key as settings carry it."""
    return SecretStr("0x" + bytes(account.key).hex())


@dataclass
class Room:
    """One gateway's sending side. `escrow` may speak to the node through another URL than the market."""

    market: Market
    engine: Engine
    escrow: Any
    relayer: Any
    gas_limit: int = 12_000_000
    losses: Losses = field(default_factory=Losses)
    outbox: Outbox = field(default_factory=Outbox)
    sender: Sender = field(init=False)

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """A new sender that knows only what is in the database."""
        limits: dict[str, Any] = {"gas_limit": self.gas_limit, "losses": self.losses}
        self.sender = Sender(self.engine, self.escrow, self.market.stack.token, key_of(self.relayer), **limits)

    # ------------------------------------------------------------------- queue

    def enqueue(self, kind: str, payload: dict[str, Any], dedupe_key: str | None = None) -> str:
        with Session(write_engine(self.engine)) as session, session.begin():
            key = dedupe_key or f"test:{next(_keys)}"
            return self.outbox.enqueue(session, kind=kind, dedupe_key=key, payload=payload)

    def queue_packet(self, key: BatchKey, packet: Packet) -> str:
        return self.enqueue("packet", {"key": key.to_json(), "packet": packet.to_json()})

    # -------------------------------------------------------------------- look

    def intent(self, intent_id: str) -> RelayIntent:
        with Session(self.engine) as session:
            found = self.outbox.get(session, intent_id)
            assert found is not None, f"intent {intent_id} is gone"
            session.expunge(found)
            return found

    def statuses(self, intent_ids: list[str]) -> list[str]:
        return [self.intent(intent_id).status for intent_id in intent_ids]

    def transactions(self) -> list[RelayTransaction]:
        """What this relayer stored, by nonce."""
        own = RelayTransaction.sender == self.relayer.address
        with Session(self.engine, expire_on_commit=False) as session:
            return list(session.execute(select(RelayTransaction).where(own).order_by(RelayTransaction.nonce)).scalars())

    def mined_nonce(self) -> int:
        return int(self.market.stack.web3.eth.get_transaction_count(self.relayer.address))

    # --------------------------------------------------------------------- run

    def run_until(self, done: Callable[[], bool], seconds: float = 30.0) -> None:
        """Rounds until `done`; fails after the deadline."""
        deadline = time.monotonic() + seconds
        while not done():
            assert time.monotonic() < deadline, f"not done after {seconds:.0f} s"
            if not self.sender.run_once():
                time.sleep(0.02)

    def settle_down(self, seconds: float = 30.0) -> None:
        """Rounds until nothing is queued or under way."""
        self.run_until(lambda: not self.open_intents(), seconds)

    def open_intents(self) -> list[RelayIntent]:
        waiting = RelayIntent.status.in_(("queued", "sent"))
        with Session(self.engine) as session:
            return list(session.execute(select(RelayIntent).where(waiting)).scalars())
