"""Labels that rest on a model's answers too are computed anew from the file that the results name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from backend.reviews import inference
from tests.scripts.audit.auditing import checks, count_of
from tests.scripts.audit.pinned import TASKS, PinnedMarket
from tests.scripts.audit.test_labels import findings, report_of

Results = dict[str, Any]


@pytest.fixture
def joined(pinned: PinnedMarket) -> PinnedMarket:
    """A market with the policy `inference` whose requester brought a model's answers."""
    pinned.policy = inference.NAME
    pinned.model = dict.fromkeys(TASKS, "yes") | {"task-5": "no"}
    return pinned


def test_an_honest_file_is_clean_and_the_models_trust_is_counted(joined: PinnedMarket, payloads: str) -> None:
    joined.run()

    report = report_of(joined, payloads)

    assert (report["exit_code"], report["differs"], report["unchecked"]) == (0, [], [])
    assert count_of(report, "model_trust_recomputed") > 10
    assert count_of(report, "model-answers_file") == 1


def better_verdict(results: Results) -> None:
    findings(results)["model"]["verdict"] = "trusted"


def more_weight(results: Results) -> None:
    findings(results)["model"]["weights"]["0"] = 1.0


def hidden_trust(results: Results) -> None:
    del findings(results)["model"]


def other_constant(results: Results) -> None:
    results["method"]["parameters"]["model_answers"]["method"]["parameters"]["gain_deviations"] = 0.0


def other_name(results: Results) -> None:
    results["method"]["parameters"]["model_answers"]["name"] = "a better one"


def no_digest(results: Results) -> None:
    results["method"]["parameters"]["model_answers"]["digest"] = "0x12"


@pytest.mark.parametrize(
    ("edit", "check"),
    [
        (better_verdict, "model_trust_recomputed"),
        (more_weight, "model_trust_recomputed"),
        (hidden_trust, "model_trust_recomputed"),
        (other_constant, "parameters_recomputed"),
        (other_name, "parameters_recomputed"),
        (no_digest, "model_answers_named"),
    ],
    ids=lambda each: getattr(each, "__name__", each),
)
def test_what_was_changed_of_a_model_is_named(
    joined: PinnedMarket, payloads: str, edit: Callable[[Results], None], check: str
) -> None:
    joined.run(edit)

    report = report_of(joined, payloads)

    assert report["exit_code"] == 1
    assert checks(report, "differs") == {check}


def test_a_model_that_the_file_conceals_is_no_difference_if_nothing_rests_on_it(
    joined: PinnedMarket, payloads: str
) -> None:
    """Six tasks measure nothing, so the labels are people's; a file that says nothing of a model is judged so."""

    def conceal(results: Results) -> None:
        del results["method"]["parameters"]["model_answers"]
        del findings(results)["model"]

    joined.run(conceal)

    assert report_of(joined, payloads)["exit_code"] == 0


def test_a_models_file_that_cannot_be_had_leaves_the_labels_unchecked(joined: PinnedMarket, payloads: str) -> None:
    joined.run()
    cid = next(cid for cid, data in joined.files.blocks.items() if b'"piecework/model-answers/1"' in data)
    del joined.files.blocks[cid]

    report = report_of(joined, payloads)

    assert (report["exit_code"], report["differs"]) == (2, [])
    assert "labels_recomputed" in checks(report, "unchecked")


def test_another_batchs_model_answers_are_named(joined: PinnedMarket, payloads: str) -> None:
    def foreign(results: Results) -> None:
        said = [{"task": task, "answer": "yes", "confidence": None} for task in TASKS]
        digest = joined.pin("model-answers", batch_id="0x" + "77" * 32, name="small", answers_before=0, answers=said)
        results["method"]["parameters"]["model_answers"]["digest"] = digest

    joined.run(foreign)

    assert "model_answers_batch" in checks(report_of(joined, payloads), "differs")
