"""Tasks in parts: kept once, whatever is sent again, and a batch takes them only when they are whole."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import update

from piecework.db.gateway import TaskUploadPart
from tests.backend.house import House, is_problem

NAMES = [f"name-of-an-upload-{number}" for number in range(40)]


@pytest.fixture
def name() -> str:
    return NAMES.pop()


def part(first: int, count: int, **more: Any) -> dict[str, Any]:
    return {"tasks": [{"id": f"t{n}", "content": {"text": f"x{n}"}} for n in range(first, first + count)], **more}


def put(house: House, who: Any, name: str, number: int, body: Any) -> Any:
    headers = {"authorization": f"Bearer {house.token(who)}"}
    return house.client.put(f"/v1/task-uploads/{name}/parts/{number}", json=body, headers=headers)


def words(house: House, **changes: Any) -> dict[str, Any]:
    body = house.draft_body(1, **changes)
    del body["tasks"]
    return body


def test_a_batch_from_parts_is_that_from_a_body(house: House, name: str) -> None:
    who = house.requester()
    for number in (1, 0):
        assert put(house, who, name, number, part(3 * number, 3)).status_code == 200

    assert house.get(who, f"/v1/task-uploads/{name}") | {"expires_at": 0, "bytes": 0} == {
        "upload_id": name,
        "parts": [0, 1],
        "tasks": 6,
        "bytes": 0,
        "expires_at": 0,
    }
    draft = house.post(who, "/v1/batches", words(house, tasks_upload=name), 201)
    manifest = house.get(None, f"/v1/batches/{draft['batch_id']}/manifest")
    assert manifest["tasks"] == part(0, 6)["tasks"]
    assert draft["assignments"] == 6


def test_known_answers_of_the_parts_are_committed_to(house: House, name: str) -> None:
    who = house.requester()
    put(house, who, name, 0, part(0, 3, known={"t1": "cat"}))
    put(house, who, name, 1, part(3, 3, known={"t4": "dog"}))

    draft = house.post(who, "/v1/batches", words(house, tasks_upload=name, gold={"t5": "cat"}), 201)

    assert draft["gold_root"]
    assert house.get(None, f"/v1/batches/{draft['batch_id']}/manifest")["gold"]["count"] == 3
    house.refused(who, "/v1/batches", words(house, tasks_upload=name, gold={"t1": "cat"}), 422, "gold_twice")


def test_the_same_part_again_changes_nothing_and_another_is_refused(house: House, name: str) -> None:
    who = house.requester()
    first = put(house, who, name, 0, part(0, 3)).json()

    assert put(house, who, name, 0, part(0, 3)).json() == first
    answer = put(house, who, name, 0, part(0, 4))
    assert (answer.status_code, is_problem(answer)["code"]) == (409, "part_differs")
    assert house.get(who, f"/v1/task-uploads/{name}") == first


def test_the_same_part_at_the_same_moment_is_kept_once(house: House, name: str) -> None:
    who = house.requester()
    house.token(who)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: put(house, who, name, 0, part(0, 50)).status_code, range(16)))

    assert answers == [200] * 16
    assert house.get(who, f"/v1/task-uploads/{name}")["tasks"] == 50


def test_an_upload_with_a_hole_is_no_batch(house: House, name: str) -> None:
    who = house.requester()
    for number in (0, 2):
        put(house, who, name, number, part(number * 3, 3))

    problem = house.refused(who, "/v1/batches", words(house, tasks_upload=name), 409, "upload_incomplete")

    assert "part 1" in problem["detail"]


def test_whose_upload_it_is_alone_sees_and_uses_it(house: House, name: str) -> None:
    who, other = house.requester(), house.requester()
    put(house, who, name, 0, part(0, 3))

    house.get(other, f"/v1/task-uploads/{name}", expected=404)
    house.refused(other, "/v1/batches", words(house, tasks_upload=name), 404, "upload_unknown")
    assert house.client.get(f"/v1/task-uploads/{name}").status_code == 401
    headers = {"authorization": f"Bearer {house.token(other)}"}
    assert house.client.delete(f"/v1/task-uploads/{name}", headers=headers).status_code == 404
    headers = {"authorization": f"Bearer {house.token(who)}"}
    assert house.client.delete(f"/v1/task-uploads/{name}", headers=headers).status_code == 204
    house.get(who, f"/v1/task-uploads/{name}", expected=404)


def test_an_upload_is_forgotten_when_it_expires(house: House, name: str) -> None:
    who = house.requester()
    put(house, who, name, 0, part(0, 3))
    with house.services.writing() as session:
        session.execute(
            update(TaskUploadPart).where(TaskUploadPart.upload_id == name).values(expires_at=time.time() - 1)
        )

    house.get(who, f"/v1/task-uploads/{name}", expected=404)
    assert put(house, who, name, 0, part(0, 4)).json()["tasks"] == 4, "the old part is gone"


def test_a_requester_holds_no_more_than_the_limit(house: House, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    who = house.requester()
    size = put(house, who, name, 0, part(0, 3)).json()["bytes"]
    monkeypatch.setattr(house.services.settings, "max_upload_bytes", 2 * size)

    assert put(house, who, name, 1, part(3, 3)).status_code == 200
    answer = put(house, who, name, 2, part(6, 3))
    assert (answer.status_code, is_problem(answer)["code"]) == (422, "upload_too_large")
    assert put(house, who, name, 1, part(3, 3)).status_code == 200, "what is there is no more"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, "tasks_missing"),
        ({"tasks": [{"id": "t", "content": {}}], "tasks_upload": "n" * 16}, "tasks_twice"),
        ({"tasks_upload": "short"}, "malformed_request"),
        ({"tasks": []}, "malformed_request"),
    ],
)
def test_tasks_come_from_one_place(house: House, changes: dict[str, Any], code: str) -> None:
    house.refused(house.requester(), "/v1/batches", words(house) | changes, 422, code)


@pytest.mark.parametrize(
    "body",
    [{}, {"tasks": []}, {"tasks": [{"id": "a b", "content": {}}]}, {"tasks": [{"id": "a", "content": {"n": 1e999}}]}],
)
def test_a_part_that_is_none_is_refused(house: House, name: str, body: Any) -> None:
    who = house.requester()
    headers = {"authorization": f"Bearer {house.token(who)}", "content-type": "application/json"}
    text = str(body).replace("'", '"').replace("inf", "1e999")
    answer = house.client.put(f"/v1/task-uploads/{name}/parts/0", content=text, headers=headers)
    assert (answer.status_code, is_problem(answer)["code"]) == (422, "malformed_request")
