"""What relaying costs in tokens, and work whose fee does not pay for it: refused with the number that would.

The gateway sends a worker's claim, its answers and the verdict, and gets the operator fee of each assignment. Without
a price of the chain's coin nothing is refused here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from backend.errors import Conflict, Invalid
from backend.relay.costs import WITHDRAWAL_GAS
from backend.services import Services
from backend.work.schemas import MAX_TASKS
from piecework.db.mirror import MirrorBatch
from piecework.domain.messages import Terms

RELAY_GAS = 235_000
"""Of one worker's claim, answers and verdict, each alone in a transaction, however many assignments they are about; a
test compares it with what real ones took. Those that share transactions take less."""
_COIN_WEI = 10**18
_AGAIN_SECONDS = 60
"""After which the gas price may be another."""
_FEE_SHARE = 20
"""The contract takes no fee above the twentieth part of the reward."""


@dataclass(frozen=True, slots=True)
class Relaying:
    """What one worker's relaying costs now and what an assignment brings for it, in token units."""

    cost_units: int
    fee_units: int
    subsidy_units: int

    @property
    def count_that_pays(self) -> int | None:
        """Assignments that a worker must take at once; None if no number is enough."""
        each = self.fee_units + self.subsidy_units
        if self.cost_units == 0:
            return 1
        return None if each == 0 else max(1, -(-self.cost_units // each))


def relaying_of(services: Services, fee_units: int) -> Relaying:
    """With the gas price of now."""
    return Relaying(units_of(services, RELAY_GAS), fee_units, services.settings.relay_subsidy_units)


def units_of(services: Services, gas: int) -> int:
    """What so much gas costs now; 0 without a price of the coin."""
    price = services.settings.coin_price_units
    return -(-gas * services.gas_price.wei(services.escrow.web3) * price // _COIN_WEI) if price else 0


def least_withdrawal(services: Services, *, is_all: bool) -> int:
    """Units below which a withdrawal is not worth its gas: the operator's minimum, and at least the gas itself.

    Of all that is owed the gas alone is the least, where it has a price.
    """
    gas = units_of(services, WITHDRAWAL_GAS)
    return gas if is_all and gas else max(gas, services.withdrawal_minimum_units)


def check_draft(services: Services, terms: Terms, max_claim: int, tasks: int) -> None:
    """Raises Invalid with the fee and the reward that would pass, if not even the largest claim pays for itself."""
    most_at_once = min(MAX_TASKS, max_claim, tasks)
    relaying = relaying_of(services, terms.operatorFee)
    count = relaying.count_that_pays
    if count is not None and count <= most_at_once:
        return
    needed = max(0, -(-relaying.cost_units // most_at_once) - relaying.subsidy_units)
    reward = max(terms.reward, needed * _FEE_SHARE)
    detail = (
        f"relaying one worker's claim, answers and verdict costs {relaying.cost_units} units now, and {most_at_once} "
        f"assignments bring {(relaying.fee_units + relaying.subsidy_units) * most_at_once}: give operator_fee_units of "
        f"{needed} with a reward of {reward} units or more, or let a worker take more at once (max_claim)"
    )
    raise Invalid(
        "relay_not_paid",
        detail,
        relay_cost_units=str(relaying.cost_units),
        operator_fee_units_that_pass=str(needed),
        reward_units_that_pass=str(reward),
    )


def check_claim(services: Services, batch: MirrorBatch, asked: int) -> None:
    """Raises Conflict if a claim of the `asked` assignments does not pay for its relaying.

    Who asks for enough and gets fewer, because no more are left, is not refused; and what is claimed is carried to its
    end, whatever gas costs then.
    """
    relaying = relaying_of(services, batch.operator_fee_units)
    if batch.operator.lower() != services.operator_address.lower():  # its fee is somebody else's
        relaying = replace(relaying, fee_units=0, subsidy_units=0)
    needed, most = relaying.count_that_pays, min(MAX_TASKS, Terms.from_json(batch.terms).maxClaim)
    each = relaying.fee_units + relaying.subsidy_units
    if needed is not None and asked >= needed:
        return
    numbers = {"relay_cost_units": str(relaying.cost_units), "paid_units": str(each * asked)}
    if needed is None or needed > most:
        detail = (
            f"gas is dear: relaying a claim of batch {batch.batch_id} costs {relaying.cost_units} units now, and its "
            f"largest claim brings {each * most}: ask again when gas is cheaper"
        )
        raise Conflict("relay_too_dear", detail, retry_after_seconds=_AGAIN_SECONDS, **numbers)
    detail = (
        f"a claim of {asked} brings {each * asked} units, and its relaying costs {relaying.cost_units} now: ask for "
        f"{needed} assignments at once"
    )
    raise Conflict("claim_too_small", detail, count_that_passes=needed, **numbers)
