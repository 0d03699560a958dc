"""What relaying may cost the operator beyond the fees it brought: one number of wei, for everybody together.

An operator earns its fee by a verdict alone; silence pays the worker and gives the fee back. So nothing that is not
yet paid counts as paid here: a claim is charged with all that must follow it, and a fee counts once it is on chain.
What a requester's verdicts brought beyond their gas is its credit, and work of its batches takes from that first.
All else takes from the bound: packets, silence, settings, withdrawals, sweeps. What one transaction took replaces the
estimate when it is mined.

Addresses cost nothing and attackers wait, so the bound is over all addresses, and runs off with time alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy.orm import Session

from backend.errors import TooMany
from backend.pay.gas_price import GasPrice
from backend.relay import loss_rows as rows
from backend.relay.costs import Need, Place, weighed, whole_claim
from backend.relay.loss_rows import ALL, Bound, Short
from backend.relay.outbox import Charge, Outbox
from backend.relay.outcomes import plain_log
from piecework.db.gateway import RelayIntent
from piecework.domain.ids import ZERO_ADDRESS
from piecework.domain.messages import Packet, PacketKind

if TYPE_CHECKING:
    from backend.settings import GatewaySettings
    from piecework.chain.escrow import Escrow

log = structlog.get_logger("relay")

_COIN_WEI = 10**18
DEFAULT_WEI = 10**17
_TOLD_EVERY_SECONDS = 60.0
_PRICE_SECONDS = 60.0
"""The keeper's rounds ask for the gas price more often, so that no transaction of the database waits for it."""


@dataclass
class Losses:
    """Counts for one gateway; without settings nothing is counted. `operator` gets the fees that count.

    `now` is the clock by which the bound runs off, in seconds: the machine's, as the chain's may stand still.
    """

    settings: GatewaySettings | None = None
    escrow: Escrow | None = None
    operator: str = ZERO_ADDRESS
    gas_price: GasPrice = field(default_factory=GasPrice)
    now: Callable[[], float] = time.time
    _told_at: float = -_TOLD_EVERY_SECONDS

    @property
    def bound(self) -> Bound:
        """By default a tenth of a coin, and none where money is worth nothing."""
        if self.settings is None or self.escrow is None:
            return Bound()
        most = self.settings.relay_loss_wei
        if most is None:
            most = 0 if self.settings.is_development(self.escrow.chain_id) else DEFAULT_WEI
        return Bound(most, self.settings.relay_budget_seconds)

    # --------------------------------------------------------------- before it is sent

    def queue(
        self, outbox: Outbox, session: Session, *, kind: str, dedupe_key: str, payload: dict[str, Any]
    ) -> str | Short:
        """The intent's id, or what there is no room for. What is queued already is charged once."""
        known = outbox.find(session, dedupe_key)
        need = self._need(kind, payload) if known is None else None
        if need is None:
            return known or outbox.enqueue(session, kind=kind, dedupe_key=dedupe_key, payload=payload)
        now = self.now()
        rows.lock_all(session, now)
        known = outbox.find(session, dedupe_key)  # somebody else may have had the lock
        if known is not None:
            return known
        found = self._charge(session, need, payload, now)
        if isinstance(found, Short):
            self._tell(kind, found)
            return found
        return outbox.enqueue(session, kind=kind, dedupe_key=dedupe_key, payload=payload, charge=found)

    def weigh(self, kind: str, payload: dict[str, Any]) -> None:
        """Recovers the signatures that `queue` asks for, before a transaction that others wait for, and looks."""
        self.look()
        self._need(kind, payload)

    def lock(self, session: Session) -> None:
        """Nobody else counts until the transaction ends."""
        if self.bound.most_wei:
            rows.lock_all(session, self.now())

    def bring(self, outbox: Outbox, session: Session, *, kind: str, dedupe_key: str, payload: dict[str, Any]) -> str:
        """The intent's id. Raises TooMany with the bound and the seconds to wait."""
        found = self.queue(outbox, session, kind=kind, dedupe_key=dedupe_key, payload=payload)
        if isinstance(found, Short):
            raise self._refusal(found)
        return found

    def check_claim(self, session: Session, requester: str) -> None:
        """Raises TooMany if a claim in a batch of `requester` would not be brought now."""
        if self.bound.most_wei:
            need = whole_claim(requester)
            asked = self._wei(need.gas + need.later_gas)
            found = rows.short_of(session, self.bound, need.payer, asked, need.share, self.now())
            if found is not None:
                raise self._refusal(found)

    def has_room(self, session: Session, kind: str, payload: dict[str, Any]) -> bool:
        """Whether it would be queued now. It only reads."""
        need = self._need(kind, payload)
        if need is None:
            return True
        found = self._short(session, need, self.now())[0]
        if found is not None:
            self._tell(kind, found)
        return found is None

    def look(self) -> None:
        """Asks the node what gas costs, if it is time to: not to be done while others wait for a lock."""
        if self.bound.most_wei and self.escrow is not None:
            self.gas_price.wei(self.escrow.web3)

    # ---------------------------------------------------------------- after it was mined

    def book(self, session: Session, intents: Sequence[RelayIntent], receipt: Any) -> None:
        """What the transaction took replaces what was counted for its intents; if it reverted, it comes on top."""
        counted = [intent for intent in intents if intent.counted_wei is not None]
        if not counted or not self.bound.most_wei:
            return
        now = self.now()
        rows.lock_all(session, now)
        took = int(receipt["gasUsed"]) * int(receipt["effectiveGasPrice"])
        weights = [max(1, intent.counted_wei or 0) for intent in counted]
        for intent, weight in zip(counted, weights, strict=True):
            part = -(-took * weight // sum(weights))
            if receipt["status"] != 1:
                rows.move(session, self.bound, intent.payer, part, now)
                continue
            self._replace(session, intent, part, self._fee_wei(intent, receipt), now)

    def forgo(self, session: Session, intent: RelayIntent) -> None:
        """A claim came to nothing: what it put by for its answers is free."""
        if intent.ahead_wei:
            now = self.now()
            rows.lock_all(session, now)
            got = rows.take_by(session, places_of(intent), intent.ahead_wei)
            rows.move(session, self.bound, intent.payer, -got, now)
            intent.ahead_wei = 0

    def release(self, session: Session, intent: RelayIntent) -> None:
        """It is not sent, or not again."""
        self.forgo(session, intent)
        if intent.counted_wei:
            now = self.now()
            rows.lock_all(session, now)
            if not rows.give_back(session, places_of(intent), intent.counted_wei):
                rows.move(session, self.bound, intent.payer, -intent.counted_wei, now)
            intent.counted_wei = 0

    def has_ended(self, session: Session) -> bool:
        """Whether `close` would find something to free."""
        return bool(self.bound.most_wei) and bool(rows.ended_holds(session))

    def close(self, session: Session) -> int:
        """Frees what is put by for workers who wait for nothing more; returns for how many."""
        if not self.has_ended(session):
            return 0
        now = self.now()
        rows.lock_all(session, now)
        ended = rows.ended_holds(session)
        for hold in ended:
            rows.move(session, self.bound, hold.requester, -hold.wei, now)
        rows.forget(session, ended)
        return len(ended)

    # ------------------------------------------------------------------------- parts

    def _need(self, kind: str, payload: dict[str, Any]) -> Need | None:
        if not self.bound.most_wei or self.escrow is None or self.settings is None:
            return None
        return weighed(kind, payload, self.escrow.domain, trusted_reviewer=self.settings.default_reviewer)

    def _charge(self, session: Session, need: Need, payload: dict[str, Any], now: float) -> Charge | Short:
        """Takes from what is put by, then from the payer's credit, then from the bound."""
        found, asked, ahead, held = self._short(session, need, now)
        if found is not None:
            return found
        rows.take_by(session, need.places, held)
        fresh = asked + ahead - held
        rows.move(session, self.bound, need.payer, fresh, now)
        if ahead and need.payer is not None:
            packet = payload["packet"]
            place = (packet["batch_id"], packet["worker"])
            rows.put_by(session, place, need.payer, int(packet["sequence"]), ahead)
        return Charge(need.payer, asked, ahead)

    def _short(self, session: Session, need: Need, now: float) -> tuple[Short | None, int, int, int]:
        """What there is no room for; wei for itself, for what must follow, and of these what is put by already."""
        asked, ahead = self._wei(need.gas), self._wei(need.later_gas)
        held = rows.held(session, need.places, asked)
        fresh = asked + ahead - held
        return rows.short_of(session, self.bound, need.payer, fresh, need.share, now), asked, ahead, held

    def _replace(self, session: Session, intent: RelayIntent, took: int, fee: int, now: float) -> None:
        more = took - (intent.counted_wei or 0)
        if more > 0:
            more -= rows.take_by(session, places_of(intent), more)
        rows.move(session, self.bound, intent.payer, more - fee + (intent.earned_wei or 0), now)
        intent.counted_wei, intent.earned_wei = took, fee

    def _fee_wei(self, intent: RelayIntent, receipt: Any) -> int:
        """The operator's fees that a settlement brought, at what its coin is worth; without a price none count."""
        from piecework.chain.logs import EscrowLogs

        price = self.settings.coin_price_units if self.settings is not None else None
        if intent.kind != "settle" or not price or self.escrow is None:
            return 0
        units = 0
        for entry in receipt["logs"]:
            if entry["address"] == self.escrow.address:
                event = EscrowLogs().decode(plain_log(entry))
                if event.name == "FeePaid" and event.args["receiver"].lower() == self.operator.lower():
                    units += int(event.args["amount"])
        return units * _COIN_WEI // price

    def _wei(self, gas: int) -> int:
        """A quarter more than it costs now: the price may rise before it is mined."""
        assert self.escrow is not None  # noqa: S101 - nothing is counted without
        return gas * self.gas_price.wei(self.escrow.web3, keep_seconds=_PRICE_SECONDS) * 5 // 4

    def _refusal(self, short: Short) -> TooMany:
        bound = self.bound
        whose = "everybody together" if short.name == ALL else f"batches of {short.name}"
        detail = (
            f"relaying this may cost {short.asked_wei} wei that no fee has paid for, and for this the gateway has at "
            f"most {short.most_wei} wei out for {whose}, of its {bound.most_wei} in {bound.refill_seconds} s: ask "
            f"again in {short.wait_seconds} s, or send it from a wallet with gas, which always works"
        )
        return TooMany(
            "relay_loss_bound",
            detail,
            asked_wei=str(short.asked_wei),
            most_wei=str(short.most_wei),
            bound_wei=str(bound.most_wei),
            retry_after_seconds=short.wait_seconds,
        )

    def _tell(self, kind: str, short: Short) -> None:
        if time.monotonic() - self._told_at >= _TOLD_EVERY_SECONDS:
            self._told_at = time.monotonic()
            log.warning("relay_loss_bound_reached", kind=kind, name=short.name, most_wei=short.most_wei)


def places_of(intent: RelayIntent) -> tuple[Place, ...]:
    """Whose put-by money a packet may use."""
    if intent.kind != "packet":
        return ()
    packet = Packet.from_json(intent.payload["packet"])
    return () if packet.kind == PacketKind.DISPUTE else ((packet.batch_id, packet.worker),)
