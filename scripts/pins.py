"""`piecework pins audit`."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import asdict
from functools import partial

from pydantic import SecretStr
from rich.console import Console
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from backend.ipfs.factory import open_store
from backend.ipfs.kubo import KuboStore
from backend.ipfs.pin_audit import PinAudit, PinReport
from backend.ipfs.pinning import open_service
from backend.ipfs.port import PayloadError
from backend.operator_log import append
from backend.payloads.expected import expected_pins
from piecework.db.engine import open_engine
from scripts.terminal import fail, log_to_stderr, progress_bars

_CANNOT_TELL = 2


def run_pins_audit(
    database_url: str,
    payload_store: str,
    *,
    pinning_url: str | None,
    pinning_token_file: str | None,
    repair: bool,
    wait_seconds: float,
    as_json: bool,
) -> int:
    """Exit code 0: all is there, or is again. 1: something is missing. 2: something could not be checked."""
    log_to_stderr()
    token = os.environ.get("PIECEWORK_PINNING_TOKEN")
    try:
        service = open_service(pinning_url, SecretStr(token) if token else None, pinning_token_file)
        store = open_store(payload_store)
        engine = open_engine(database_url)
        with Session(engine) as session:
            expected = expected_pins(session)
        audit = PinAudit(store, service, repair=repair, wait_seconds=wait_seconds)
        if service is not None and isinstance(store, KuboStore):
            audit.through(store.addresses(), partial(_dial, store))
        with progress_bars() as bars:
            task = bars.add_task("files", total=None)
            report = audit.run(expected, lambda: bars.advance(task))
        if repair and report.findings:
            append(
                engine, "pins_repaired", {"repaired": len(report.findings) - len(report.left), "left": len(report.left)}
            )
        engine.dispose()
    except ValueError as error:
        return fail(str(error))
    except PayloadError as error:
        fail(str(error))
        return _CANNOT_TELL
    except SQLAlchemyError as error:
        fail(f"the database does not answer, or has no tables yet ({type(error).__name__})")
        return _CANNOT_TELL
    _print(report, as_json=as_json)
    return report.exit_code


def _dial(store: KuboStore, peer: str) -> None:
    with suppress(PayloadError):  # it may still reach us; the wait for its copy tells
        store.connect(peer)


def _print(report: PinReport, *, as_json: bool) -> None:
    out = Console()
    if as_json:
        body = asdict(report) | {"left": len(report.left), "exit_code": report.exit_code}
        out.print_json(json.dumps(body))
        return
    for finding in report.findings:
        done = "repaired" if finding.repaired else "NOT repaired"
        out.print(f"{finding.cid} ({finding.what}) in the {finding.where}: {finding.problem}; {done}", soft_wrap=True)
    for why in report.unchecked:
        out.print(f"not checked: {why}", soft_wrap=True)
    copies = "" if report.at_service is None else f", {report.at_service} with a second copy"
    out.print(f"{report.checked} files looked at{copies}; {len(report.left)} missing or damaged")
