"""Messages: one thread for a batch and a worker, between that worker and the batch's requester, and nobody else."""

from __future__ import annotations

import time

from sqlalchemy.orm import Session

from backend.errors import Conflict, Invalid, NotAllowed, NotFound, TooMany
from backend.notices.repository import lock
from backend.notices.telling import tell
from backend.paging import decode_cursor, encode_cursor
from backend.services import Services
from backend.talk import repository
from backend.talk.schemas import (
    MessageIn,
    MessagePage,
    MessageView,
    ReadIn,
    ThreadPage,
    ThreadView,
    Unread,
)
from piecework.db.mirror import MirrorBatch
from piecework.db.talk import Message, ThreadRead

MOST_AN_HOUR = 60
"""Messages of one sender to everybody."""
_HOUR = 3_600


def send(services: Services, sender: str, batch_id: str, given: MessageIn) -> MessageView:
    """Raises NotAllowed for who is no party or is blocked, TooMany beyond the rate."""
    if not given.text:
        raise Invalid("message_empty", "a message has at least one sign")
    with services.writing() as session:
        # One after the other: so counts are right, and a later position is never seen before an earlier one.
        lock(session)
        batch = _batch(session, batch_id)
        worker = _thread(batch, sender, given.worker)
        if not repository.has_worked(session, batch_id, worker):
            raise NotAllowed("no_work_together", f"{worker} never took a task of batch {batch_id}: take one first")
        recipient = batch.requester if sender == worker else worker
        _refuse_blocked(session, sender, recipient)
        _refuse_many(session, sender)
        row = Message(
            batch_id=batch_id,
            worker=worker,
            requester=batch.requester,
            sender=sender,
            text=given.text,
            created_at=time.time(),
        )
        session.add(row)
        session.flush()
        told = {"position": row.position, "worker": worker, "sender": sender}
        tell(session, [recipient], "MessageReceived", batch_id, told, once=str(row.position))
        return _view(row)


def thread(
    services: Services, reader: str, batch_id: str, worker: str | None, cursor: str | None, limit: int
) -> MessagePage:
    key = decode_cursor(cursor, (int,))
    with services.reading() as session:
        named = _thread(_batch(session, batch_id), reader, worker)
        before = int(key[0]) if key else None
        rows = repository.messages(session, batch_id, named, reader, before, limit + 1)
        items = [_view(row) for row in rows[:limit]]
        count = repository.unread(session, reader, batch_id, named)
    last = encode_cursor([items[-1].position]) if len(rows) > limit else None
    return MessagePage(items=items, unread=count, next_cursor=last)


def read(services: Services, reader: str, batch_id: str, given: ReadIn) -> Unread:
    """Marks a thread as read up to a message; never back."""
    with services.writing() as session:
        worker = _thread(_batch(session, batch_id), reader, given.worker)
        newest = repository.messages(session, batch_id, worker, reader, None, 1)
        position = min(given.position, newest[0].position if newest else 0)
        row = repository.read_to(session, batch_id, worker, reader)
        if row is None:
            row = ThreadRead(batch_id=batch_id, worker=worker, reader=reader, position=position)
            session.add(row)
        row.position = max(row.position, position)
        session.flush()
        return Unread(unread=repository.unread(session, reader))


def threads(services: Services, reader: str, cursor: str | None, limit: int) -> ThreadPage:
    key = decode_cursor(cursor, (int,))
    with services.reading() as session:
        rows = repository.threads(session, reader, int(key[0]) if key else None, limit + 1)
        items = [
            ThreadView(
                batch_id=row.batch_id,
                title=repository.title(session, row.batch_id),
                worker=row.worker,
                requester=row.requester,
                last=_view(row),
                unread=count,
            )
            for row, count in rows[:limit]
        ]
    last = encode_cursor([items[-1].last.position]) if len(rows) > limit else None
    return ThreadPage(items=items, next_cursor=last)


def unread(services: Services, reader: str) -> Unread:
    with services.reading() as session:
        return Unread(unread=repository.unread(session, reader))


def _batch(session: Session, batch_id: str) -> MirrorBatch:
    found = repository.batch(session, batch_id)
    if found is None:
        raise NotFound("batch_unknown", f"the mirror has no batch {batch_id}")
    return found


def _thread(batch: MirrorBatch, party: str, worker: str | None) -> str:
    """The worker of a party's thread. Raises Invalid or NotAllowed."""
    if party == batch.requester:
        if worker is None or worker == party:
            raise Invalid("worker_missing", "name the worker of the thread: you are the batch's requester")
        return worker
    if worker not in (None, party):
        raise NotAllowed("not_your_thread", f"the thread of {worker} is its own and the requester's")
    return party


def _refuse_blocked(session: Session, sender: str, recipient: str) -> None:
    if repository.blocks(session, recipient, sender):
        raise NotAllowed("blocked", f"{recipient} takes no messages from this address")
    if repository.blocks(session, sender, recipient):
        raise Conflict("you_block", f"{recipient} is on a block list of yours: take it off to write to it")


def _refuse_many(session: Session, sender: str) -> None:
    now = time.time()
    sent = repository.sent_since(session, sender, now - _HOUR)
    if len(sent) >= MOST_AN_HOUR:
        wait = max(1, int(sent[-MOST_AN_HOUR] + _HOUR - now) + 1)
        detail = f"one address sends at most {MOST_AN_HOUR} messages an hour: wait {wait} s"
        raise TooMany("too_many_messages", detail, retry_after_seconds=wait)


def _view(row: Message) -> MessageView:
    return MessageView.model_validate(row, from_attributes=True)
