"""Audits of a test: the report as JSON, and what must stand in it."""

from __future__ import annotations

from typing import Any

from scripts.audit import audit
from scripts.audit.report import Report
from scripts.terminal import progress_bars


def audited(
    rpc_url: str, escrow: str, payloads: str | None = None, *, from_block: int = 0, **more: Any
) -> dict[str, Any]:
    """The report."""
    report = Report()
    with progress_bars() as bars:
        facts = audit(rpc_url, escrow, payloads, from_block, report, bars, **more)
    return report.as_json(**facts)


def checks(report: dict[str, Any], kind: str) -> set[str]:
    """Names of the checks that differ, or that could not be made."""
    return {item["check"] for item in report[kind]}


def count_of(report: dict[str, Any], check: str) -> int:
    return sum(item["count"] for item in report["checked"] if item["check"] == check)
