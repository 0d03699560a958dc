"""Large drafts: few at a time, with a thread only while they are worked on, and paid for by their size."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from backend.app import THREADS
from backend.batches import arriving, turns
from backend.draws import service as draws
from tests.backend.draws.reviewing import opened
from tests.backend.house import House, is_problem, open_house
from tests.backend.uploads.test_uploads import part, put, words


class Work:
    """Large drafts that are worked on until they are let go; `most` at a time."""

    def __init__(self) -> None:
        self.over, self.begun = threading.Event(), threading.Semaphore(0)
        self.now = self.most = 0
        self._guard = threading.Lock()

    @contextmanager
    def going_on(self) -> Iterator[None]:
        with self._guard:
            self.now += 1
            self.most = max(self.most, self.now)
        self.begun.release()
        assert self.over.wait(30)
        with self._guard:
            self.now -= 1
        yield


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[Work]:
    """Drafts of more than three tasks are large, and are worked on for as long as the test wants."""
    work, plain = Work(), arriving.service.draft
    monkeypatch.setattr(turns, "SMALL", 3)

    def slow(services: Any, requester: str, network: str, wanted: Any) -> Any:
        if len(wanted.tasks) <= 3:
            return plain(services, requester, network, wanted)
        with work.going_on():
            return plain(services, requester, network, wanted)

    monkeypatch.setattr(arriving.service, "draft", slow)
    yield work
    work.over.set()


def asked(house: House, number: int, who: Any) -> tuple[list[threading.Thread], list[Any]]:
    """So many large drafts at once, and where their answers will stand."""
    answers: list[Any] = []
    headers = {"authorization": f"Bearer {house.token(who)}"}

    def ask() -> None:
        answers.append(house.client.post("/v1/batches", json=house.draft_body(5), headers=headers))

    asking = [threading.Thread(target=ask) for _ in range(number)]
    for thread in asking:
        thread.start()
    return asking, answers


def ended(asking: list[threading.Thread]) -> None:
    for thread in asking:
        thread.join(30)
        assert not thread.is_alive()


def test_others_are_served_while_more_large_drafts_than_threads_are_wanted(
    house: House, held: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "MOST_WAITING", 2 * THREADS)
    who = house.requester()
    asking, answers = asked(house, THREADS + 4, who)
    held.begun.acquire(timeout=20)

    assert house.draft(who, 2)["assignments"] == 2

    held.over.set()
    ended(asking)
    assert [answer.status_code for answer in answers] == [201] * len(asking)
    assert held.most == turns.AT_A_TIME


def test_more_at_a_time_than_that_would_be_seen(house: House, held: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "SMALL", 5)  # the planted bug: what is large is not held back
    asking, _ = asked(house, turns.AT_A_TIME + 1, house.requester())
    for _ in asking:
        assert held.begun.acquire(timeout=20)
    held.over.set()
    ended(asking)

    assert held.most > turns.AT_A_TIME


def test_where_too_many_wait_the_next_is_told_when_to_come_back(
    house: House, held: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "MOST_WAITING", 2)
    who = house.requester()
    asking, answers = asked(house, turns.AT_A_TIME + 2 + 3, who)
    house.until(lambda: len(answers), lambda number: number == 3)

    for answer in answers:
        assert (answer.status_code, is_problem(answer)["code"]) == (503, "drafts_waiting")
        assert answer.headers["retry-after"] == "10"
    held.over.set()
    ended(asking)
    assert sorted(answer.status_code for answer in answers) == [201] * 4 + [503] * 3


def test_a_large_draft_that_is_refused_gives_its_turn_back(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "SMALL", 3)
    who = house.requester()
    for _ in range(2 * turns.AT_A_TIME):
        house.refused(who, "/v1/batches", house.draft_body(5, reward_units="0"), 422, "reward_zero")

    assert house.draft(who, 5)["assignments"] == 5


@pytest.fixture(scope="module")
def metered(stack: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A gateway whose clients have units for one request, and a unit is a task."""
    limits = {
        "rate_units_per_second_by_ip": 0.01,
        "rate_burst_units_by_ip": 100_000,
        "rate_units_per_second_by_address": 0.01,
        "rate_burst_units_by_address": 200,
    }
    with open_house(stack, tmp_path_factory.mktemp("metered"), **limits) as house:
        yield house


def by_body(house: House, _: Any) -> Any:
    return house.draft_body(100)


def by_upload(house: House, who: Any) -> Any:
    name = f"upload-of-{who.address[2:20]}"
    assert put(house, who, name, 0, part(0, 100)).status_code == 200
    return words(house, tasks_upload=name)


@pytest.mark.parametrize("wanted", [by_body, by_upload])
def test_a_draft_costs_what_its_tasks_cost(
    metered: House, monkeypatch: pytest.MonkeyPatch, wanted: Callable[[House, Any], Any]
) -> None:
    answers = []
    for tasks_of_one_unit in (1, 0.5):
        who = metered.requester()
        body = wanted(metered, who)
        with monkeypatch.context() as patched:
            patched.setattr(turns, "TASKS_OF_ONE_UNIT", tasks_of_one_unit)
            headers = {"authorization": f"Bearer {metered.token(who)}"}
            answers.append(metered.client.post("/v1/batches", json=body, headers=headers))

    assert [answer.status_code for answer in answers] == [201, 429]
    assert is_problem(answers[1])["code"] == "rate_limited"
    assert int(answers[1].headers["retry-after"]) > 1


def test_an_upload_costs_what_its_tasks_cost(metered: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "TASKS_OF_ONE_UNIT", 0.5)
    who = metered.requester()

    assert put(metered, who, "upload-of-some-size", 0, part(0, 90)).status_code == 200
    refused = put(metered, who, "upload-of-some-size", 1, part(90, 90))
    assert (refused.status_code, is_problem(refused)["code"]) == (429, "rate_limited")


def test_a_review_batch_costs_what_its_tasks_cost(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    charged: list[int] = []
    monkeypatch.setattr(draws.turns, "charge", lambda *given: charged.append(given[-1]))

    opened(house, house.requester())

    assert charged and charged[-1] > 0
