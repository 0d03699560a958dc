"""A reviewer's own record. It decides nothing: it tells what was tested, and how it came out.

The chain counts rejections, rulings and what was taken back by batch and worker, not by answer. So of a worker's
outcomes in a batch at most as many are put down to a reviewer as rejections of that worker it signed there.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from backend.draws.deciding import drawn_of
from backend.reviewers import repository
from backend.reviewers.schemas import Accuracy, DrawnVerdicts, Rejections, ReviewerRecord, ReviewPay, Signed
from backend.services import Services


def record(services: Services, reviewer: str) -> ReviewerRecord:
    """Zeros for who never reviewed."""
    with services.reading() as session:
        counts = repository.signed_counts(session, reviewer)
        signed = Signed(
            batches=repository.signed_batches(session, reviewer) if counts else 0,
            accepted=counts.get("accepted", 0),
            rejected=counts.get("rejected", 0),
        )
        rejections = _rejections(session, reviewer)
        drawn, pay = _drawn(session, reviewer)
    held, tested = rejections.upheld + drawn.agreed, drawn.decided
    tested += rejections.upheld + rejections.granted + rejections.taken_back
    accuracy = Accuracy(held=held, tested=tested, share=held / tested if tested else None)
    return ReviewerRecord(
        reviewer=reviewer, signed=signed, rejections=rejections, drawn=drawn, accuracy=accuracy, pay=pay
    )


def _rejections(session: Session, reviewer: str) -> Rejections:
    found = Rejections(upheld=0, granted=0, taken_back=0)
    signed = repository.signed_rejections(session, reviewer)
    if not signed:
        return found
    batches = sorted({batch_id for batch_id, _ in signed})
    rulings, overturned = repository.rulings(session, batches), repository.overturned(session, batches)
    for place, own in signed.items():
        upheld, granted = rulings.get(place, (0, 0))
        left = own
        for name, count in (("granted", granted), ("taken_back", overturned.get(place, 0)), ("upheld", upheld)):
            taken = min(left, count)
            setattr(found, name, getattr(found, name) + taken)
            left -= taken
    return found


def _drawn(session: Session, reviewer: str) -> tuple[DrawnVerdicts, ReviewPay]:
    verdicts = DrawnVerdicts(given=0, decided=0, agreed=0)
    pay = ReviewPay(reviews=0, paid_units=0, waiting=0, waiting_units=0)
    for draft, tally, review_batch in repository.reviewed_by_draw(session, reviewer):
        waiting = tally.old_lot + tally.young_lot
        pay.waiting += waiting
        pay.waiting_units += waiting * review_batch.reward_units
        for judgement in drawn_of(session, draft).judgements.values():
            for given in judgement.verdicts:
                if given.reviewer == reviewer:
                    verdicts.given += 1
                    verdicts.decided += judgement.outcome is not None
                    verdicts.agreed += judgement.outcome == given.verdict
    for payment in repository.review_payments(session, reviewer):
        pay.reviews += payment.assignments
        pay.paid_units += payment.amount_units
    return verdicts, pay
