"""Every error that leaves the gateway, as problem+json (RFC 9457) with a stable code.

GatewayError
├── Malformed     422  the request cannot be understood
├── Invalid       422  it can, and breaks a rule
├── NotSignedIn   401  sign in first
├── NotAllowed    403  this address may not do that
├── NotFound      404  there is no such thing
├── Conflict      409  not in this state; try again or do something else first
├── TooLarge      413  more bytes than taken
├── TooMany       429  more often or more at a time than given to one client
├── Unavailable   503  something the gateway needs does not answer
└── NoRoom        507  what all clients together may keep is kept
"""

from __future__ import annotations

import json
import traceback
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from pydantic import BaseModel
from sqlalchemy.exc import OperationalError
from starlette.exceptions import HTTPException

from backend.headers import complete
from backend.ipfs.port import PayloadError, PayloadMissing, PayloadTooLarge, StoreFull, StoreUnavailable
from piecework.chain.errors import ChainError, NodeUnreachable
from piecework.domain.canonical import NotCanonical
from piecework.domain.documents import DocumentError

log = structlog.get_logger("gateway")

PROBLEM_BASE = "https://piecework.dev/problems/"
_MOST_PLACES = 20
"""Of a malformed body that are told."""
_CODES = {
    404: "no_such_address",
    405: "method_not_allowed",
    408: "body_too_slow",
    413: "body_too_large",
    429: "rate_limited",
    503: "busy",
}
LONGEST_DETAIL = 2_000
"""Characters. A refusal quotes what it refuses, and that may be as long as a body: it is no echo."""


class GatewayError(Exception):
    """`code` is stable, `detail` says what happened, to what, and what to do."""

    status = 500
    title = "The gateway failed"

    def __init__(self, code: str, detail: str, **extra: Any) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.extra = extra


class Malformed(GatewayError):
    status = 422
    title = "The request cannot be understood"


class Invalid(GatewayError):
    status = 422
    title = "The request breaks a rule"


class NotSignedIn(GatewayError):
    status = 401
    title = "Sign in first"


class NotAllowed(GatewayError):
    status = 403
    title = "Not allowed"


class NotFound(GatewayError):
    status = 404
    title = "Not found"


class Conflict(GatewayError):
    status = 409
    title = "Not possible now"


class TooLarge(GatewayError):
    status = 413
    title = "Too large"


class TooMany(GatewayError):
    status = 429
    title = "Too many at a time"


class Unavailable(GatewayError):
    status = 503
    title = "Something the gateway needs does not answer"


class NoRoom(GatewayError):
    status = 507
    title = "No room left"


class Problem(BaseModel):
    """Any refusal; some carry more fields."""

    type: str
    title: str
    status: int
    detail: str
    code: str


REFUSALS: dict[int | str, dict[str, Any]] = {
    "4XX": {
        "description": "Refused, with a stable `code` and what to do",
        "content": {"application/problem+json": {"schema": Problem.model_json_schema()}},
    }
}
"""What the API's description says of every operation."""


def problem(status: int, code: str, title: str, detail: str, **extra: Any) -> Response:
    """The one shape of every error."""
    body = {
        "type": PROBLEM_BASE + code,
        "title": title,
        "status": status,
        "detail": _cut(detail),
        "code": code,
        **extra,
    }
    # In ASCII: what a client sent may be quoted, whatever signs it held.
    answer = Response(json.dumps(body), status_code=status, media_type="application/problem+json")
    complete(answer.headers)  # an unexpected error's answer passes no middleware
    if "retry_after_seconds" in extra:
        answer.headers["retry-after"] = str(extra["retry_after_seconds"])
    return answer


def _cut(detail: str) -> str:
    if len(detail) <= LONGEST_DETAIL:
        return detail
    head, tail = detail[: LONGEST_DETAIL - 500], detail[-400:]
    return f"{head}[… {len(detail) - len(head) - len(tail):,} characters …]{tail}"


def install(app: FastAPI) -> None:
    """Gives every kind of failure its problem."""
    from requests import RequestException
    from web3.exceptions import ContractLogicError, Web3Exception

    app.add_exception_handler(GatewayError, _gateway)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(PayloadError, _payload)
    app.add_exception_handler(ChainError, _chain)
    app.add_exception_handler(ContractLogicError, _refused_by_contract)
    app.add_exception_handler(Web3Exception, _node)
    app.add_exception_handler(RequestException, _node)
    app.add_exception_handler(OperationalError, _database)
    app.add_exception_handler(DocumentError, _document)
    app.add_exception_handler(NotCanonical, _document)
    app.add_exception_handler(Exception, _unexpected)


def _gateway(_: Request, error: Exception) -> Response:
    assert isinstance(error, GatewayError)  # noqa: S101 - registered for it
    return problem(error.status, error.code, error.title, error.detail, **error.extra)


def _validation(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101
    places = [
        {"at": "/" + "/".join(str(step)[:100] for step in item["loc"]), "message": _message(item)}
        for item in error.errors()[:_MOST_PLACES]
    ]
    first = places[0] if places else {"at": "/", "message": "unreadable"}
    detail = f"at {first['at']}: {first['message']}"
    return problem(422, "malformed_request", Malformed.title, detail, errors=places)


def _message(item: dict[str, Any]) -> str:
    if item["type"] == "json_invalid":
        return f"the body is no JSON that is taken here: {item['ctx']['error']}"
    return str(item["msg"])[:500]


def _http(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101
    code = _CODES.get(error.status_code, "request_refused")
    told = (error.headers or {}).get("retry-after")
    extra = {} if told is None else {"retry_after_seconds": int(told)}
    title = TooMany.title if error.status_code == TooMany.status else "The request was refused"
    return problem(error.status_code, code, title, str(error.detail), **extra)


def _payload(_: Request, error: Exception) -> Response:
    if isinstance(error, PayloadMissing):
        return problem(404, "payload_missing", NotFound.title, str(error))
    if isinstance(error, PayloadTooLarge):
        return problem(413, "payload_too_large", TooLarge.title, str(error))
    if isinstance(error, StoreFull):
        return problem(507, "payload_store_full", Unavailable.title, str(error))
    code = "payload_store_unavailable" if isinstance(error, StoreUnavailable) else "payload_corrupt"
    return problem(503, code, Unavailable.title, str(error))


def _chain(_: Request, error: Exception) -> Response:
    if isinstance(error, NodeUnreachable):
        return _node(_, error)
    return problem(409, "chain_refused", Conflict.title, str(error))


def _node(_: Request, error: Exception) -> Response:
    # Its text stays here: it may hold the node's URL, and that a key.
    log.warning("node_failed", error=type(error).__name__)
    detail = "the gateway's node does not answer, or not as it should; nothing was changed: try again"
    return problem(503, "node_unreachable", Unavailable.title, detail)


def _refused_by_contract(_: Request, error: Exception) -> Response:
    return problem(409, "chain_refused", Conflict.title, f"a contract refused to answer: {str(error)[:200]}")


def _database(_: Request, error: Exception) -> Response:
    assert isinstance(error, OperationalError)  # noqa: S101
    log.error("database_failed", error=type(error.orig).__name__, detail=str(error.orig)[:200])
    if "full" in str(error.orig).lower():
        return problem(507, "database_full", Unavailable.title, "the gateway's disk is full; nothing was changed")
    detail = "the gateway's database does not answer; nothing was changed: try again"
    return problem(503, "database_unavailable", Unavailable.title, detail)


def _document(_: Request, error: Exception) -> Response:
    return problem(422, "document_refused", Invalid.title, str(error))


def _unexpected(request: Request, error: Exception) -> Response:
    # Lines alone: a renderer that shows local variables would write answers and tokens into the log.
    trace = "".join(traceback.format_exception(error))
    log.error("unexpected", path=request.url.path, error=type(error).__name__, trace=trace)
    detail = "an unexpected error was logged by the gateway; nothing was changed by this request"
    return problem(500, "unexpected", GatewayError.title, detail)
