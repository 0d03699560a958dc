"""Receipts of enrolments, which reviewers bring, against the lists of candidates that claims committed to."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from backend.accounts.recovery import recover
from piecework.domain.enrolment import enrolment_of, must_name
from piecework.domain.messages import Domain, digest
from scripts.audit.books import BatchBooks
from scripts.audit.report import Report

CHECK = "enrolment_receipt"
Fetch = Callable[[str, str], dict[str, Any] | None]
"""A file by its digest and kind."""


def read_receipts(path: Path | None) -> list[tuple[str, Any]]:
    """Receipts with the place that each came from, a line of JSON each. Raises ValueError for a file that is none."""
    if path is None:
        return []
    try:
        lines = [(number, line) for number, line in enumerate(path.read_text().splitlines(), start=1) if line.strip()]
        found = [(f"line {number} of {path}", json.loads(line)) for number, line in lines]
    except (OSError, ValueError) as error:
        raise ValueError(f"the receipts in {path} cannot be read ({error}): a line of JSON for each") from error
    if not found:
        raise ValueError(f"{path} holds no receipt")
    return found


def check_receipts(
    report: Report,
    domain: Domain,
    batches: Mapping[str, BatchBooks],
    receipts: Sequence[tuple[str, Any]],
    fetch: Fetch,
) -> None:
    """Each list that was made while a receipt says its reviewer was enrolled must name it. A receipt that proves
    nothing is noted as not checked: anybody can write one."""
    for place, receipt in receipts:
        try:
            data, signature = enrolment_of(domain, receipt)
            message = data["message"]
            batch = batches.get(message["batchId"])
            if batch is None:
                raise ValueError(f"of batch {message['batchId']}, which the escrow does not know")
            signer = _signer(digest(data), signature)
            if signer != batch.terms.assigner:
                raise ValueError(f"signed by {signer}, not by the batch's assigner {batch.terms.assigner}")
        except ValueError as error:
            report.skip(CHECK, place, f"it proves nothing: {error}")
            continue
        _check(report, place, message, batch, fetch)


def _check(report: Report, place: str, message: Mapping[str, Any], batch: BatchBooks, fetch: Fetch) -> None:
    is_any = False
    for claim in batch.claims:
        handed_out = claim.lease_end - batch.terms.lease
        if not must_name(message, handed_out):
            continue
        is_any = True
        where = f"{message['reviewer']} ({place}) on the list of {claim.tasks_digest}"
        tasks = fetch(claim.tasks_digest, "task-list")
        named = tasks.get("candidates") if tasks is not None else None
        listed = fetch(named, "candidates") if named is not None else None
        if tasks is None or (named is not None and listed is None):
            report.skip(CHECK, where, "the list could not be had")
            continue
        ok = listed is not None and listed["review_batch_id"] == message["reviewBatchId"]
        ok = ok and listed is not None and message["reviewer"] in listed["candidates"]
        report.holds(CHECK, where, ok, f"left out, though enrolled since {message['enrolledAt']}")
    if not is_any:
        report.skip(CHECK, place, "no work was handed out between its times: ask for a receipt again after some was")


def _signer(message: bytes, signature: bytes) -> str:
    """Raises ValueError for what is no signature."""
    from eth_keys.exceptions import BadSignature, ValidationError

    try:
        return recover(message, signature)
    except (BadSignature, ValidationError) as error:
        raise ValueError(f"no signature: {error}") from error
