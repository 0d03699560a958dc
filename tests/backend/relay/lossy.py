"""A TCP proxy before a node that loses requests or replies, the way networks do."""

from __future__ import annotations

import json
import socketserver
import threading
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any, Literal

Fate = Literal["answer", "lose_reply", "lose_request"]
Judge = Callable[[str, int], Fate]
"""What becomes of the n-th call (from 1) of a method. `lose_reply` forwards it first."""


@dataclass
class LossyNode:
    """`rpc_url` answers like the node behind it, but for the calls that `judge` picks."""

    upstream: str
    judge: Judge
    on_lost: Callable[[], None] = lambda: None
    seen: Counter[str] = field(default_factory=Counter)
    lost: Counter[str] = field(default_factory=Counter)
    rpc_url: str = ""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def fate_of(self, methods: list[str]) -> Fate:
        """Counts the calls of one request and says what becomes of it."""
        fates = []
        with self._lock:
            for method in methods:
                self.seen[method] += 1
                fates.append(self.judge(method, self.seen[method]))
                self.lost[method] += fates[-1] != "answer"
        return next((fate for fate in fates if fate != "answer"), "answer")


class _Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    allow_reuse_address = True
    daemon_threads = True
    node: LossyNode

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that was killed is part of a test, not an error of the proxy."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_POST(self) -> None:
        node = self.server.node
        body = self.rfile.read(int(self.headers["content-length"]))
        asked = json.loads(body)
        methods = [call["method"] for call in (asked if isinstance(asked, list) else [asked])]
        fate = node.fate_of(methods)
        answer = b"" if fate == "lose_request" else self._forward(node.upstream, body)
        if fate != "answer" or not answer:
            node.on_lost()
            self.close_connection = True
            return
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def _forward(self, upstream: str, body: bytes) -> bytes:
        request = urllib.request.Request(upstream, data=body, headers={"content-type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=20) as response:
                return bytes(response.read())
        except urllib.error.URLError:
            return b""

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""


@contextmanager
def lossy_node(upstream: str, judge: Judge) -> Iterator[LossyNode]:
    """Runs the proxy on a free port of the loopback."""
    node = LossyNode(upstream, judge)
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.node = node
        node.rpc_url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield node
        finally:
            server.shutdown()
            thread.join()
