"""One database transaction for a whole request, where something asks for it; else each block is its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from sqlalchemy import Engine
from sqlalchemy.orm import Session


class RequestTransaction:
    """Begins with the request's first write, so that no lock is held before; reads after that see what was written.

    `first` runs at its beginning. Nothing stands before `commit`; whoever made it must end it with that or `undo`.
    """

    def __init__(self, writer: Engine, first: Callable[[Session], None]) -> None:
        self._writer = writer
        self._first = first
        self.session: Session | None = None

    def begun(self) -> Session:
        """The transaction's session, which begins now if it did not before."""
        if self.session is None:
            session = Session(self._writer)
            try:
                session.begin()
                self._first(session)
            except BaseException:
                session.close()
                raise
            self.session = session
        return self.session

    def commit(self) -> None:
        session, self.session = self.begun(), None
        connection = session.connection()
        try:
            session.commit()
        except BaseException:
            # How far it came is not known: given back to the pool, the connection could still be in the transaction.
            connection.invalidate()
            raise
        finally:
            session.close()

    def undo(self) -> None:
        if self.session is not None:
            self.session.close()  # which rolls back
            self.session = None


_current: ContextVar[RequestTransaction | None] = ContextVar("request_transaction", default=None)


def current() -> RequestTransaction | None:
    """The transaction of the request that is being answered, if it has one."""
    return _current.get()


@contextmanager
def serving(transaction: RequestTransaction) -> Iterator[None]:
    """Writes inside of the block, also in threads that it starts with its context, belong to that transaction."""
    token = _current.set(transaction)
    try:
        yield
    finally:
        _current.reset(token)
