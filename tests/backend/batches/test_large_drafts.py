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


def of_one_house(monkeypatch: pytest.MonkeyPatch) -> None:
    """One address and network may have any number."""
    monkeypatch.setattr(turns, "MOST_OF_ONE", 1_000)
    monkeypatch.setattr(turns, "MOST_OF_A_NETWORK", 1_000)


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
    of_one_house(monkeypatch)
    who = house.requester()
    asking, answers = asked(house, THREADS + 4, who)
    held.begun.acquire(timeout=20)

    assert house.draft(who, 2)["assignments"] == 2

    held.over.set()
    ended(asking)
    assert [answer.status_code for answer in answers] == [201] * len(asking)
    assert held.most == turns.AT_A_TIME


def test_more_at_a_time_than_that_would_be_seen(house: House, held: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    of_one_house(monkeypatch)
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
    of_one_house(monkeypatch)
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
@pytest.mark.parametrize(("tasks_of_one_unit", "status"), [(100, 200), (0.5, 429)])
def test_a_draft_costs_what_its_tasks_cost(
    metered: House,
    monkeypatch: pytest.MonkeyPatch,
    wanted: Callable[[House, Any], Any],
    tasks_of_one_unit: float,
    status: int,
) -> None:
    who = metered.requester()
    body = wanted(metered, who)
    monkeypatch.setattr(turns, "TASKS_OF_ONE_UNIT", tasks_of_one_unit)
    headers = {"authorization": f"Bearer {metered.token(who)}"}
    assert metered.client.post("/v1/batches", json=body, headers=headers).status_code == 201

    assert metered.client.get("/v1/lists", headers=headers).status_code == status


def test_an_upload_costs_what_its_tasks_cost(metered: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "TASKS_OF_ONE_UNIT", 0.25)
    who = metered.requester()

    assert put(metered, who, "upload-of-some-size", 0, part(0, 90)).status_code == 200
    refused = put(metered, who, "upload-of-some-size", 1, part(90, 90))
    assert (refused.status_code, is_problem(refused)["code"]) == (429, "rate_limited")


def test_a_review_batch_costs_what_its_tasks_cost(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    charged: list[int] = []
    monkeypatch.setattr(draws.turns, "charge", lambda *given: charged.append(given[-1]))

    opened(house, house.requester())

    assert charged and charged[-1] > 0


def test_one_address_holds_no_more_turns_than_its_own(house: House, held: Work) -> None:
    who, other = house.requester(), house.requester()
    asking, answers = asked(house, turns.MOST_OF_ONE + 3, who)
    house.until(lambda: len(answers), lambda number: number == 3)
    for answer in answers:
        assert (answer.status_code, is_problem(answer)["code"]) == (429, "drafts_under_way")

    more, others = asked(house, 1, other)
    held.over.set()
    ended(asking + more)
    assert [answer.status_code for answer in others] == [201]


def test_nobody_takes_a_turn_without_a_name(house: House, held: Work) -> None:
    body = house.draft_body(5)
    for _ in range(2 * (turns.AT_A_TIME + turns.MOST_WAITING)):
        assert house.client.post("/v1/batches", json=body).status_code == 401

    asking, answers = asked(house, 1, house.requester())
    assert held.begun.acquire(timeout=20)
    held.over.set()
    ended(asking)
    assert [answer.status_code for answer in answers] == [201]


@pytest.mark.parametrize("small", [0, 1_000])
def test_a_review_batch_takes_a_turn_if_it_has_many_tasks(
    house: House, monkeypatch: pytest.MonkeyPatch, small: int
) -> None:
    taken: list[str] = []
    taking = turns._Turns.taking
    monkeypatch.setattr(turns._Turns, "taking", lambda *given: taken.append(given[1]) or taking(*given))
    requester = house.requester()
    monkeypatch.setattr(turns, "SMALL", small)

    opened(house, requester)

    assert taken == [requester.address] * (2 if small == 0 else 0)
