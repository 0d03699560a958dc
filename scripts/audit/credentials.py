"""The registry of qualifications, rebuilt from its logs and compared with `credentialOf`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from piecework.chain.credentials import Credentials
from piecework.chain.logs import CredentialLogs, DecodedEvent
from piecework.chain.rpc import Rpc
from scripts.audit import chain
from scripts.audit.report import Report

MAX_LEVEL = 100
Key = tuple[str, str, str]
"""Holder, issuer, skill."""


@dataclass
class Credential:
    """What the logs say of one qualification; the fields of `credentialOf`."""

    level: int = 0
    expiry: int = 0
    granted_at: int = 0
    version: int = 0
    refused: bool = False

    def drop(self) -> None:
        self.level = self.expiry = self.granted_at = 0


class Registry:
    """Applies events in order and notes every rule that one breaks. Every event raises a version by one."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._dropped: tuple[DecodedEvent, Key] | None = None
        self.credentials: dict[Key, Credential] = {}

    def apply(self, e: DecodedEvent, timestamp: int) -> None:
        if e.name == "EIP712DomainChanged":
            return
        key = (e.args["holder"], e.args["issuer"], e.args["skill"])
        found = self.credentials.setdefault(key, Credential())
        self._check_refusal_follows(e, key)
        found.version += 1
        if e.name == "CredentialGranted":
            self._holds("credential_level", e, e.args["level"] <= MAX_LEVEL, f"{e.args['level']} is above {MAX_LEVEL}")
            in_time = e.args["expiry"] == 0 or e.args["expiry"] >= timestamp
            self._holds("credential_expiry", e, in_time, "it was over when it was granted")
            self._holds("credential_not_refused", e, not found.refused, "the holder refuses it")
            found.level, found.expiry, found.granted_at = e.args["level"], e.args["expiry"], timestamp
        elif e.name == "CredentialRevoked":
            self._holds("credential_held", e, found.granted_at > 0, "there was none to revoke")
            by_whom = e.args["by"] in (e.args["issuer"], e.args["holder"])
            self._holds("credential_revoked_by", e, by_whom, f"{e.args['by']} is neither issuer nor holder")
            found.drop()
            if e.args["by"] != e.args["issuer"]:
                self._dropped = (e, key)
        else:
            dropped = not e.args["refused"] or found.granted_at == 0
            self._holds("credential_dropped", e, dropped, "a refused credential is still held")
            found.refused = e.args["refused"]

    def finish(self) -> None:
        self._check_refusal_follows(None, None)

    def _check_refusal_follows(self, e: DecodedEvent | None, key: Key | None) -> None:
        """A holder drops a credential only by refusing it."""
        dropped, self._dropped = self._dropped, None
        if dropped is not None:
            refusal = e is not None and e.name == "RefusalSet" and e.args["refused"] and key == dropped[1]
            same = refusal and e is not None and e.transaction_hash == dropped[0].transaction_hash
            self._holds("credential_refusal_follows", dropped[0], same, "no refusal came with it")

    def _holds(self, check: str, e: DecodedEvent, ok: bool, otherwise: str) -> None:
        subject = f"{e.name} in block {e.block_number}, log {e.log_index}, of {e.args['holder']}"
        self._report.holds(check, subject, ok, otherwise)


def audit_credentials(
    rpc: Rpc, registry: Credentials, report: Report, bar: Callable[[str], chain.Tick]
) -> dict[str, Any]:
    """Fills `report`; returns facts. Raises ContractMissing if there is no registry."""
    registry.check()
    head = rpc.block_number()
    first = chain.creation_block(rpc, registry.address, head)
    events = chain.all_events(rpc, registry.address, first, head, bar("credential logs"), CredentialLogs())
    blocks = chain.timestamps(rpc, {event.block_number for event in events})
    books = Registry(report)
    for event in events:
        timestamp, block_hash = blocks[event.block_number]
        subject = f"log {event.log_index} of block {event.block_number}"
        report.equal("log_block_hash", subject, block_hash, event.block_hash)
        books.apply(event, timestamp)
    books.finish()
    chain.check_no_hidden_logs(
        rpc, registry.address, first, head, events, report, bar("credential logs against blocks")
    )
    for (holder, issuer, skill), found in sorted(books.credentials.items()):
        view = registry.credential(holder, issuer, skill, head)
        expected = (found.level, found.expiry, found.granted_at, found.version, found.refused)
        given = (view.level, view.expiry, view.granted_at, view.version, view.refused)
        report.equal("view_credential", f"{skill} of {holder} by {issuer}", expected, given)
    return {"credentials": registry.address, "credentials_known": len(books.credentials)}
