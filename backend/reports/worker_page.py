"""A worker's own report as one HTML page that needs nothing else."""

from __future__ import annotations

from backend.reports import charts
from backend.reports.charts import Whisker, percent
from backend.reports.markup import Child, Markup, element, page, stranger, visible
from backend.reports.parts import figure, figures, interval, moment, money, section, share_figure, table
from backend.reports.schemas import ShareView, WorkerBatch, WorkerReport
from backend.reports.style import STYLE

AGREEMENTS = {
    "similarity": "likeness of texts to the others'",
    "near": "numbers near the one found",
    "fields": "fields that say what was found",
    "f1": "boxes on what the others see (F1)",
}


def render(report: WorkerReport) -> str:
    """The page. Everything that strangers wrote is escaped."""
    body = element(
        "main",
        element(
            "header",
            element("h1", "Your work"),
            element("p", element("span", report.worker, class_="id")),
        ),
        _figures(report),
        _contest(report),
        _skill(report),
        _batches(report) if report.batches else None,
    )
    return page("Your work", STYLE, body)


def _figures(report: WorkerReport) -> Markup:
    return figures(
        figure("Earned", money(report.earned_units, report.decimals, visible(report.symbol, 12)), "for accepted work"),
        figure("Answers accepted", f"{report.accepted:,}", f"{report.rejected:,} rejected for good"),
        share_figure(
            "You are right, as measured",
            report.skill,
            f"on {report.skill.count if report.skill else 0:,} answers",
            "no published result measures it yet",
        ),
        share_figure(
            "Known answers found",
            report.known_answers,
            f"{report.known_answers.count if report.known_answers else 0:,} tasks with a known answer",
            "none was revealed yet",
        ),
    )


def _contest(report: WorkerReport) -> Markup:
    lead = "Nobody loses money by a score alone: a rejection has a reason, and you can contest it."
    if not report.rejections:
        return section("Rejections", lead, element("p", "No answer of yours was rejected."))
    rows: list[list[Child]] = [
        [
            stranger(row.title or row.batch_id[:18] + "…", 60),
            stranger(row.task, 64),
            stranger(row.reason, 400),
            element("span", f"yes, until {moment(row.appeal_until)}", class_="yes")
            if row.can_appeal and row.appeal_until
            else "no, it is final",
        ]
        for row in report.rejections
    ]
    how = element("p", element("strong", "How to contest. "), report.how_to_contest)
    return section("Rejections", lead, table("Rejected answers", ("Batch", "Task", "Reason", "Contestable"), rows), how)


def _skill(report: WorkerReport) -> Markup:
    rows = [_whisker(row.title or row.batch_id, row.skill) for row in report.batches if row.skill]
    chart = charts.whiskers("Share of right answers by batch", rows) if rows else None
    unread = None
    if report.unread_results:
        unread = element(
            "p", f"{len(report.unread_results)} results files are not here and not counted.", class_="note"
        )
    alike: list[list[Child]] = [
        [stranger(row.title or row.batch_id[:18] + "…", 60), AGREEMENTS[row.agreement.measure],
         percent(row.agreement.value), f"{row.agreement.count:,}"]
        for row in report.batches
        if row.agreement
    ]  # fmt: skip
    heads = ("Batch", "Measured by", "Agreement", "Answers")
    listing = table("How like what was found your answers are", heads, alike, numbers=(2, 3)) if alike else None
    return section("Your measured skill", report.how_skill_is_measured, chart, listing, unread)


def _batches(report: WorkerReport) -> Markup:
    rows = [_batch(row, report) for row in report.batches]
    heads = ("Batch", "Accepted", "Rejected", "Waiting", "Earned", "Right", "Known answers")
    lead = "Counts are assignments, as they stand on the chain."
    return section("Batches", lead, table("Batches you worked on", heads, rows, numbers=range(1, 7)))


def _batch(row: WorkerBatch, report: WorkerReport) -> list[Child]:
    known = row.known_answers
    return [
        stranger(row.title or row.batch_id[:18] + "…", 60),
        row.accepted,
        row.rejected,
        row.waiting,
        money(row.earned_units, report.decimals, visible(report.symbol, 12)),
        _share(row.skill),
        f"{round(known.value * known.count)} of {known.count}" if known else "–",
    ]


def _whisker(name: str, skill: ShareView) -> Whisker:
    return Whisker(name, skill.value, skill.low, skill.high, f"{skill.count:,} answers")


def _share(share: ShareView | None) -> str:
    return interval(share) if share else "–"
