"""Other people's servers: a node behind a proxy that may lie, and a server of pinned files that may lose them."""

from __future__ import annotations

import json
import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Twist = Callable[[str, list[Any], Any], Any]
"""From a method, its parameters and the true result to the result that is told."""


@contextmanager
def lying_node(upstream: str, twist: Twist) -> Iterator[str]:
    """The URL of a proxy whose answers went through `twist`."""

    def answer(handler: BaseHTTPRequestHandler) -> tuple[int, bytes]:
        body = handler.rfile.read(int(handler.headers["content-length"]))
        asked = json.loads(body)
        request = urllib.request.Request(upstream, data=body, headers={"content-type": "application/json"})
        with urllib.request.urlopen(request, timeout=20) as response:
            told = json.loads(response.read())
        calls = {call["id"]: call for call in (asked if isinstance(asked, list) else [asked])}
        for item in told if isinstance(told, list) else [told]:
            call = calls[item["id"]]
            if "result" in item:
                item["result"] = twist(call["method"], call.get("params", []), item["result"])
        return 200, json.dumps(told).encode()

    with _serving(answer) as url:
        yield url


@dataclass
class PinnedFiles:
    """Files by CID, and what the server says of its chain (None: nothing)."""

    blocks: dict[str, bytes] = field(default_factory=dict)
    chain: dict[str, Any] | None = None


@contextmanager
def file_server(files: PinnedFiles) -> Iterator[str]:
    """The URL of a server with a gateway's paths."""

    def answer(handler: BaseHTTPRequestHandler) -> tuple[int, bytes]:
        if handler.path == "/v1/chain" and files.chain is not None:
            return 200, json.dumps(files.chain).encode()
        found = files.blocks.get(handler.path.removeprefix("/v1/payloads/"))
        return (404, b"") if found is None else (200, found)

    with _serving(answer) as url:
        yield url


@contextmanager
def _serving(answer: Callable[[BaseHTTPRequestHandler], tuple[int, bytes]]) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            status, body = answer(self)
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815 - named by the base class

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
