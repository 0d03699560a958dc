"""What candidates weigh: the money that reviewers of the requesters named let them have, before the batch was opened.

Addresses cost nothing, and who pays itself has a record. But nobody pays itself out of this requester's money: whoever
enrols a hundred addresses is drawn as often as its share of that money says, however it is split up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final, Literal

from sqlalchemy.orm import Session

from backend.batches.service import fetch_document
from backend.draws import repository
from backend.errors import Conflict
from backend.ipfs.port import PayloadError
from backend.services import Services
from piecework.db.gateway import Draft
from piecework.domain.draw import CandidateRules

Kind = Literal["paid", "fit"]
PAID: Final = "paid"
FIT: Final = "fit"


class Weights:
    """Of one batch's candidates. Asks the database once.

    `before_block`: the one in which the reviewed batch was opened, so that nobody earns its place when the batch is
    known; None while it is not open.
    """

    def __init__(
        self, services: Services, session: Session, rules: CandidateRules | None, before_block: int | None
    ) -> None:
        self._services = services
        self._session = session
        self._before_block = before_block
        self._paid_by = rules.paid_by if rules is not None and rules.kind == PAID else None
        self._found: Counter[str] | None = None

    def of(self, names: Iterable[str]) -> dict[str, int]:
        """Token units by candidate; empty if all weigh alike."""
        if self._paid_by is None:
            return {}
        paid = self._paid(self._paid_by)
        return {name: paid[name] for name in names}

    def known(self) -> int:
        """How many addresses weigh anything."""
        return len(self._paid(self._paid_by or ()))

    def _paid(self, requesters: tuple[str, ...]) -> Counter[str]:
        """Pay for reviews counts for nothing: it is paid whatever the verdict says."""
        if self._found is None:
            self._found = Counter()
            pays_for_work: dict[str, bool] = {}
            for batch_id, worker, reward, count in repository.paid_before(
                self._session, requesters, self._before_block
            ):
                if batch_id not in pays_for_work:
                    pays_for_work[batch_id] = not _is_review_batch(self._services, self._session, batch_id)
                if pays_for_work[batch_id]:
                    self._found[worker] += reward * int(count)
        return self._found


def _is_review_batch(services: Services, session: Session, batch_id: str) -> bool:
    """By its manifest; a batch whose manifest nobody can read counts as one."""
    draft = session.get(Draft, batch_id)
    review = draft.review if draft is not None else _pinned_review(services, session, batch_id)
    return review is None or CandidateRules.of(review) is not None


def _pinned_review(services: Services, session: Session, batch_id: str) -> dict[str, object] | None:
    """Of a batch that was drafted elsewhere."""
    batch = repository.batch(session, batch_id)
    assert batch is not None  # noqa: S101 - it paid somebody
    try:
        found: dict[str, object] = fetch_document(services, batch.terms["manifest"], "manifest")["review"]
    except (Conflict, PayloadError):
        return None
    return found
