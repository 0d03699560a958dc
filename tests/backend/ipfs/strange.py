"""A server that answers like no daemon should, in a way that each test chooses."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = Callable[[BaseHTTPRequestHandler], None]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients hang up on us here: that is the point."""


@contextmanager
def strange_daemon(answer: Answer) -> Iterator[str]:
    """The multiaddr of a server whose every POST is answered by `answer`."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.close_connection = True
            answer(self)

        def log_message(self, *_: Any) -> None:
            pass

    server = _Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"/ip4/127.0.0.1/tcp/{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def says(body: bytes, status: int = 200, length: int | None = None, kind: str = "application/json") -> Answer:
    """Always the same answer; `length` is what the header claims."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.rfile.read(int(handler.headers.get("content-length", 0)))
        handler.send_response(status)
        handler.send_header("content-type", kind)
        handler.send_header("content-length", str(len(body) if length is None else length))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def says_nothing(release: threading.Event) -> Answer:
    """Takes the request and is silent until the test is over."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        release.wait(30)

    return answer


def trickles(release: threading.Event) -> Answer:
    """A byte now and then, each in time, forever."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("content-length", "1000000")
        handler.end_headers()
        while not release.wait(0.05):
            handler.wfile.write(b"x")
            handler.wfile.flush()

    return answer
