"""`Idempotency-Key`: a POST that creates, sent again with the same key, gives the same answer and creates nothing more.

What is created and the answer that tells of it are written in one transaction. So there is no moment at which one is
there without the other, whichever gateway was asked and whenever it died: a request that did not end has done nothing
and may be sent again. Of two at the same moment the database lets one through; the other waits and gives its answer.
"""

from __future__ import annotations

import functools
import hashlib
import inspect
import time
from collections.abc import Callable, Coroutine
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends, Header, Request, Response
from fastapi.exceptions import ResponseValidationError
from sqlalchemy import ColumnElement, and_, delete, update
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.types import Message

from backend.bodies import StrictRoute
from backend.clients import network_of
from backend.dependencies import visitor
from backend.errors import GatewayError, Invalid
from backend.transactions import RequestTransaction, serving
from piecework.db.gateway import KeptAnswer
from piecework.db.upserts import insert_into

if TYPE_CHECKING:
    from backend.services import Services

HEADER = "idempotency-key"
REPLAYED = "idempotency-replayed"
MAX_KEY = 100
_TIDY_SECONDS = 300
_CREATING = frozenset((201, 202))


class AlreadyKept(Exception):
    """Another request with this key was answered first."""


async def _documented(
    idempotency_key: Annotated[
        str | None,
        Header(
            max_length=MAX_KEY,
            description="A new random text for each thing to create; send it again to be sure of one.",
        ),
    ] = None,
) -> None:
    """For the description alone: the route reads the header itself."""


class CreatingRoute(StrictRoute):
    """A strict route; where it creates (status 201 or 202) it takes `Idempotency-Key`.

    What creates runs in one thread from the transaction's begin to its end. Who holds a lock must not have to wait for
    a thread: those who wait for the lock may have them all.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        self._creates = options.get("status_code") in _CREATING and "POST" in (options.get("methods") or ())
        if self._creates:
            if inspect.iscoroutinefunction(endpoint):
                raise TypeError(f"{endpoint.__name__} creates, so it runs in one thread: make it a plain function")
            options["dependencies"] = [*(options.get("dependencies") or ()), Depends(_documented)]
            endpoint = self._once(endpoint)
        super().__init__(path, endpoint, **options)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        original = super().get_route_handler()

        async def handler(request: Request) -> Response:
            key = request.headers.get(HEADER)
            if not self._creates or key is None:
                return await original(request)
            if not 1 <= len(key) <= MAX_KEY or not (key.isascii() and key.isprintable()):
                raise Invalid("idempotency_key_invalid", f"an Idempotency-Key is 1 to {MAX_KEY} printable ASCII signs")
            body = await request.body()
            found = await run_in_threadpool(_look, request, key, body)
            if isinstance(found, Response):
                return found

            async def again() -> Message:
                return {"type": "http.request", "body": body, "more_body": False}

            token = _asked.set(found)
            try:
                return await original(Request(request.scope, again))
            finally:
                _asked.reset(token)

        return handler

    def _once(self, endpoint: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(endpoint)
        def answer(**given: Any) -> Any:
            keeping = _asked.get()
            if keeping is None:
                return endpoint(**given)
            return keeping.once(lambda: self._written(endpoint(**given)))

        return answer

    def _written(self, value: Any) -> Response:
        """As the route would answer with the value."""
        assert self.response_field is not None and self.status_code is not None  # noqa: S101 - what creates tells of it
        found, wrong = self.response_field.validate(value, {}, loc=("response",))
        if wrong:
            raise ResponseValidationError(errors=wrong, body=value)
        return Response(self.response_field.serialize_json(found), self.status_code, media_type="application/json")


def _look(request: Request, key: str, body: bytes) -> Response | Keeping:
    """The answer that is kept, or what will keep it."""
    services: Services = request.app.state.services
    keeping = Keeping(services, _caller(services, request), key, _digest(request, body))
    return keeping.find() or keeping


@dataclass(frozen=True, slots=True)
class Keeping:
    """One caller's key, and the digest of what it asked."""

    services: Services
    caller: str
    key: str
    digest: str

    def find(self) -> Response | None:
        """The answer that is kept. Raises Invalid if it is one to another request."""
        with Session(self.services.engine) as session:
            row = session.get(KeptAnswer, (self.caller, self.key))
        if row is None or row.expires_at < time.time():
            return None
        if row.digest != self.digest:
            detail = "this Idempotency-Key was used for another request: use a new one for each thing to create"
            raise Invalid("idempotency_key_reused", detail)
        return Response(row.body, status_code=row.status, media_type=row.media_type, headers={REPLAYED: "true"})

    def once(self, create: Callable[[], Response]) -> Response:
        """The answer of `create`, kept in its transaction; or the one that somebody else kept meanwhile."""
        transaction = RequestTransaction(self.services.writer, self.claim)
        try:
            with serving(transaction):
                answer = create()
            self.keep(transaction, answer)
        except AlreadyKept:
            transaction.undo()
            found = self.find()
            if found is None:
                raise Invalid("idempotency_key_expired", "the key's time is over: use a new one") from None
            return found
        finally:
            transaction.undo()
        return answer

    def claim(self, session: Session) -> None:
        """Takes the key; who comes second waits here for the first's end. Raises AlreadyKept."""
        now = time.time()
        values = {"digest": self.digest, "created_at": now, "status": 0, "media_type": None, "body": b""}
        values["expires_at"] = now + self.services.settings.idempotency_lifetime_seconds
        new = insert_into(session, KeptAnswer).values(caller=self.caller, key=self.key, **values)
        over = new.on_conflict_do_update(
            index_elements=["caller", "key"], set_=values, where=KeptAnswer.expires_at < now
        )
        if session.execute(over.returning(KeptAnswer.key)).first() is None:
            raise AlreadyKept

    def keep(self, transaction: RequestTransaction, answer: Response) -> None:
        """Writes the answer beside what it tells of, and ends the transaction."""
        values = {"status": answer.status_code, "body": bytes(answer.body), "media_type": _media_type(answer)}
        transaction.begun().execute(update(KeptAnswer).where(self._own()).values(values))
        transaction.commit()
        self.services.outbox.wake.set()
        if self.services.kept_answers_tidied_at + _TIDY_SECONDS < (now := time.time()):
            self.services.kept_answers_tidied_at = now
            with Session(self.services.writer) as session, session.begin():
                session.execute(delete(KeptAnswer).where(KeptAnswer.expires_at < now))

    def _own(self) -> ColumnElement[bool]:
        return and_(KeptAnswer.caller == self.caller, KeptAnswer.key == self.key)


_asked: ContextVar[Keeping | None] = ContextVar("idempotency_keeping", default=None)


def _caller(services: Services, request: Request) -> str:
    """Whose key it is: the signed-in address's, else the network address's."""
    try:
        found = visitor(services, request)
    except GatewayError:
        found = None  # the route says so itself if it needs to know
    if found is not None:
        return found.address
    return f"ip:{network_of(request.scope)}"


def _digest(request: Request, body: bytes) -> str:
    head = f"{request.method} {request.url.path}?{request.url.query}\n{request.headers.get('content-type', '')}\n"
    return hashlib.sha256(head.encode() + body).hexdigest()


def _media_type(answer: Response) -> str | None:
    found = answer.headers.get("content-type")
    return found[:100] if found else None
