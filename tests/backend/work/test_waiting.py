"""Nobody waits for long: no write transaction asks the node, rounds at rest take no lock, and waiting costs little."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from backend.draws.drawing import Drawer
from backend.relay.sender import Sender
from backend.relay.service import Relay
from backend.reviews import service as reviews
from backend.reviews.proposer import Proposer
from backend.reviews.warning import Herald
from backend.search.upkeep import Upkeep
from backend.webhooks.dispatcher import Dispatcher
from backend.work import packets, routes, service
from piecework.db.turns import InTurn
from tests.backend.house import House, sign, verdict


class Watched:
    """Who holds a turn to write, by thread, and what the node was asked meanwhile by that very thread."""

    def __init__(self) -> None:
        self.holders: set[int] = set()
        self.taken: list[str] = []
        self.asked: list[str] = []

    def took(self) -> None:
        self.holders.add(threading.get_ident())
        self.taken.append(threading.current_thread().name)

    def asks(self, method: str) -> None:
        if threading.get_ident() in self.holders:
            self.asked.append(f"{threading.current_thread().name}: {method}")


@pytest.fixture
def watched(house: House, monkeypatch: pytest.MonkeyPatch) -> Watched:
    found = Watched()
    taking, leave = InTurn.taking_turn, InTurn._leave
    provider = house.services.escrow.web3.provider
    make_request = provider.make_request

    @contextmanager
    def taking_turn(self: InTurn, seconds: float) -> Iterator[None]:
        with taking(self, seconds):
            found.took()
            yield

    def left(self: InTurn) -> None:
        found.holders.discard(threading.get_ident())
        leave(self)

    def asking(method: Any, params: Any) -> Any:
        found.asks(str(method))
        return make_request(method, params)

    monkeypatch.setattr(InTurn, "taking_turn", taking_turn)
    monkeypatch.setattr(InTurn, "_leave", left)
    monkeypatch.setattr(provider, "make_request", asking)
    return found


def work_of_a_day(house: House) -> None:
    """From handing out to the payment, and a task given back."""
    batch_id, worker, other = house.funded(tasks=3), house.wallet(), house.wallet()
    offer = house.submitted(worker, batch_id, count=2)
    house.settled(house.proposed(batch_id, [verdict(worker, task) for task in offer["tasks"]]))
    given_back = house.claimed(other, batch_id, count=1)
    path = f"/v1/work/assignments/{given_back['assignment_id']}/return"
    drafted = house.post(other, path + "/draft")
    signed = {name: drafted[name] for name in ("sequence", "deadline")}
    house.post(other, path, signed | {"signature": sign(other, drafted["typed_data"])}, 202)
    house.reaches(other, given_back["assignment_id"], "returned")


def test_nobody_who_holds_the_write_lock_waits_for_the_node(house: House, watched: Watched) -> None:
    work_of_a_day(house)

    assert len(watched.taken) > 10
    assert watched.asked == []


def test_a_question_under_the_lock_is_found(house: House, watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    queue = packets.queue

    def asking_first(services: Any, session: Any, found: Any, **how: Any) -> str:
        packets.check(services, session, found.packet, services.clock.now(), poster=found.packet.worker)
        return queue(services, session, found, **how)

    monkeypatch.setattr(packets, "queue", asking_first)  # the planted bug

    house.claimed(house.wallet(), house.funded(tasks=1), count=1)

    assert watched.asked
    assert all("eth_call" in asked for asked in watched.asked)


@pytest.fixture
def rounds(house: House) -> Iterator[list[Callable[[], object]]]:
    """Each kind of round that looks for something to do, once nothing is; all have run before."""
    house.until(house._is_quiet, bool)
    services = house.services
    sender = Sender(services.engine, services.escrow, services.token, services.settings.relayer_key)
    dispatcher = Dispatcher(services)
    found: list[Callable[[], object]] = [
        Relay(services, sender, services.outbox)._keep_once,
        sender.run_once,
        Proposer(services).run_once,
        Upkeep(services).run_once,
        dispatcher.run_once,
        Herald(services).run_once,
        Drawer(services).run_once,
    ]
    for run_once in found:
        run_once()
    yield found
    dispatcher.stop()


def test_rounds_with_nothing_to_do_take_no_lock(
    house: House, watched: Watched, rounds: list[Callable[[], object]]
) -> None:
    watched.taken.clear()
    own = threading.current_thread().name

    for run_once in rounds:
        run_once()

    assert [name for name in watched.taken if name == own] == []


def test_a_round_that_takes_the_lock_only_to_look_is_found(
    house: House, watched: Watched, rounds: list[Callable[[], object]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reviews, "has_ended", lambda *_: True)  # the planted bug
    watched.taken.clear()

    for run_once in rounds:
        run_once()

    assert threading.current_thread().name in watched.taken


def looks_while_it_waits(house: House, monkeypatch: pytest.MonkeyPatch) -> int:
    """How often the mirror is read for one who waits two seconds for a packet of which nothing is heard."""
    worker = house.wallet()
    offer = house.offer(worker, house.funded(tasks=1), count=1)
    looks, view = [], service.view

    def waiting(*arguments: Any) -> Any:
        looks.append(1)
        return view(*arguments).model_copy(update={"status": "queued"})

    monkeypatch.setattr(service, "view", waiting)
    house.get(worker, f"/v1/work/assignments/{offer['assignment_id']}", wait=2)
    return len(looks)


def test_who_waits_does_not_make_the_gateway_read_over_and_over(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    assert looks_while_it_waits(house, monkeypatch) <= 6


def test_reading_over_and_over_is_found(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "_LOOK_AGAIN_SECONDS", 0.05)  # the planted bug

    assert looks_while_it_waits(house, monkeypatch) > 6


def test_who_waits_is_woken_by_the_chain(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "_LOOK_AGAIN_SECONDS", 60.0)
    worker = house.wallet()
    offer = house.offer(worker, house.funded(tasks=1), count=1)
    path = f"/v1/work/assignments/{offer['assignment_id']}"
    house.post(worker, path + "/claim", {"signature": sign(worker, offer["typed_data"])}, 202)

    assert house.get(worker, path, wait=25)["status"] == "claimed"


def refusals_of_sure_tasks(house: House, watched: Watched) -> list[str]:
    """Threads that took the write lock while a worker was refused tasks of a batch that needs no more answers."""
    review = {"policy": "inference", "target_confidence": 0.9}
    batch_id, idle = house.funded(tasks=6, answers_per_task=5, review=review), house.wallet()
    for _ in range(2):
        house.submitted(house.wallet(), batch_id, count=6)
    house.token(idle)
    house.until(house._is_quiet, bool)
    watched.taken.clear()

    problem = house.post(idle, "/v1/work/assignments", {"batch_id": batch_id, "count": 6}, 409)

    assert problem["code"] == "no_tasks_left"
    return [name for name in watched.taken if name.startswith("AnyIO")]


def test_who_gets_nothing_keeps_nobody_waiting(house: House, watched: Watched) -> None:
    assert refusals_of_sure_tasks(house, watched) == []


def test_a_refusal_under_the_lock_is_found(house: House, watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    def only_fits(services: Any, session: Any, _: str, wanted: Any, __: int) -> None:
        services.asking.freshen(session, service.repository.draft(session, wanted.batch_id))

    monkeypatch.setattr(service, "_refuse_early", only_fits)  # the planted bug

    assert refusals_of_sure_tasks(house, watched) != []
