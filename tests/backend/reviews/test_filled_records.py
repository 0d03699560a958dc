"""Forms under the policy `inference`: by fields, so that a wording or a last digit costs nobody money."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.reviews import inference, measured
from backend.reviews.kinds import fields_of, kind_of
from backend.reviews.policy import Answer
from piecework.domain.task_types import TASK_TYPES, build_answer_schema, example

BATCH = "0x" + "ab" * 32
DIGESTS = ["0x" + "11" * 32]
FORM = build_answer_schema(
    "data_entry",
    {
        "fields": [
            {"name": "price", "title": "Price", "kind": "number"},
            {"name": "unit", "title": "Unit", "kind": "one_of", "choices": ["kg", "g", "l"]},
            {"name": "day", "title": "Day", "kind": "date"},
            {"name": "shop", "title": "Shop", "kind": "text", "optional": True},
        ]
    },
)
TASKS = [f"t{number:02d}" for number in range(16)]


def rules(schema: dict[str, Any], reject_below: float | None = 0.6) -> inference.Rules:
    return inference.rules_of(BATCH, {} if reject_below is None else {"reject_gold_below": reject_below}, schema)


def decide(answers: list[Answer], known: dict[str, Any], how: inference.Rules, *, revealed: bool = True) -> Any:
    return inference.decide(answers, DIGESTS, known, how, revealed=revealed)


def rejected(found: Any) -> set[str]:
    return {worker for (_, worker), (decision, _) in found.decisions.items() if decision == "rejected"}


def receipts() -> dict[str, dict[str, Any]]:
    rng = random.Random(2)
    return {
        task: {
            "price": round(rng.uniform(1, 60), 2),
            "unit": rng.choice(["kg", "g", "l"]),
            "day": f"2026-11-{1 + at:02d}",
            "shop": rng.choice(["Baker Street Foods", "The Corner Shop", "Harbour Market"]),
        }
        for at, task in enumerate(TASKS)
    }


def typed(careless: int = 0, honest: int = 3) -> list[Answer]:
    """Honest workers weigh a little otherwise and write shops in their own way; careless ones fill in anything."""
    rng = random.Random(3)
    answers = []
    for worker in range(honest):
        for task, true in receipts().items():
            shop = [true["shop"], true["shop"].lower(), f"{true['shop']} Ltd."][worker % 3]
            price = round(true["price"] + rng.gauss(0, 0.02), 3)
            answers.append(Answer(task, f"w{worker}", true | {"shop": shop, "price": price}))
    for worker in range(careless):
        for task in TASKS:
            anything = {"price": rng.uniform(0, 99), "unit": rng.choice(["kg", "g", "l"]), "day": "2020-01-01"}
            answers.append(Answer(task, f"x{worker}", anything))
    return answers


def test_which_fields_a_form_has_is_told_by_its_schema() -> None:
    assert kind_of(FORM) == "records"
    assert fields_of(FORM) == {"price": "numbers", "unit": "labels", "day": "labels", "shop": "text"}
    found = {name: kind_of(build_answer_schema(name, example(name)["options"])) for name in TASK_TYPES}
    whole = {name for name, kind in found.items() if kind == "labels"}
    assert whole == {"choice", "multiple_choice", "entity_match", "preference"}
    assert found["external"] == "records", "names with texts"
    yes_no = build_answer_schema("survey", {"fields": [{"name": "a", "title": "A", "kind": "yes_no"}]})
    assert kind_of(yes_no) == "labels"


def test_the_answer_whose_fields_agree_best_is_the_label_and_it_is_one_that_was_given() -> None:
    found = decide(typed(careless=1), {}, rules(FORM))
    given = {task: [a.answer for a in typed(careless=1) if a.task == task] for task in TASKS}
    for task, true in receipts().items():
        label, sure = found.labels[task]
        assert label in given[task]
        assert (label["unit"], label["day"]) == (true["unit"], true["day"])
        assert label["price"] == pytest.approx(true["price"], abs=0.1)
        assert 0.5 < sure <= 1
    skill = {row["worker"]: row["agreement"] for row in found.skills}
    assert (skill["x0"] < 0.4, skill["w0"] > 0.8) == (True, True)
    assert rejected(found) == set()
    assert "of 3 fields say the same" in found.decisions[("t00", "x0")][1]


def test_who_fails_the_known_forms_is_rejected_and_nobody_for_a_wording() -> None:
    known = {task: receipts()[task] for task in TASKS[:5]}
    for revealed in (False, True):
        assert rejected(decide(typed(careless=1), known, rules(FORM), revealed=revealed)) == {"x0"}
    assert rejected(decide(typed(careless=1), known, rules(FORM, None))) == set()


def test_comparing_whole_forms_would_take_honest_workers_money() -> None:
    """The planted bug."""
    known = {task: receipts()[task] for task in TASKS[:5]}
    assert rejected(decide(typed(), known, rules(FORM))) == set()
    whole = inference.Rules(seed=1, choices=(), reject_gold_below=0.6)
    assert rejected(decide(typed(), known, whole)) >= {"w1", "w2"}


def test_known_forms_that_skilled_workers_contradict_are_forgiven(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = {"price": 900, "unit": "g", "day": "2001-01-01"}
    known = {task: receipts()[task] for task in TASKS[:6]} | dict.fromkeys(TASKS[:3], wrong)
    found = decide(typed(), known, rules(FORM, 0.9))
    assert [flag["task"] for flag in found.flagged] == TASKS[:3]
    assert rejected(found) == set()
    monkeypatch.setattr(measured, "_flagged", lambda *_: [])
    assert rejected(decide(typed(), known, rules(FORM, 0.9))) == {"w0", "w1", "w2"}, "what forgiving prevents"


def test_of_texts_alone_nobody_is_judged() -> None:
    schema = build_answer_schema("external", {})
    answers = [Answer(t, f"w{w}", {"name": f"{t} house {'red' if w else 'blue'}"}) for t in TASKS for w in range(3)]
    known = {task: {"name": "something else"} for task in TASKS[:5]}
    found = decide(answers, known, rules(schema, 1.0))
    assert rejected(found) == set()
    assert decide(answers, {}, rules(schema)).labels["t03"][0] == {"name": "t03 house red"}


def test_a_number_that_most_leave_out_is_left_out() -> None:
    schema = build_answer_schema(
        "data_entry",
        {"fields": [{"name": "n", "title": "N", "kind": "number", "optional": True}]},
    )
    answers = [Answer("t", f"w{w}", {} if w < 2 else {"n": 5}) for w in range(3)]
    found = decide(answers, {}, rules(schema))
    assert found.labels["t"][0] == {}
    assert found.decisions[("t", "w2")][1].startswith("differs")


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["price", "unit", "x"]), inner),
    max_leaves=6,
)


@settings(max_examples=60, deadline=None)
@given(st.lists(_json, min_size=1, max_size=8), st.sampled_from([FORM, build_answer_schema("external", {})]))
def test_no_answer_whatever_it_is_stops_a_decision_or_costs_money_by_itself(
    said: list[Any], schema: dict[str, Any]
) -> None:
    """An auditor reads files that no gateway checked."""
    answers = [Answer(f"t{at % 3}", f"w{at // 3}", value) for at, value in enumerate(said)]
    found = decide(answers, {}, rules(schema))
    assert {how for how, _ in found.decisions.values()} == {"accepted"}
    assert all(0 <= sure <= 1 for _, sure in found.labels.values())
    assert all(0 <= row["agreement"] <= 1 for row in found.skills)
