"""What was rejected, why, and what its worker can do about it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from backend.batches.service import fetch_document
from backend.disputes import repository
from backend.disputes.schemas import RejectedAnswer, RejectedPage, RejectedWork
from backend.errors import Conflict
from backend.ipfs.port import PayloadError
from backend.services import Services
from piecework.db.mirror import MirrorRejection
from piecework.domain.cid import cid_of_digest

_HOW = (
    "POST /v1/appeals/draft with a statement gives the message to sign, POST /v1/appeals takes the signature. "
    "The bond comes from your account, or a sponsor's (POST /v1/appeals/sponsorship). Whatever share of the contested "
    "answers the arbitrator accepts, you are paid for, and that share of the bond comes back; if it never rules, all."
)


def page(services: Services, worker: str, batch_id: str | None, limit: int) -> RejectedPage:
    """Newest batch first."""
    now = services.clock.now()
    with services.reading() as session:
        owed = repository.owed_units(session, worker)
        items = []
        for tally, batch, draft in repository.rejected_work(session, worker, batch_id, limit):
            dispute = repository.open_dispute(session, batch.batch_id, worker)
            answers, missing = reasons(services, session, batch.batch_id, worker, tally.contestable + tally.disputed)
            obstacle = _obstacle(tally.contestable, tally.disputed, tally.contest_end, now)
            items.append(
                RejectedWork(
                    batch_id=batch.batch_id,
                    title=draft.title if draft else None,
                    contestable=tally.contestable,
                    disputed=tally.disputed,
                    appeal_until=tally.contest_end,
                    dispute_id=dispute.dispute_id if dispute else None,
                    bond_units=int(batch.terms["disputeFee"]),
                    owed_units=owed,
                    can_appeal=obstacle is None,
                    obstacle=obstacle,
                    answers=answers,
                    missing_results=missing,
                    how_to_appeal=_HOW,
                )
            )
    return RejectedPage(items=items)


def reasons(
    services: Services, session: Session, batch_id: str, worker: str, count: int, *, until_block: int | None = None
) -> tuple[list[RejectedAnswer], list[str]]:
    """The newest rejected answers (up to a block) that make up `count`, and the digests of results files that cannot
    be read.

    The chain counts rejections and does not name them: what is older than the newest `count` is final.
    """
    found: list[RejectedAnswer] = []
    missing: list[str] = []
    for row in _newest(repository.rejections(session, batch_id, worker, until_block), count):
        try:
            document = fetch_document(services, row.results_digest, "results")
        except (PayloadError, Conflict):
            missing.append(row.results_digest)
            continue
        found += [
            RejectedAnswer(
                task=item["task"],
                reason=item["reason"],
                submission=item["submission"],
                results_digest=row.results_digest,
                results_cid=cid_of_digest(row.results_digest),
            )
            for item in document["decisions"]
            if item["worker"] == worker and item["decision"] == "rejected"
        ]
    return found, missing


def _newest(rows: Sequence[MirrorRejection], count: int) -> list[MirrorRejection]:
    chosen = []
    for row in rows:
        if count <= 0:
            break
        chosen.append(row)
        count -= row.count
    return chosen


def _obstacle(contestable: int, disputed: int, contest_end: int, now: int) -> str | None:
    if disputed > 0:
        return "dispute_open"
    if contestable == 0:
        return "nothing_contestable"
    return "dispute_window_over" if contest_end < now else None
