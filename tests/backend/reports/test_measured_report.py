"""Reports on texts, numbers, boxes and comparisons: how like what was found people's answers are, and no labels."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.reports import requester_page
from backend.reports.measured_report import Said, boxes_in_words, measured_report, said_of
from backend.reports.ranking_rows import ranking_rows
from backend.reports.schemas import RankedThing, RequesterReport
from backend.reviews import inference
from backend.reviews.policy import Answer
from piecework.domain.task_types import build_answer_schema
from tests.backend.reports.reading import HOSTILE, Page

BATCH = "0x" + "ab" * 32
BOXES = build_answer_schema("boxes", {"labels": ["cat", HOSTILE[0]]})


def report_of(answers: list[Answer], schema: dict[str, Any], known: dict[str, Any] | None = None) -> RequesterReport:
    rules = inference.rules_of(BATCH, {}, schema)
    return measured_report(said_of(inference.tabulate(answers, known or {}, rules), rules), title="A batch")


def page_of(report: RequesterReport) -> Page:
    page = Page(requester_page.render(report))
    assert page.problems() == []
    return page


def box(x: float, label: str = "cat") -> dict[str, Any]:
    return {"label": label, "x": x, "y": 0.2, "width": 0.3, "height": 0.25}


def test_boxes_are_reported_by_their_overlap_and_known_ones_by_what_lies_on_them() -> None:
    answers = [Answer(f"t{t}", f"w{w}", [box(0.1 if w < 2 else 0.6)]) for t in range(6) for w in range(3)]
    known = {"t0": [box(0.11)], "t1": [box(0.9)]}
    found = report_of(answers, BOXES, known)
    assert (found.kind, found.agreement.measure, found.confusion, found.labels) == ("boxes", "overlap", None, [])
    assert (found.tasks, found.labelled, found.workers, found.answers) == (6, 6, 3, 18)
    assert found.agreement.likeness is not None
    assert found.agreement.likeness.value == pytest.approx(2 / 3)
    assert (found.agreement.likeness.count, found.agreement.pairwise, found.accuracy.estimate) == (6, None, None)
    assert found.accuracy.known_answers is not None
    assert (found.accuracy.known_answers.value, found.accuracy.known_answers.count) == (0.5, 2)
    people = {row.worker: row for row in found.people}
    assert [row.worker for row in found.people][-1] == "w2"
    assert [people[name].agreement.value for name in ("w0", "w2") if people[name].agreement] == [1.0, 0.0]
    assert (people["w0"].known_right, people["w0"].known_seen, people["w2"].known_right) == (1, 2, 0)
    assert {row.label for row in found.relabel} == {"1 cat"}
    page = page_of(found)
    for text in ("Agreement with what was found", "IoU", "Tasks with a result", "66.7 %", "w2"):
        assert text in page.words
    for text in ("Confusion", "Labels that are right", "Share of right answers"):
        assert text not in page.words


def test_numbers_are_reported_by_who_is_near_and_by_how_much_each_is_off() -> None:
    rng = random.Random(1)
    true = [rng.uniform(0, 100) for _ in range(30)]
    answers = [Answer(f"t{t}", f"w{w}", v + rng.gauss(0, 0.1)) for t, v in enumerate(true) for w in range(4)]
    answers += [Answer(f"t{t}", "x", rng.uniform(0, 100)) for t in range(30)]
    found = report_of(answers, {"type": "number"}, {"t0": true[0]})
    assert (found.kind, found.agreement.measure) == ("numbers", "near")
    assert found.agreement.alpha is not None
    assert found.agreement.alpha.level == "interval"
    assert found.agreement.likeness is not None
    assert 0.7 < found.agreement.likeness.value < 0.9
    assert found.people[-1].worker == "x"
    errors = {row.worker: row.error for row in found.people}
    assert errors["w0"] is not None
    assert errors["x"] is not None
    assert (errors["w0"] < 1, errors["x"] > 5) == (True, True)
    page = page_of(found)
    assert "Typical error" in page.words
    assert "interval" not in page.words
    assert "beyond chance (Krippendorff's alpha)" in page.words


def test_texts_are_reported_by_their_likeness() -> None:
    said = ["the red house", "a red house", "the red house here", "no idea"]
    answers = [Answer(f"t{t}", f"w{w}", f"{text} {t}") for t in range(5) for w, text in enumerate(said)]
    found = report_of(answers, {"type": "string"})
    assert (found.kind, found.agreement.measure) == ("text", "similarity")
    assert found.agreement.likeness is not None
    assert 0.3 < found.agreement.likeness.value < 0.8
    assert found.people[-1].worker == "w3"
    assert found.people[0].accuracy is None
    assert found.relabel[0].label.startswith("the red house here")
    assert "likeness of texts" in page_of(found).words


def test_forms_are_reported_by_their_fields() -> None:
    fields = [{"name": "n", "title": "N", "kind": "number"}, {"name": "ok", "title": "OK", "kind": "yes_no"}]
    schema = build_answer_schema("data_entry", {"fields": fields})
    answers = [Answer(f"t{t}", f"w{w}", {"n": t, "ok": w < 2}) for t in range(6) for w in range(3)]
    found = report_of(answers, schema, {"t0": {"n": 0, "ok": True}})
    assert (found.kind, found.agreement.measure, found.confusion) == ("records", "fields", None)
    assert found.agreement.likeness is not None
    assert found.agreement.likeness.value == pytest.approx(5 / 6, abs=1e-5)
    assert [row.worker for row in found.people][-1] == "w2"
    assert "of a form's fields" in page_of(found).words


def test_what_nobody_else_answered_tells_nothing_of_agreement() -> None:
    found = report_of([Answer("t", "w", 5.5)], {"type": "number"})
    assert found.agreement.likeness is None
    assert found.people[0].agreement is None
    assert "nothing to compare yet" in page_of(found).words


def test_what_strangers_wrote_stays_text() -> None:
    answers = [Answer(HOSTILE[t % 3], HOSTILE[w], f"{HOSTILE[1]} {HOSTILE[2]}") for t in range(3) for w in range(4)]
    assert HOSTILE[1] in page_of(report_of(answers, {"type": "string"})).words
    drawn = [Answer("t", HOSTILE[w], [box(0.1, HOSTILE[0])]) for w in range(3)]
    assert HOSTILE[0] in page_of(report_of(drawn, BOXES)).words
    rows = [RankedThing(thing=text, group=0, score=1.0, error=None, compared=2) for text in HOSTILE]
    ranked = report_of(drawn, BOXES).model_copy(update={"ranking": rows})
    assert HOSTILE[3] in page_of(ranked).words


def test_boxes_in_words() -> None:
    assert boxes_in_words([]) == "nothing"
    assert boxes_in_words([box(0, "cat"), box(0, "dog"), box(0, "cat")]) == "2 cat, 1 dog"


def test_compared_things_are_named_by_what_they_show() -> None:
    contents: dict[str, dict[str, Any]] = {
        "t0": {"a": "good", "b": "middling"},
        "t1": {"a": "bad" * 200, "b": "middling"},
    }
    answers = [Answer("t0", f"w{w}", "a") for w in range(3)] + [Answer("t1", f"w{w}", "b") for w in range(3)]
    rules = inference.rules_of(BATCH, {}, build_answer_schema("preference", {}))
    table = inference.tabulate(answers, {}, rules)
    rows = ranking_rows(table, "preference", contents)
    assert [row.thing for row in rows] == ["good", "middling", "bad" * 100]
    assert [(row.task, row.side) for row in rows] == [("t0", "a"), ("t0", "b"), ("t1", "a")]
    assert ranking_rows(table, "choice", contents) == []
    assert ranking_rows(table, "preference", {"t0": contents["t0"], "t1": {}}) == []


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.floats(0, 1)), min_size=1, max_size=20))
def test_agreement_lies_in_its_interval_and_counts_compared_answers_alone(rows: list[tuple[int, int, float]]) -> None:
    first = {(task, worker): like for task, worker, like in rows}
    task, worker = np.array([key[0] for key in first]), np.array([key[1] for key in first])
    said = Said(
        kind="text",
        measure="similarity",
        task=task,
        worker=worker,
        tasks=["a", "b", "c", "d"],
        workers=["w", "x", "y", "z"],
        value=["v"] * 4,
        sure=[0.5] * 4,
        likeness=np.array(list(first.values())),
        method={},
    )
    found = measured_report(said, title="t")
    shared = [t for t in range(4) if (task == t).sum() > 1]
    like = found.agreement.likeness
    assert (like is None) == (not shared)
    if like is not None:
        assert like.count == len(shared)
        assert like.low - 1e-6 <= like.value <= like.high + 1e-6
    counts = {row.worker: row.agreement.count if row.agreement else 0 for row in found.people}
    for at, name in enumerate(said.workers):
        mine = int(sum(t in shared for t in task[worker == at]))
        assert counts.get(name, 0) == mine
