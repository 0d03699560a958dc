"""What results files say of a worker: taken where it is sound, left where it is not, and within what they decide."""

from __future__ import annotations

from typing import Any

import pytest

from backend.reports.published import Count, agreement, flagged, known_of_skills, known_score, rejected, skill

ME, OTHER = "0x" + "11" * 20, "0x" + "22" * 20


def document(tasks: list[str], *, found: Any = None, labels: dict[str, Any] | None = None, **changes: Any) -> Any:
    """A results file in which both workers answered `tasks`."""
    decisions = [
        {"task": task, "worker": worker, "submission": "0x", "decision": "accepted", "reason": "agrees"}
        for task in tasks
        for worker in (ME, OTHER)
    ]
    named = [{"task": task, "label": label, "confidence": 0.9} for task, label in (labels or {}).items()]
    method = {"name": "inference", "version": 1, "parameters": {"found": found} if found is not None else {}}
    return {"decisions": decisions, "labels": named, "method": method, "gold": None} | changes


def measured(accuracy: Any, answers: Any) -> dict[str, Any]:
    return {"skills": [{"worker": OTHER, "accuracy": 0.1, "answers": 9}, said(accuracy, answers)]}


def said(accuracy: Any, answers: Any) -> dict[str, Any]:
    return {"worker": ME, "accuracy": accuracy, "answers": answers}


def test_the_newest_published_skill_counts() -> None:
    files = [document(["a", "b"], found=measured(0.25, 2)), document(["c", "d"], found=measured(0.75, 4))]
    assert skill(files, ME, {}) == Count(3.0, 4)


def test_a_skill_weighs_no_more_than_the_answers_that_were_decided() -> None:
    assert skill([document(["a", "b"], found=measured(0.5, 10**9))], ME, {}) == Count(1.0, 2)


@pytest.mark.parametrize(
    "found",
    [
        5,
        [],
        {"skills": 5},
        {"skills": [5, None, {}]},
        *(
            measured(*pair)
            for pair in (("1", 2), (2.0, 2), (-0.1, 2), (True, 2), (None, 2), (float("nan"), 2), (0.5, -1), (0.5, True))
        ),
        *(measured(*pair) for pair in ((0.5, 1.5), (0.5, None))),
    ],
)
def test_what_looks_like_no_skill_is_as_good_as_not_said(found: Any) -> None:
    labels = {"a": "cat", "b": "dog"}
    answers = {"a": "cat", "b": "cat", "c": "cat"}
    assert skill([document(["a", "b"], found=found, labels=labels)], ME, answers) == Count(1.0, 2)


def test_agreement_is_compared_only_where_others_answered_too() -> None:
    alone = document(["a"], labels={"a": 1})
    alone["decisions"] = [item for item in alone["decisions"] if item["worker"] == ME]
    assert skill([alone], ME, {"a": 1}) == Count()
    assert skill([document(["a"], labels={"a": None})], ME, {"a": 1}) == Count(), "a task without a label says nothing"


def test_true_and_one_are_different_answers() -> None:
    assert skill([document(["a", "b"], labels={"a": 1, "b": True})], ME, {"a": True, "b": True}) == Count(1.0, 2)
    assert known_score({"a": 0}, {"a": False}, ()) == Count(0.0, 1)


@pytest.mark.parametrize("entries", [["a"], [{"task": "a", "label": 1}], [{"task": "a"}, 7, None, {"task": 7}, {}]])
def test_forgiven_known_answers_count_for_nobody(entries: Any) -> None:
    forgiven = flagged(document([], found={"flagged_gold": entries}))
    assert known_score({"a": 1, "b": 1, "c": 1}, {"a": 2, "b": 1}, forgiven) == Count(1.0, 1)


@pytest.mark.parametrize("found", [None, 5, {"flagged_gold": 5}, {"flagged_gold": None}])
def test_a_file_that_flags_nothing_forgives_nothing(found: Any) -> None:
    assert set(flagged(document([], found=found))) == set()


def test_only_own_rejections_are_listed_in_their_order() -> None:
    files = [document(["a", "b"]), document(["c"])]
    for file in files:
        for item in file["decisions"]:
            item["decision"] = "rejected" if item["task"] != "b" else "accepted"
    assert [item["task"] for item in rejected(files, ME)] == ["a", "c"]
    assert {item["worker"] for item in rejected(files, ME)} == {ME}


def alike(name: Any, entry: Any, tasks: tuple[str, ...] = ("a", "b", "c")) -> Any:
    parameters = {"labels": {"name": name}, "found": {"skills": [entry]}}
    return document(list(tasks)) | {"method": {"name": "inference", "version": 1, "parameters": parameters}}


def test_of_answers_that_are_no_labels_the_agreement_counts_and_no_share_of_right_ones() -> None:
    entry = {"worker": ME, "agreement": 0.5, "answers": 2, "known_seen": 3, "known_right": 2}
    file = alike("piecework-boxes", entry)
    assert agreement([file], ME) == ("f1", Count(1.0, 2))
    assert skill([file], ME, {"a": 1}) == Count()
    assert known_of_skills(file, ME) == Count(2.0, 3)
    assert agreement([alike("piecework-numbers", entry)], ME) == ("near", Count(1.0, 2))
    assert agreement([alike("piecework-labels", entry)], ME) is None
    assert agreement([file], OTHER) is None
    by_people = file | {"method": {"name": "reviewers", "version": 1, "parameters": {"labels": file["method"]}}}
    assert agreement([by_people], ME) == ("f1", Count(1.0, 2))


def test_equality_would_tell_an_honest_worker_that_it_knew_nothing() -> None:
    """The planted bug: known boxes compared to the last digit."""
    known, drawn = {"a": [{"x": 0.1}]}, {"a": [{"x": 0.11}]}
    entry = {"worker": ME, "agreement": 0.9, "answers": 3, "known_seen": 1, "known_right": 1}
    assert known_score(known, drawn, ()) == Count(0.0, 1)
    assert known_of_skills(alike("piecework-boxes", entry), ME) == Count(1.0, 1)


@pytest.mark.parametrize(
    "changes",
    [
        {"agreement": 2},
        {"agreement": "1"},
        {"answers": -1},
        {"known_seen": 10**9},
        {"known_right": 4},
        {"known_right": True},
        {"known_seen": None},
    ],
    ids=str,
)
def test_what_looks_like_no_agreement_or_no_count_is_as_good_as_not_said(changes: dict[str, Any]) -> None:
    entry = {"worker": ME, "agreement": 0.5, "answers": 2, "known_seen": 3, "known_right": 2} | changes
    file = alike("piecework-numbers", entry)
    if {"agreement", "answers"} & changes.keys():
        assert agreement([file], ME) is None
    else:
        assert known_of_skills(file, ME) == Count()


@pytest.mark.parametrize("name", [None, 5, [], {"a": 1}], ids=str)
def test_a_method_that_names_nothing_measures_nobody(name: Any) -> None:
    assert agreement([alike(name, {"worker": ME, "agreement": 0.5, "answers": 2})], ME) is None
