"""A model beside people under the policy `inference`: labels may rest on it, and nobody's money ever does."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest

from backend.reviews import inference
from backend.reviews.beside import ModelSaid
from backend.reviews.policy import Answer
from backend.reviews.stops import Asked
from tests.backend.reviews.test_inference import DIGESTS, RULES, Truth, other, truth

TASKS = 300
KNOWN = 30


def sparse_crowd(right: Truth, *, per_task: int = 2, seed: int = 3) -> list[Answer]:
    """Ten workers of 75 to 84 %, and one who answers everything by lot and so fails the known answers."""
    dice = random.Random(seed)
    skill = {f"w{at}": 0.75 + 0.01 * at for at in range(10)}
    people = [
        Answer(task, worker, label if dice.random() < skill[worker] else other(label))
        for task, label in right.items()
        for worker in dice.sample(sorted(skill), per_task)
    ]
    return people + [Answer(task, "guesser", dice.choice(("cat", "dog"))) for task in right]


def model(right: Truth, share: float, seed: int = 4) -> ModelSaid:
    """Brought before the first answer."""
    dice = random.Random(seed)
    said = {task: label if dice.random() < share else other(label) for task, label in right.items()}
    return ModelSaid("0x" + "aa" * 32, "small", {task: (f'"{label}"', None) for task, label in said.items()}, 0)


def decide(answers: list[Answer], known: dict[str, Any], brought: ModelSaid | None, *, revealed: bool = True) -> Any:
    return inference.decide(answers, DIGESTS, known, RULES, revealed=revealed, model=brought)


def right_share(found: Any, right: Truth) -> float:
    return sum(found.labels[task][0] == label for task, label in right.items()) / len(right)


def test_a_good_model_lifts_the_labels_and_says_which_it_changed() -> None:
    right = truth(TASKS)
    answers = sparse_crowd(right)
    alone, both = decide(answers, {}, None), decide(answers, {}, model(right, 0.95))

    assert right_share(both, right) > right_share(alone, right) + 0.03
    found = both.method["parameters"]["found"]["model"]
    assert found["verdict"] == "trusted"
    changed = {item["task"]: item["people"] for item in found["changed"]}
    assert changed == {task: alone.labels[task][0] for task in right if alone.labels[task][0] != both.labels[task][0]}
    assert both.method["parameters"]["model_answers"]["digest"] == "0x" + "aa" * 32


def test_sealed_known_answers_leave_no_trace_in_a_models_trust() -> None:
    right = truth(TASKS)
    known = dict(list(right.items())[:KNOWN])
    answers = sparse_crowd(right)
    brought = model(right, 0.9)

    sealed = decide(answers, known, brought, revealed=False).method["parameters"]["found"]["model"]
    without = decide(answers, {}, brought, revealed=False).method["parameters"]["found"]["model"]

    assert sealed == without
    assert sealed["known_answers"] is None
    public = decide(answers, known, brought).method["parameters"]["found"]["model"]
    assert public["known_answers"]["count"] == KNOWN


def test_a_known_answer_stands_whatever_the_model_says() -> None:
    right = truth(TASKS)
    known = dict(list(right.items())[:KNOWN])
    wrong = {task: (f'"{other(label)}"', 0.99) for task, label in right.items()}
    both = decide(sparse_crowd(right), known, ModelSaid("0x" + "aa" * 32, "small", wrong, 0))
    assert all(both.labels[task] == (label, 1.0) for task, label in known.items())


def test_a_worthless_model_changes_nothing_but_is_named() -> None:
    right = truth(TASKS)
    answers = sparse_crowd(right)
    alone, both = decide(answers, {}, None), decide(answers, {}, model(right, 0.5))
    assert both.labels == alone.labels
    assert both.method["parameters"]["found"]["model"]["verdict"] == "no_gain"
    assert "model" not in alone.method["parameters"]["found"]


def test_an_answer_that_nobody_gave_and_a_task_that_nobody_did_count_for_nothing() -> None:
    right = truth(TASKS)
    answers = sparse_crowd(right)
    odd = dict.fromkeys(right, ('"a hen"', None)) | {"t999": ('"cat"', None)}
    both = decide(answers, {}, ModelSaid("0x" + "aa" * 32, "small", odd, 0))
    assert both.labels == decide(answers, {}, None).labels
    assert both.method["parameters"]["found"]["model"]["predicted"] == 0


BOUGHT = replace(RULES, target_confidence=0.9)


def decide_bought(answers: list[Answer], known: dict[str, Any], brought: ModelSaid | None, **changes: Any) -> Any:
    """The guesser comes first, so that the model is measured on others' answers."""
    asked = Asked(tuple(truth(TASKS)), 5)
    wanted: dict[str, Any] = {"revealed": True, "final": True} | changes
    return inference.decide(answers[::-1], DIGESTS, known, BOUGHT, asked=asked, model=brought, **wanted)


@pytest.mark.parametrize("share", [0.0, 0.5, 0.95, 1.0])
@pytest.mark.parametrize("judge", [decide, decide_bought])
def test_no_verdict_depends_on_a_model(judge: Any, share: float) -> None:
    """The law: a verdict against a worker needs people's evidence. The guesser is rejected as without the model."""
    right = truth(TASKS)
    known = dict(list(right.items())[:KNOWN])
    answers = sparse_crowd(right)

    alone, both = judge(answers, known, None), judge(answers, known, model(right, share))

    assert both.decisions == alone.decisions
    assert "guesser" in {worker for (_, worker), (said, _) in alone.decisions.items() if said == "rejected"}
    assert both.skills == alone.skills
    assert both.flagged == alone.flagged


@pytest.mark.parametrize("judge", [decide, decide_bought])
def test_verdicts_by_the_joined_labels_would_take_workers_money(judge: Any) -> None:
    """What the law prevents: the guesser agrees with people where the model overrules them, and would be rejected."""
    right = truth(TASKS)
    known = dict(list(right.items())[:KNOWN])
    answers = sparse_crowd(right)
    both = judge(answers, known, model(right, 0.95))

    lost = [
        item
        for item in answers
        if item.worker == "guesser"
        and both.decisions[(item.task, item.worker)][0] == "accepted"
        and both.labels[item.task][0] != item.answer
    ]
    assert lost, "this check must be able to fail"


def test_a_model_ends_tasks_and_the_file_says_how_many() -> None:
    right = truth(TASKS)
    answers = sparse_crowd(right)
    alone, both = decide_bought(answers, {}, None), decide_bought(answers, {}, model(right, 0.95))

    before, stops = (found.method["parameters"]["found"]["stops"] for found in (alone, both))
    by_model = stops.pop("by_model")
    assert "by_model" not in before
    assert stops["at_target"] == before["at_target"] + by_model["tasks"] - by_model["held_open"]
    assert by_model["tasks"] > 0
    assert by_model["answers_saved"] <= by_model["answers_saved_at_most"] <= stops["answers_saved"]
    assert both.method["parameters"]["model_answers"]["method"]["name"] == "piecework-joined-bought"


def test_a_model_that_fails_the_known_answers_ends_no_task() -> None:
    right = truth(TASKS)
    known = dict(list(right.items())[:40])
    said = model(right, 0.95).said
    wrong = ModelSaid("0x" + "aa" * 32, "small", dict(said) | {t: (f'"{other(known[t])}"', None) for t in known}, 0)
    answers = sparse_crowd(right)

    found = decide_bought(answers, known, wrong).method["parameters"]["found"]

    assert found["model"]["verdict"] == "known_answers_contradict"
    assert found["stops"]["by_model"]["tasks"] == 0
    sealed = decide_bought(answers, known, wrong, revealed=False, final=False).method["parameters"]["found"]
    assert sealed["model"]["known_answers"] is None
    assert sealed["model"]["verdict"] == "trusted"


def test_a_model_that_may_have_seen_the_answers_ends_no_task() -> None:
    """Brought after them: nothing that came later measures it."""
    right = truth(TASKS)
    answers = sparse_crowd(right)
    for before in (len(answers), 10**6):
        brought = replace(model(right, 0.95), answers_before=before)
        found = decide_bought(answers, {}, brought).method["parameters"]["found"]
        assert found["model"]["verdict"] == "no_gain"
        assert found["stops"]["by_model"]["tasks"] == 0
