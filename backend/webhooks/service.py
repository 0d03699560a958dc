"""Endpoints: who may have them, how they prove themselves, what they are told again."""

from __future__ import annotations

import hmac
import json
import secrets
import time

from sqlalchemy.orm import Session

from backend import events
from backend.errors import Conflict, Invalid, NotFound, Unavailable
from backend.outbound.client import NoAnswer
from backend.outbound.urls import UrlRefused
from backend.paging import decode_cursor, encode_cursor
from backend.sealing import SealBroken
from backend.services import Services
from backend.webhooks import messages, repository
from backend.webhooks.schemas import DeliveryPage, DeliveryView, EndpointIn, EndpointList, EndpointView
from piecework.db.webhooks import WebhookEndpoint

MAX_ENDPOINTS = 5
PROOF = "endpoint.proof"


def own(services: Services, owner: str) -> EndpointList:
    with services.reading() as session:
        return EndpointList(items=[_view(session, row) for row in repository.endpoints(session, owner)])


def register(services: Services, owner: str, wanted: EndpointIn) -> EndpointView:
    """Stores a pending endpoint with a secret of its own."""
    if not services.sealer.has_key:
        detail = "this gateway sends no webhooks: its operator has set no PIECEWORK_SECRETS_KEY. Use /v1/live instead"
        raise Conflict("webhooks_absent", detail)
    try:
        services.outbound.check(wanted.url)
    except UrlRefused as error:
        raise Invalid("url_refused", f"the URL is not asked: {error}") from error
    endpoint_id = secrets.token_hex(16)
    row = WebhookEndpoint(
        endpoint_id=endpoint_id,
        owner=owner,
        url=wanted.url,
        names=sorted(set(wanted.events)) if wanted.events else None,
        sealed_secret=services.sealer.seal(messages.new_secret(), _place(endpoint_id)),
        state="pending",
        place=str(events.START),
        is_behind=True,
        failures=0,
        next_at=0.0,
        leased_until=0.0,
        created_at=time.time(),
    )
    with services.writing() as session:
        if len(repository.endpoints(session, owner)) >= MAX_ENDPOINTS:
            raise Conflict("too_many_endpoints", f"one address has at most {MAX_ENDPOINTS} endpoints: delete one")
        row.place = str(events.last(session))
        session.add(row)
        session.flush()
        return _view(session, row)


def view(services: Services, owner: str, endpoint_id: str) -> EndpointView:
    with services.reading() as session:
        return _view(session, _own(session, owner, endpoint_id))


def drop(services: Services, owner: str, endpoint_id: str) -> None:
    with services.writing() as session:
        _own(session, owner, endpoint_id, for_change=True)
        repository.drop(session, endpoint_id)


def secret(services: Services, owner: str, endpoint_id: str) -> str:
    with services.reading() as session:
        row = _own(session, owner, endpoint_id)
        return messages.secret_text(open_secret(services, row))


def open_secret(services: Services, row: WebhookEndpoint) -> bytes:
    """Raises Unavailable if the operator's key is another now."""
    try:
        return services.sealer.open(row.sealed_secret, _place(row.endpoint_id))
    except SealBroken as error:
        detail = (
            f"the secret of endpoint {row.endpoint_id} cannot be read: the operator must add the key that sealed it"
        )
        raise Unavailable("secret_unreadable", detail) from error


def prove(services: Services, owner: str, endpoint_id: str) -> EndpointView:
    """Asks the endpoint to give a challenge back, so that nobody can have strangers' servers asked for ever."""
    with services.reading() as session:
        row = _own(session, owner, endpoint_id)
        url, key = row.url, open_secret(services, row)
    challenge, now = secrets.token_urlsafe(24), time.time()
    sent_id = "msg_" + secrets.token_hex(16)
    text = messages.body(PROOF, {"challenge": challenge}, now)
    try:
        answer = services.outbound.post(url, text.encode(), messages.headers(key, sent_id, text, now))
    except UrlRefused as error:
        raise Invalid("url_refused", f"the URL is not asked: {error}") from error
    except NoAnswer as error:
        raise Conflict("endpoint_not_proved", f"{url} gave no answer: {error}") from error
    if not 200 <= answer.status < 300 or not hmac.compare_digest(_challenge_in(answer.body), challenge.encode()):
        detail = f'{url} must answer with 2xx and {{"challenge": ...}} from the message; it said {answer.status}'
        raise Conflict("endpoint_not_proved", detail)
    with services.writing() as session:
        row = _own(session, owner, endpoint_id, for_change=True)
        row.state, row.failures, row.failing_since, row.last_error, row.next_at = "active", 0, None, None, 0.0
        row.is_behind = True
        session.flush()
        return _view(session, row)


def replay(services: Services, owner: str, endpoint_id: str, after: str) -> EndpointView:
    """Forgets what was made and begins again after a place; ids stay the same, so receivers see what they know."""
    try:
        place = events.Place.parse(after)
    except ValueError as error:
        raise Invalid("cursor_invalid", f"`after` takes the place of an event: {error}") from error
    with services.writing() as session:
        row = _own(session, owner, endpoint_id, for_change=True)
        if not events.stands(session, place):
            raise Conflict(
                "place_gone", f"there is no event at {place}: a reorg may have moved it; take an earlier one"
            )
        repository.forget(session, endpoint_id)
        row.place = str(place)
        # Whoever delivers just now loses the lease, and so does not go on from the old place.
        row.leased_until, row.next_at, row.is_behind = 0.0, 0.0, True
        session.flush()
        return _view(session, row)


def deliveries(services: Services, owner: str, endpoint_id: str, cursor: str | None, limit: int) -> DeliveryPage:
    key = decode_cursor(cursor, (int,))
    with services.reading() as session:
        _own(session, owner, endpoint_id)
        rows = repository.deliveries(session, endpoint_id, int(key[0]) if key else None, limit + 1)
        items = [DeliveryView.model_validate(row, from_attributes=True) for row in rows[:limit]]
        last = encode_cursor([rows[limit - 1].position]) if len(rows) > limit else None
    return DeliveryPage(items=items, next_cursor=last)


def _own(session: Session, owner: str, endpoint_id: str, *, for_change: bool = False) -> WebhookEndpoint:
    find = repository.locked if for_change else repository.endpoint
    row = find(session, endpoint_id)
    if row is None or row.owner != owner:
        raise NotFound("endpoint_unknown", f"you have no endpoint {endpoint_id}")
    return row


def _challenge_in(body: bytes) -> bytes:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return b""
    text = found.get("challenge") if isinstance(found, dict) else None
    return text.encode("utf-8", "replace") if isinstance(text, str) else b""


def _place(endpoint_id: str) -> str:
    return f"webhook_endpoints/{endpoint_id}"


def _view(session: Session, row: WebhookEndpoint) -> EndpointView:
    return EndpointView.model_validate(
        {
            "endpoint_id": row.endpoint_id,
            "url": row.url,
            "events": row.names,
            "state": row.state,
            "after": row.place,
            "queued": repository.count_queued(session, row.endpoint_id),
            "failures": row.failures,
            "last_error": row.last_error,
            "next_attempt_at": row.next_at or None,
            "created_at": row.created_at,
        }
    )
