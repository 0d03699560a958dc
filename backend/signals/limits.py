"""What a signal leads to beside a look: less work at a time and more known answers, with the reason, and nothing else.

It reads no account and no verdict and can change neither. It ends when the worker's answers are decided, when a
reviewer looked and closes it, or when a later look finds nothing odd any more.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from backend.matching.schemas import Reason
from backend.services import Services
from backend.signals import repository
from backend.signals.closing import open_ones
from backend.signals.looking import Found, Looked

MOST_AT_ONCE = 3
"""Tasks of the batch in the worker's hands at a time."""


@dataclass(frozen=True, slots=True)
class Limits:
    """`found`: the open signals. `held`: tasks that the worker has in hand."""

    found: tuple[Found, ...]
    held: int

    @property
    def room(self) -> int:
        """Tasks that it may be given now."""
        return max(0, MOST_AT_ONCE - self.held)

    def reasons(self) -> list[Reason]:
        """What the worker reads: what was seen, and what follows until its answers are decided."""
        follows = (
            f"Until your answers to this batch are decided you get at most {MOST_AT_ONCE} of its tasks at a time, as "
            "many of them with a known answer as the batch allows, and it stands lower in your list. It costs you "
            "nothing that you earned."
        )
        return [
            Reason(code=f"signal_{each.signal}", text=f"{each.seen} {each.how_to_answer} {follows}")
            for each in self.found
        ]


def limits_of(services: Services, session: Session, batch_id: str, worker: str) -> Limits | None:
    """None for a worker without an open signal: before a look found something, after a reviewer closed it, and after
    the worker's answers are decided."""
    looked = services.signals.peek(batch_id)
    if looked is None:
        # A gateway that has just started knows what was found before.
        kept = repository.kept_look(session, batch_id)
        looked = Looked.from_json(kept.looked) if kept else Looked(0, 0, ())
    own = tuple(each for each in looked.found if each.worker == worker)
    found = open_ones(own, repository.closed(session, batch_id, worker)) if own else ()
    if not found or repository.undecided(session, batch_id, worker) == 0:
        return None
    return Limits(found, repository.in_hand(session, batch_id, worker))
