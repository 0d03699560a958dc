"""Gateways and indexers as processes of one database, and a balancer before the gateways that knows who answers."""

from __future__ import annotations

import itertools
import os
import signal
import socket
import socketserver
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.e2e.running import until

_PIECE = 65_536


@dataclass
class Program:
    """One process of ours; `starts` counts how often it was started."""

    name: str
    words: tuple[str, ...]
    environment: dict[str, str]
    folder: Path
    starts: int = 0
    process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> str:
        """What the present process wrote."""
        return (self.folder / f"{self.name}.{self.starts}.log").read_text()

    def start(self) -> None:
        self.starts += 1
        command = [sys.executable, "-m", "scripts.main", *self.words]
        with (self.folder / f"{self.name}.{self.starts}.log").open("wb") as log:
            self.process = subprocess.Popen(
                command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=os.environ | self.environment
            )

    def says(self, words: str) -> None:
        """Waits until the log holds the words."""
        process = self.process
        assert process is not None

        def said() -> bool:
            assert process.poll() is None, self.log[-2000:]
            return words in self.log

        until(said, f"{self.name} says {words}")

    def kill(self) -> None:
        """SIGKILL."""
        assert self.process is not None
        assert self.process.poll() is None, f"{self.name} ended by itself: {self.log[-2000:]}"
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def end(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(timeout=60)


@dataclass
class Balancer:
    """Gives each connection to the next gateway that takes it."""

    ports: tuple[int, ...]
    port: int = 0
    served: dict[int, int] = field(default_factory=dict)
    _turns: Any = field(default_factory=itertools.count)

    def connect(self) -> socket.socket | None:
        first = next(self._turns)
        for step in range(len(self.ports)):
            port = self.ports[(first + step) % len(self.ports)]
            try:
                found = socket.create_connection(("127.0.0.1", port), timeout=5)
            except OSError:
                continue
            found.settimeout(None)
            self.served[port] = self.served.get(port, 0) + 1
            return found
        return None


class _Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    allow_reuse_address = True
    daemon_threads = True
    balancer: Balancer


class _Handler(socketserver.BaseRequestHandler):
    server: _Server

    def handle(self) -> None:
        upstream = self.server.balancer.connect()
        if upstream is None:
            return
        client: socket.socket = self.request
        back = threading.Thread(target=_pipe, args=(upstream, client), daemon=True)
        back.start()
        _pipe(client, upstream)
        back.join()
        upstream.close()


def _pipe(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while piece := source.recv(_PIECE):
            sink.sendall(piece)
    for side in (source, sink):
        with suppress(OSError):
            side.shutdown(socket.SHUT_RDWR)


@contextmanager
def balanced(*ports: int) -> Iterator[Balancer]:
    """A balancer on a free port."""
    balancer = Balancer(ports)
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.balancer = balancer
        balancer.port = int(server.server_address[1])
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield balancer
        finally:
            server.shutdown()
            thread.join()
