"""What is known of a worker, for that worker: record, measured skill, known answers, rejections and what to do.

Skill and known answers are read from published results files alone: a batch that still takes answers would otherwise
tell its labels, and which of its tasks are known, to whoever compares two reports.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from backend.batches.service import fetch_document
from backend.disputes import rejections
from backend.errors import Conflict
from backend.ipfs.port import PayloadError
from backend.reports import published, repository
from backend.reports.assembling import share_view
from backend.reports.published import Count, Document
from backend.reports.schemas import AgreementView, RejectionRow, ShareView, WorkerBatch, WorkerReport
from backend.reviews.kinds import kind_of
from backend.services import Services
from piecework.db.gateway import Draft
from piecework.quality.intervals import counted_share

MOST_BATCHES = 30
MOST_REJECTIONS = 200
MOST_FILES = 200
"""Results files that one report reads; what is left out is named."""
_HOW_MEASURED = (
    "Your answers are compared with the labels of published results. Where the results name a measured skill, that one "
    "is taken; elsewhere it is the share of your answers that agree with the label, on tasks that others answered too. "
    "Where answers are texts, numbers or boxes it is how like what was found yours are, which costs nobody money. "
    "Few answers leave a wide range: it is shown with each figure, and a skill alone never costs you money."
)
_HOW_TO_CONTEST = (
    "A contestable rejection can be appealed to the arbitrator that the batch named: POST /v1/appeals/draft with a "
    "statement gives the message to sign, POST /v1/appeals takes the signature. What the arbitrator accepts is paid, "
    "and if it stays silent you are paid. GET /v1/rejections says what an appeal costs and until when it is open."
)


@dataclass
class _Read:
    """What the results files say of the worker."""

    skill: Count = field(default_factory=Count)
    agreement: AgreementView | None = None
    known: Count = field(default_factory=Count)
    rejected: list[Mapping[str, Any]] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    files: int = 0

    def add(self, batch: _Read) -> None:
        self.skill += batch.skill
        self.known += batch.known
        self.unread += batch.unread
        self.files += batch.files


def report(services: Services, worker: str) -> WorkerReport:
    """Of the newest batches that the worker had a hand in; an address that never worked has an empty one."""
    contestable = {
        item.batch_id: (item.can_appeal, item.appeal_until, {(a.task, a.submission) for a in item.answers})
        for item in rejections.page(services, worker, None, MOST_BATCHES).items
    }
    with services.reading() as session:
        account = repository.account(session, worker)
        earned = repository.earned(session, worker)
        batches, rejected, whole = [], [], _Read()
        for tally, batch, draft in repository.work(session, worker, MOST_BATCHES):
            read = _read(services, session, batch.batch_id, worker, MOST_FILES - whole.files, draft)
            title = draft.title if draft else None
            paid, units = earned.get(batch.batch_id, (0, 0))
            batches.append(
                WorkerBatch(
                    batch_id=batch.batch_id,
                    title=title,
                    accepted=paid,
                    rejected=len(read.rejected),
                    waiting=tally.old_lot + tally.young_lot,
                    earned_units=units,
                    skill=_share(read.skill),
                    agreement=read.agreement,
                    known_answers=_share(read.known),
                )
            )
            rejected += _rejections(batch.batch_id, title, read, contestable.get(batch.batch_id))
            whole.add(read)
    return WorkerReport(
        worker=worker,
        symbol=services.token_info.symbol,
        decimals=services.token_info.decimals,
        accepted=account.accepted if account else 0,
        rejected=account.rejected if account else 0,
        contested=account.contested if account else 0,
        disputes_won=account.disputes_won if account else 0,
        disputes_lost=account.disputes_lost if account else 0,
        earned_units=sum(units for _, units in earned.values()),
        skill=_share(whole.skill),
        known_answers=_share(whole.known),
        batches=batches,
        rejections=rejected[:MOST_REJECTIONS],
        how_skill_is_measured=_HOW_MEASURED,
        how_to_contest=_HOW_TO_CONTEST,
        unread_results=whole.unread,
    )


def _read(services: Services, session: Session, batch_id: str, worker: str, most: int, draft: Draft | None) -> _Read:
    """Of one batch; at most `most` results files, the newest."""
    read = _Read()
    settlements = repository.settlements(session, batch_id)
    older = max(0, len(settlements) - most)
    read.unread += [row.results_digest for row in settlements[:older]]
    documents = [_document(services, read, row.results_digest, "results") for row in settlements[older:]]
    results = [document for document in documents if document is not None]
    read.files = len(settlements) - older
    read.rejected = published.rejected(results, worker)
    answers = _own_answers(session, batch_id, worker)
    if draft is None or kind_of(draft.answer_schema) == "labels":
        read.skill = published.skill(results, worker, answers)
    agreement = published.agreement(results, worker)
    if agreement is not None:
        measure, count = agreement
        read.agreement = AgreementView(measure=measure, value=round(count.right / count.seen, 6), count=count.seen)
    read.known = _known(services, read, results, worker, answers)
    return read


def _document(services: Services, read: _Read, digest: str, kind: str) -> Document | None:
    try:
        return fetch_document(services, digest, kind)
    except (PayloadError, Conflict):
        read.unread.append(digest)
        return None


def _own_answers(session: Session, batch_id: str, worker: str) -> dict[str, Any]:
    """Of two answers to one task the first counts."""
    answers: dict[str, Any] = {}
    for row in repository.own_answers(session, batch_id, worker):
        for item in (row.answers or {"answers": []})["answers"]:
            answers.setdefault(item["task"], item["answer"])
    return answers


def _known(
    services: Services, read: _Read, results: Sequence[Document], worker: str, answers: Mapping[str, Any]
) -> Count:
    """Known answers count once a results file has revealed them."""
    revealing = next((document for document in reversed(results) if document["gold"] is not None), None)
    if revealing is None:
        return Count()
    if published.measured_by(revealing) is not None:
        return published.known_of_skills(revealing, worker)
    gold = _document(services, read, revealing["gold"]["document_digest"], "gold")
    return published.known_score(gold["answers"], answers, published.flagged(revealing)) if gold else Count()


def _share(count: Count) -> ShareView | None:
    return share_view(counted_share(count.right, count.seen))


def _rejections(
    batch_id: str, title: str | None, read: _Read, contestable: tuple[bool, int, set[tuple[str, str]]] | None
) -> list[RejectionRow]:
    can_appeal, until, answers = contestable or (False, 0, set())
    rows = []
    for item in reversed(read.rejected):
        is_open = can_appeal and (item["task"], item["submission"]) in answers
        rows.append(
            RejectionRow(
                batch_id=batch_id,
                title=title,
                task=item["task"],
                reason=item["reason"],
                can_appeal=is_open,
                appeal_until=until if is_open else None,
            )
        )
    return rows
