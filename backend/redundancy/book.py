"""The rooms of a gateway's batches. They hold nothing that the database does not: losing them costs a read."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from sqlalchemy.orm import Session

from backend.redundancy import repository
from backend.redundancy.room import Room
from piecework.db.gateway import Draft

_BATCHES = 50


def is_adaptive(draft: Draft) -> bool:
    """Whether the batch's tasks stop at a confidence."""
    return draft.review.get("target_confidence") is not None


class AskingBook:
    """Rooms by batch, the latest used."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._rooms: OrderedDict[str, Room] = OrderedDict()

    @contextmanager
    def room(self, session: Session, draft: Draft, *, newest: bool = False) -> Iterator[Room]:
        """The batch's room, locked, with all that `session` sees.

        `newest`: no other session sees more, as under the draft's lock. Else the room may know more than this one.
        """
        room = self._of(session, draft)
        with room.lock:
            room.advance(session, newest=newest)
            yield room

    def freshen(self, session: Session, draft: Draft, *, newest: bool = False) -> None:
        """Fits all answers anew if that is due; to be called before a lock is taken that others wait for."""
        with self.room(session, draft, newest=newest) as room:
            pass
        room.refit()

    def is_done(self, session: Session, draft: Draft, *, newest: bool = False) -> bool:
        """Whether every task whose answer is not known is sure enough or at its cap, all answers fitted together."""
        self.freshen(session, draft, newest=newest)
        with self.room(session, draft, newest=newest) as room:
            return room.asking.is_fitted and room.asking.is_done()

    def _of(self, session: Session, draft: Draft) -> Room:
        with self._lock:
            room = self._rooms.get(draft.batch_id)
        made = room or Room(draft, repository.tasks(session, draft.batch_id))
        with self._lock:
            room = self._rooms.setdefault(draft.batch_id, made)
            self._rooms.move_to_end(draft.batch_id)
            while len(self._rooms) > _BATCHES:
                self._rooms.popitem(last=False)
        return room
