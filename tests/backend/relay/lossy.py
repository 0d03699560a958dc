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

Fate = Literal["answer", "lose_reply", "lose_half", "lose_request"]
Judge = Callable[[str, int], Fate]
"""What becomes of the n-th request (from 1) with that method; of a list, with its methods joined by a plus sign.

`lose_reply` forwards it first, `lose_half` the first half of a list, as a node does that dies in the middle of it.
"""


@dataclass
class LossyNode:
    """`rpc_url` answers like the node behind it, but for the calls that `judge` picks."""

    upstream: str
    judge: Judge
    on_lost: Callable[[], None] = lambda: None
    seen: Counter[str] = field(default_factory=Counter)
    lost: Counter[str] = field(default_factory=Counter)
    rpc_url: str = ""
    was_list: bool = False
    """Whether the last request was a list of several."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def fate_of(self, asked: Any) -> Fate:
        """Counts one request and says what becomes of it."""
        calls = asked if isinstance(asked, list) else [asked]
        name = "+".join(dict.fromkeys(call["method"] for call in calls))
        with self._lock:
            self.was_list = len(calls) > 1
            self.seen[name] += 1
            fate = self.judge(name, self.seen[name])
            self.lost[name] += fate != "answer"
        return fate


class _Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    allow_reuse_address = True
    daemon_threads = True
    node: LossyNode

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that was killed is part of a test, not an error of the proxy."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server
    wbufsize = -1
    """Head and body leave together: in two pieces the second waits 40 ms for the client to acknowledge the first."""

    def do_POST(self) -> None:
        node = self.server.node
        body = self.rfile.read(int(self.headers["content-length"]))
        asked = json.loads(body)
        fate = node.fate_of(asked)
        if fate == "lose_half":
            body = json.dumps(asked[: len(asked) // 2]).encode() if isinstance(asked, list) else b""
        answer = b"" if fate == "lose_request" or not body else self._forward(node.upstream, body)
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
