"""Whether the gateway lives, is ready, and its numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import select

from backend.dependencies import TheServices
from backend.ipfs.port import PayloadError
from backend.services import Services
from piecework.db.mirror import Checkpoint

router = APIRouter(tags=["health"])

MAX_LAG_BLOCKS = 20
_ADVICE = {
    "_chain": "the node does not answer: check PIECEWORK_RPC_URL",
    "_database": "the database does not answer: check PIECEWORK_DATABASE_URL",
    "_payloads": "the payload store does not answer: check PIECEWORK_PAYLOAD_STORE",
    "_indexer": "how far the mirror is cannot be told: node or database does not answer",
}


class NotReady(Exception):
    """Everything answers, and not as it should; the message says what to do."""


@router.get("/healthz")
def healthz() -> dict[str, str]:
    """The process answers."""
    return {"status": "alive"}


@router.get("/readyz", response_model=None)
def readyz(services: TheServices) -> JSONResponse:
    """Chain, database, payloads and indexer, each with what is wrong; 503 until all are right.

    `warnings` hold up no gateway: they are about single batches.
    """
    checks: dict[str, Callable[[Services], Any]] = {
        "chain": _chain,
        "database": _database,
        "payloads": _payloads,
        "indexer": _indexer,
    }
    found = {name: _ask(check, services) for name, check in checks.items()}
    ready = all(item["ok"] for item in found.values())
    body = {"ready": ready, "checks": found, "warnings": services.committed.warnings()}
    return JSONResponse(body, status_code=200 if ready else 503)


@router.get("/metrics", response_class=Response)
def metrics() -> Response:
    """Prometheus text."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


def _ask(check: Callable[[Services], Any], services: Services) -> dict[str, Any]:
    try:
        return {"ok": True, "detail": check(services)}
    except (NotReady, PayloadError) as error:
        return {"ok": False, "detail": str(error)[:300]}
    except Exception as error:
        # Anybody may ask, and a client's error can hold the URL it asked, with a key in it.
        return {"ok": False, "detail": f"{_ADVICE[check.__name__]} ({type(error).__name__})"}


def _chain(services: Services) -> str:
    return f"block {services.escrow.web3.eth.block_number}"


def _database(services: Services) -> str:
    with services.reading() as session:
        session.execute(select(1))
    return services.engine.dialect.name


def _payloads(services: Services) -> str:
    services.store.check()
    return "writable"


def _indexer(services: Services) -> str:
    with services.reading() as session:
        point = session.execute(select(Checkpoint)).scalar_one_or_none()
    if point is None:
        raise NotReady("the indexer has not begun: run `piecework index` on this database")
    lag = services.escrow.web3.eth.block_number - point.block_number
    if lag > MAX_LAG_BLOCKS:
        raise NotReady(f"the mirror is {lag} blocks behind")
    return f"{lag} blocks behind"
