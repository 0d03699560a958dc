"""`piecework audit`: everything that the logs and pinned files say, computed anew and compared with the contract."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from rich.progress import Progress

from piecework.chain.client import connect
from piecework.chain.credentials import Credentials
from piecework.chain.errors import ChainError
from piecework.chain.escrow import Escrow
from piecework.chain.rpc import Rpc
from piecework.chain.token import Token
from scripts.audit import chain
from scripts.audit.credentials import audit_credentials
from scripts.audit.disclosure import read_keys
from scripts.audit.enrolments import read_receipts
from scripts.audit.files import FileAuditor, PayloadSource
from scripts.audit.ledger import Ledger
from scripts.audit.report import UNCHECKED, Report
from scripts.terminal import fail, out, progress_bars


def run_audit(
    rpc_url: str,
    escrow: str,
    *,
    payloads: str | None,
    from_block: int,
    as_json: bool,
    labels_only: bool = False,
    credentials: str | None = None,
    disclosure_key_file: Path | None = None,
    enrolment_receipts: Path | None = None,
) -> int:
    """Prints the report; 0 clean, 1 something differs, 2 something could not be checked.

    `labels_only`: reads logs and pinned files, asks the contract nothing.
    """
    report = Report()
    try:
        with progress_bars() as bars:
            facts = audit(
                rpc_url,
                escrow,
                payloads,
                from_block,
                report,
                bars,
                labels_only=labels_only,
                credentials=credentials,
                disclosure_keys=read_keys(disclosure_key_file),
                receipts=read_receipts(enrolment_receipts),
            )
    except (ChainError, ValueError) as error:
        fail(str(error))
        report.skip("audit", escrow, str(error))
        facts = {}
    found = report.as_json(**facts)
    if as_json:
        out.print(json.dumps(found), highlight=False, markup=False)
    else:
        _print(found)
    return report.exit_code


def audit(
    rpc_url: str,
    address: str,
    payloads: str | None,
    from_block: int,
    report: Report,
    bars: Progress,
    *,
    labels_only: bool = False,
    credentials: str | None = None,
    disclosure_keys: Sequence[tuple[str, str]] = (),
    receipts: Sequence[tuple[str, Any]] = (),
) -> dict[str, Any]:
    """Fills `report`; returns facts about what was read. `disclosure_keys` and `receipts` of enrolments come with where
    they were found.

    Raises ChainError if the node cannot be asked.
    """
    web3 = connect(rpc_url)
    escrow = Escrow(web3, address)
    escrow.check()
    with closing(Rpc(rpc_url)) as rpc:
        ledger, facts = _audit_chain(rpc, escrow, from_block, report, bars, with_views=not labels_only)
        if credentials is not None and not labels_only:
            facts |= audit_credentials(rpc, Credentials(web3, credentials), report, lambda name: _bar(bars, name))
    if payloads is None:
        for place, _ in disclosure_keys:
            report.skip("disclosure_key", place, "it opens pinned files, and none are read")
        for place, _ in receipts:
            report.skip("enrolment_receipt", place, "it is held against pinned files, and none are read")
        report.skip("files", "every pinned file", "give --payloads with the URL of a gateway that serves them")
        return facts
    with closing(PayloadSource(payloads)) as source:
        source.check_chain(escrow.chain_id, escrow.address, report)
        files = FileAuditor(source, report, disclosure_keys)
        files.check(ledger.batches, _bar(bars, "pinned files"))
        files.check_evidence(ledger.disputes)
        files.check_bonuses(ledger.bonuses)
        files.check_receipts(escrow.domain, ledger.batches, receipts)
    return facts


def _audit_chain(
    rpc: Rpc, escrow: Escrow, from_block: int, report: Report, bars: Progress, *, with_views: bool
) -> tuple[Ledger, dict[str, Any]]:
    """The books after every event, compared with the contract's views at the same block if wished."""
    head = rpc.block_number()
    first = chain.creation_block(rpc, escrow.address, head)
    if from_block > first:
        subject = f"blocks {first} to {from_block - 1}"
        report.skip("logs", subject, "--from-block leaves them out, though the escrow was there")
        first = from_block
    events = chain.all_events(rpc, escrow.address, first, head, _bar(bars, "logs read (blocks)"))
    blocks = chain.timestamps(rpc, {event.block_number for event in events})
    ledger = Ledger(escrow.domain, report)
    for event in events:
        timestamp, block_hash = blocks[event.block_number]
        report.equal(
            "log_block_hash", f"log {event.log_index} of block {event.block_number}", block_hash, event.block_hash
        )
        ledger.apply(event, timestamp)
    ledger.finish()
    if not events:
        report.skip(
            "events", escrow.address, "the node's logs hold none: is this the chain that the escrow is used on?"
        )
    tick = _bar(bars, "logs against blocks")
    chain.check_no_hidden_logs(rpc, escrow.address, first, head, events, report, tick)
    if with_views:
        chain.check_rulers(rpc, escrow.address, ledger, report)
        token = Token(escrow.web3, escrow.token_address()).contract
        chain.compare_views(rpc, escrow.contract, token, ledger, head, report, _bar(bars, "views compared"))
    facts = {
        "chain_id": escrow.chain_id,
        "escrow": escrow.address,
        "first_block": first,
        "head_block": head,
        "events": len(events),
        "accounts": len(ledger.accounts),
        "batches": len(ledger.batches),
        "scope": "everything" if with_views else "logs and files, labels among them; not the contract's views",
    }
    return ledger, facts


def _bar(bars: Progress, name: str) -> Callable[[int, int], None]:
    task = bars.add_task(name, total=None)
    return lambda done, total: bars.update(task, completed=done, total=total)


def _print(found: dict[str, Any]) -> None:
    out.print("Checked")
    for item in found["checked"]:
        out.print(f"  {item['check']:<28} {item['count']:>8,}", highlight=False)
    out.print("Differs" if found["differs"] else "Differs: nothing")
    for item in found["differs"]:
        line = f"  {item['check']}: {item['subject']}: expected {item['expected']}, found {item['found']}"
        out.print(line, highlight=False, markup=False)
    out.print("Could not be checked" if found["unchecked"] else "Could not be checked: nothing")
    for item in found["unchecked"]:
        out.print(f"  {item['check']}: {item['subject']}: {item['why']}", highlight=False, markup=False)
    verdict = {0: "clean", 1: "not clean", UNCHECKED: "not wholly checked"}[found["exit_code"]]
    out.print(f"The audit is {verdict}.", highlight=False)
