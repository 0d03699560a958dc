"""Numbers and boxes under the policy `inference`: compared within what people differ by, with the care of labels."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.reviews import found_boxes, inference, kinds, measured, settled_numbers
from backend.reviews.beside import ModelSaid
from backend.reviews.kinds import kind_of
from backend.reviews.policy import Answer, answer_text
from piecework.domain.task_types import TASK_TYPES, build_answer_schema, example

BATCH = "0x" + "ab" * 32
DIGESTS = ["0x" + "11" * 32]
BOXES = build_answer_schema("boxes", {"labels": ["cat", "dog"]})
NUMBER = {"type": "number", "minimum": 0}
TASKS = [f"t{number:02d}" for number in range(20)]


def rules(schema: dict[str, Any], reject_below: float | None = 0.6) -> inference.Rules:
    review = {} if reject_below is None else {"reject_gold_below": reject_below}
    return inference.rules_of(BATCH, review, schema)


def decide(answers: list[Answer], known: dict[str, Any], how: inference.Rules, *, revealed: bool = True) -> Any:
    return inference.decide(answers, DIGESTS, known, how, revealed=revealed)


def box(label: str, x: float, y: float, width: float = 0.2, height: float = 0.2) -> dict[str, Any]:
    return {"label": label, "x": x, "y": y, "width": width, "height": height}


def shaken(rng: random.Random, boxes: list[dict[str, Any]], by: float = 0.01) -> list[dict[str, Any]]:
    moved = {"x": rng.uniform(-by, by), "y": rng.uniform(-by, by)}
    return [each | {side: each[side] + moved[side] for side in moved} for each in boxes]


def pictures() -> dict[str, list[dict[str, Any]]]:
    """Of every fifth nothing is to be seen."""
    rng = random.Random(3)
    return {
        task: [] if at % 5 == 4 else [box(rng.choice(("cat", "dog")), 0.1 + 0.4 * n, 0.2) for n in range(1 + at % 2)]
        for at, task in enumerate(TASKS)
    }


def drawn(careless: int = 0, honest: int = 3) -> list[Answer]:
    """Honest workers shake; careless ones draw one box anywhere."""
    rng = random.Random(5)
    answers = [Answer(task, f"w{w}", shaken(rng, true)) for w in range(honest) for task, true in pictures().items()]
    return answers + [
        Answer(task, f"x{w}", [box("cat", 0.75 * rng.random(), 0.6 + 0.2 * rng.random(), 0.05, 0.05)])
        for w in range(careless)
        for task in TASKS
    ]


def measures(careless: int = 0, honest: int = 4) -> tuple[dict[str, float], list[Answer]]:
    """Honest workers are off by a tenth or so; careless ones say anything."""
    rng = random.Random(7)
    true = {task: round(rng.uniform(10, 90), 2) for task in TASKS}
    answers = [Answer(t, f"w{w}", round(v + rng.gauss(0, 0.1), 3)) for w in range(honest) for t, v in true.items()]
    return true, answers + [Answer(t, f"x{w}", rng.uniform(0, 100)) for w in range(careless) for t in TASKS]


def rejected(found: Any) -> set[str]:
    return {worker for (_, worker), (decision, _) in found.decisions.items() if decision == "rejected"}


@pytest.mark.parametrize(
    ("schema", "kind"),
    [
        ({"enum": [1, 2, 3]}, "labels"),
        ({"type": "boolean"}, "labels"),
        ({"type": "string"}, "text"),
        ({"type": "string", "const": "a"}, "labels"),
        ({"type": "number"}, "numbers"),
        ({"type": "integer"}, "numbers"),
        ({"type": "integer", "minimum": 0}, "numbers"),
        ({"type": "integer", "minimum": 1, "maximum": 5}, "labels"),
        ({"type": "integer", "minimum": 0, "maximum": 50}, "numbers"),
        (BOXES, "boxes"),
        ({"type": "array", "items": {"enum": ["a"]}}, "labels"),
        ({"type": "array"}, "labels"),
        ({"type": "array", "items": {"properties": {name: {"type": "number"} for name in kinds.BOX}}}, "labels"),
    ],
    ids=lambda each: answer_text(each)[:40],
)
def test_the_answer_schema_alone_tells_how_answers_are_compared(schema: dict[str, Any], kind: str) -> None:
    assert kind_of(schema) == kind


def test_every_task_type_is_of_a_kind_that_its_answers_have() -> None:
    found = {name: kind_of(build_answer_schema(name, example(name)["options"])) for name in TASK_TYPES}
    assert found["boxes"] == "boxes"
    assert found["text"] == found["translation"] == "text"
    assert {found[name] for name in ("choice", "preference", "entity_match")} == {"labels"}


def test_boxes_are_found_where_most_see_them_and_nobody_loses_by_drawing_badly() -> None:
    found = decide(drawn(careless=1), {}, rules(BOXES))
    for task, true in pictures().items():
        things, sure = found.labels[task]
        assert 0.5 < sure <= 1
        assert [each["label"] for each in things] == [each["label"] for each in true]
        for thing, at in zip(things, true, strict=True):
            assert thing == pytest.approx(at, abs=0.02)
    assert rejected(found) == set(), "no known answers, no rejection"
    skill = {row["worker"]: row for row in found.skills}
    assert (skill["x0"]["agreement"] < 0.4, skill["w0"]["agreement"] > 0.9) == (True, True)
    assert (skill["x0"]["iou"] < 0.2, 0.8 < skill["w0"]["iou"] <= 1) == (True, True)
    assert "of its 1 lie on one of the" in found.decisions[("t00", "x0")][1]
    assert found.method["parameters"]["labels"]["name"] == "piecework-boxes"


def test_who_fails_the_known_boxes_is_rejected_where_it_differs_and_nowhere_else() -> None:
    known = {task: pictures()[task] for task in TASKS[:6]}
    answers = drawn(careless=1)
    right = pictures()["t09"]
    answers = [Answer("t09", "x0", right) if (a.task, a.worker) == ("t09", "x0") else a for a in answers]
    for revealed in (False, True):
        found = decide(answers, known, rules(BOXES), revealed=revealed)
        assert rejected(found) == {"x0"}
        assert found.decisions[("t09", "x0")][0] == "accepted", "its one good answer is paid"
        assert all("known answers were right" in why for how, why in found.decisions.values() if how == "rejected")
        assert found.flagged == []
    assert rejected(decide(answers, known, rules(BOXES, None))) == set()
    assert rejected(decide(answers, dict(list(known.items())[:2]), rules(BOXES))) == set(), "two are too few"


def test_numbers_are_found_and_only_who_fails_known_ones_far_off_is_rejected() -> None:
    true, answers = measures(careless=1)
    known = {task: true[task] for task in TASKS[:6]}
    for revealed in (False, True):
        found = decide(answers, known, rules(NUMBER), revealed=revealed)
        assert all(found.labels[task][0] == pytest.approx(value, abs=0.3) for task, value in true.items())
        assert rejected(found) == {"x0"}
    skill = {row["worker"]: row for row in found.skills}
    assert (skill["x0"]["agreement"] < 0.4, skill["w0"]["agreement"] > 0.8) == (True, True)
    assert skill["w0"]["median_error"] < 1 < skill["x0"]["median_error"]
    assert (skill["w0"]["known_seen"], skill["x0"]["known_seen"]) == (6, 6)


def test_comparing_numbers_as_if_they_were_labels_would_take_honest_workers_money() -> None:
    """The planted bug: equal or not. Nobody measures to the last digit, so everybody fails the known answers."""
    true, answers = measures()
    known = {task: true[task] for task in TASKS[:6]}
    assert rejected(decide(answers, known, rules(NUMBER))) == set()
    as_labels = inference.Rules(seed=1, choices=(), reject_gold_below=0.6)
    assert rejected(decide(answers, known, as_labels)) >= {"w1", "w2"}


def test_comparing_boxes_as_if_they_were_labels_would_take_honest_workers_money() -> None:
    known = {task: pictures()[task] for task in TASKS[:4]}
    assert rejected(decide(drawn(), known, rules(BOXES))) == set()
    as_labels = inference.Rules(seed=1, choices=(), reject_gold_below=0.6)
    assert rejected(decide(drawn(), known, as_labels)) == {"w0", "w1", "w2"}


@pytest.mark.parametrize("kind", ["boxes", "numbers"])
def test_known_answers_that_skilled_workers_contradict_are_forgiven(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of the known answers are wrong: without forgiving, every honest worker would lose what differs."""
    if kind == "boxes":
        right: dict[str, Any] = pictures()
        answers, schema = drawn(), BOXES
        wrong: Any = [box("dog", 0.7, 0.7)]
    else:
        right, answers = measures()
        schema, wrong = NUMBER, 500
    rng = random.Random(9)
    # One's own slip on a task that is not known must not cost it either.
    slip = [box("cat", 0.8, 0.1)] if kind == "boxes" else 3 + rng.random()
    answers = [Answer(a.task, a.worker, slip) if (a.task, a.worker) == ("t15", "w0") else a for a in answers]
    known = {task: right[task] for task in TASKS[:6]} | dict.fromkeys(TASKS[:3], wrong)

    found = decide(answers, known, rules(schema))

    assert [flag["task"] for flag in found.flagged] == TASKS[:3]
    assert rejected(found) == set()
    assert all("forgiven" in found.decisions[(task, "w0")][1] for task in TASKS[:3])
    assert found.labels["t00"] == (wrong, 1.0), "the label is the requester's until it looks again"
    sealed = decide(answers, known, rules(schema), revealed=False)
    assert sealed.flagged == []
    assert all(row["known_seen"] is None for row in sealed.skills)
    assert sealed.labels["t00"][0] != wrong

    monkeypatch.setattr(measured, "_flagged", lambda *_: [])
    assert rejected(decide(answers, known, rules(schema))) >= {"w0", "w1"}, "what forgiving prevents"


def test_sealed_known_answers_leave_no_trace_in_a_file_of_numbers() -> None:
    true, answers = measures(careless=1)
    known = {task: true[task] for task in TASKS[:6]}
    sealed, without = (decide(answers, each, rules(NUMBER), revealed=False) for each in (known, {}))
    assert sealed.labels == without.labels
    assert {why for how, why in sealed.decisions.values() if how == "accepted"} <= {
        why for _, why in without.decisions.values()
    }


def test_a_failed_worker_is_paid_where_it_gave_the_known_answer_also_while_that_is_sealed() -> None:
    true, answers = measures(careless=1)
    known: dict[str, Any] = {task: true[task] for task in TASKS[:6]} | {"t05": 500}
    answers = [Answer("t05", "x0", 500) if (a.task, a.worker) == ("t05", "x0") else a for a in answers]
    found = decide(answers, known, rules(NUMBER), revealed=False)
    assert found.decisions[("t04", "x0")][0] == "rejected"
    assert found.decisions[("t05", "x0")][0] == "accepted"


@pytest.mark.parametrize("schema", [{"type": "string"}, BOXES], ids=["text", "boxes"])
def test_a_models_answers_change_nothing_where_answers_are_no_labels(schema: dict[str, Any]) -> None:
    """Read as labels because a model spoke, honest workers' texts would be rejected for their wording."""
    given, other = {
        "string": ("a red house", "the house is red"),
        "array": ([box("cat", 0.1, 0.1)], [box("cat", 0.11, 0.1)]),
    }[schema["type"]]
    answers = [Answer(task, f"w{w}", given if w else other) for task in TASKS for w in range(3)]
    known = dict.fromkeys(TASKS[:6], given)
    model = ModelSaid("0x" + "22" * 32, "small", {task: (answer_text(given), None) for task in TASKS}, 0)
    with_model = inference.decide(answers, DIGESTS, known, rules(schema, 0.9), revealed=True, model=model)
    assert with_model == decide(answers, known, rules(schema, 0.9))
    assert rejected(with_model) == set()
    read_as_labels = inference.Rules(seed=1, choices=(), reject_gold_below=0.9)
    assert rejected(decide(answers, known, read_as_labels)) == {"w0"}


def test_the_number_that_most_gave_is_taken_as_it_is() -> None:
    answers = [Answer("t", f"w{w}", value) for w, value in enumerate((100, 100, 190))]
    answers += [Answer("u", f"w{w}", value) for w, value in enumerate((0.1, 0.1, 0.1))]
    found = decide(answers, {}, rules(NUMBER))
    assert found.labels["t"][0] == 100
    assert found.labels["u"] == (0.1, 1.0)
    assert isinstance(found.labels["t"][0], int)
    whole = decide([Answer("t", f"w{w}", v) for w, v in enumerate((100, 101, 103))], {}, rules({"type": "integer"}))
    assert whole.labels["t"][0] in (101, 102)
    assert isinstance(whole.labels["t"][0], int)


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(kinds.BOX), inner, max_size=5),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None)
@given(st.lists(_json, min_size=1, max_size=8), st.sampled_from([NUMBER, BOXES, {"type": "integer"}]))
def test_no_answer_whatever_it_is_stops_a_decision_or_costs_money_by_itself(
    said: list[Any], schema: dict[str, Any]
) -> None:
    """An auditor reads files that no gateway checked."""
    answers = [Answer(f"t{at % 3}", f"w{at // 3}", value) for at, value in enumerate(said)]
    found = decide(answers, {}, rules(schema))
    assert {how for how, _ in found.decisions.values()} == {"accepted"}
    assert len(found.decisions) == len(answers)
    for label, sure in found.labels.values():
        assert label is None or np.isfinite(np.array([label] if not isinstance(label, list) else 0, dtype=float)).all()
        assert sure is None or 0 <= sure <= 1


@settings(max_examples=25, deadline=None)
@given(st.permutations(range(60)))
def test_the_order_of_answers_moves_no_box_and_no_number(order: list[int]) -> None:
    boxes, numbers = drawn()[:60], measures()[1][:60]
    for answers, schema in ((boxes, BOXES), (numbers, NUMBER)):
        plain = decide(answers, {}, rules(schema)).labels
        other = decide([answers[at] for at in order], {}, rules(schema)).labels
        for task, (label, _) in plain.items():
            assert answer_text(other[task][0]) == answer_text(label)


def test_of_very_many_boxes_each_answer_has_an_equal_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(found_boxes, "MOST_BOXES", 10)
    many = [box("cat", 0.001 * at, 0.5, 0.01, 0.01) for at in range(50)]
    cat = box("cat", 0.1, 0.1)
    answers = [Answer("t", "w0", [cat, *many])] + [Answer("t", f"w{w}", [cat]) for w in (1, 2)]
    found = decide(answers, {}, rules(BOXES))
    assert [each["label"] for each in found.labels["t"][0]] == ["cat"]
    assert "(1 of its 3 lie" in found.decisions[("t", "w0")][1]


def test_figures_name_what_was_rounded() -> None:
    _, answers = measures()
    table = inference.tabulate(answers, {}, rules(NUMBER))
    found = settled_numbers.find(table.answers, table.values, whole=False)
    assert 1e-9 < found.quantum < 1e-5
    assert all(round(each / found.quantum) * found.quantum == pytest.approx(each) for each in found.value if each)
