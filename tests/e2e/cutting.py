"""A wire to a gateway that breaks: each connection ends, or stalls, after so many bytes of answers."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit


class Cutting:
    """`asked`: the first line of each request. `cuts`: how many connections were broken or stalled."""

    def __init__(self, url: str, *, after_bytes: int, stalls: bool = False) -> None:
        target = urlsplit(url)
        self._target = (target.hostname or "", target.port or 80)
        self._after, self._stalls = after_bytes, stalls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._ended = threading.Event()
        self._threads: list[threading.Thread] = []
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.asked: list[str] = []
        self.cuts = 0

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(10)

    def _start(self, work: object, *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._ended.is_set():
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(self._target)
            for each in (client, server):
                each.settimeout(0.2)
            self._start(self._carry, client, server, False)
            self._start(self._carry, server, client, True)

    def _carry(self, source: socket.socket, sink: socket.socket, is_answer: bool) -> None:
        carried = 0
        with source:
            while not self._ended.is_set():
                try:
                    data = source.recv(16_384)
                except TimeoutError:
                    continue
                except OSError:
                    break
                if not data:
                    break
                if not is_answer:
                    self.asked.append(data.split(b"\r\n", 1)[0].decode("latin-1"))
                carried += len(data) if is_answer else 0
                if carried > self._after:
                    self.cuts += 1
                    if self._stalls:
                        self._ended.wait()
                    break
                try:
                    sink.sendall(data)
                except OSError:
                    break
            with suppress(OSError):
                sink.shutdown(socket.SHUT_RDWR)
