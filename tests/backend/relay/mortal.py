"""A sender that dies at a chosen moment: at the n-th write to the database or call to the node."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, event
from web3 import HTTPProvider, Web3

_WRITES = ("INSERT", "UPDATE", "DELETE")


class Killed(BaseException):
    """Stands for SIGKILL: nothing that catches errors catches it."""


@dataclass
class Fate:
    """Counts moments; at number `at` (from 1) the process dies. Zero lives for ever."""

    at: int = 0
    passed: int = 0
    where: str = ""

    def moment(self, what: str) -> None:
        self.passed += 1
        if self.passed == self.at:
            self.where = what
            raise Killed(f"at {what}, moment {self.at}")


class MortalProvider(HTTPProvider):
    """Each request has two moments: before the node has it, and before its answer is read."""

    def __init__(self, rpc_url: str, fate: Fate) -> None:
        super().__init__(rpc_url)
        self.fate = fate

    def make_request(self, method: Any, params: Any) -> Any:
        self.fate.moment(f"{method} asked")
        answer = super().make_request(method, params)
        self.fate.moment(f"{method} answered")
        return answer

    def make_batch_request(self, batch_requests: Any) -> Any:
        methods = "+".join(dict.fromkeys(method for method, _ in batch_requests))
        self.fate.moment(f"{methods} asked")
        answer = super().make_batch_request(batch_requests)
        self.fate.moment(f"{methods} answered")
        return answer


def mortal_web3(rpc_url: str, fate: Fate) -> Any:
    return Web3(MortalProvider(rpc_url, fate))


@contextmanager
def mortal_database(engine: Engine, fate: Fate) -> Iterator[None]:
    """Each write and each commit is a moment; a transaction that the process dies in is rolled back."""

    def on_statement(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if statement.lstrip().upper().startswith(_WRITES):
            fate.moment(" ".join(statement.split()[:3]))

    def on_commit(connection: Any) -> None:
        fate.moment("COMMIT")

    handlers: list[tuple[str, Callable[..., None]]] = [("before_cursor_execute", on_statement), ("commit", on_commit)]
    for name, handler in handlers:
        event.listen(engine, name, handler)
    try:
        yield
    finally:
        for name, handler in handlers:
            event.remove(engine, name, handler)
