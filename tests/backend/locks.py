"""Who waits for whom: what is asked of the node, or stored, by a thread that holds its turn to write."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from requests.adapters import HTTPAdapter

from backend.waiting.store import WaitingStore
from piecework.chain.rpc import Rpc
from piecework.db.turns import InTurn


class Watched:
    """Who holds a turn to write to an SQLite file, by connection, and what that very thread asked or stored
    meanwhile."""

    def __init__(self) -> None:
        self.holders: dict[int, threading.Thread] = {}
        self.taken: list[str] = []
        self.asked: list[str] = []
        self.stored: list[bytes] = []

    def took(self, connection: InTurn) -> None:
        self.holders[id(connection)] = threading.current_thread()
        self.taken.append(threading.current_thread().name)

    def left(self, connection: InTurn) -> None:
        self.holders.pop(id(connection), None)

    def holds(self) -> bool:
        return threading.current_thread() in list(self.holders.values())

    def asks(self, body: Any) -> None:
        if self.holds():
            methods = [each["method"] for each in body] if isinstance(body, list) else body["method"]
            self.asked.append(f"{threading.current_thread().name}: {methods}")

    def stores(self, data: bytes) -> None:
        if self.holds():
            self.stored.append(data)


@contextmanager
def watching(monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    """Below all that remembers how it asked before."""
    found = Watched()
    taking, leave, send, post, put = InTurn.taking_turn, InTurn._leave, HTTPAdapter.send, Rpc._post, WaitingStore.put

    @contextmanager
    def taking_turn(self: InTurn, seconds: float) -> Iterator[None]:
        with taking(self, seconds):
            found.took(self)
            yield

    def left(self: InTurn) -> None:
        if self._has_turn:  # others of the same thread only read meanwhile
            found.left(self)
        leave(self)

    def sending(self: HTTPAdapter, request: Any, *given: Any, **named: Any) -> Any:
        if isinstance(request.body, (bytes, str)) and '"jsonrpc"' in str(request.body):
            found.asks(json.loads(request.body))
        return send(self, request, *given, **named)

    def posting(self: Rpc, body: Any) -> Any:
        found.asks(body)
        return post(self, body)

    def putting(self: WaitingStore, data: bytes) -> Any:
        found.stores(data)
        return put(self, data)

    with monkeypatch.context() as patched:
        patched.setattr(InTurn, "taking_turn", taking_turn)
        patched.setattr(InTurn, "_leave", left)
        patched.setattr(HTTPAdapter, "send", sending)
        patched.setattr(Rpc, "_post", posting)
        patched.setattr(WaitingStore, "put", putting)
        yield found
