"""Results as files over HTTP: every form, from any task on, and never an answer that is still sealed."""

from __future__ import annotations

import csv
import io
import json
from typing import Any
from xml.etree import ElementTree

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from backend.exports import repository, service
from piecework.db.gateway import Decision, Proposal
from tests.backend.house import House, is_problem, verdict

TASKS = [{"id": f"t{number}", "content": {"text": f"=text {number}", "n": number}} for number in range(4)]
ANSWERS = {"t0": "cat", "t1": "dog", "t2": "cat"}


@pytest.fixture(scope="module")
def batch(house: House) -> dict[str, Any]:
    """Two of four tasks are decided; a third is answered, and sealed."""
    batch_id = house.funded(tasks=TASKS)
    worker = house.wallet()
    offer = house.claimed(worker, batch_id, count=3)
    body = {"answers": [{"task": task, "answer": ANSWERS[task]} for task in offer["tasks"]]}
    drafted = house.post(worker, f"/v1/work/assignments/{offer['assignment_id']}/answers", body)
    house.submit(worker, offer, drafted)
    house.reaches(worker, offer["assignment_id"], "submitted")
    decided = sorted(offer["tasks"])[:2]
    verdicts = [verdict(worker, decided[0]), verdict(worker, decided[1], "rejected", "careless")]
    house.settled(house.proposed(batch_id, verdicts))
    sealed = sorted(set(offer["tasks"]) - set(decided))[0]
    return {"id": batch_id, "worker": worker.address, "decided": decided, "sealed": sealed}


def exported(house: House, batch: dict[str, Any], **query: str) -> Any:
    answer = house.client.get(f"/v1/batches/{batch['id']}/export", params=query)
    assert answer.status_code == 200, answer.text
    return answer


def outcomes(house: House, batch: dict[str, Any], **query: str) -> dict[str, Any]:
    found = [json.loads(line) for line in exported(house, batch, **query).text.splitlines()]
    return {item["task"]: item for item in found}


def test_every_task_is_a_line_with_its_label_and_judged_answers(house: House, batch: dict[str, Any]) -> None:
    answer = exported(house, batch)
    found = outcomes(house, batch)
    labels = {label["task"]: label for label in house.get(None, f"/v1/batches/{batch['id']}/results")["labels"]}

    assert answer.headers["content-type"].startswith("application/x-ndjson")
    assert answer.headers["piecework-tasks"] == "4"
    assert [found[task["id"]]["content"] for task in TASKS] == [task["content"] for task in TASKS]
    for task, item in found.items():
        label = labels.get(task, {"label": None, "confidence": None})
        assert (item["label"], item["confidence"]) == (label["label"], label["confidence"])
    accepted, rejected = (found[task]["answers"] for task in batch["decided"])
    assert accepted == [
        {
            "worker": batch["worker"],
            "answer": ANSWERS[batch["decided"][0]],
            "decision": "accepted",
            "reason": "accepted by the reviewer",
        }
    ]
    assert [(item["decision"], item["reason"]) for item in rejected] == [("rejected", "careless")]


def check_sealed(house: House, batch: dict[str, Any]) -> None:
    assert outcomes(house, batch)[batch["sealed"]]["answers"] == []
    assert len(list(csv.DictReader(io.StringIO(exported(house, batch, format="answers-csv").text)))) == 2


def test_an_answer_that_no_results_file_judges_stays_sealed(house: House, batch: dict[str, Any]) -> None:
    check_sealed(house, batch)


def test_a_leak_of_sealed_answers_is_noticed(
    house: House, batch: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The planted bug: answers are shown with a decision that is only proposed."""
    true_decisions = repository.decisions

    def leaky(session: Any, batch_id: str, task_ids: Any, last: int) -> Any:
        own = true_decisions(session, batch_id, task_ids, last)
        if batch["sealed"] not in task_ids:
            return own
        words = {"decision": "accepted", "reason": "proposed"}
        row = Decision(task_id=batch["sealed"], worker=own[0].worker, assignment_id=own[0].assignment_id, **words)
        return [*own, row]

    monkeypatch.setattr(repository, "decisions", leaky)
    with pytest.raises(AssertionError):
        check_sealed(house, batch)


def judged(house: House, export: service.Export) -> int:
    """Answers in it."""
    return sum(len(json.loads(line)["answers"]) for line in service.json_lines(house.services, export))


def settled_twice(house: House) -> tuple[str, service.Export]:
    """A batch with two answers, each settled by itself, and the export that was opened between."""
    batch_id, worker = house.funded(tasks=2), house.wallet()
    offer = house.submitted(worker, batch_id, count=2)
    house.settled(house.proposed(batch_id, [verdict(worker, offer["tasks"][0])]))
    between = service.opened(house.services, batch_id, None, "here")
    house.settled(house.proposed(batch_id, [verdict(worker, offer["tasks"][1])]))
    return batch_id, between


def test_an_export_holds_one_state_of_the_results_whatever_is_settled_while_it_is_read(house: House) -> None:
    batch_id, between = settled_twice(house)

    now = service.opened(house.services, batch_id, None, "here")

    assert (judged(house, between), judged(house, now)) == (1, 2)
    assert between.version != now.version


def test_results_whose_decisions_are_not_marked_yet_have_no_name_yet(house: House) -> None:
    batch_id, between = settled_twice(house)

    with Session(house.services.engine) as session:  # as in the moment before the gateway follows the chain
        own = (Proposal.batch_id == batch_id, Proposal.nonce == 2)
        session.execute(update(Proposal).where(*own).values(status="queued"))
        found = repository.settlements(session, batch_id)
        session.rollback()

    assert [row.nonce for row in found] == [between.last] == [1]


def test_an_export_that_takes_in_later_settlements_is_noticed(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The planted bug: whatever is settled when a page is read goes into it."""
    _, between = settled_twice(house)
    true_decisions = repository.decisions
    monkeypatch.setattr(
        repository, "decisions", lambda session, batch_id, tasks, _: true_decisions(session, batch_id, tasks, 99)
    )
    assert judged(house, between) == 2


@pytest.mark.parametrize("wanted", ["jsonl", "csv", "answers-csv"])
@pytest.mark.parametrize("count", [1, 3, 4])
def test_what_broke_off_goes_on_behind_the_last_whole_task(
    house: House, batch: dict[str, Any], wanted: str, count: int
) -> None:
    whole = exported(house, batch, format=wanted)
    rest = exported(house, batch, format=wanted, after=TASKS[count - 1]["id"])
    header = 0 if wanted == "jsonl" else 1
    done = sum(len(item["answers"]) for item in list(outcomes(house, batch).values())[:count])
    lines = whole.text.splitlines(keepends=True)

    assert rest.text == "".join(lines[(done if wanted == "answers-csv" else count) + header :])
    assert rest.headers["piecework-results"] == whole.headers["piecework-results"]


def test_the_table_of_tasks_runs_nothing_in_a_spreadsheet(house: House, batch: dict[str, Any]) -> None:
    rows = list(csv.DictReader(io.StringIO(exported(house, batch, format="csv").text)))

    assert [row["task"] for row in rows] == [task["id"] for task in TASKS]
    assert [row["content.text"] for row in rows] == [f"'=text {number}" for number in range(4)]
    assert [row["content.n"] for row in rows] == ["0", "1", "2", "3"]
    assert sum(int(row["answers"]) for row in rows) == 2


def test_label_studio_gets_tasks_that_fit_its_interface(house: House, batch: dict[str, Any]) -> None:
    tasks = exported(house, batch, format="label-studio").json()
    interface = house.client.get(f"/v1/batches/{batch['id']}/label-studio.xml")

    assert interface.headers["content-type"].startswith("text/plain")
    root = ElementTree.fromstring(interface.text)  # noqa: S314 - our own
    assert next((tag.tag, tag.get("value")) for tag in root) == ("Text", "$text")
    assert [choice.get("value") for choice in root.iter("Choice")] == ["cat", "dog"]
    assert [task["data"]["piecework_task"] for task in tasks] == [task["id"] for task in TASKS]
    cancelled = {task["data"]["piecework_task"]: [a["was_cancelled"] for a in task["annotations"]] for task in tasks}
    assert [cancelled[task] for task in batch["decided"]] == [[False], [True]]


def test_what_cannot_be_exported_is_refused_by_name(house: House, batch: dict[str, Any]) -> None:
    unsettled = house.funded()
    asked = [
        (f"/v1/batches/{batch['id']}/export?after=nothing", 422, "after_unknown"),
        (f"/v1/batches/{batch['id']}/export?format=xls", 422, "malformed_request"),
        (f"/v1/batches/{unsettled}/export", 409, "results_not_ready"),
        (f"/v1/batches/{'0x' + '77' * 32}/export", 404, "batch_unknown"),
        (f"/v1/batches/{'0x' + '77' * 32}/label-studio.xml", 404, "batch_unknown"),
    ]
    for path, status, code in asked:
        answer = house.client.get(path)
        assert (answer.status_code, is_problem(answer)["code"]) == (status, code), path
