"""A creating request that is sent again creates nothing more, whichever gateway gets it and whenever one dies."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from backend import transactions
from backend.app import create_app
from backend.idempotency import CreatingRoute
from piecework.db.gateway import Draft, KeptAnswer
from piecework.db.people import WorkerList
from tests.backend.edge.walking import routes_of
from tests.backend.house import House, is_problem, open_house
from tests.backend.relay.mortal import Fate, Killed, mortal_database

CREATES_NOTHING = {
    "/v1/auth/nonce": "a nonce that nobody uses is deleted by itself",
    "/v1/auth/login": "its nonce counts once",
    "/v1/auth/logout": "ends",
    "/v1/batches/{batch_id}/transaction": "unsigned transaction",
    "/v1/batches/{batch_id}/close/draft": "unsigned transaction",
    "/v1/batches/{batch_id}/refund/draft": "unsigned transaction",
    "/v1/appeals/sponsorship": "unsigned transaction",
    "/v1/juror/cases/{dispute_id}/commitment": "unsigned transaction",
    "/v1/juror/cases/{dispute_id}/reveal": "unsigned transaction",
    "/v1/juror/withdrawal": "unsigned transaction",
    "/v1/batches/{batch_id}/bonuses/draft": "unsigned transaction",
    "/v1/deposits/draft": "message to sign",
    "/v1/deposits/transaction": "unsigned transaction",
    "/v1/withdrawals/draft": "message to sign",
    "/v1/sweeps/draft": "message to sign",
    "/v1/credentials/grants/draft": "message to sign",
    "/v1/credentials/revocations/draft": "unsigned transaction",
    "/v1/credentials/refusals/draft": "message to sign",
    "/v1/lists/{list_id}/members": "a set: who is in it is in it",
    "/v1/lists/{list_id}/members/removal": "a set",
    "/v1/work/assignments/{assignment_id}/answers": "replaces the answers of one assignment",
    "/v1/work/assignments/{assignment_id}/return/draft": "message to sign",
    "/v1/task-types/{name}/answer-schema": "tells a schema",
    "/v1/webhooks/{endpoint_id}/proof": "asks an endpoint that is there",
    "/v1/webhooks/{endpoint_id}/replay": "moves an endpoint that is there",
    "/v1/work/revisions/{revision_id}/answer": "answers a request once",
    "/v1/work/revisions/{revision_id}/refusal": "ends a request once",
    "/v1/batches/{batch_id}/messages/read": "moves a mark",
    "/v1/reviews/proposals/{proposal_id}/signatures": "one signature a reviewer",
}


def keyless(description: Any, known: dict[str, str] = CREATES_NOTHING) -> list[str]:
    """POSTs that neither take an Idempotency-Key nor are known to create nothing."""
    found = []
    for path, methods in description["paths"].items():
        if "post" in methods:
            names = {item["name"].lower() for item in methods["post"].get("parameters", ()) if item["in"] == "header"}
            if ("idempotency-key" in names) == (path in known):
                found.append(path)
    return found


def test_every_post_that_creates_takes_a_key(house: House) -> None:
    description = house.client.get("/openapi.json").json()

    assert keyless(description) == []
    assert set(CREATES_NOTHING) <= set(description["paths"])


def test_a_creating_post_without_a_key_would_be_found() -> None:
    assert keyless({"paths": {"/v1/planted": {"post": {"parameters": []}}}}) == ["/v1/planted"]


def send(client: TestClient, token: str, name: str, key: str | None, path: str = "/v1/lists") -> Any:
    headers = {"authorization": f"Bearer {token}"} | ({"idempotency-key": key} if key is not None else {})
    return client.post(path, json={"name": name}, headers=headers)


def lists_of(house: House, wallet: Any) -> int:
    with house.services.reading() as session:
        return int(session.query(WorkerList).filter(WorkerList.requester == wallet.address).count())


def test_the_same_request_again_gives_the_same_answer_and_creates_nothing(house: House) -> None:
    requester = house.wallet()
    token = house.token(requester)

    first, second = (send(house.client, token, "friends", "k1") for _ in range(2))

    assert (first.status_code, second.status_code) == (201, 201)
    assert (first.content, first.headers["content-type"]) == (second.content, second.headers["content-type"])
    assert ("idempotency-replayed" in first.headers, second.headers["idempotency-replayed"]) == (False, "true")
    assert lists_of(house, requester) == 1


def test_without_a_key_or_without_the_guard_it_is_done_again(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The planted bug: routes that take the key and do nothing with it."""
    requester = house.wallet()
    drafts = [house.draft(requester)["batch_id"] for _ in range(2)]
    assert drafts[0] != drafts[1]
    for route in routes_of(house.client.app):
        if isinstance(route, CreatingRoute):
            monkeypatch.setattr(route, "_creates", False)

    headers = {"authorization": f"Bearer {house.token(requester)}", "idempotency-key": "same"}
    body = house.draft_body()
    twice = [house.client.post("/v1/batches", json=body, headers=headers).json()["batch_id"] for _ in range(2)]

    assert twice[0] != twice[1]


def test_a_draft_sent_twice_is_one_batch(house: House) -> None:
    requester = house.requester()
    headers = {"authorization": f"Bearer {house.token(requester)}", "idempotency-key": "draft"}
    body = house.draft_body()

    first, second = (house.client.post("/v1/batches", json=body, headers=headers) for _ in range(2))

    assert first.content == second.content
    with house.services.reading() as session:
        assert session.query(Draft).filter(Draft.requester == requester.address).count() == 1


def test_a_file_sent_twice_and_test_money_asked_for_twice_are_answered_alike(house: House) -> None:
    token = house.token(house.wallet())
    for path, sent in (
        ("/v1/payloads", {"content": b"\x00bytes"}),
        ("/v1/faucet", {"json": {"address": house.wallet().address, "amount_units": "5"}}),
    ):
        headers = {"authorization": f"Bearer {token}", "idempotency-key": "k"}
        headers["idempotency-key"] = path
        answers = [house.client.post(path, headers=headers, **sent) for _ in range(2)]  # type: ignore[arg-type]
        assert answers[0].status_code in (201, 202), answers[0].text
        assert answers[0].content == answers[1].content


def test_a_key_belongs_to_one_request(house: House) -> None:
    requester = house.wallet()
    token = house.token(requester)
    assert send(house.client, token, "friends", "k2").status_code == 201

    for other in (
        send(house.client, token, "strangers", "k2"),
        send(house.client, token, "friends", "k2", "/v1/lists?x=1"),
        send(house.client, token, "friends", "k2", "/v1/withdrawals"),
    ):
        assert (other.status_code, is_problem(other)["code"]) == (422, "idempotency_key_reused")
    assert lists_of(house, requester) == 1


def test_a_key_is_its_callers_own(house: House) -> None:
    one, other = house.wallet(), house.wallet()

    answers = [send(house.client, house.token(wallet), "friends", "shared") for wallet in (one, other)]

    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json()["list_id"] != answers[1].json()["list_id"]


def test_a_refusal_is_not_kept_so_the_key_can_be_tried_again(house: House) -> None:
    requester = house.wallet()
    token = house.token(requester)
    assert send(house.client, token, "taken", None).status_code == 201

    refused = send(house.client, token, "taken", "k3")
    assert is_problem(refused)["code"] == "list_name_taken"
    list_id = house.get(requester, "/v1/lists")["items"][0]["list_id"]
    house.client.delete(f"/v1/lists/{list_id}", headers={"authorization": f"Bearer {token}"})

    assert send(house.client, token, "taken", "k3").status_code == 201


def test_after_its_time_a_key_is_new(house: House) -> None:
    requester = house.wallet()
    token = house.token(requester)
    assert send(house.client, token, "first", "k4").status_code == 201
    with house.services.writing() as session:
        for row in session.query(KeptAnswer).filter(KeptAnswer.caller == requester.address):
            assert 86_000 < row.expires_at - time.time() <= 86_400
            row.expires_at = time.time() - 1

    assert send(house.client, token, "second", "k4").status_code == 201
    assert lists_of(house, requester) == 2


@pytest.mark.parametrize("key", ["", "x" * 101, "tab\tkey", "clé"])
def test_a_strange_key_is_refused(house: House, key: str) -> None:
    headers = {"authorization": f"Bearer {house.token(house.wallet())}", "idempotency-key": key.encode("latin-1")}

    answer = house.client.post("/v1/lists", json={"name": "x"}, headers=headers)  # type: ignore[arg-type]

    assert (answer.status_code, is_problem(answer)["code"]) == (422, "idempotency_key_invalid")


def test_a_session_that_ended_gets_no_kept_answer(house: House) -> None:
    requester = house.wallet()
    token = house.token(requester)
    assert send(house.client, token, "mine", "k5").status_code == 201

    assert send(house.client, "x" * 43, "mine", "k5").status_code == 401


@pytest.fixture(params=["sqlite", "postgres"])
def pair(request: pytest.FixtureRequest, stack: Any, tmp_path: Any) -> Iterator[tuple[House, Any]]:
    """A house, and a second gateway on its database."""
    new_database: Callable[[str], str] = request.getfixturevalue("new_database")
    with open_house(stack, tmp_path, database_url=new_database(request.param)) as house:
        second = create_app(house.services.settings)
        for app in (house.client.app, second):
            # A route is built when it is first asked, which a server does in one thread, and these tests in many.
            assert send(TestClient(app), "x" * 43, "nobody's", "first").status_code == 401
        yield house, second
        second.state.services.engine.dispose()


def raced(house: House, second: Any, wallet: Any) -> list[Any]:
    """The answers to one request that goes to two gateways many times at the same moment."""
    token, clients = house.token(wallet), [TestClient(app) for app in (house.client.app, second) for _ in range(4)]
    start, answers = threading.Barrier(len(clients)), []

    def ask(client: TestClient) -> None:
        start.wait()
        answers.append(send(client, token, "friends", "race"))

    threads = [threading.Thread(target=ask, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_of_many_at_the_same_moment_at_two_gateways_one_creates(pair: tuple[House, Any]) -> None:
    house, second = pair
    for _ in range(3):
        requester = house.wallet()
        answers = raced(house, second, requester)

        assert {answer.status_code for answer in answers} == {201}
        assert len({answer.content for answer in answers}) == 1
        assert len([answer for answer in answers if "idempotency-replayed" not in answer.headers]) == 1
        assert lists_of(house, requester) == 1


def drafts_after_dying(house: House, second: Any, requester: Any, at: int) -> tuple[int, bool]:
    """A draft's request dies at a moment and is sent to the other gateway: how many drafts there are; did it die?"""
    headers = {"authorization": f"Bearer {house.token(requester)}", "idempotency-key": f"moment {at}"}
    body, fate = house.draft_body(), Fate(at)
    with mortal_database(house.services.engine, fate), contextlib.suppress(Killed):
        TestClient(house.client.app).post("/v1/batches", json=body, headers=headers)
    again = TestClient(second).post("/v1/batches", json=body, headers=headers)
    assert again.status_code == 201, again.text
    with house.services.reading() as session:
        count = session.query(Draft).filter(Draft.requester == requester.address).count()
    return int(count), bool(fate.where)


def all_moments(house: House, second: Any) -> list[int]:
    """The number of drafts for a death at each moment in turn, and at last for none."""
    counts = []
    for at in range(1, 60):
        count, died = drafts_after_dying(house, second, house.requester(), at)
        counts.append(count)
        if not died:
            return counts
    raise AssertionError("there is no end of moments")


@pytest.fixture
def still(pair: tuple[House, Any]) -> Iterator[tuple[House, Any]]:
    """Two gateways of which only requests write: their threads stand still."""
    house, second = pair
    first = create_app(house.services.settings)
    yield House(type(house.gateway)(TestClient(first), house.gateway.market), house.tokens), second
    first.state.services.engine.dispose()


def test_a_gateway_that_dies_at_any_moment_leaves_a_request_that_can_be_sent_again(still: tuple[House, Any]) -> None:
    counts = all_moments(*still)

    assert set(counts) == {1}
    assert len(counts) > 5


def test_a_gateway_whose_answer_is_not_written_with_the_draft_would_be_found(
    still: tuple[House, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transactions, "current", lambda: None)

    assert 2 in all_moments(*still)
