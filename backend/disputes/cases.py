"""Where a dispute stands before the panel: the contract's phases, read from its views and logs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backend.disputes.schemas import CaseView, Phase
from backend.relay.cases import commit_end, reveal_end
from backend.services import Services
from piecework.db.mirror import MirrorDispute

if TYPE_CHECKING:
    from piecework.chain.panel import ArbitrationPanel, CaseState, Votes


def case_of(services: Services, row: MirrorDispute) -> CaseView | None:
    """None if another arbitrator than the gateway's panel rules on it."""
    panel = services.arbitration_panel
    if panel is None or row.arbitrator != panel.address:
        return None
    number = int(row.dispute_id, 16)
    state = panel.case(services.escrow.address, number)
    votes = panel.votes(services.escrow.address, number, row.opened_block)
    return CaseView(
        panel=panel.address,
        phase=_phase(panel, row, state, votes, services.clock.now()),
        commits=state.commits,
        reveals=state.reveals,
        threshold=panel.threshold(),
        commit_end=commit_end(row.opened_at, row.ruling_end),
        reveal_end=reveal_end(row.opened_at, row.ruling_end),
        ruling_end=row.ruling_end,
        committed=sorted(votes.committed),
        votes=votes.revealed,
    )


def _phase(panel: ArbitrationPanel, row: MirrorDispute, state: CaseState, votes: Votes, now: int) -> Phase:
    if state.concluded or row.state != "open":
        return "ended"
    # Of those who sit: votes of jurors who left end nobody's time to commit.
    all_committed = votes.committed >= set(panel.jurors())
    if now <= commit_end(row.opened_at, row.ruling_end) and not all_committed:
        return "commit" if state.reveals == 0 else "reveal"
    if state.commits < panel.threshold():
        return "no_quorum"
    if now <= reveal_end(row.opened_at, row.ruling_end):
        return "reveal"
    return "conclude" if state.reveals >= panel.threshold() else "no_quorum"
