"""Nobody waits for long: no write transaction asks the node, rounds at rest take no lock, and waiting costs little."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
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
from tests.backend.draws.reviewing import drawn, enrol, opened
from tests.backend.house import House, sign, verdict
from tests.backend.locks import Watched


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


@pytest.mark.asks_under_the_lock
def test_a_question_under_the_lock_is_found(house: House, watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    queue = packets.queue

    def asking_first(services: Any, session: Any, found: Any, **how: Any) -> str:
        packets.check(services, session, found.packet, services.clock.now(), poster=found.packet.worker)
        return queue(services, session, found, **how)

    monkeypatch.setattr(packets, "queue", asking_first)  # the planted bug

    house.claimed(house.wallet(), house.funded(tasks=1), count=1)

    assert watched.asked
    assert any("eth_call" in asked for asked in watched.asked)


def drawn_for(house: House) -> None:
    """An answer whose reviewers are drawn, after it was looked who of them is connected to the worker."""
    batch_id = opened(house, house.requester())
    enrol(house, batch_id, *(house.wallet() for _ in range(5)))
    house.submitted(house.requester(), batch_id)
    assert len(drawn(house, batch_id)["drawn"]) == 3


def test_who_draws_reviewers_looks_at_them_before_it_takes_the_lock(house: House, watched: Watched) -> None:
    drawn_for(house)

    assert (watched.asked, watched.stored) == ([], [])


@pytest.mark.asks_under_the_lock
def test_a_look_at_reviewers_under_the_lock_is_found(
    house: House, watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    look, draw = Drawer._look, Drawer._draw

    def looking_late(self: Drawer, session: Any, batch: Any, draft: Any, review: str, _: Any, now: int) -> int:
        looked = look(self, session, batch.batch_id, review, now) or {}
        return draw(self, session, batch, draft, review, looked, now)

    monkeypatch.setattr(Drawer, "_look", lambda *_: {})
    monkeypatch.setattr(Drawer, "_draw", looking_late)  # the planted bug
    drawn_for(house)

    assert any("eth_getLogs" in asked for asked in watched.asked)


def formats(stored: list[bytes]) -> set[str]:
    """What was stored under the lock."""
    return {json.loads(data)["format"] for data in stored}


def agreed(house: House, **changes: Any) -> tuple[str, Any]:
    """A batch that its policy can decide, and the proposal that the gateway made by itself."""
    batch_id = house.funded(tasks=2, answers_per_task=2, review={"policy": "agreement"}, **changes)
    for _ in range(2):
        house.submitted(house.wallet(), batch_id, count=2)
    path = f"/v1/reviews/batches/{batch_id}/submissions"
    house.until(lambda: house.get(house.reviewers()[0], path)["items"], bool)
    found = house.until(
        lambda: [
            proposal
            for item in house.get(house.reviewers()[0], "/v1/reviews/queue")["items"]
            if item["batch_id"] == batch_id
            for proposal in item["proposals"]
        ],
        bool,
    )
    return batch_id, found[0]


def test_nobody_who_holds_the_write_lock_stores_what_a_proposal_names(house: House, watched: Watched) -> None:
    work_of_a_day(house)
    _, proposal = agreed(house)

    assert formats(watched.stored) == set()
    house.settled(house.get(None, f"/v1/reviews/proposals/{proposal['proposal_id']}"))


def test_known_answers_alone_are_stored_once_nobody_can_be_handed_a_task(house: House, watched: Watched) -> None:
    agreed(house, gold={"t1": "cat"}, max_gold_share=1.0)

    assert formats(watched.stored) == {"piecework/gold/1"}


def test_files_that_are_stored_under_the_lock_are_found(
    house: House, watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reviews, "prepare", lambda *_, ahead, **__: ahead)  # the planted bug
    agreed(house)

    assert formats(watched.stored) == {"piecework/answers/1", "piecework/results/1"}


def test_what_came_in_after_the_files_were_stored_is_stored_too(
    house: House, watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reviewer accepts one answer while another proposal of the same moment is prepared: its files are others."""
    batch_id, worker = house.funded(tasks=2), house.wallet()
    house.submitted(worker, batch_id, count=2)
    prepare = reviews.prepare

    def of_less(services: Any, batch: str, verdicts: Any, **more: Any) -> Any:
        return prepare(services, batch, verdicts[:1], **more)

    monkeypatch.setattr(reviews, "prepare", of_less)
    proposal = house.proposed(batch_id, [verdict(worker, "t0"), verdict(worker, "t1")])

    results = house.get(None, f"/v1/payloads/{proposal['results_cid']}")
    assert [item["task"] for item in results["decisions"]] == ["t0", "t1"]
    assert formats(watched.stored) == {"piecework/results/1"}
    house.settled(proposal)


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
    def only_fits(services: Any, session: Any, _: str, wanted: Any, __: int) -> Any:
        services.asking.freshen(session, service.repository.draft(session, wanted.batch_id))
        return service._Early(is_room_seen=True, candidates=None)

    monkeypatch.setattr(service, "_looked_early", only_fits)  # the planted bug

    assert refusals_of_sure_tasks(house, watched) != []
