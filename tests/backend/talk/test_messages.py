"""A requester and a worker write to each other about a batch; nobody else reads it, and nobody is flooded."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import or_

from backend.talk import messages, repository
from piecework.db.talk import Message
from tests.backend.house import House


@pytest.fixture(scope="module")
def requester(house: House) -> Any:
    return house.requester()


@pytest.fixture
def worker(house: House) -> Any:
    return house.wallet()


@pytest.fixture
def batch_id(house: House, requester: Any, worker: Any) -> str:
    """The worker has a ticket for one task."""
    found = house.funded(requester, 3)
    house.offer(worker, found, count=1)
    return found


def path(batch_id: str) -> str:
    return f"/v1/batches/{batch_id}/messages"


def texts(house: House, who: Any, batch_id: str, **query: Any) -> list[str]:
    return [item["text"] for item in house.get(who, path(batch_id), **query)["items"]]


def unread(house: House, who: Any) -> int:
    return int(house.get(who, "/v1/messages/unread")["unread"])


def test_both_write_and_read_and_count_what_is_unread(house: House, requester: Any, worker: Any, batch_id: str) -> None:
    before = unread(house, requester)
    first = house.post(worker, path(batch_id), {"text": " Is a fox\na dog? "}, 201)
    house.post(requester, path(batch_id), {"text": "No.", "worker": worker.address}, 201)

    assert texts(house, worker, batch_id) == ["No.", "Is a fox\na dog?"]
    assert texts(house, requester, batch_id, worker=worker.address) == ["No.", "Is a fox\na dog?"]
    assert (unread(house, worker), unread(house, requester) - before) == (1, 1)
    (thread,) = house.get(worker, "/v1/messages")["items"]
    assert (thread["last"]["text"], thread["unread"], thread["requester"]) == ("No.", 1, requester.address)
    mine = next(t for t in house.get(requester, "/v1/messages")["items"] if t["worker"] == worker.address)
    assert mine["unread"] == 1

    read = {"position": first["position"], "worker": worker.address}
    assert house.post(requester, path(batch_id) + "/read", read)["unread"] == before
    newest = thread["last"]["position"]
    assert house.post(worker, path(batch_id) + "/read", {"position": 2**62})["unread"] == 0
    house.post(worker, path(batch_id) + "/read", {"position": 0})
    assert unread(house, worker) == 0, "what was read stays read"
    house.post(requester, path(batch_id), {"text": "Sorry: yes.", "worker": worker.address}, 201)
    assert unread(house, worker) == 1, "a mark beyond the newest message hides none to come"
    assert newest > first["position"]


def test_the_other_is_told_without_the_text(house: House, requester: Any, worker: Any, batch_id: str) -> None:
    house.post(requester, path(batch_id), {"text": "a secret", "worker": worker.address}, 201)
    (told,) = house.get(worker, "/v1/notices")["items"]
    assert (told["name"], told["data"]["sender"]) == ("MessageReceived", requester.address)
    assert "a secret" not in str(told)


def test_nobody_else_reads_or_writes(
    house: House, requester: Any, worker: Any, batch_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.post(worker, path(batch_id), {"text": "between us"}, 201)
    stranger, other = house.wallet(), house.wallet()
    house.offer(other, batch_id, count=1)
    body = {"text": "let me in"}
    house.refused(stranger, path(batch_id), body, 403, "no_work_together")
    for who in (stranger, other, house.reviewers()[0]):
        query = f"{path(batch_id)}?worker={worker.address}"
        house.refused(who, query, None, 403, "not_your_thread", "GET")
        house.refused(who, path(batch_id), body | {"worker": worker.address}, 403, "not_your_thread")
        assert texts(house, who, batch_id) == []
        assert house.get(who, "/v1/messages")["items"] == []
        assert unread(house, who) == 0
    house.refused(None, path(batch_id), None, 401, "not_signed_in", "GET")
    house.refused(None, "/v1/messages", None, 401, "not_signed_in", "GET")
    house.refused(requester, path(batch_id), body, 422, "worker_missing")
    house.refused(requester, path(batch_id), None, 422, "worker_missing", "GET")

    # The planted bug: a thread is whoever's asks. The query's own condition still shows nothing.
    monkeypatch.setattr(messages, "_thread", lambda _batch, _party, named: named)
    assert texts(house, stranger, batch_id, worker=worker.address) == []
    own = repository.messages

    def everybodys(session: Any, batch: str, named: str, _reader: str, *rest: Any) -> Any:
        return own(session, batch, named, named, *rest)

    monkeypatch.setattr(repository, "messages", everybodys)
    assert texts(house, stranger, batch_id, worker=worker.address) == ["between us"], "with both gone it is open"


def test_a_block_list_holds_both_ways(
    house: House, requester: Any, worker: Any, batch_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def block(owner: Any, other: Any) -> str:
        name = {"name": f"no {other.address}", "kind": "block"}
        made = house.post(owner, "/v1/lists", name, 201)
        house.post(owner, f"/v1/lists/{made['list_id']}/members", {"workers": [other.address]})
        return str(made["list_id"])

    def unblock(owner: Any, list_id: str) -> None:
        headers = {"authorization": f"Bearer {house.token(owner)}"}
        assert house.client.delete(f"/v1/lists/{list_id}", headers=headers).status_code == 204

    to_worker = {"text": "hello", "worker": worker.address}
    for owner, other, body, theirs in (
        (requester, worker, {"text": "hello"}, to_worker),
        (worker, requester, to_worker, {"text": "hello"}),
    ):
        made = block(owner, other)
        house.refused(other, path(batch_id), body, 403, "blocked")
        house.refused(owner, path(batch_id), theirs, 409, "you_block")
        with monkeypatch.context() as planted:
            planted.setattr(repository, "blocks", lambda *_: False)
            house.post(other, path(batch_id), body, 201)
        unblock(owner, made)
        house.post(other, path(batch_id), body, 201)


def test_a_sender_has_so_many_an_hour_and_is_told_when_again(
    house: House, worker: Any, batch_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messages, "MOST_AN_HOUR", 3)
    for number in range(3):
        house.post(worker, path(batch_id), {"text": f"{number}"}, 201)
    refused = house.refused(worker, path(batch_id), {"text": "more"}, 429, "too_many_messages")
    assert 3_500 < refused["retry_after_seconds"] <= 3_602
    with house.services.writing() as session:
        session.query(Message).filter(Message.sender == worker.address).update({"created_at": 0.0})
    house.post(worker, path(batch_id), {"text": "later"}, 201)
    assert len(texts(house, worker, batch_id)) == 4


def test_a_text_is_plain_and_short(house: House, worker: Any, batch_id: str) -> None:
    for text in ("", "x" * 4_001, "a\u001b[31m", "a\u0007", 7, None, ["x"]):
        house.refused(worker, path(batch_id), {"text": text}, 422, "malformed_request")
    house.refused(worker, path(batch_id), {"text": " \n"}, 422, "message_empty")
    for text in ("é" * 4_000, "עברית\tالعربية\n👩‍👩‍👧", "<script>alert(1)</script>"):
        assert house.post(worker, path(batch_id), {"text": text}, 201)["text"] == text
    house.refused(worker, path("0x" + "11" * 32), {"text": "x"}, 404, "batch_unknown")


def test_threads_and_messages_come_in_pages(house: House, requester: Any, worker: Any) -> None:
    batches = []
    for _ in range(3):
        found = house.funded(requester, 1)
        house.offer(worker, found, count=1)
        house.post(worker, path(found), {"text": "first"}, 201)
        batches.append(found)
    for number in range(4):
        house.post(requester, path(batches[0]), {"text": f"{number}", "worker": worker.address}, 201)

    seen, cursor = [], None
    while True:
        page = house.get(worker, "/v1/messages", limit=2, **({"cursor": cursor} if cursor else {}))
        seen += [(item["batch_id"], item["unread"]) for item in page["items"]]
        if (cursor := page["next_cursor"]) is None:
            break
    assert seen == [(batches[0], 4), (batches[2], 0), (batches[1], 0)]
    page = house.get(worker, path(batches[0]), limit=2)
    assert [item["text"] for item in page["items"]] == ["3", "2"]
    rest = house.get(worker, path(batches[0]), limit=10, cursor=page["next_cursor"])
    assert [item["text"] for item in rest["items"]] == ["1", "0", "first"]
    with house.services.reading() as session:
        party = or_(Message.worker == worker.address, Message.requester == worker.address)
        assert session.query(Message).filter(party).count() == 7
