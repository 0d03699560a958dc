"""What is done once the block is known changes no draw, however late the gateway makes it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from backend.draws import drawing, repository
from backend.matching.eligibility import BatchRules
from backend.matching.schemas import CredentialNeed, KeptNeeds, Reason
from backend.signals import funding
from piecework.chain.calls import encode
from piecework.db.mirror import MirrorCredential
from piecework.domain.draw import ranked
from tests.backend.draws.reviewing import by_address, drawn, draws, enrol, opened
from tests.backend.house import House, open_house

BLOCK_OF, FUNDING_OF = repository.block_of, funding.funding_of


@pytest.fixture(scope="module")
def house(stack: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with open_house(stack, tmp_path_factory.mktemp("house"), proposer_poll_seconds=0.1) as found:
        yield found


@pytest.fixture
def late(house: House, monkeypatch: pytest.MonkeyPatch) -> Any:
    """An answer whose block is on chain, a gateway that has not drawn yet, and whoever enrolled."""
    requester, worker, people = house.requester(), house.requester(), [house.wallet() for _ in range(5)]
    batch_id = opened(house, requester)
    enrol(house, batch_id, *people)
    waiting = monkeypatch.context()
    held = waiting.__enter__()
    held.setattr(drawing.repository, "block_of", lambda *_: None)
    offer = house.submitted(worker, batch_id)
    return requester, worker, people, batch_id, offer, lambda: waiting.__exit__(None, None, None)


def first_of(house: House, batch_id: str, people: list[Any]) -> tuple[str, list[str]]:
    """The submission, and the ranking as anybody computes it from the block."""
    from sqlalchemy import select

    from piecework.db.mirror import MirrorSubmission

    with house.services.reading() as session:
        query = select(MirrorSubmission.work_digest).where(MirrorSubmission.batch_id == batch_id)
        submission = session.execute(query).scalar_one()
        block = BLOCK_OF(session, batch_id, submission)
    assert block is not None
    return submission, ranked(block[0], submission, "t0", dict.fromkeys(by_address(people), 1))


@pytest.mark.parametrize("is_planted", [False, True], ids=["as it is", "with the bug"])
def test_money_that_is_sent_to_who_would_be_drawn_strikes_nobody_off(
    house: House, late: Any, monkeypatch: pytest.MonkeyPatch, is_planted: bool
) -> None:
    requester, worker, people, batch_id, _, draw = late
    _, order = first_of(house, batch_id, people)
    transfer = lambda to: encode(house.stack.token.contract, "transfer", to, 1)  # noqa: E731
    house.stack.send(worker, transfer(order[0]))  # the worker connects itself
    for name in (worker.address, order[1]):  # and the requester somebody else
        house.stack.send(requester, transfer(name))
    if is_planted:
        monkeypatch.setattr(drawing, "funding_of", lambda *given, **_: FUNDING_OF(*given))
    house.until(house._is_quiet, bool)  # what is sent counts once the mirror has its block

    draw()

    if is_planted:
        found = house.until(lambda: draws(house, batch_id)["items"], lambda items: items and items[0]["drawn"])[0]
        assert found["excluded"] == dict.fromkeys(order[:2], "connected")
    else:
        found = drawn(house, batch_id)
        assert (found["excluded"], found["drawn"]) == ({}, order[:3])


def test_a_connection_of_before_the_batch_and_what_a_reviewer_sends_itself_count(house: House) -> None:
    requester, worker, people = house.requester(), house.requester(), [house.requester() for _ in range(5)]
    transfer = lambda to: encode(house.stack.token.contract, "transfer", to, 1)  # noqa: E731
    house.stack.send(worker, transfer(people[0].address))
    batch_id = opened(house, requester)
    enrol(house, batch_id, *people)
    house.stack.send(people[1], transfer(worker.address))
    house.submitted(worker, batch_id)

    found = drawn(house, batch_id)

    assert found["excluded"] == dict.fromkeys((people[0].address, people[1].address), "connected")


def test_a_credential_or_a_record_that_others_take_away_once_the_block_is_known_counts_on(
    house: House, late: Any
) -> None:
    _, _, people, batch_id, _, draw = late
    submission, _ = first_of(house, batch_id, people)
    block = house.stack.web3.eth.block_number
    wanted = CredentialNeed(issuer=people[4].address, skill="medicine", minimum_level=5)
    common: dict[str, Any] = {"issuer": wanted.issuer, "skill": wanted.on_chain, "level": 0, "expiry": 0}
    common |= {"version": 2, "refused": False, "transaction_hash": "0x" + "22" * 32}
    taken, another = {"granted_at": 0, "block_number": block}, "0x" + "33" * 20
    changes: dict[str, list[dict[str, Any]]] = {
        "taken back before": [taken | {"block_number": 1}],
        "taken back since": [taken],
        "granted lower since": [{"granted_at": 9, "level": 1, "block_number": block}],
        "expired": [{"granted_at": 9, "expiry": 10, "block_number": 1}],
        "refused by its holder since": [taken | {"refused": True}],
        "lost before, and another issuer's taken back since": [
            taken | {"block_number": 1},
            taken | {"issuer": another},
        ],
    }
    reasons = [Reason(code=code, text="") for code in ("credential_missing", "record_low", "record_short", "blocked")]
    rules = BatchRules(batch_id, another, KeptNeeds(credentials=[wanted]))
    counts = set()
    with house.services.writing() as session:
        for number, (what, rows) in enumerate(changes.items()):
            holder = f"0x{number + 1:040x}"
            session.add_all(MirrorCredential(**common | row | {"holder": holder}) for row in rows)
            session.flush()
            if drawing.unfit(reasons, session, holder, batch_id, submission, rules):
                counts.add(what)
            # A submission of the same bytes elsewhere, long before, makes nothing late.
            assert not repository.was_changed_since(
                session, holder, {(wanted.issuer, wanted.on_chain)}, another, submission
            )
        session.rollback()

    assert counts == set(changes) - {"taken back since", "granted lower since"}
    draw()


@pytest.mark.parametrize("is_planted", [False, True], ids=["as it is", "with the bug"])
def test_money_that_is_sent_to_a_hand_between_strikes_nobody_off(
    house: House, monkeypatch: pytest.MonkeyPatch, is_planted: bool
) -> None:
    """Each candidate paid a hand of its own long before. The worker, once it knows the block, pays the first one's and
    has what it is owed sent to the second one's."""
    token, escrow = house.stack.token.contract, house.stack.escrow
    transfer = lambda to: encode(token, "transfer", to, 1)  # noqa: E731
    requester, worker, people = house.requester(), house.requester(), [house.requester() for _ in range(5)]
    hands = {each.address: house.wallet().address for each in people}
    for each in people:
        house.stack.send(each, transfer(hands[each.address]))
    for call in (encode(token, "approve", escrow.address, 1), encode(escrow.contract, "deposit", 1)):
        house.stack.send(worker, call)
    batch_id = opened(house, requester)
    enrol(house, batch_id, *people)
    if is_planted:
        monkeypatch.setattr(funding, "is_own_doing", lambda pair, judges: pair[1] not in judges)
    with monkeypatch.context() as held:
        held.setattr(drawing.repository, "block_of", lambda *_: None)
        house.submitted(worker, batch_id)
        _, order = first_of(house, batch_id, people)
        house.stack.send(worker, transfer(hands[order[0]]))
        house.stack.send(worker, escrow.withdraw(1, hands[order[1]]))
        house.until(house._is_quiet, bool)

    found = house.until(lambda: draws(house, batch_id)["items"], lambda items: items and items[0]["drawn"])[0]

    struck = dict.fromkeys(order[:2], "connected") if is_planted else {}
    assert found["excluded"] == struck


def test_a_requester_that_waits_with_the_review_batch_finds_no_work_done_and_no_weight_changed(house: House) -> None:
    """Nothing is handed out before it is funded, and what is paid meanwhile makes nobody a reviewer."""
    from tests.backend.draws.reviewing import RULES, fund_reviews, worked

    requester, friends, honest = house.requester(), [house.wallet() for _ in range(3)], [house.wallet() for _ in "abc"]
    worked(house, requester, *honest)
    batch_id = house.funded(requester, 1, review={"policy": "drawn", "draw": RULES})
    worker = house.wallet()
    asked = {"batch_id": batch_id, "count": 1}
    house.refused(worker, "/v1/work/assignments", asked, 409, "review_batch_missing")
    worked(house, requester, *friends, each=3)
    fund_reviews(house, requester, batch_id, "paid")

    headers = {"authorization": f"Bearer {house.token(friends[0])}"}
    answer = house.client.put(f"/v1/reviews/batches/{batch_id}/candidacy", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "not_paid_before")
    enrol(house, batch_id, *honest)
    house.submitted(worker, batch_id)
    assert sorted(drawn(house, batch_id)["drawn"]) == sorted(by_address(honest))
