"""From queued intents to transactions that fit a block, so that a bad one harms itself alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from backend.relay.calls import Planned, plan_packets, plan_single
from backend.relay.estimates import EXTRA, MARGIN, Estimator, NotTold, WouldRevert, ceiling, reserve
from backend.relay.waves import waves
from piecework.chain.errors import RevertReason
from piecework.domain.messages import BatchKey, Packet

if TYPE_CHECKING:
    from piecework.chain.escrow import Escrow
    from piecework.chain.token import Token
    from piecework.db.gateway import RelayIntent

_FIRST_PACKET_GAS = 90_000
_LEAST_PACKET_GAS = 30_000
_PACKETS_AFTER_STRIKES = (1_000, 16, 4, 1)
"""Most packets in a call, by how often a call that carried them was mined and reverted."""
MAX_STRIKES = len(_PACKETS_AFTER_STRIKES)


@dataclass(frozen=True, slots=True)
class Ready:
    """A call to send, with the gas to give it."""

    planned: Planned
    gas: int


@dataclass(frozen=True, slots=True)
class Refusal:
    """An intent that is not worth sending."""

    intent: RelayIntent
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Unclear:
    """An intent that the node does not answer for; the others may go on."""

    intent: RelayIntent
    detail: str


Step = Ready | Refusal | Unclear


class Planner:
    """Cuts what is queued into calls, wave by wave: each is estimated after the one before was sent."""

    def __init__(self, escrow: Escrow, token: Token, sender: str, *, gas_limit: int) -> None:
        self._escrow = escrow
        self._token = token
        self._gas_limit = gas_limit
        self._estimator = Estimator(escrow.web3, sender)
        self._packet_gas = _FIRST_PACKET_GAS

    def plan(self, intents: Sequence[RelayIntent], block_gas: int) -> Iterator[Sequence[Step]]:
        """Packets first, in their order, many to a call; then the other intents, those together that do not touch."""
        most = ceiling(block_gas)
        for step in self._plan_packets([intent for intent in intents if intent.kind == "packet"], most):
            yield [step]
        for wave in waves([intent for intent in intents if intent.kind != "packet"]):
            yield self._plan_wave(wave, most)

    # -------------------------------------------------------------------- packets

    def _plan_packets(self, intents: Sequence[RelayIntent], most: int) -> Iterator[Step]:
        waiting: list[tuple[RelayIntent, int]] = []
        for intent in intents:
            found = self._kept_for(intent)
            if isinstance(found, int):
                waiting.append((intent, found))
            else:
                yield found
        while waiting:
            step, taken = self._largest(waiting, most)
            waiting = waiting[taken:]
            yield step

    def _kept_for(self, intent: RelayIntent) -> int | Refusal:
        """Gas to keep ready for what the packet may make contracts burn."""
        try:
            plan_packets(self._escrow, [intent])
            packet, key = Packet.from_json(intent.payload["packet"]), BatchKey.from_json(intent.payload["key"])
            return reserve(key, packet, self._escrow.domain)
        except Exception as error:  # whatever is wrong with it, a stored packet that is none must not stop the others
            return _malformed(intent, error)

    def _first_guess(self, waiting: Sequence[tuple[RelayIntent, int]], limit: int) -> int:
        """How many of the first packets may fit a call, going by the last call's packets."""
        strikes = waiting[0][0].strikes
        needed, size = float(EXTRA), 0
        for intent, kept in waiting[: _PACKETS_AFTER_STRIKES[min(strikes, MAX_STRIKES - 1)]]:
            needed += self._packet_gas * MARGIN + kept
            if needed > limit or intent.strikes != strikes:
                break
            size += 1
        return max(1, size)

    def _largest(self, waiting: Sequence[tuple[RelayIntent, int]], most: int) -> tuple[Step, int]:
        """A call of as many of the first packets as fit and run together; and how many it took."""
        limit = min(self._gas_limit, most)
        size = self._first_guess(waiting, limit)
        while True:
            chunk = waiting[:size]
            planned = plan_packets(self._escrow, [intent for intent, _ in chunk])
            found = self._estimator.gas_of_each([planned])[0]
            kept = sum(kept for _, kept in chunk)
            if size == 1:
                return _alone(planned, found, kept, most), 1
            if isinstance(found, int) and int(found * MARGIN) + EXTRA + kept <= limit:
                self._packet_gas = max(_LEAST_PACKET_GAS, found // size)
                return Ready(planned, int(found * MARGIN) + EXTRA + kept), size
            size //= 2

    # --------------------------------------------------------------------- others

    def _plan_wave(self, intents: Sequence[RelayIntent], most: int) -> list[Step]:
        made = [self._made(intent) for intent in intents]
        calls = [planned for planned in made if isinstance(planned, Planned)]
        found = iter(self._estimator.gas_of_each(calls))
        return [_alone(each, next(found), 0, most) if isinstance(each, Planned) else each for each in made]

    def _made(self, intent: RelayIntent) -> Planned | Refusal:
        try:
            return plan_single(self._escrow, self._token, intent)
        except Exception as error:
            return _malformed(intent, error)


def _alone(planned: Planned, found: int | Exception, kept: int, most: int) -> Step:
    """The call of one intent. The margin does not lift one that nearly fills a block above what a block takes."""
    intent = planned.intents[0]
    if isinstance(found, int) and found <= most:
        return Ready(planned, min(int(found * MARGIN) + EXTRA + kept, most))
    if isinstance(found, WouldRevert):
        return Refusal(intent, found.reason.code[:60], f"the contract would refuse it: {found.reason}")
    if isinstance(found, NotTold):
        return Unclear(intent, str(found))
    return Refusal(intent, "too_much_gas", f"it needs more gas than a transaction may be given: {found}")


def _malformed(intent: RelayIntent, error: Exception) -> Refusal:
    reason = RevertReason("Malformed", {"error": type(error).__name__, "message": str(error)[:300]})
    return Refusal(intent, reason.code, f"it cannot be made a call: {reason}")
