"""Whatever is drafted and uploaded without pay has a bound and an end, and what is paid for is kept."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import func, select, update
from starlette.testclient import TestClient

from backend.batches import service
from backend.ipfs.port import PayloadMissing, PayloadTooLarge
from backend.predictions import service as predictions
from backend.waiting import repository, room, store
from backend.waiting.keeping import Storekeeper
from backend.waiting.room import LEAST_BYTES
from piecework.db.gateway import BatchTask, Draft
from piecework.db.waiting import WaitingFile
from piecework.domain.cid import cid_of, cid_of_digest
from piecework.domain.documents import MAX_BLOCK_BYTES
from tests.backend.house import House, is_problem, verdict

FITTING = 20
HOME = "198.51.100.7"
TEXT = {"type": "string", "maxLength": 100}


@pytest.fixture(autouse=True)
def _small_and_empty(house: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Room for `FITTING` small files of new addresses, and as many of others."""
    monkeypatch.setattr(house.services.settings, "max_waiting_bytes_in_all", 2 * FITTING * LEAST_BYTES)
    yield
    house.until(lambda: Storekeeper(house.services).run_once(), lambda found: found == 0)
    with house.services.writing() as session:
        for holder in session.execute(select(WaitingFile.holder).distinct()).scalars().all():
            repository.forget(session, holder)


def ask(house: House, network: str, who: Any, path: str, **body: Any) -> Any:
    """A POST from an IP address."""
    headers = {"authorization": f"Bearer {house.token(who)}"}
    client = TestClient(house.client.app, client=(network, 4_000), base_url=str(house.client.base_url))
    return client.post(path, headers=headers, **body)


def upload(house: House, network: str, who: Any, data: bytes) -> Any:
    return ask(house, network, who, "/v1/payloads", content=data)


def draft(house: House, network: str, who: Any, **changes: Any) -> Any:
    return ask(house, network, who, "/v1/batches", json=house.draft_body(**{"tasks": 1} | changes))


def flood(house: House, networks: int = 3, people: int = 12) -> set[int]:
    """One hand with fresh addresses, drafts and files, from a few networks."""
    found = set()
    for place in range(people):
        who, network = house.wallet(), f"203.0.113.{place % networks}"
        found |= {upload(house, network, who, b"%d of %d" % (number, place)).status_code for number in range(2)}
        found |= {draft(house, network, who).status_code for _ in range(2)}
    return found


def counted(house: House) -> int:
    with house.services.reading() as session:
        return sum(repository.held_by_share(session, False).values())


def rows(house: House, batch_id: str) -> tuple[int, ...]:
    """How many the draft has: itself, its tasks, its waiting files."""
    counts = (Draft, Draft.batch_id), (BatchTask, BatchTask.batch_id), (WaitingFile, WaitingFile.holder)
    with house.services.reading() as session:
        queries = [select(func.count()).select_from(table).where(name == batch_id) for table, name in counts]
        return tuple(int(session.execute(query).scalar_one()) for query in queries)


def stored(house: House, cid: str) -> bool:
    """Whether the payload store has it, and not only the waiting room."""
    found: bool = house.services.store._store.has(cid)
    return found


def expire(house: House) -> None:
    """All that waits has waited too long; a round has looked."""
    with house.services.writing() as session:
        session.execute(update(WaitingFile).values(expires_at=1.0))
    Storekeeper(house.services).run_once()


def test_a_flood_of_drafts_and_files_keeps_no_more_than_was_said_and_takes_nobodys_share(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = house.requester()
    own = [draft(house, HOME, honest).json() for _ in range(2)]
    picture = upload(house, HOME, honest, b"a picture").json()["cid"]

    statuses = flood(house)

    assert statuses == {201, 507}
    assert counted(house) <= FITTING * LEAST_BYTES
    assert [rows(house, found["batch_id"]) for found in own] == [(1, 1, 1)] * 2, "its network held less than a fourth"
    assert house.client.get(f"/v1/payloads/{picture}").content == b"a picture"
    assert draft(house, HOME, honest).status_code == 201, "and can go on"
    assert draft(house, "198.51.100.8", house.wallet()).status_code == 201, "as can a newcomer"

    with monkeypatch.context() as planted:  # the bug: nobody counts over all
        planted.setattr(room, "_make_room", lambda *_: None)
        assert flood(house) == {201}
        assert counted(house) > 2 * FITTING * LEAST_BYTES


def test_what_goes_is_gone_with_its_rows_and_the_refusal_says_when_to_come_back(house: House) -> None:
    hoarder = house.wallet()
    first = draft(house, "203.0.113.1", hoarder).json()["batch_id"]
    while (answer := draft(house, "203.0.113.1", hoarder)).status_code == 201:
        pass

    problem = is_problem(answer)
    assert (answer.status_code, problem["code"]) == (507, "waiting_full")
    assert problem["share_bytes"] > (FITTING - 2) * LEAST_BYTES
    assert 0 < problem["retry_after_seconds"] <= house.services.settings.waiting_lifetime_seconds
    assert str(problem["retry_after_seconds"]) in problem["detail"]
    assert rows(house, first) == (1, 1, 1), "who is refused loses nothing"

    assert upload(house, HOME, house.wallet(), b"from elsewhere").status_code == 201

    assert rows(house, first) == (0, 0, 0)


def survivors(house: House) -> list[bool]:
    """Of three drafts of one share, whether each is left once one had to go; of the oldest funding was asked for."""
    requester = house.requester()
    found = [draft(house, "203.0.113.1", requester).json() for _ in range(3)]
    house.post(
        requester, f"/v1/batches/{found[0]['batch_id']}/transaction", {"permit": house.permit(requester, found[0])}
    )
    while draft(house, "203.0.113.1", house.wallet()).status_code == 201:
        pass
    assert upload(house, HOME, house.wallet(), b"from elsewhere").status_code == 201
    return [rows(house, one["batch_id"]) == (1, 1, 1) for one in found]


def test_a_draft_whose_funding_is_on_its_way_makes_room_last(house: House) -> None:
    assert survivors(house) == [True, False, True]


def test_without_waiting_anew_it_would_be_the_first(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "wait_anew", lambda *_: None)  # the planted bug

    assert survivors(house) == [False, True, True]


def test_one_that_could_never_fit_is_refused_and_pushes_nobody_out(house: House) -> None:
    kept = upload(house, "203.0.113.1", house.wallet(), b"small").json()["cid"]

    answer = upload(house, HOME, house.wallet(), b"x" * (FITTING * LEAST_BYTES + 1))

    assert (answer.status_code, is_problem(answer)["code"]) == (507, "waiting_full")
    assert "make it smaller" in answer.json()["detail"]
    assert house.client.get(f"/v1/payloads/{kept}").content == b"small"


def test_who_paid_for_work_has_room_of_its_own(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    known, worker = house.requester(), house.wallet()
    batch_id = house.funded(known, tasks=1)
    house.submitted(worker, batch_id)
    house.settled(house.proposed(batch_id, [verdict(worker, "t0")]))
    flood(house, networks=1)
    assert draft(house, "203.0.113.0", house.wallet()).status_code == 507, "the network of the flood has its share"

    assert draft(house, "203.0.113.0", known).status_code == 201
    assert upload(house, "203.0.113.0", worker, b"of a paid worker").status_code == 201

    with monkeypatch.context() as planted:  # the bug: nobody looks who paid
        planted.setattr(repository, "has_paid_work", lambda *_: False)
        assert draft(house, "203.0.113.0", known).status_code == 507


def test_what_a_funded_batch_names_is_stored_and_nothing_before(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    requester = house.requester()
    named, unnamed = (upload(house, HOME, requester, data).json()["cid"] for data in (b"named", b"unnamed"))
    abandoned = draft(house, HOME, requester).json()
    assert not stored(house, named)

    batch_id = house.funded(requester, [{"id": "t0", "content": {"picture": f"ipfs://{named}"}}])

    manifest = house.client.get(f"/v1/batches/{batch_id}").json()["manifest_cid"]
    house.until(lambda: stored(house, manifest), bool)
    house.until(lambda: rows(house, batch_id), lambda found: found == (1, 1, 0))
    expire(house)
    assert (stored(house, named), stored(house, unnamed)) == (True, False)
    assert house.client.get(f"/v1/payloads/{named}").content == b"named"
    assert house.client.get(f"/v1/payloads/{unnamed}").status_code == 404
    assert rows(house, abandoned["batch_id"]) == (0, 0, 0)
    assert not stored(house, abandoned["manifest_cid"])
    body = {"permit": {"amount_units": "1", "deadline": 2**40, "signature": "0x" + "11" * 65}}
    house.refused(requester, f"/v1/batches/{abandoned['batch_id']}/transaction", body, 404, "draft_unknown")
    assert draft(house, HOME, requester).status_code == 201, "whoever comes back drafts again"

    with monkeypatch.context() as planted:  # the bug: what a manifest names is not looked up
        planted.setattr(store.WaitingStore, "keep_named", lambda *_: None)
        lost = upload(house, HOME, requester, b"lost").json()["cid"]
        other = house.funded(requester, [{"id": "t0", "content": {"picture": lost}}])
        house.until(lambda: rows(house, other), lambda found: found == (1, 1, 0))
        expire(house)
        assert house.client.get(f"/v1/payloads/{lost}").status_code == 404


def test_a_name_across_two_blocks_of_a_manifest_is_found(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(house.services.settings, "max_waiting_bytes_in_all", 2**30)
    requester = house.requester()
    cid = upload(house, HOME, requester, b"cut in two").json()["cid"]

    def tasks(padding: int) -> list[dict[str, Any]]:
        return [{"id": "t0", "content": {"a": "x" * padding, "b": cid}}]

    short = draft(house, HOME, requester, tasks=tasks(0), title="One").json()["manifest_cid"]
    place = house.client.get(f"/v1/payloads/{short}").content.index(cid.encode())
    batch_id = house.funded(requester, tasks(MAX_BLOCK_BYTES - place - 30), title="One")

    assert rows(house, batch_id)[:2] == (1, 1)
    house.until(lambda: stored(house, cid), bool)


def test_what_a_submitted_answer_names_is_stored(house: House) -> None:
    worker = house.wallet()
    batch_id = house.funded(tasks=1, answer_schema=TEXT)
    cid = upload(house, HOME, worker, b"my work").json()["cid"]
    offer = house.claimed(worker, batch_id)
    drafted = house.answered(worker, offer, cid)
    assert not stored(house, cid), "an answer that is only drafted keeps nothing"

    house.submit(worker, offer, drafted)

    assert stored(house, cid)
    expire(house)
    assert house.client.get(f"/v1/payloads/{cid}").content == b"my work"


def test_a_funded_draft_is_never_forgotten_though_the_mirror_is_behind(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repository, "funded", lambda *_: [])
    monkeypatch.setattr(repository, "is_mirrored", lambda *_: False)
    batch_id = house.funded(tasks=1)

    expire(house)

    assert rows(house, batch_id) == (1, 1, 1)
    gone: list[str] = []
    monkeypatch.setattr(repository, "forget", lambda _, holder: gone.append(holder))
    monkeypatch.setattr(type(house.services.escrow), "batch", lambda *_: SimpleNamespace(exists=False))
    expire(house)  # the planted bug: nobody asks the chain
    assert batch_id in gone
    monkeypatch.undo()


def test_a_storekeeper_that_dies_between_loses_nothing(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    class Died(Exception):
        pass

    def die(*_: Any) -> None:
        raise Died

    with monkeypatch.context() as killed:
        killed.setattr(repository, "leave", die)
        batch_id = house.funded(tasks=1)
        with pytest.raises(Died):
            Storekeeper(house.services).run_once()
        with house.services.reading() as session:
            digest = session.get(Draft, batch_id).manifest_digest
        assert stored(house, cid_of_digest(digest)), "stored first"
        assert rows(house, batch_id) == (1, 1, 1), "and still there"

    house.until(lambda: rows(house, batch_id), lambda found: found == (1, 1, 0))


def test_what_waits_is_read_like_anything_and_too_much_of_it_is_refused(house: House) -> None:
    cid = upload(house, HOME, house.wallet(), b"waiting").json()["cid"]
    both = house.services.store

    assert both.get(cid, 7) == b"waiting"
    assert both.has(cid)
    with pytest.raises(PayloadTooLarge):
        both.get(cid, 6)
    with pytest.raises(PayloadMissing):
        both.get(cid_of(b"nobody has this either"), 7)


def test_a_file_sent_again_counts_once_and_waits_anew(house: House) -> None:
    who = house.wallet()
    upload(house, HOME, who, b"again")
    with house.services.writing() as session:
        session.execute(update(WaitingFile).values(expires_at=2.0**40))

    upload(house, HOME, who, b"again")

    assert counted(house) == LEAST_BYTES
    with house.services.reading() as session:
        until = session.execute(select(WaitingFile.expires_at)).scalar_one()
    assert until < 2.0**40


def test_a_models_answers_brought_again_count_once(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each in place of those before, so that a draft's share does not fill up with what is gone."""
    who = house.wallet()
    batch_id = draft(house, HOME, who, tasks=200, review={"policy": "inference"}).json()["batch_id"]
    alone = counted(house)

    def bring(answers: int, name: str) -> Any:
        said = [{"task": f"t{number}", "answer": "cat", "confidence": 0.9} for number in range(answers)]
        return ask(house, HOME, who, f"/v1/batches/{batch_id}/model-answers", json={"name": name, "answers": said})

    assert bring(200, "small").status_code == 201
    once = counted(house)
    assert once - alone > 200 * len('{"answer":"cat"}')
    assert {bring(200, f"take{number}").status_code for number in range(40)} == {201}
    assert counted(house) - once == len("take39") - len("small")
    assert bring(1, "few").status_code == 201
    assert alone < counted(house) < once, "fewer answers give room back"

    with monkeypatch.context() as planted:  # the bug: what is replaced goes on counting
        add = room.admit_more
        planted.setattr(predictions, "admit_more", lambda *given, **_: add(*given))
        assert {bring(200, f"take{number}").status_code for number in range(40)} == {201, 507}
