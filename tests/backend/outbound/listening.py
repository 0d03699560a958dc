"""Servers of other people: they note every connection, and answer as a test says."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

Talk = Callable[[socket.socket, bytes], None]
"""What the server does with a connection whose request it has read."""


@dataclass
class Listener:
    """`heard` holds what came in over each connection."""

    host: str
    port: int
    heard: list[bytes] = field(default_factory=list)

    @property
    def is_silent(self) -> bool:
        return not self.heard

    def hears(self, count: int = 1) -> bool:
        """Whether so many connections come within a moment; the other side is a client of this process."""
        deadline = time.monotonic() + 5
        while len(self.heard) < count and time.monotonic() < deadline:
            time.sleep(0.005)
        return len(self.heard) >= count


def saying(status: str = "200 OK", body: bytes = b"", *headers: str) -> Talk:
    """A whole answer."""
    lines = "\r\n".join((f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "Connection: close"))

    def talk(connection: socket.socket, request: bytes) -> None:
        connection.sendall(lines.encode() + b"\r\n\r\n" + body)

    return talk


@contextmanager
def listening(
    talk: Talk | None = None, host: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None
) -> Iterator[Listener]:
    """A server on a free port until the end of the block."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    server = socket.socket(family, socket.SOCK_STREAM)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind((host, port))
    server.listen(64)
    found = Listener(host, server.getsockname()[1])

    def serve() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=one, args=(connection,), daemon=True).start()

    def one(connection: socket.socket) -> None:
        connection.settimeout(10)
        number = len(found.heard)
        found.heard.append(b"")
        encrypted = tls.wrap_socket if tls else lambda plain, **_: plain
        with suppress(OSError), connection, encrypted(connection, server_side=True) as spoken:
            found.heard[number] = _request(spoken)
            (talk or saying())(spoken, found.heard[number])
            spoken.shutdown(socket.SHUT_WR)

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield found
    finally:
        # Wakes the thread that accepts; closing alone would not.
        with suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)
        server.close()


def _request(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data and (part := connection.recv(65_536)):
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    length = next(
        (int(v) for n, _, v in (h.partition(b":") for h in head.split(b"\r\n")) if n.lower() == b"content-length"), 0
    )
    while len(body) < length and (part := connection.recv(65_536)):
        body += part
    return head + b"\r\n\r\n" + body
