"""What only the last file of a batch tells cannot be left out unseen, known answers or none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from backend.reviews import inference
from piecework.domain.messages import PacketKind
from piecework.domain.task_types import build_answer_schema
from scripts.audit import audit, last_files
from scripts.audit.report import Report
from scripts.terminal import progress_bars
from tests.scripts.audit.auditing import checks
from tests.scripts.audit.pinned import TASKS, PinnedMarket

Results = dict[str, Any]
LEFT = 2
"""Tasks that the third worker claims, so that the number of answers alone does not tell that no more can come."""


@pytest.fixture
def comparing(pinned: PinnedMarket) -> PinnedMarket:
    """A market whose batch compares four texts, without known answers; its results are those of a last file."""
    pinned.policy, pinned.task_type = inference.NAME, "preference"
    pinned.schema = build_answer_schema("preference", {"tie": False})
    pinned.contents = {task: {"a": f"text {at % 4}", "b": f"text {(at + 1) % 4}"} for at, task in enumerate(TASKS)}
    pinned.says = lambda worker, _task: "b" if worker == 2 else "a"
    pinned.gold, pinned.is_last = {}, True
    return pinned


def report_of(pinned: PinnedMarket, payloads: str) -> dict[str, Any]:
    stack, report = pinned.market.stack, Report()
    with progress_bars() as bars:
        facts = audit(stack.rpc_url, stack.escrow.address, payloads, 0, report, bars, labels_only=True)
    return report.as_json(**facts)


def found(results: Results) -> dict[str, Any]:
    said: dict[str, Any] = results["method"]["parameters"]["found"]
    return said


def honest(_: Results) -> None:
    """Leaves all as it is."""


def no_ranking(results: Results) -> None:
    del found(results)["ranking"]


def no_stops(results: Results) -> None:
    found(results)["stops"] = None


def nothing_of_a_last_file(results: Results) -> None:
    no_ranking(results)
    no_stops(results)


def a_label_less(results: Results) -> None:
    no_ranking(results)
    del results["labels"][0]


@pytest.mark.parametrize(
    ("edit", "target", "differs"),
    [
        (honest, None, set()),
        (no_ranking, None, {"ranking_recomputed"}),
        (a_label_less, None, {"ranking_recomputed", "labels_recomputed"}),
        (honest, 0.8, set()),
        (nothing_of_a_last_file, 0.8, {"ranking_recomputed", "stops_recomputed"}),
    ],
    ids=["honest", "no_ranking", "a_label_less", "honest_target", "nothing_of_a_last_file"],
)
def test_a_file_of_a_batch_with_all_its_answers_is_the_last_one(
    comparing: PinnedMarket,
    payloads: str,
    edit: Callable[[Results], None],
    target: float | None,
    differs: set[str],
) -> None:
    comparing.target = target
    comparing.run(edit)

    report = report_of(comparing, payloads)

    assert checks(report, "differs") == differs
    assert report["exit_code"] == (1 if differs else 0)
    assert report["unchecked"] == []


def test_a_blind_eye_for_last_files_would_miss_what_is_left_out(
    comparing: PinnedMarket, payloads: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Shows that the test above can fail."""
    monkeypatch.setattr(last_files, "_is_answered", lambda *_: False)
    comparing.run(no_ranking)

    assert report_of(comparing, payloads)["exit_code"] == 0


def half_done(pinned: PinnedMarket) -> Any:
    """Two of three workers have answered; the third."""
    pinned.open()
    for number in range(2):
        pinned.submit(pinned.market.worker(), {task: pinned.says(number, task) for task in TASKS})
    return pinned.market.worker()


def claim(pinned: PinnedMarket, worker: Any) -> None:
    assert pinned.key is not None
    tasks = pinned.pin(
        "task-list", batch_id=pinned.batch_id, manifest_version=1, worker=worker.address, tasks=TASKS[:LEFT]
    )
    packet = pinned.market.claim(pinned.key, worker, LEFT, tasks_digest=tasks)
    pinned.market.relayed_by_hand(pinned.key, packet)


def hand_in(pinned: PinnedMarket, worker: Any, tasks: list[str]) -> None:
    assert pinned.key is not None
    given = [{"task": task, "answer": "a"} for task in tasks]
    work = pinned.pin("answers", batch_id=pinned.batch_id, manifest_version=1, worker=worker.address, answers=given)
    packet = pinned.market.packet(pinned.key, worker, PacketKind.SUBMIT, count=len(tasks), work_digest=work)
    pinned.market.relayed_by_hand(pinned.key, packet)
    pinned.submissions[worker.address] = (work, dict.fromkeys(tasks, "a"))


def close(pinned: PinnedMarket) -> None:
    stack = pinned.market.stack
    stack.send(stack.accounts["requester"], stack.escrow.close_batch(pinned.key))


def test_a_file_while_answers_may_still_come_need_not_rank(comparing: PinnedMarket, payloads: str) -> None:
    """Neither in an open batch, nor in a closed one in which somebody holds a claim."""
    worker = half_done(comparing)
    claim(comparing, worker)
    close(comparing)
    comparing.is_last = False
    comparing.settle()

    report = report_of(comparing, payloads)

    assert (report["exit_code"], report["differs"], report["unchecked"]) == (0, [], [])


@pytest.mark.parametrize(("edit", "exit_code"), [(honest, 0), (no_ranking, 1)], ids=["honest", "no_ranking"])
def test_a_file_with_an_answer_after_which_none_could_come_is_the_last_one(
    comparing: PinnedMarket, payloads: str, edit: Callable[[Results], None], exit_code: int
) -> None:
    worker = half_done(comparing)
    claim(comparing, worker)
    close(comparing)
    hand_in(comparing, worker, TASKS[:LEFT])
    comparing.settle(edit)

    report = report_of(comparing, payloads)

    assert report["exit_code"] == exit_code
    assert checks(report, "differs") == ({"ranking_recomputed"} if exit_code else set())


@pytest.mark.parametrize(("edit", "exit_code"), [(honest, 0), (no_ranking, 2)], ids=["honest", "no_ranking"])
def test_a_file_settled_after_the_end_that_may_be_older_is_not_called_clean(
    comparing: PinnedMarket, payloads: str, edit: Callable[[Results], None], exit_code: int
) -> None:
    """It may have been made before the batch was closed, so it is no difference either."""
    half_done(comparing)
    close(comparing)
    comparing.settle(edit)

    report = report_of(comparing, payloads)

    assert report["exit_code"] == exit_code
    assert report["differs"] == []
    assert checks(report, "unchecked") == ({"last_file_complete"} if exit_code else set())
