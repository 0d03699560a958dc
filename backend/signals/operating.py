"""An operator's "looked at, fine", for signals that no reviewer closes; noted in the operators' log."""

from __future__ import annotations

import time

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from backend.operator_log import note
from backend.signals import repository
from backend.signals.closing import OPERATOR, open_ones
from backend.signals.looking import Found, Looked
from piecework.db.engine import write_engine
from piecework.db.gateway import ClosedSignal

ACTION = "signal_closed"


class NotOpen(ValueError):
    """There is no such signal, or it is closed already."""


def still_open(session: Session, batch_id: str | None = None) -> list[tuple[str, Found]]:
    """Batch and finding, as the last look at each batch has it; of one batch or of all."""
    return [
        (look.batch_id, found)
        for look in repository.kept_looks(session, batch_id)
        for found in open_ones(Looked.from_json(look.looked).found, repository.closed(session, look.batch_id))
    ]


def close(engine: Engine, batch_id: str, worker: str, signal: str, reason: str) -> ClosedSignal:
    """Closes it as a reviewer does, and notes that in the same transaction. It sees the submissions that the look was
    at, so later ones open the signal anew. Raises NotOpen, and ValueError without a reason."""
    if not reason.strip():
        raise ValueError("say why nothing is wrong: the worker and the reviewers read it")
    with Session(write_engine(engine), expire_on_commit=False) as session, session.begin():
        look = repository.kept_look(session, batch_id)
        found = next(
            (each for _, each in still_open(session, batch_id) if (each.worker, each.signal) == (worker, signal)), None
        )
        if look is None or found is None:
            raise NotOpen(
                f"no signal {signal} about {worker} is open in batch {batch_id}: `signals list` tells which are"
            )
        row = ClosedSignal(
            batch_id=batch_id,
            worker=worker,
            signal=signal,
            reviewer=OPERATOR,
            seen=found.seen,
            reason=reason.strip(),
            submissions=repository.digests(session, batch_id, worker, within=look.submissions),
            closed_at=time.time(),
        )
        session.add(row)
        detail = {"batch_id": batch_id, "worker": worker, "signal": signal, "seen": row.seen, "reason": row.reason}
        note(session, ACTION, detail)
    return row
