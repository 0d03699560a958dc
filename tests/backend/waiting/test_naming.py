"""Reasons and evidence are stored once the chain names them, and of what it does not name a few are kept."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import func, select, update

from backend.waiting import naming, repository
from backend.waiting.keeping import Storekeeper
from piecework.db.waiting import WaitingFile
from tests.backend.bonuses.test_bonuses import batch, draft, owed
from tests.backend.court import Court
from tests.backend.house import House
from tests.backend.waiting.test_waiting import stored

__all__ = ["batch"]


def waiting(house: House) -> int:
    """Documents that wait for a name."""
    query = select(func.count(WaitingFile.holder.distinct())).where(WaitingFile.share.startswith("named:"))
    with house.services.reading() as session:
        return int(session.execute(query).scalar_one())


def test_a_reason_is_stored_once_a_bonus_names_it(house: House, batch: dict[str, Any]) -> None:
    worker = batch["first"].address
    other, sent = (draft(house, batch, worker, "7", reason=words) for words in ("Not sent.", "Well done."))
    assert not stored(house, sent["reason_cid"])
    assert json.loads(house.client.get(f"/v1/payloads/{sent['reason_cid']}").content) == sent["document"]
    before = owed(house, worker)

    house.send(batch["requester"], sent["transaction"])

    house.until(lambda: owed(house, worker), lambda units: units == before + 7)
    house.until(lambda: stored(house, sent["reason_cid"]), bool)
    assert not stored(house, other["reason_cid"])
    assert house.get(None, f"/v1/accounts/{worker}/bonuses")["items"][0]["reason"] == "Well done."


def test_drafts_that_nobody_sends_hold_a_few_files_and_no_room_of_others(
    house: House,
    batch: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    worker, most = batch["second"].address, naming.KEPT
    with house.services.reading() as session:
        held = repository.held_by_share(session, True), repository.held_by_share(session, False)
    before = waiting(house)

    drafted = [draft(house, batch, worker, "7", reason=f"For the {n}th time.") for n in range(most + 5)]

    assert waiting(house) == before + most
    kept = [house.client.get(f"/v1/payloads/{one['reason_cid']}").status_code == 200 for one in drafted]
    assert kept == [False] * 5 + [True] * most, "the oldest make room"
    with house.services.reading() as session:
        after = repository.held_by_share(session, True), repository.held_by_share(session, False)
    assert [{k: v for k, v in half.items() if v} for half in after] == [
        {k: v for k, v in half.items() if v} for half in held
    ]
    with monkeypatch.context() as planted:  # the bug: all are kept
        planted.setattr(naming, "KEPT", 10**6)
        draft(house, batch, worker, "7", reason="Once more.")
        assert waiting(house) > before + most

    with house.services.writing() as session:
        session.execute(update(WaitingFile).where(WaitingFile.share.startswith("named:")).values(expires_at=1.0))
    Storekeeper(house.services).run_once()
    assert waiting(house) == 0, "and the rest is forgotten in time"


def test_evidence_is_stored_once_a_dispute_names_it_whoever_brought_it(court: Court) -> None:
    worker = court.wallet()
    court.earn(worker)
    batch_id = court.rejected(worker, 1, court.requester())
    drafted = court.appeal(worker, batch_id, statement="Long words. " * 1_000)
    assert not stored(court, drafted["evidence_cid"])

    court.post(None, "/v1/appeals", court.signed(worker, drafted), 202)

    assert court.dispute_of(batch_id)["evidence"] == drafted["evidence"]
    court.until(lambda: stored(court, drafted["evidence_cid"]), bool)


def test_a_tickets_task_list_is_stored_once_it_is_claimed(house: House) -> None:
    batch_id, worker, idle = house.funded(tasks=4), house.wallet(), house.wallet()
    unused = house.offer(idle, batch_id, count=1)

    offer = house.claimed(worker, batch_id, count=2)

    house.until(lambda: stored(house, offer["task_list_cid"]), bool)
    listed = json.loads(house.client.get(f"/v1/payloads/{unused['task_list_cid']}").content)
    assert listed["tasks"] == unused["tasks"], "who looks before signing can read it"
    assert not stored(house, unused["task_list_cid"])


def test_what_no_look_came_to_is_stored_when_its_time_is_over_if_it_was_named(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker, idle = house.wallet(), house.wallet()
    with monkeypatch.context() as blind:
        blind.setattr(repository, "named_after", lambda *_: [])
        blind.setattr(repository, "funded", lambda *_: [])
        batch_id = house.funded(tasks=4)
        unused = house.offer(idle, batch_id, count=1)
        offer = house.claimed(worker, batch_id, count=2)
        manifest = house.get(None, f"/v1/batches/{batch_id}")["manifest_cid"]
        assert not stored(house, offer["task_list_cid"])
        assert not stored(house, manifest)

        with house.services.writing() as session:
            session.execute(update(WaitingFile).values(expires_at=1.0))
        house.until(lambda: Storekeeper(house.services).run_once(), lambda found: found == 0)

    assert stored(house, offer["task_list_cid"])
    assert stored(house, manifest)
    assert not stored(house, unused["task_list_cid"])
    assert waiting(house) == 0, "what nobody named is forgotten"


def test_what_was_named_while_the_store_was_away_is_stored_when_it_is_back(
    house: House, batch: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(naming, "_LATE_BLOCKS", 0)
    worker = batch["first"].address
    sent, later = draft(house, batch, worker, "7", reason="While it was away."), draft(house, batch, worker, "8")
    tried: list[bytes] = []

    def away(data: bytes) -> None:
        tried.append(data)
        raise OSError("away")

    with monkeypatch.context() as outage:
        outage.setattr(house.services.store, "put", away)
        house.send(batch["requester"], sent["transaction"])
        house.until(lambda: tried, bool)
        before = owed(house, worker)
        house.send(batch["requester"], later["transaction"])  # the chain goes on, past what was not stored
        house.until(lambda: owed(house, worker), lambda units: units == before + 8)
        seen = len(tried)
        house.until(lambda: len(tried), lambda times: times > seen)
        assert not stored(house, sent["reason_cid"])

    house.until(lambda: stored(house, sent["reason_cid"]), bool)
