"""The policy `inference`: labels by evidence, rejections for a documented reason alone, bad known answers forgiven."""

from __future__ import annotations

import random
from typing import Any

from backend.reviews import inference, policy
from backend.reviews.inference import Rules
from backend.reviews.policy import Answer

RULES = Rules(seed=7, choices=('"cat"', '"dog"'), reject_gold_below=0.6)
DIGESTS = ["0x" + "11" * 32]
Truth = dict[str, str]


def truth(tasks: int, seed: int = 1) -> Truth:
    rng = random.Random(seed)
    return {f"t{number:02d}": rng.choice(("cat", "dog")) for number in range(tasks)}


def other(answer: str) -> str:
    return "dog" if answer == "cat" else "cat"


def crowd(right: Truth, accuracies: list[float], seed: int = 2) -> list[Answer]:
    """Every worker answers every task; worker 0 with the first accuracy and so on."""
    rng = random.Random(seed)
    return [
        Answer(task, f"w{worker}", answer if rng.random() < accuracy else other(answer))
        for worker, accuracy in enumerate(accuracies)
        for task, answer in right.items()
    ]


def decide(answers: list[Answer], known: dict[str, Any], rules: Rules = RULES, *, revealed: bool = True) -> Any:
    return inference.decide(answers, DIGESTS, known, rules, revealed=revealed)


def test_two_good_workers_outweigh_three_who_guess() -> None:
    right = truth(60)
    answers = crowd(right, [0.97, 0.97, 0.5, 0.5, 0.5])

    found = decide(answers, {})
    votes = policy.decide(answers, {}, None)

    score = lambda labels: sum(labels[task][0] == answer for task, answer in right.items())  # noqa: E731
    assert score(found.labels) > score(votes.labels)
    skill = {item["worker"]: item["accuracy"] for item in found.skills}
    assert min(skill["w0"], skill["w1"]) > max(skill["w2"], skill["w3"], skill["w4"])
    assert all(item["low"] <= item["accuracy"] <= item["high"] for item in found.skills)


def test_nobody_is_rejected_by_a_score_alone() -> None:
    """The worst possible skill, without known answers, loses nothing."""
    right = truth(40)
    answers = crowd(right, [0.99, 0.99, 0.99, 0.0])

    found = decide(answers, {})

    assert {decision for decision, _ in found.decisions.values()} == {"accepted"}


def test_a_worker_below_the_known_answers_is_rejected_with_the_reason_and_only_where_it_differs() -> None:
    right = truth(40)
    answers = crowd(right, [0.99, 0.99, 0.99, 0.3])
    known = {task: right[task] for task in list(right)[:8]}

    found = decide(answers, known)

    rejected = {key: reason for key, (decision, reason) in found.decisions.items() if decision == "rejected"}
    given = {(item.task, item.worker): item.answer for item in answers}
    assert rejected
    assert {worker for _, worker in rejected} == {"w3"}
    assert all(given[key] != found.labels[key[0]][0] for key in rejected)
    assert all("known answers were right" in reason for reason in rejected.values())
    assert decide(answers, known, Rules(7, RULES.choices, None)).decisions.keys() == found.decisions.keys()
    lenient = decide(answers, known, Rules(7, RULES.choices, None)).decisions.values()
    assert {decision for decision, _ in lenient} == {"accepted"}


def test_two_known_answers_are_too_few_to_reject() -> None:
    right = truth(40)
    answers = crowd(right, [0.99, 0.99, 0.99, 0.0])
    known = {task: right[task] for task in list(right)[:2]}

    assert {decision for decision, _ in decide(answers, known).decisions.values()} == {"accepted"}


def test_a_known_answer_that_good_workers_miss_is_flagged_and_forgiven() -> None:
    """Four of eight known answers are wrong: without forgiving, every good worker would fall below the bound."""
    right = truth(40)
    answers = crowd(right, [1.0, 1.0, 1.0, 0.2])
    tasks = list(right)[:8]
    wrong = tasks[:4]
    known = {task: other(right[task]) if task in wrong else right[task] for task in tasks}

    found = decide(answers, known)

    assert [item["task"] for item in found.flagged] == wrong
    rejected = {worker for (_, worker), (decision, _) in found.decisions.items() if decision == "rejected"}
    assert rejected == {"w3"}, "those who fail the fair known answers are still found"
    on_wrong = {decision for (task, _), (decision, _) in found.decisions.items() if task in wrong}
    assert on_wrong == {"accepted"}, "nobody is rejected for a flagged one"
    seen = {item["worker"]: (item["known_seen"], item["known_right"]) for item in found.skills}
    assert seen["w0"] == (4, 4)
    judged_without = policy.decide(answers, known, 0.6).decisions
    assert any(decision == "rejected" and w == "w0" for (_, w), (decision, _) in judged_without.items())


def test_sealed_known_answers_leave_no_trace_in_the_file() -> None:
    right = truth(40)
    answers = crowd(right, [0.99, 0.99, 0.99, 0.1])
    known = {task: other(right[task]) for task in list(right)[:1]} | {t: right[t] for t in list(right)[1:8]}

    sealed, open_ = decide(answers, known, revealed=False), decide(answers, known)

    assert sealed.labels == decide(answers, {}, revealed=False).labels
    assert sealed.flagged == []
    assert all(item["known_seen"] is None for item in sealed.skills)
    assert not any("forgiven" in reason for _, reason in sealed.decisions.values())
    assert open_.labels[next(iter(right))] == (known[next(iter(right))], 1.0)


def test_the_same_answers_give_the_same_result_and_the_order_is_part_of_them() -> None:
    right = truth(30)
    answers = crowd(right, [0.8, 0.7, 0.6])

    assert decide(answers, {}) == decide(answers, {})
    assert decide(answers, {}).method["parameters"]["labels"]["parameters"]["seed"] == 7
    again = decide(answers + answers[:5], {})
    assert again.labels == decide(answers, {}).labels, "a second answer of a worker to a task counts for nothing"


def test_words_and_numbers_and_objects_can_be_labels() -> None:
    rules = inference.rules_of("0x" + "ab" * 32, {"policy": "inference"}, {"type": "string"})
    assert rules.choices == ()
    values: list[Any] = ["é", 3, {"x": [1, 2]}, True]
    for value in values:
        answers = [Answer("t", f"w{n}", value) for n in range(2)]
        assert decide(answers, {}, rules).labels["t"][0] == value
    assert inference.rules_of("0x" + "ab" * 32, {}, {"type": "boolean"}).choices == ("false", "true")


def test_of_free_text_the_one_that_agrees_best_is_the_label_and_nobody_is_rejected() -> None:
    rules = inference.rules_of("0x" + "ab" * 32, {"reject_gold_below": 0.9}, {"type": "string", "maxLength": 100})
    said = ["the red house", "a red house", "the red house here", "no idea"]
    answers = [Answer(f"t{t}", f"w{w}", f"{text} {t}") for t in range(5) for w, text in enumerate(said)]
    known = {f"t{t}": "the red house" for t in range(4)}

    found = decide(answers, known, rules, revealed=False)

    assert {label for label, _ in found.labels.values()} == {f"the red house here {t}" for t in range(5)}
    assert all(0.3 < sure < 1 for _, sure in found.labels.values() if sure is not None)
    assert {decision for decision, _ in found.decisions.values()} == {"accepted"}
    skill = {row["worker"]: row["agreement"] for row in found.skills}
    assert min(skill, key=lambda worker: skill[worker]) == "w3"
    assert found.method["parameters"]["labels"]["name"] == "piecework-texts"
    assert decide(answers, known, rules, revealed=True).labels["t0"] == ("the red house", 1.0)
    plain = inference.rules_of("0x" + "ab" * 32, {}, {"type": "string", "enum": said})
    assert decide(answers, {}, plain).method["parameters"]["labels"]["name"] == "piecework-labels"
