"""Events of the registry of qualifications, applied to the mirror. The versions are the contract's."""

from __future__ import annotations

from collections.abc import Callable

from indexer.mirror import Mirror, Row
from piecework.chain.logs import DecodedEvent
from piecework.db import mirror as tables

Handler = Callable[[Mirror, DecodedEvent, int], None]


def on_granted(m: Mirror, e: DecodedEvent, timestamp: int) -> None:
    row = _credential(m, e)
    row["level"] = e.args["level"]
    row["expiry"] = e.args["expiry"]
    row["granted_at"] = timestamp
    m.put(tables.MirrorCredential, row)


def on_revoked(m: Mirror, e: DecodedEvent, _: int) -> None:
    row = _credential(m, e)
    row["level"] = row["expiry"] = row["granted_at"] = 0
    m.put(tables.MirrorCredential, row)


def on_refusal_set(m: Mirror, e: DecodedEvent, _: int) -> None:
    row = _credential(m, e)
    row["refused"] = e.args["refused"]
    m.put(tables.MirrorCredential, row)


def on_notice(m: Mirror, e: DecodedEvent, _: int) -> None:
    """Changes no row."""


HANDLERS: dict[str, Handler] = {
    "CredentialGranted": on_granted,
    "CredentialRevoked": on_revoked,
    "RefusalSet": on_refusal_set,
    "EIP712DomainChanged": on_notice,
}


def _credential(m: Mirror, e: DecodedEvent) -> Row:
    """The row as it was; every event raises its version by one."""
    key = {name: e.args[name] for name in ("holder", "issuer", "skill")}
    empty: Row = {"level": 0, "expiry": 0, "granted_at": 0, "version": 0, "refused": False}
    found = m.find(tables.MirrorCredential, **key) or {**key, **empty}
    found["version"] += 1
    return {**found, "block_number": e.block_number, "transaction_hash": e.transaction_hash}
