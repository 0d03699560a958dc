"""Deliveries come in order, signed, at least once under one id, from whichever gateway is alive."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from standardwebhooks import WebhookVerificationError

from backend.outbound.client import GuardedClient
from backend.webhooks import dispatcher, repository
from backend.webhooks.dispatcher import DELAYS_SECONDS, Dispatcher
from tests.backend.live.listener import address, batch_id
from tests.backend.relay.mortal import Fate, Killed, mortal_database
from tests.backend.search.shelf import mirror_row
from tests.backend.webhooks.receiving import OWNER, Post, Receiver, receiving, verified


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture
def post(engine: Engine, receiver: Receiver) -> Iterator[Post]:
    """On both databases: the owner's batch 1, and another's batch 2."""
    with Session(engine) as session, session.begin():
        session.add(mirror_row(1, requester=OWNER))
        session.add(mirror_row(2, requester=address(8)))
    found = Post(engine, receiver.listener.port)
    yield found
    found.close()


def test_events_of_ones_own_batches_are_told_in_order_and_signed(post: Post, receiver: Receiver) -> None:
    post.clock.seconds = time.time()
    endpoint = post.endpoint(receiver.url)
    places = [post.happens(5), post.happens(5, 1, name="PaidOverdue"), post.happens(6)]
    post.happens(7, batch_id=batch_id(2))
    gateway = post.gateway()

    post.rounds(gateway, wanted=lambda: post.states() == ["delivered"] * 3)

    bodies = verified(receiver)
    assert receiver.places() == places
    assert [body["type"] for body in bodies] == ["chain.claimed", "chain.paid_overdue", "chain.claimed"]
    assert bodies[0]["data"]["args"] == {"n": 5}
    assert bodies[0]["timestamp"] == "2023-11-14T22:13:25Z"
    assert post.row(endpoint).place == places[-1]


def test_a_changed_body_is_seen_by_the_receivers_library(post: Post, receiver: Receiver) -> None:
    post.clock.seconds = time.time()
    post.endpoint(receiver.url)
    post.happens(5)
    post.rounds(post.gateway(), wanted=lambda: len(receiver.told) == 1)
    assert len(verified(receiver)) == 1
    receiver.sent[0]["body"] += " "

    with pytest.raises(WebhookVerificationError):
        verified(receiver)
    with pytest.raises(WebhookVerificationError):
        verified(receiver, b"another")


def test_only_wanted_events_are_told(post: Post, receiver: Receiver) -> None:
    post.endpoint(receiver.url, ["Submitted"])
    post.happens(5)
    place = post.happens(6, name="Submitted")

    post.rounds(post.gateway(), wanted=lambda: len(receiver.told) == 1)

    assert receiver.places() == [place]


def test_a_failing_endpoint_is_asked_again_later_and_later_and_nothing_overtakes(
    post: Post, receiver: Receiver
) -> None:
    endpoint = post.endpoint(receiver.url)
    first, second = post.happens(5), post.happens(6)
    receiver.answers += ["500 Oops"] * 3
    gateway = post.gateway()
    for number, delay in enumerate(DELAYS_SECONDS[:3], start=1):
        post.rounds(gateway, wanted=lambda n=number: post.row(endpoint).failures == n)  # type: ignore[misc]
        wait = post.row(endpoint).next_at - post.clock()
        assert delay <= wait <= delay * 1.2
        gateway.run_once()
        assert len(receiver.told) == number
        post.clock.seconds += wait

    post.rounds(gateway, wanted=lambda: post.states() == ["delivered"] * 2)

    assert receiver.places() == [first] * 4 + [second]
    assert len({sent_id for sent_id, _ in receiver.told}) == 2, "an id stays the same"
    assert [row.attempts for row in post.deliveries()] == [4, 1]
    post.rounds(gateway, wanted=lambda: post.row(endpoint).failures == 0)


def test_a_redirect_is_a_failure_and_is_not_followed(post: Post, receiver: Receiver) -> None:
    endpoint = post.endpoint(receiver.url)
    post.happens(5)
    receiver.answers.append("302 Found")
    post.rounds(post.gateway(), wanted=lambda: post.row(endpoint).failures == 1)

    assert post.row(endpoint).last_error == "the endpoint answered 302"


def test_a_message_that_is_never_taken_is_left_and_the_next_one_told(post: Post, receiver: Receiver) -> None:
    endpoint = post.endpoint(receiver.url)
    post.happens(5)
    second = post.happens(6)
    receiver.answers += ["400 No"] * dispatcher.MAX_ATTEMPTS
    gateway = post.gateway()
    for number in range(1, dispatcher.MAX_ATTEMPTS + 1):
        post.rounds(gateway, wanted=lambda n=number: [row.attempts for row in post.deliveries()][:1] == [n])  # type: ignore[misc]
        post.clock.seconds = post.row(endpoint).next_at

    post.rounds(gateway, wanted=lambda: post.states() == ["failed", "delivered"])

    assert receiver.places()[-1] == second


def test_an_endpoint_that_is_gone_is_asked_no_more(post: Post, receiver: Receiver) -> None:
    endpoint = post.endpoint(receiver.url)
    post.happens(5)
    receiver.answers.append("410 Gone")
    gateway = post.gateway()
    post.rounds(gateway, wanted=lambda: post.row(endpoint).state == "disabled")
    post.clock.seconds += 10 * 86_400
    gateway.run_once()

    assert len(receiver.told) == 1


def test_after_days_of_failing_an_endpoint_is_disabled(post: Post, receiver: Receiver) -> None:
    endpoint = post.endpoint(receiver.url)
    post.happens(5)
    receiver.answers += ["500 Oops"] * 2
    gateway = post.gateway()
    post.rounds(gateway, wanted=lambda: post.row(endpoint).failures == 1)
    post.clock.seconds += dispatcher.DISABLED_AFTER_SECONDS + 1
    post.rounds(gateway, wanted=lambda: post.row(endpoint).state == "disabled")


def test_an_endpoint_whose_name_leads_inside_later_is_not_asked(post: Post, receiver: Receiver) -> None:
    """It was public when it was named; the guard looks again at each delivery."""
    endpoint = post.endpoint(receiver.url.replace("127.0.0.1", "rebound.example"))
    post.happens(5)
    services = post.services()
    services.outbound = GuardedClient(ports=frozenset((post.port,)), resolver=lambda *_: ["127.0.0.1"])
    post.rounds(post.gateway(services), wanted=lambda: post.row(endpoint).failures == 1)

    assert receiver.listener.is_silent
    assert post.row(endpoint).last_error == "the host is not on the public internet"


# ------------------------------------------------------------ several gateways


def test_two_gateways_tell_everything_once_and_in_order(post: Post, receiver: Receiver) -> None:
    post.endpoint(receiver.url)
    one, other = post.gateway(), post.gateway()
    places = []
    for block in range(5, 45):
        places.append(post.happens(block))
        one.run_once()
        other.run_once()

    post.rounds(one, other, wanted=lambda: len(receiver.told) >= 40)

    assert receiver.places() == places


def told_with_a_second_gateway_in_between(post: Post, receiver: Receiver) -> list[str]:
    """What is told of one event if another gateway has its turn while the first one's message is on its way."""
    endpoint, services = post.endpoint(receiver.url), post.services()
    post.happens(5)
    send, other = services.outbound.post, post.gateway()

    def send_meanwhile(*asked: Any) -> Any:
        other.turn(endpoint)
        return send(*asked)

    services.outbound.post = send_meanwhile  # type: ignore[method-assign]
    post.gateway(services).turn(endpoint)
    return receiver.places()


def test_while_one_gateway_sends_no_other_does(post: Post, receiver: Receiver) -> None:
    assert len(told_with_a_second_gateway_in_between(post, receiver)) == 1


def test_gateways_that_do_not_look_at_the_lease_would_tell_twice(
    post: Post, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The planted bug."""

    def careless(session: Session, endpoint_id: str, now: float, until: float) -> bool:
        repository.locked(session, endpoint_id).leased_until = until  # type: ignore[union-attr]
        return True

    monkeypatch.setattr(repository, "lease", careless)
    assert len(told_with_a_second_gateway_in_between(post, receiver)) == 2


def all_moments(post: Post, receiver: Receiver) -> list[tuple[list[str], int]]:
    """A gateway dies at each write and commit of a turn, and another goes on: what was told, and under how many ids."""
    found, place = [], "0-0-"
    for at in range(1, 80):
        endpoint = post.endpoint(receiver.url, number=at, place=place)
        wanted, before, fate = [post.happens(10 * at), post.happens(10 * at + 1)], len(receiver.told), Fate(at)
        with mortal_database(post.engine, fate), contextlib.suppress(Killed):
            post.gateway().turn(endpoint)
        post.clock.seconds += dispatcher.LEASE_SECONDS + 1
        post.gateway().turn(endpoint)
        told = receiver.told[before:]
        missing = set(wanted) - {body["data"]["place"] for _, body in told}
        found.append((sorted(missing), len({sent_id for sent_id, _ in told})))
        place = wanted[-1]
        if not fate.where:
            return found
        with Session(post.engine) as session, session.begin():
            repository.drop(session, endpoint)
    raise AssertionError("there is no end of moments")


def test_a_gateway_that_dies_at_any_moment_leaves_nothing_untold(post: Post, receiver: Receiver) -> None:
    found = all_moments(post, receiver)

    assert found == [([], 2)] * len(found)
    assert len(found) > 10


def test_a_gateway_that_marks_before_it_sends_would_be_found(
    post: Post, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The planted bug: delivered, it says, and then it dies."""
    monkeypatch.setattr(Dispatcher, "_send", marking_first)

    assert [missing for missing, _ in all_moments(post, receiver) if missing]


def marking_first(self: Dispatcher, taken: Any) -> None:
    while True:
        with self._services.writing() as session:
            waiting = repository.queued(session, taken.endpoint_id)
            row = repository.endpoint(session, taken.endpoint_id)
            if waiting is None or row is None:
                return
            waiting.state = "delivered"
            url, sent_id, text = row.url, waiting.message_id, waiting.body
        with self._services.writing() as session:
            repository.keep_lease(session, taken.endpoint_id, taken.held, taken.held)
        self._ask(url, b"s" * 32, sent_id, text)


# ---------------------------------------------------------------------- reorgs


def test_what_the_chain_took_back_is_said_and_the_new_branch_told(post: Post, receiver: Receiver) -> None:
    post.endpoint(receiver.url)
    kept, gone = post.happens(5), post.happens(6)
    gateway = post.gateway()
    post.rounds(gateway, wanted=lambda: len(receiver.told) == 2)
    post.is_undone_from(6)
    fresh = [post.happens(6, branch="b"), post.happens(7, branch="b")]

    post.rounds(gateway, wanted=lambda: len(receiver.told) == 5)

    assert receiver.told[2][1]["type"] == "chain.reorg"
    assert receiver.told[2][1]["data"] == {"at": kept}
    assert receiver.places() == [kept, gone, *fresh]


def test_a_key_that_opens_no_secret_holds_deliveries_back_and_says_so(post: Post, receiver: Receiver) -> None:
    endpoint = post.endpoint(receiver.url)
    post.happens(5)
    stranger = post.gateway(post.services("fedcba9876543210" * 4))
    post.rounds(stranger, wanted=lambda: post.row(endpoint).last_error is not None)
    assert receiver.listener.is_silent

    post.clock.seconds = post.row(endpoint).next_at
    both = post.gateway(post.services("fedcba9876543210" * 4 + "," + "0123456789abcdef" * 4))
    post.rounds(both, wanted=lambda: len(receiver.told) == 1)


def test_an_event_that_comes_while_messages_are_made_is_not_forgotten(post: Post, receiver: Receiver) -> None:
    """Whoever makes messages holds the row; the mark that something happened waits for it, and then stands."""
    endpoint = post.endpoint(receiver.url)
    services = post.services()

    def mark() -> None:
        with services.writing() as session:
            repository.mark_behind(session, {OWNER})

    marking = threading.Thread(target=mark)
    with services.writing() as session:
        row = repository.locked(session, endpoint)
        assert row is not None
        row.is_behind = False
        session.flush()
        marking.start()
        marking.join(0.5)
    marking.join(20)

    assert post.row(endpoint).is_behind
