"""What jurors do: their cases, and transactions for their own wallets.

A vote's salt stays with the juror until the reveal: the commitment is computed by its own client, and the gateway only
wraps it into a transaction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from backend.batches.service import as_transaction
from backend.disputes import repository
from backend.disputes.cases import case_of
from backend.disputes.reading import find, item
from backend.disputes.schemas import CommitmentRecipe, JurorCase, JurorQueue, RevealIn
from backend.errors import Conflict, Invalid, NotAllowed, NotFound
from backend.schemas import Transaction
from backend.services import Services
from piecework.chain.calls import Call, simulate
from piecework.chain.errors import CallReverted
from piecework.domain.ids import ZERO_DIGEST

if TYPE_CHECKING:
    from piecework.chain.panel import ArbitrationPanel

_MAX_CASES = 100


def queue(services: Services, juror: str) -> JurorQueue:
    """Open cases of the gateway's panel, the one that ends first first. Raises NotAllowed for who is no juror."""
    panel = _panel(services)
    since = panel.juror_since(juror)
    if since == 0:
        raise NotAllowed("not_a_juror", f"{juror} is no juror of {panel.address}")
    items = []
    with services.reading() as session:
        for row in repository.open_cases(session, panel.address, _MAX_CASES):
            case = case_of(services, row)
            assert case is not None  # noqa: S101 - of this panel
            items.append(
                JurorCase(
                    dispute=item(services, session, row),
                    case=case,
                    may_vote=since <= row.opened_at and row.fee_units >= panel.fee_units(),
                    committed=juror in case.committed,
                    revealed=juror in case.votes,
                )
            )
    recipe = CommitmentRecipe(
        chain_id=services.escrow.chain_id, panel=panel.address, escrow=services.escrow.address, juror=juror
    )
    return JurorQueue(items=items, commitment=recipe, earned_units=panel.earned_units(services.escrow.address, juror))


def commit(services: Services, juror: str, dispute_id: str, commitment: str) -> Transaction:
    """`commit` with a commitment that the juror computed. Raises Conflict with what the contract would refuse."""
    if commitment == ZERO_DIGEST:
        raise Invalid("commitment_zero", "a commitment is a hash, not zero")
    panel = _panel_of_case(services, dispute_id)
    call = panel.commit(services.escrow.address, int(dispute_id, 16), bytes.fromhex(commitment[2:]))
    return _checked(services, call, juror)


def reveal(services: Services, juror: str, dispute_id: str, vote: RevealIn) -> Transaction:
    """`reveal` of a vote. Raises Conflict with what the contract would refuse, the phase first of all."""
    panel = _panel_of_case(services, dispute_id)
    salt = bytes.fromhex(vote.salt[2:])
    call = panel.reveal(services.escrow.address, int(dispute_id, 16), vote.ruling, salt)
    return _checked(services, call, juror)


def withdraw(services: Services, juror: str, to: str) -> Transaction:
    """`withdraw` of what the juror earned in this escrow."""
    return _checked(services, _panel(services).withdraw(services.escrow.address, to), juror)


def _panel(services: Services) -> ArbitrationPanel:
    if services.arbitration_panel is None:
        detail = f"the arbitrator {services.settings.arbitrator} is no panel of jurors: it rules in a way of its own"
        raise NotFound("no_arbitration_panel", detail)
    return services.arbitration_panel


def _panel_of_case(services: Services, dispute_id: str) -> ArbitrationPanel:
    panel = _panel(services)
    with services.reading() as session:
        row = find(session, dispute_id)
    if row.arbitrator != panel.address:
        raise Conflict("other_arbitrator", f"dispute {dispute_id} is before {row.arbitrator}, not {panel.address}")
    if row.state != "open":
        raise Conflict("dispute_ended", f"dispute {dispute_id} has ended: {row.state}")
    return panel


def _checked(services: Services, call: Call, juror: str) -> Transaction:
    try:
        simulate(services.escrow.web3, call, juror)
    except CallReverted as error:
        raise Conflict(error.reason.code, f"the panel would refuse it: {error.reason}") from error
    return as_transaction(services, call)
