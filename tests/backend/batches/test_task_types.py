"""A batch of any type: drafted from its example as it stands, and worked on by its type's rules."""

from __future__ import annotations

from typing import Any

import pytest

from piecework.domain.task_types import TASK_TYPES, build_answer_schema, example
from tests.backend.house import House, is_problem


@pytest.fixture(scope="module")
def requester(house: House) -> Any:
    return house.requester()


def test_every_type_is_told_with_what_drafting_and_showing_it_take(house: House) -> None:
    items = house.get(None, "/v1/task-types")["items"]
    assert [item["name"] for item in items] == list(TASK_TYPES)
    assert all(item["shows"] and item["asks"] and item["title"] for item in items)
    assert [item["example"] for item in items] == [example(name) for name in TASK_TYPES]


@pytest.mark.parametrize("name", TASK_TYPES)
def test_the_example_of_each_type_is_drafted_as_it_stands(house: House, requester: Any, name: str) -> None:
    draft = house.post(requester, "/v1/batches", example(name), 201)
    manifest = house.get(requester, f"/v1/batches/{draft['batch_id']}/manifest")
    assert manifest["task_type"] == name
    assert manifest["answer_schema"] == build_answer_schema(name, example(name)["options"])
    assert manifest["tasks"] == example(name)["tasks"]


@pytest.mark.parametrize("name", TASK_TYPES)
def test_the_schema_of_an_answer_is_told_before_anything_is_drafted(house: House, name: str) -> None:
    options = example(name)["options"]
    found = house.post(None, f"/v1/task-types/{name}/answer-schema", {"options": options}, 200)
    assert found == {"answer_schema": build_answer_schema(name, options)}


@pytest.mark.parametrize(
    ("name", "options", "status", "code"),
    [
        ("painting", {}, 404, "task_type_unknown"),
        ("boxes", {}, 422, "options_refused"),
        ("text", {"least_characters": 9, "most_characters": 3}, 422, "options_refused"),
    ],
)
def test_a_schema_is_refused_for_options_that_a_draft_would_be_refused_for(
    house: House, name: str, options: dict[str, Any], status: int, code: str
) -> None:
    answer = house.client.post(f"/v1/task-types/{name}/answer-schema", json={"options": options})
    assert answer.status_code == status
    assert is_problem(answer)["code"] == code


@pytest.mark.parametrize(
    ("name", "changes", "code"),
    [
        ("painting", {}, "malformed"),
        ("boxes", {"options": {}}, "options_refused"),
        ("boxes", {"options": None}, "options_refused"),
        ("boxes", {"options": None, "answer_schema": {"type": "array"}}, "answer_schema_refused"),
        ("choice", {"answer_schema": {"enum": [1, 2]}}, "schema_twice"),
        ("survey", {"options": {"fields": "all"}}, "options_refused"),
        ("transcription", {"tasks": [{"id": "t1", "content": {"audio": "file:///etc/passwd"}}]}, "content_refused"),
        ("choice", {"gold": {"choice-1": "perhaps"}}, "answer_invalid"),
    ],
)
def test_what_is_not_of_the_type_is_refused_before_anything_is_pinned(
    house: House, requester: Any, name: str, changes: dict[str, Any], code: str
) -> None:
    body = (example(name) if name in TASK_TYPES else example("choice") | {"task_type": name}) | changes
    answer = house.client.post("/v1/batches", json=body, headers={"authorization": f"Bearer {house.token(requester)}"})
    assert answer.status_code in (400, 422)
    problem = is_problem(answer)
    if code != "malformed":
        assert problem["code"] == code


def test_an_answer_against_its_types_rule_is_refused_and_can_be_mended(house: House) -> None:
    tasks = [{"id": "t1", "content": {"text": "Back in ten minutes."}}]
    wanted = {"task_type": "translation", "options": {"target_language": "es"}, "answer_schema": None, "tasks": tasks}
    worker, batch_id = house.wallet(), house.funded(**wanted)
    offer = house.claimed(worker, batch_id)
    path = f"/v1/work/assignments/{offer['assignment_id']}/answers"

    problem = house.post(worker, path, {"answers": [{"task": "t1", "answer": "back in ten minutes."}]}, 422)

    assert problem["code"] == "answer_invalid"
    assert "translate it" in problem["detail"]
    drafted = house.answered(worker, offer, "Vuelvo en diez minutos.")
    house.submit(worker, offer, drafted)
    house.reaches(worker, offer["assignment_id"], "submitted")
