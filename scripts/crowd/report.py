"""What a job did, for people and for programs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.table import Table

from scripts.crowd.appeal import AppealOutcome
from scripts.crowd.job import Outcome

_UNIT = 10**6


def accuracy(labels: Mapping[str, Any], truth: Mapping[str, Any]) -> float | None:
    """Share of tasks with known truth whose label is right; a missing label is wrong. None for measured numbers and for
    boxes, which are hardly ever equal."""
    scored = [task for task in truth if task in labels]
    if not scored or any(isinstance(truth[task], (float, list)) for task in scored):
        return None
    right = sum(1 for task in scored if labels[task] == truth[task])
    return round(right / len(scored), 4)


def mean_error(labels: Mapping[str, Any], truth: Mapping[str, Any]) -> float | None:
    """By how much labels miss the truth, in the mean, where both are measured numbers; None elsewhere."""
    pairs = [(labels[task], right) for task, right in truth.items() if task in labels and isinstance(right, float)]
    apart = [abs(label - right) for label, right in pairs if isinstance(label, (int, float))]
    return round(sum(apart) / len(apart), 6) if apart else None


def as_json(
    outcome: Outcome, truth: Mapping[str, Any], audit: Mapping[str, Any], total_seconds: float
) -> dict[str, Any]:
    tasks = len(outcome.labels)
    gas = sum(outcome.gas.values())
    return {
        "format": "piecework/job-report/1",
        "batch_id": outcome.batch_id,
        "escrow": outcome.escrow,
        "tasks": tasks,
        "workers": len(outcome.worker_addresses),
        "answers": outcome.submitted,
        "accepted": outcome.counts["accepted"],
        "refunded": outcome.counts["refunded"],
        "label_accuracy": accuracy(outcome.labels, truth),
        "mean_absolute_error": mean_error(outcome.labels, truth),
        "funded_units": str(outcome.funded_units),
        "paid_to_workers_units": str(outcome.paid_to_workers_units),
        "operator_fee_units": str(outcome.operator_fee_units),
        "refunded_units": str(outcome.refunded_units),
        "redundancy": outcome.redundancy,
        "workers_native_balance_wei": str(outcome.native_balance_wei),
        "workers_transactions_sent": outcome.transactions_sent,
        "wallets_paid": outcome.wallets_paid,
        "transactions": outcome.transactions,
        "gas": outcome.gas,
        "gas_per_task": gas // max(1, tasks),
        "gas_per_answer": gas // max(1, outcome.submitted),
        "request_ms": outcome.request_ms,
        "seconds": {**outcome.seconds, "total": round(total_seconds, 1)},
        "audit": {
            "exit_code": audit["exit_code"],
            "checked": sum(item["count"] for item in audit["checked"]),
            "recomputed": sum(item["count"] for item in audit["checked"] if item["check"].endswith("_recomputed")),
        },
    }


def appeal_line(outcome: AppealOutcome) -> str:
    """One line for people. That the wrong verdict was acted is part of it."""
    return (
        f"{outcome.contested} right answers rejected on purpose (staged); {outcome.votes} jurors voted, "
        f"{outcome.accepted} accepted: {_money(str(outcome.paid_units))} paid, "
        f"{_money(str(outcome.bond_returned_units))} of the bond back"
    )


def as_table(report: Mapping[str, Any], title: str, appeal: AppealOutcome | None = None) -> Table:
    table = Table(title=title, show_header=False)
    share, error = report["label_accuracy"], report.get("mean_absolute_error")
    rows = (
        ("tasks, answers, workers", f"{report['tasks']:,}, {report['answers']:,}, {report['workers']:,}"),
        ("label accuracy", "not scored" if share is None else f"{share:.1%}"),
        *([("mean absolute error", f"{error:g}")] if error is not None else []),
        ("accepted, refunded", f"{report['accepted']:,}, {report['refunded']:,} assignments"),
        ("funded", _money(report["funded_units"])),
        ("paid to workers", f"{_money(report['paid_to_workers_units'])} to {report['wallets_paid']} wallets"),
        ("operator fee", _money(report["operator_fee_units"])),
        ("refunded to requester", _money(report["refunded_units"])),
        *_saved(report["redundancy"]),
        ("workers' gas token", f"{report['workers_native_balance_wei']} wei"),
        ("gas per task, per answer", f"{report['gas_per_task']:,}, {report['gas_per_answer']:,}"),
        ("transactions", f"{report['transactions']:,}"),
        ("requests, p50 and p99", _times_line(report["request_ms"])),
        ("seconds", ", ".join(f"{name} {value}" for name, value in report["seconds"].items())),
        ("audit", _audit_line(report["audit"])),
    )
    for row in rows:
        table.add_row(*row)
    if appeal is not None:
        table.add_row("appeal", appeal_line(appeal))
    return table


def _saved(redundancy: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    """What asking only where it pays came to, if it was."""
    if redundancy is None:
        return []
    used, saved = redundancy["answers_used"], redundancy["answers_saved"]
    ends = f"{redundancy['tasks_at_target']} at the target, {redundancy['tasks_at_cap']} at their cap"
    return [
        ("tasks ended", f"{ends}, {redundancy['tasks_open']} given up"),
        ("answers used, saved", f"{used:,}, {saved:,} worth {_money(redundancy['saved_units'])}"),
    ]


def _times_line(request_ms: Mapping[str, Mapping[str, float]]) -> str:
    return ", ".join(f"{kind} {each['p50']:.0f} and {each['p99']:.0f} ms" for kind, each in request_ms.items())


def _audit_line(audit: Mapping[str, int]) -> str:
    return (
        f"exit {audit['exit_code']}, {audit['checked']:,} facts checked; "
        f"{audit['recomputed']:,} labels, skills and verdicts computed anew"
    )


def _money(units: str) -> str:
    whole, part = divmod(int(units), _UNIT)
    return f"{whole:,}.{part:06d} pwUSD"
