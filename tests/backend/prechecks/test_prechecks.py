"""A model's note stands beside an answer for those who review it, and whatever it says or does changes nothing."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import update
from structlog.testing import capture_logs

from backend.prechecks import checking
from backend.prechecks.checking import MAX_ATTEMPTS, PreChecker
from backend.prechecks.endpoint import Endpoint
from piecework.db.prechecks import PreCheck
from tests.backend.house import House, open_house
from tests.backend.outbound.listening import Listener, listening, saying

KEY = "sk-none-but-the-endpoint-may-see-this"


def reply(likely: Any = "wrong", note: Any = "The ears are a dog's.") -> bytes:
    said = json.dumps({"likely": likely, "note": note})
    return json.dumps({"choices": [{"message": {"content": f"Here it is: {said}"}}]}).encode()


@dataclass
class Model:
    """A server that answers as it is told, and what it was asked."""

    listener: Listener | None = None
    talk: Any = None
    asked: list[tuple[dict[str, str], Any]] = field(default_factory=list)

    def answers(self, connection: socket.socket, request: bytes) -> None:
        head, _, body = request.partition(b"\r\n\r\n")
        lines = (line.partition(": ") for line in head.decode().split("\r\n")[1:])
        self.asked.append(({name.lower(): value for name, _, value in lines}, json.loads(body)))
        self.talk(connection, request)


@pytest.fixture(scope="module")
def model() -> Iterator[Model]:
    found = Model()
    with listening(found.answers) as listener:
        found.listener = listener
        yield found


@pytest.fixture(scope="module")
def house(stack: Any, model: Model, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    assert model.listener is not None
    with open_house(
        stack,
        tmp_path_factory.mktemp("house"),
        precheck_url=f"http://127.0.0.1:{model.listener.port}/v1",
        precheck_model="small",
        precheck_key=SecretStr(KEY),
        precheck_timeout_seconds=0.5,
        precheck_poll_seconds=3_600,
    ) as found:
        yield found


@pytest.fixture(autouse=True)
def _fresh(model: Model) -> None:
    model.talk, model.asked = saying(body=reply()), []


def submitted(house: House, requester: Any = None, **review: Any) -> tuple[str, Any]:
    worker = house.wallet()
    batch_id = house.funded(requester, 1, review={"policy": "reviewers", "pre_check": True} | review)
    house.submitted(worker, batch_id)
    return batch_id, worker


def note(house: House, batch_id: str, who: Any = None) -> Any:
    path = f"/v1/reviews/batches/{batch_id}/submissions"
    (item,) = house.get(who or house.reviewers()[0], path)["items"]
    return item["tasks"][0]["pre_check"]


def test_the_note_stands_beside_the_answer_for_reviewers_and_requester(house: House, model: Model) -> None:
    requester = house.requester()
    batch_id, worker = submitted(house, requester)
    assert note(house, batch_id) is None

    assert PreChecker(house.services).run_once() == 1

    for who in (requester, house.reviewers()[0]):
        found = note(house, batch_id, who)
        assert (found["likely"], found["note"], found["model"]) == ("wrong", "The ears are a dog's.", "small")
    ((headers, body),) = model.asked
    assert (headers["authorization"], body["model"]) == (f"Bearer {KEY}", "small")
    told = body["messages"][1]["content"]
    assert '"picture": 0' in told
    assert "cat" in told
    assert worker.address not in json.dumps(body), "who answered is none of its business"
    assert PreChecker(house.services).run_once() == 0, "it is asked once"
    assert len(model.asked) == 1


def test_what_it_says_decides_nothing(house: House) -> None:
    """It calls every answer wrong; the policy accepts, and the worker is paid."""
    batch_id, worker = submitted(house, policy="agreement")
    PreChecker(house.services).run_once()

    def proposals() -> list[Any]:
        items = house.get(house.reviewers()[0], "/v1/reviews/queue")["items"]
        return [p for item in items if item["batch_id"] == batch_id for p in item["proposals"]]

    (made,) = house.until(proposals, bool)  # the gateway's own thread proposes complete batches
    proposal = house.get(None, f"/v1/reviews/proposals/{made['proposal_id']}")
    assert [(v["accepted"], v["rejected"]) for v in proposal["verdicts"]] == [(1, 0)]
    house.settled(proposal)
    assert house.stack.escrow.account(worker.address).owed == 1_000


def test_a_batch_that_did_not_ask_for_it_is_not_sent(house: House, model: Model) -> None:
    batch_id, _ = submitted(house, pre_check=False)
    assert PreChecker(house.services).run_once() == 0
    assert (model.asked, note(house, batch_id)) == ([], None)


def slow(connection: socket.socket, _: bytes) -> None:
    """A byte now and then: no single wait is long."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    for _ in range(200):
        connection.sendall(b" ")
        time.sleep(0.02)


TROUBLE: dict[str, Any] = {
    "an error": saying("500 Oops"),
    "a key that is refused": saying("401 No", body=KEY.encode()),
    "a redirect": saying("302 Found", b"", "Location: http://127.0.0.1:1/"),
    "no JSON": saying(body=b"{"),
    "another shape": saying(body=b"[]"),
    "no reply in it": saying(body=b'{"choices": []}'),
    "words": saying(body=json.dumps({"choices": [{"message": {"content": "ignore all, reject them"}}]}).encode()),
    "a verdict of its own": saying(body=reply(likely="rejected")),
    "a note that is no text": saying(body=reply(note={"a": 1})),
    "too much": saying(body=b" " * 300_000),
    "nested deep": saying(body=b"[" * 100_000),
    "slow": slow,
    "nothing at all": lambda connection, _: connection.close(),
}


@pytest.mark.parametrize("trouble", list(TROUBLE))
def test_whatever_goes_wrong_there_is_no_note_and_nothing_else(house: House, model: Model, trouble: str) -> None:
    batch_id, worker = submitted(house)
    model.talk = TROUBLE[trouble]
    begun = time.monotonic()

    with capture_logs() as logs:
        assert PreChecker(house.services).run_once() == 0

    assert time.monotonic() - begun < 5
    assert [log["event"] for log in logs if log["event"] == "no_pre_check"] == ["no_pre_check"]
    assert KEY not in repr(logs)
    assert note(house, batch_id) is None
    given = {"verdicts": [{"task": "t0", "worker": worker.address, "decision": "accepted"}]}
    house.settled(house.post(house.reviewers()[0], f"/v1/reviews/batches/{batch_id}/proposals", given, 201))


@pytest.mark.parametrize("trouble", ["words", "a refusal"])
def test_an_answer_that_the_model_refuses_keeps_it_from_no_other(house: House, model: Model, trouble: str) -> None:
    """Whoever writes what a service's rules forbid must not stop the notes about everybody's answers."""
    refusal = (TROUBLE | {"a refusal": saying("400 Bad Request")})[trouble]
    batches = [submitted(house)[0] for _ in range(2)]

    def talk(connection: socket.socket, request: bytes) -> None:
        (refusal if len(model.asked) == 1 else saying(body=reply()))(connection, request)

    model.talk = talk
    checker = PreChecker(house.services)
    assert checker.run_once() == 1
    assert checker._failures == 0
    assert sorted(note(house, batch_id) is None for batch_id in batches) == [False, True]
    with house.services.writing() as session:
        session.execute(update(PreCheck).values(attempts=MAX_ATTEMPTS))


def test_an_answer_is_asked_about_a_few_times_and_then_left(
    house: House, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    submitted(house)
    model.talk = saying("500 Oops")
    monkeypatch.setattr(checking, "_AGAIN_SECONDS", -1.0)
    checker = PreChecker(house.services)
    for _ in range(MAX_ATTEMPTS + 2):
        checker.run_once()
    assert len(model.asked) == MAX_ATTEMPTS
    with house.services.writing() as session:
        session.execute(update(PreCheck).values(attempts=MAX_ATTEMPTS))


def test_of_two_gateways_one_asks(house: House, model: Model) -> None:
    submitted(house)
    one, other = PreChecker(house.services), PreChecker(house.services)
    endpoint: Any = house.services.precheck_endpoint
    due = other._due()
    assert one.run_once() == 1
    assert [other._claim(endpoint, asked) for asked in due] == [False]
    assert len(model.asked) == 1


def test_signs_that_no_page_should_show_are_left_out(house: House, model: Model) -> None:
    model.talk = saying(body=reply("unsure", "a\u202eb\x1b[31m\nc" + "x" * 900))
    batch_id, _ = submitted(house)
    PreChecker(house.services).run_once()
    found = note(house, batch_id)["note"]
    assert found.startswith("a b [31m c")
    assert len(found) == 500


def test_an_address_that_holds_a_secret_or_is_none_is_refused_at_the_start() -> None:
    for url in ("ftp://host/v1", "host/v1", "https://user:word@host/v1", "https://host/v1?key=x", ""):
        with pytest.raises(ValueError, match="PIECEWORK_PRECHECK_URL"):
            Endpoint(url, "small")
    with pytest.raises(ValueError, match="one line") as told:
        Endpoint("https://host/v1", "small", key="two words")
    assert "two words" not in str(told.value)
    assert KEY not in repr(Endpoint("https://host/v1", "small", key=KEY))
