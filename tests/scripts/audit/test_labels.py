"""Labels, skills and verdicts of the policy `inference` are computed anew; every difference is named."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from backend.reviews import inference
from piecework.domain.task_types import build_answer_schema
from scripts.audit import audit
from scripts.audit.report import Report
from scripts.terminal import progress_bars
from tests.scripts.audit.auditing import checks, count_of
from tests.scripts.audit.pinned import GOLD, TASKS, PinnedMarket

Results = dict[str, Any]


def findings(results: Results) -> Any:
    return results["method"]["parameters"]["found"]


@pytest.fixture
def inferred(pinned: PinnedMarket) -> PinnedMarket:
    """A market whose batch asks for the policy `inference`."""
    pinned.policy = inference.NAME
    return pinned


def report_of(pinned: PinnedMarket, payloads: str | None) -> dict[str, Any]:
    """The audit of labels alone."""
    stack, report = pinned.market.stack, Report()
    with progress_bars() as bars:
        facts = audit(stack.rpc_url, stack.escrow.address, payloads, 0, report, bars, labels_only=True)
    return report.as_json(**facts)


def test_honest_labels_are_clean_and_all_of_them_are_counted(inferred: PinnedMarket, payloads: str) -> None:
    inferred.run()

    report = report_of(inferred, payloads)

    assert (report["exit_code"], report["differs"], report["unchecked"]) == (0, [], [])
    assert count_of(report, "confidences_recomputed") == len(TASKS)
    assert count_of(report, "decisions_recomputed") == 3 * len(TASKS)
    assert count_of(report, "skills_recomputed") == 3 + 1
    assert count_of(report, "parameters_recomputed") >= 10
    assert count_of(report, "view_account") == 0, "the contract's views are left to the whole audit"


def flipped_label(results: Results) -> None:
    next(item for item in results["labels"] if item["task"] == "task-5")["label"] = "no"


def changed_confidence(results: Results) -> None:
    label = next(item for item in results["labels"] if item["task"] == "task-4")
    label["confidence"] = round(label["confidence"] - 0.00001, 6)


def changed_seed(results: Results) -> None:
    results["method"]["parameters"]["labels"]["parameters"]["seed"] += 1


def changed_threshold(results: Results) -> None:
    results["method"]["parameters"]["reject_gold_below"] = 0.7


def other_model(results: Results) -> None:
    results["method"]["parameters"]["labels"]["model"] = "another"


def better_skill(results: Results) -> None:
    findings(results)["skills"][0]["accuracy"] = 0.999


def lost_skill(results: Results) -> None:
    del findings(results)["skills"][0]


def other_reason(results: Results) -> None:
    next(item for item in results["decisions"] if item["decision"] == "rejected")["reason"] = "a low score"


def flagged_gold(results: Results) -> None:
    findings(results)["flagged_gold"] = ["task-1"]


def invented_flag(results: Results) -> None:
    flag = {"task": "task-1", "label": "no", "confidence": 0.95, "skilled": 2, "missed": 2}
    findings(results)["flagged_gold"] = [flag]


def label_left_out(results: Results) -> None:
    results["labels"] = [item for item in results["labels"] if item["task"] != "task-3"]


def other_method(results: Results) -> None:
    results["method"] = {"name": "agreement", "version": 1, "parameters": {"reject_gold_below": 0.6}}


def fewer_answers(results: Results) -> None:
    results["method"]["parameters"]["submissions"]["count"] -= 1


@pytest.mark.parametrize(
    ("edit", "check", "subject"),
    [
        (flipped_label, "labels_recomputed", "task-5"),
        (changed_confidence, "confidences_recomputed", "task-4"),
        (changed_seed, "parameters_recomputed", "parameters.labels.parameters.seed"),
        (changed_threshold, "parameters_recomputed", "parameters.reject_gold_below"),
        (other_model, "parameters_recomputed", "parameters.labels.model"),
        (better_skill, "skills_recomputed", "0x"),
        (lost_skill, "skills_recomputed", "0x"),
        (other_reason, "decisions_recomputed", "task-"),
        (flagged_gold, "gold_flags_recomputed", "settlement 1"),
        (invented_flag, "gold_flags_recomputed", "settlement 1"),
        (label_left_out, "labels_recomputed", "all tasks"),
        (other_method, "method_of_manifest", "settlement 1"),
        (fewer_answers, "answers_of_labels", "settlement 1"),
    ],
)
def test_what_was_changed_before_the_reviewers_signed_is_named(
    inferred: PinnedMarket, payloads: str, edit: Callable[[Results], None], check: str, subject: str
) -> None:
    inferred.run(edit)

    report = report_of(inferred, payloads)

    assert report["exit_code"] == 1
    assert checks(report, "differs") == {check}
    assert all(subject in item["subject"] for item in report["differs"])


def better_stops(results: Results) -> None:
    findings(results)["stops"]["answers_saved"] += 1


def hidden_stops(results: Results) -> None:
    findings(results)["stops"] = None


def lower_target(results: Results) -> None:
    results["method"]["parameters"]["bought"]["policy"]["confidence"] = 0.6


@pytest.mark.parametrize(
    ("edit", "differs"),
    [
        (lambda _: None, set()),
        (better_stops, {"stops_recomputed"}),
        (hidden_stops, {"stops_recomputed"}),
        (lower_target, {"parameters_recomputed"}),
    ],
    ids=["honest", "better_stops", "hidden_stops", "lower_target"],
)
def test_how_tasks_stopped_is_computed_anew(
    inferred: PinnedMarket, payloads: str, edit: Callable[[Results], None], differs: set[str]
) -> None:
    inferred.target = 0.8
    inferred.run(edit)

    report = report_of(inferred, payloads)

    assert checks(report, "differs") == differs
    assert report["exit_code"] == (1 if differs else 0)


@pytest.mark.parametrize("kind", ["answers", "gold", "manifest", "results"])
def test_a_hidden_file_is_named_and_its_labels_are_not_called_clean(
    inferred: PinnedMarket, payloads: str, kind: str
) -> None:
    inferred.run()
    name = f'"piecework/{kind}/1"'.encode()
    cid = next(cid for cid, data in inferred.files.blocks.items() if name in data)
    del inferred.files.blocks[cid]

    report = report_of(inferred, payloads)

    assert (report["exit_code"], report["differs"]) == (2, [])
    assert any(cid in item["subject"] for item in report["unchecked"])
    assert ("labels_recomputed" in checks(report, "unchecked")) == (kind != "results")


def test_sealed_known_answers_are_not_checked(inferred: PinnedMarket, payloads: str) -> None:
    def seal(results: Results) -> None:
        results["gold"] = None

    inferred.run(seal)

    report = report_of(inferred, payloads)

    assert report["exit_code"] == 2
    assert [item["check"] for item in report["unchecked"]] == ["labels_recomputed"]
    assert "sealed" in report["unchecked"][0]["why"]


def test_a_known_answer_changed_after_it_was_committed_to_is_named(inferred: PinnedMarket, payloads: str) -> None:
    """The reviewers reveal another file in which one answer is another; everything else stays."""

    def changed(results: Results) -> None:
        results["gold"]["document_digest"] = inferred.pin("gold", answers=GOLD | {"task-2": "no"})

    inferred.run(changed)

    report = report_of(inferred, payloads)

    assert report["exit_code"] == 1
    assert "gold_commitment" in checks(report, "differs")


@pytest.mark.parametrize(("promised", "differing"), [(0.5, 0), (0.2, 3)])
def test_workers_who_were_given_more_known_answers_than_promised_are_named(
    inferred: PinnedMarket, payloads: str, promised: float, differing: int
) -> None:
    """Each of three workers does six tasks, three of which are known."""
    inferred.max_share = promised
    inferred.run()

    report = report_of(inferred, payloads)

    assert count_of(report, "gold_exposure") == 3
    assert [item["check"] for item in report["differs"]] == ["gold_exposure"] * differing
    assert all("3 of 6 tasks had a known answer, 1 may" in item["found"] for item in report["differs"])


def worse_agreement(results: Results) -> None:
    findings(results)["skills"][0]["agreement"] = 0.1


@pytest.mark.parametrize(
    ("edit", "check"), [(None, None), (flipped_label, "labels_recomputed"), (worse_agreement, "skills_recomputed")]
)
def test_chosen_texts_are_computed_anew_too(
    inferred: PinnedMarket, payloads: str, edit: Callable[[Results], None] | None, check: str | None
) -> None:
    inferred.schema = {"type": "string", "maxLength": 100}
    inferred.run(edit) if edit else inferred.run()

    report = report_of(inferred, payloads)

    assert checks(report, "differs") == ({check} if check else set())
    assert report["exit_code"] == (1 if check else 0)
    assert count_of(report, "confidences_recomputed") == len(TASKS)
    assert count_of(report, "decisions_recomputed") == 3 * len(TASKS)


def measured(pinned: PinnedMarket, kind: str) -> PinnedMarket:
    """Two workers measure, a third says anything; three answers are known."""
    if kind == "numbers":
        pinned.schema = {"type": "number"}
        pinned.gold = {task: 10.5 * at for at, task in enumerate(TASKS[:3])}
        pinned.says = lambda worker, task: 900 if worker == 2 else 10.5 * TASKS.index(task) + 0.1 * worker
        return pinned
    if kind == "records":
        fields = [{"name": name, "title": name, "kind": name} for name in ("number", "yes_no", "text")]
        pinned.schema = build_answer_schema("data_entry", {"fields": fields})
        pinned.gold = {task: {"number": 20, "yes_no": True, "text": "a shop"} for task in TASKS[:3]}
        good = [{"number": 20 + at / 10, "yes_no": True, "text": f"shop {at}"} for at in range(2)]
        pinned.says = lambda worker, _task: [*good, {"number": 900, "yes_no": False, "text": "no"}][worker]
        return pinned
    pinned.schema = build_answer_schema("boxes", {"labels": ["cat"]})

    def cat(shift: float) -> list[dict[str, Any]]:
        return [{"label": "cat", "x": 0.2 + shift, "y": 0.2, "width": 0.3, "height": 0.25}]

    pinned.gold = {task: cat(0.0) for task in TASKS[:3]}
    pinned.says = lambda worker, _task: cat(0.45 if worker == 2 else 0.01 * worker)
    return pinned


def moved_label(results: Results) -> None:
    """By what nobody's rounding explains."""
    item = next(item for item in results["labels"] if item["task"] == "task-5")
    if isinstance(item["label"], list):
        item["label"][0]["x"] += 0.00001
    elif isinstance(item["label"], dict):
        item["label"] |= {"number": 20.05}
    else:
        item["label"] += 0.0001


def lost_box(results: Results) -> None:
    next(item for item in results["labels"] if item["task"] == "task-4")["label"] = None


def harsher_bound(results: Results) -> None:
    parameters = results["method"]["parameters"]["labels"]["parameters"]
    name = next(name for name in ("same_f1", "same_share", "reach") if name in parameters)
    parameters[name] = parameters[name] / 2


@pytest.mark.parametrize("kind", ["numbers", "boxes", "records"])
@pytest.mark.parametrize(
    ("edit", "check"),
    [
        (None, None),
        (moved_label, "labels_recomputed"),
        (lost_box, "labels_recomputed"),
        (worse_agreement, "skills_recomputed"),
        (harsher_bound, "parameters_recomputed"),
        (other_reason, "decisions_recomputed"),
        (flagged_gold, "gold_flags_recomputed"),
    ],
    ids=lambda each: getattr(each, "__name__", str(each)),
)
def test_numbers_boxes_and_forms_are_computed_anew_too(
    inferred: PinnedMarket,
    payloads: str,
    kind: str,
    edit: Callable[[Results], None] | None,
    check: str | None,
) -> None:
    measured(inferred, kind)
    inferred.run(edit) if edit else inferred.run()

    report = report_of(inferred, payloads)

    assert checks(report, "differs") == ({check} if check else set())
    assert report["exit_code"] == (1 if check else 0)
    assert count_of(report, "confidences_recomputed") == len(TASKS)
    assert count_of(report, "decisions_recomputed") == 3 * len(TASKS)


def better_score(results: Results) -> None:
    findings(results)["ranking"]["things"][0]["score"] += 0.1


def hidden_ranking(results: Results) -> None:
    del findings(results)["ranking"]


def thing_left_out(results: Results) -> None:
    del findings(results)["ranking"]["things"][-1]


def thing_twice(results: Results) -> None:
    things = findings(results)["ranking"]["things"]
    things.append(things[0])


def more_reliable(results: Results) -> None:
    findings(results)["ranking"]["reliability"][0]["reliability"] = 1.0


@pytest.mark.parametrize(
    ("edit", "check"),
    [
        (None, None),
        *((edit, "ranking_recomputed") for edit in (better_score, thing_left_out, thing_twice, more_reliable)),
        (hidden_ranking, "ranking_recomputed"),
    ],
    ids=lambda each: getattr(each, "__name__", str(each)),
)
def test_how_compared_things_rank_is_computed_anew(
    inferred: PinnedMarket, payloads: str, edit: Callable[[Results], None] | None, check: str | None
) -> None:
    inferred.schema = build_answer_schema("preference", {"tie": False})
    inferred.task_type = "preference"
    inferred.contents = {task: {"a": f"text {at % 4}", "b": f"text {(at + 1) % 4}"} for at, task in enumerate(TASKS)}
    inferred.gold = dict.fromkeys(TASKS[:3], "a")
    inferred.says = lambda worker, _task: "b" if worker == 2 else "a"
    inferred.run(edit) if edit else inferred.run()

    report = report_of(inferred, payloads)

    assert checks(report, "differs") == ({check} if check else set())
    assert report["exit_code"] == (1 if check else 0)
    # Four texts, three workers, and how it was found.
    assert count_of(report, "ranking_recomputed") >= 4 + 3
