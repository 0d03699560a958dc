"""Other people's endpoint: a real HTTP server that speaks the chat-completions protocol and can misbehave."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Reply = tuple[int, dict[str, str], Any]


@dataclass
class Served:
    """`seen`: bodies of all requests; `keys`: their Authorization headers; `most_at_once`: the most together."""

    url: str
    seen: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    most_at_once: int = 0


def said(content: str, *, logprobs: list[float] | None = None) -> Reply:
    choice: dict[str, Any] = {"index": 0, "message": {"role": "assistant", "content": content}, "finish_reason": "stop"}
    if logprobs is not None:
        choice["logprobs"] = {"content": [{"token": "x", "logprob": value} for value in logprobs]}
    return 200, {}, {"id": "c1", "object": "chat.completion", "choices": [choice]}


def failed(status: int, **headers: str) -> Reply:
    return status, {name.replace("_", "-"): value for name, value in headers.items()}, {"error": {"message": "no"}}


@contextmanager
def serving(answer: Callable[[dict[str, Any], int], Reply]) -> Iterator[Served]:
    """`answer`: from a request's body and its number, from 0, to the reply."""
    lock = threading.Lock()
    inside = 0

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            nonlocal inside
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with lock:
                inside += 1
                served.most_at_once = max(served.most_at_once, inside)
                number = len(served.seen)
                served.seen.append(body)
                served.keys.append(self.headers.get("Authorization"))
                served.paths.append(self.path)
            status, headers, reply = answer(body, number)
            with lock:
                inside -= 1
            raw = reply if isinstance(reply, bytes) else json.dumps(reply).encode()
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, format: str, *arguments: Any) -> None:
            """Nothing: the tests look at what was seen."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = False
    served = Served(f"http://127.0.0.1:{server.server_address[1]}/v1")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
