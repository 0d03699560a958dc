"""Cases of the gateway's panel that wait for somebody to conclude them: the last juror never revealed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import Session

from piecework.db.mirror import MirrorDispute

if TYPE_CHECKING:
    from piecework.chain.panel import ArbitrationPanel


def commit_end(opened_at: int, ruling_end: int) -> int:
    """Unix seconds until which jurors commit: the first half of the ruling window. The contract's own rounding."""
    return opened_at + (ruling_end - opened_at) // 2


def reveal_end(opened_at: int, ruling_end: int) -> int:
    """Unix seconds until which jurors reveal: the third quarter of the ruling window."""
    return opened_at + (ruling_end - opened_at) // 4 * 3


class PanelCases:
    """Asks the panel once about each case whose reveals are over: after that its votes cannot change."""

    def __init__(self, panel: ArbitrationPanel, escrow: str) -> None:
        self._panel = panel
        self._escrow = escrow
        self._without_quorum: set[str] = set()

    @property
    def panel(self) -> str:
        return self._panel.address

    def to_conclude(self, session: Session, now: int) -> list[MirrorDispute]:
        """Open disputes with a quorum that nobody concluded."""
        own = (MirrorDispute.state == "open", MirrorDispute.arbitrator == self._panel.address)
        in_time = MirrorDispute.ruling_end >= now
        rows = session.execute(select(MirrorDispute).where(*own, in_time)).scalars()
        return [row for row in rows if now > reveal_end(row.opened_at, row.ruling_end) and self._due(row)]

    def _due(self, row: MirrorDispute) -> bool:
        if row.dispute_id in self._without_quorum:
            return False
        case = self._panel.case(self._escrow, int(row.dispute_id, 16))
        if case.reveals >= self._panel.threshold():
            return not case.concluded
        self._without_quorum.add(row.dispute_id)
        return False
