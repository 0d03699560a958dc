"""Pages of reports: whatever strangers wrote, they load nothing, run nothing, and show it as text."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from backend.reports import markup, requester_page, worker_page
from backend.reports.assembling import Crowd, label_report
from backend.reports.markup import element, stranger, visible
from backend.reports.negotiation import prefers_html
from backend.reports.schemas import CostView, RejectionRow, RequesterReport, ShareView, WorkerBatch, WorkerReport
from piecework.quality.answers import answers_of
from piecework.quality.infer import infer_labels
from tests.backend.reports.reading import HOSTILE, Page

SHARE = ShareView(value=0.8, low=0.6, high=0.9, count=20)
COST = CostView(
    symbol=HOSTILE[0],
    decimals=6,
    funded_units=12_000_000,
    paid_units=7_000_001,
    operator_fee_units=500_000,
    returned_units=0,
    held_units=4_499_999,
    per_label_units=1_250_000,
)


def hostile_requester() -> RequesterReport:
    names = [f"{HOSTILE[number % len(HOSTILE)]}{number}" for number in range(12)]
    rng = np.random.default_rng(3)
    task = np.repeat(np.arange(12), 4)
    answers = answers_of(task, np.tile(np.arange(4), 12), rng.integers(6, size=48), labels=6)
    crowd = Crowd(answers, names, names[:4], HOSTILE)
    report = label_report(crowd, infer_labels(answers), title=HOSTILE[2], known={0: 1}, truth={1: 2})
    method = {"name": HOSTILE[1], "parameters": {HOSTILE[2]: HOSTILE[0]}}
    return report.model_copy(update={"cost": COST, "method": method, "batch_id": "0x" + "ab" * 32})


def hostile_worker() -> WorkerReport:
    batch = WorkerBatch(
        batch_id="0x" + "cd" * 32,
        title=HOSTILE[1],
        accepted=3,
        rejected=1,
        waiting=0,
        earned_units=3_000,
        skill=SHARE,
        known_answers=SHARE,
    )
    rows = [
        RejectionRow(
            batch_id=batch.batch_id,
            title=HOSTILE[2],
            task=text,
            reason=text * 40,
            can_appeal=bool(number % 2),
            appeal_until=1_800_000_000 if number % 2 else None,
        )
        for number, text in enumerate(HOSTILE)
    ]
    return WorkerReport(
        worker=HOSTILE[0],
        symbol=HOSTILE[3],
        decimals=0,
        accepted=3,
        rejected=1,
        contested=1,
        disputes_won=0,
        disputes_lost=0,
        earned_units=3_000,
        skill=SHARE,
        known_answers=None,
        batches=[batch],
        rejections=rows,
        how_skill_is_measured="By comparison.",
        how_to_contest="POST /v1/appeals/draft",
        unread_results=["0x" + "00" * 32],
    )


def pages() -> list[Page]:
    return [Page(requester_page.render(hostile_requester())), Page(worker_page.render(hostile_worker()))]


def test_what_strangers_wrote_is_shown_and_does_nothing() -> None:
    for page in pages():
        assert page.problems() == []
        for text in HOSTILE[:5]:
            assert text in page.words


def test_a_page_that_forgot_to_escape_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(markup, "_escaped", lambda child: "" if child is None else str(child))
    assert all(any("script" in problem for problem in page.problems()) for page in pages())


def test_a_page_that_shows_hidden_signs_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(markup, "_plain", lambda sign: sign)
    assert all("a sign that hides or reorders text" in page.problems() for page in pages())


def test_a_restyled_page_breaks_its_own_policy() -> None:
    text = requester_page.render(hostile_requester())
    assert any("policy" in problem for problem in Page(text.replace("</style>", "b{}</style>")).problems())


@pytest.mark.parametrize("tag", ["script", "iframe", "img", "a b", "x>", "SCRIPT"])
def test_elements_that_could_load_or_run_are_refused(tag: str) -> None:
    with pytest.raises(ValueError, match="no element"):
        element(tag)


@pytest.mark.parametrize("attribute", ["onclick", "style", "src", "srcset", "formaction", "x y"])
def test_attributes_that_could_load_or_run_are_refused(attribute: str) -> None:
    with pytest.raises(ValueError, match="no attribute"):
        element("p", **{attribute: "x"})
    with pytest.raises(ValueError, match="links only to itself"):
        element("p", href="javascript:alert(1)")


def test_long_text_is_cut_and_marked() -> None:
    assert visible("x" * 200, 10) == "x" * 9 + "…"
    assert visible("short", 10) == "short"
    assert stranger("a\u202eb").text == "<bdi>a\N{REPLACEMENT CHARACTER}b</bdi>"


def test_money_is_exact_in_every_figure() -> None:
    page = pages()[0].words
    assert "7.000001" in page
    assert "4.499999" in page
    assert "1.25 " in page


def test_a_worker_with_nothing_yet_gets_a_page_that_says_so() -> None:
    bare: dict[str, Any] = {"batches": [], "rejections": [], "skill": None, "unread_results": []}
    page = Page(worker_page.render(hostile_worker().model_copy(update=bare)))
    assert page.problems() == []
    assert "No answer of yours was rejected." in page.words
    assert "no published result measures it yet" in page.words


def test_the_page_tells_who_may_contest_until_when() -> None:
    page = pages()[1].words
    assert "yes, until 2027-01-15 08:00 UTC" in page
    assert "no, it is final" in page
    assert "POST /v1/appeals/draft" in page


@pytest.mark.parametrize(
    ("accept", "html"),
    [
        ("", False),
        ("*/*", False),
        ("application/json", False),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", True),
        ("application/json;q=0.5, text/*", True),
        ("text/html;q=0.1, application/json", False),
        ("text/html;q=x", False),
        ("text/html;q=0, */*", False),
        (";;,,=", False),
    ],
)
def test_the_representation_follows_the_accept_header(accept: str, html: bool) -> None:
    assert prefers_html(accept) is html


def test_a_chart_says_in_words_what_it_draws() -> None:
    text = requester_page.render(hostile_requester())
    assert text.count("<svg ") == text.count('role="img" aria-label=')
    assert "Tasks by confidence. " in text
    assert "Where the money is. Paid to workers: 7.000001" in text


def test_the_figures_of_a_small_crowd_are_those_counted_by_hand() -> None:
    answers = answers_of([0, 0, 1], [0, 1, 0], [0, 0, 1], tasks=3)
    crowd = Crowd(answers, ("a", "b", "c"), ("v", "w"), ("no", "yes"))
    report = label_report(crowd, infer_labels(answers), title="t", known={}, truth={0: 0, 1: 0, 2: 1})
    assert (report.tasks, report.labelled, report.answers, report.workers) == (3, 2, 3, 2)
    assert report.accuracy.truth is not None
    assert (report.accuracy.truth.value, report.accuracy.truth.count) == (0.5, 2)
    assert report.accuracy.known_answers is None
    assert [row.task for row in report.relabel] == ["b", "a"], "one answer leaves more doubt than two that agree"
    assert {row.label: row.tasks for row in report.labels} == {"no": 1, "yes": 1}
    unnamed = label_report(replace(crowd, labels=("x", "y")), infer_labels(answers), title="t", known={0: 1})
    assert {row.label for row in unnamed.labels} == {"x", "y"}
    assert [(row.worker, row.known_seen, row.known_right) for row in unnamed.people] == [("v", 1, 0), ("w", 1, 0)]
