"""A pinning service of the tests: the Pinning Service API 1.0 over HTTP, and a Kubo of its own that pins."""

from __future__ import annotations

import itertools
import json
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from backend.ipfs.kubo import KuboStore
from backend.ipfs.port import PayloadError
from tests.backend.ipfs.daemon import Daemon

TOKEN = "the-pinning-services-secret-token"
_EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Pinner:
    """What the service holds. `broken` makes it answer that status; `fails` are CIDs that it cannot pin."""

    daemon: Daemon
    url: str = ""
    pins: dict[str, dict[str, Any]] = field(default_factory=dict)
    seen: list[tuple[str, str]] = field(default_factory=list)
    broken: int = 0
    fails: set[str] = field(default_factory=set)
    largest_page: int = 1_000
    lock: threading.RLock = field(default_factory=threading.RLock)
    _ticks: Any = field(default_factory=lambda: itertools.count(1))

    @property
    def node(self) -> KuboStore:
        return KuboStore(self.daemon.address)

    def add(self, pin: dict[str, Any]) -> dict[str, Any]:
        created = _EPOCH + timedelta(milliseconds=next(self._ticks))  # each another, as the API asks
        row = {
            "requestid": secrets.token_hex(8),
            "status": "queued",
            "created": created.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "pin": pin,
            "delegates": [address for address in self.node.addresses() if "/127.0.0.1/tcp/" in address],
        }
        with self.lock:
            self.pins[row["requestid"]] = row
        threading.Thread(target=self._fetch, args=(row,), daemon=True).start()
        return dict(row)

    def remove(self, request_id: str) -> None:
        with self.lock:
            row = self.pins.pop(request_id)
        if row["pin"]["cid"] not in [other["pin"]["cid"] for other in self.pins.values()]:
            self.node.unpin(row["pin"]["cid"])

    def listed(self, query: dict[str, list[str]]) -> dict[str, Any]:
        """Newest first; without a status only what is pinned."""

        def among(name: str, default: str = "") -> list[str]:
            text = query.get(name, [default])[0]
            return text.split(",") if text else []

        with self.lock:
            rows = sorted(self.pins.values(), key=lambda row: row["created"], reverse=True)
        statuses = among("status", "pinned")
        rows = [row for row in rows if row["status"] in statuses]
        if cids := among("cid"):
            rows = [row for row in rows if row["pin"]["cid"] in cids]
        if names := among("name"):
            rows = [row for row in rows if row["pin"].get("name") in names]
        if before := among("before"):
            rows = [row for row in rows if row["created"] < before[0]]
        if after := among("after"):
            rows = [row for row in rows if row["created"] > after[0]]
        limit = min(int(query.get("limit", ["10"])[0]), self.largest_page)
        return {"count": len(rows), "results": rows[:limit]}

    def _fetch(self, row: dict[str, Any]) -> None:
        cid, row["status"] = row["pin"]["cid"], "pinning"
        try:
            if cid in self.fails:
                raise OSError("this service cannot")
            for address in row["pin"].get("origins") or ():
                if "/127.0.0.1/tcp/" in address:
                    self.daemon.run("swarm", "connect", address)
            self.daemon.run("pin", "add", "--progress=false", cid)
            row["status"] = "pinned"
        except (PayloadError, OSError, AssertionError) as error:
            row["status"], row["info"] = "failed", {"status_details": str(error)[:100]}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    pinner: Pinner

    def _route(self) -> None:
        pinner, url = self.pinner, urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        pinner.seen.append((self.command, self.path))
        request_id = url.path.removeprefix("/psa/pins").strip("/")
        if pinner.broken:
            return self._error(pinner.broken, "BROKEN", f"you sent {self.headers.get('authorization')}")
        if self.headers.get("authorization") != f"Bearer {TOKEN}":
            return self._error(401, "UNAUTHORIZED", "the access token is missing or wrong")
        if not url.path.startswith("/psa/pins") or (request_id and request_id not in pinner.pins):
            return self._error(404, "NOT_FOUND", "there is no such pin")
        if self.command == "GET":
            found = dict(pinner.pins[request_id]) if request_id else pinner.listed(parse_qs(url.query))
            return self._answer(200, found)
        if self.command == "DELETE":
            pinner.remove(request_id)
            return self._answer(202, None)
        try:
            pin = json.loads(body)
            assert isinstance(pin["cid"], str)
        except (ValueError, KeyError, TypeError, AssertionError):
            return self._error(400, "BAD_REQUEST", "a pin needs a cid")
        made = pinner.add(pin)
        if request_id:
            pinner.remove(request_id)
        return self._answer(202, made)

    def do_GET(self) -> None:
        self._route()

    def do_POST(self) -> None:
        self._route()

    def do_DELETE(self) -> None:
        self._route()

    def _error(self, status: int, reason: str, details: str) -> None:
        self._answer(status, {"error": {"reason": reason, "details": details}})

    def _answer(self, status: int, value: Any) -> None:
        data = b"" if value is None else json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        """Quiet."""


@contextmanager
def pinning_service(daemon: Daemon) -> Iterator[Pinner]:
    """The service on a free port of the loopback."""
    pinner = Pinner(daemon)
    handler = type("Handler", (_Handler,), {"pinner": pinner})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    pinner.url = f"http://127.0.0.1:{server.server_port}/psa"
    try:
        yield pinner
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
