"""Who may sign for a reviewer address: a plain key, or the members of a ReviewPanel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from backend.errors import NotAllowed
from backend.services import Services


@dataclass(frozen=True, slots=True)
class Panel:
    """Members and how many of them must sign. A plain key is a panel of one."""

    address: str
    members: tuple[str, ...]
    threshold: int
    is_contract: bool

    def require(self, signer: str) -> None:
        """Raises NotAllowed unless `signer` is a member."""
        if signer not in self.members:
            raise NotAllowed("reviewer_not_in_panel", f"{signer} is not among the reviewers of {self.address}")

    def join(self, signatures: Mapping[str, str]) -> str:
        """The panel's signature: the members' own, sorted by address, end to end."""
        chosen = sorted(signatures.items(), key=lambda item: int(item[0], 16))[: self.threshold]
        return "0x" + "".join(signature[2:] for _, signature in chosen)


def panel_of(services: Services, reviewer: str) -> Panel:
    """Asked of the chain once: a panel never changes."""
    return _panel(services.escrow, reviewer)


@lru_cache(maxsize=1_024)
def _panel(escrow: object, reviewer: str) -> Panel:
    from piecework.chain.escrow import Escrow

    assert isinstance(escrow, Escrow)  # noqa: S101 - hashed by identity
    found = escrow.panel(reviewer)
    if found is None:
        return Panel(reviewer, (reviewer,), 1, is_contract=False)
    members, threshold = found
    return Panel(reviewer, tuple(members), threshold, is_contract=True)
