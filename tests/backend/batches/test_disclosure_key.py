"""The disclosure key: the requester's alone until the known answers are public, and nowhere else to be seen."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from piecework.db.base import Base
from piecework.db.gateway import Draft, SkillName
from piecework.domain import documents
from piecework.domain.disclosure import key_digest, new_key, open_sealed
from scripts.audit.disclosure import read_keys
from scripts.disclosure_key import run_disclosure_key
from tests.backend.house import House

GOLD = {"t0": "cat", "t1": "dog"}


def path_of(batch_id: str) -> str:
    return f"/v1/batches/{batch_id}/disclosure-key"


def opened(house: House, batch_id: str, key: str) -> Any:
    gold = house.get(None, f"/v1/batches/{batch_id}/manifest")["gold"]
    fetch = lambda cid: house.client.get(f"/v1/payloads/{cid}").content  # noqa: E731
    document = documents.unpack(gold["sealed"]["document_digest"], "sealed-gold", fetch)
    assert gold["sealed"]["key_digest"] == key_digest(key)
    return open_sealed(document, gold["root"], key)["answers"]


def test_the_requester_alone_gets_the_key_and_it_opens_what_was_pinned_at_drafting(house: House) -> None:
    requester, stranger = house.requester(), house.wallet()
    batch_id = house.draft(requester, 6, gold=GOLD)["batch_id"]

    found = house.get(requester, path_of(batch_id))

    assert (found["batch_id"], found["is_public"]) == (batch_id, False)
    assert opened(house, batch_id, found["key"]) == GOLD
    house.refused(None, path_of(batch_id), None, 401, "not_signed_in", method="GET")
    for who in (stranger, house.reviewers()[0]):
        house.refused(who, path_of(batch_id), None, 403, "not_your_batch", method="GET")
    token = {"authorization": f"Bearer {house.token(requester)}"}
    assert house.client.get(path_of(batch_id), headers=token).headers["cache-control"] == "no-store"


def test_two_batches_have_two_keys_and_one_without_known_answers_has_none(house: House) -> None:
    requester = house.requester()
    one, two = (house.draft(requester, 6, gold=GOLD)["batch_id"] for _ in range(2))
    keys = {house.get(requester, path_of(batch_id))["key"] for batch_id in (one, two)}
    assert len(keys) == 2

    plain = house.draft(requester, 2)["batch_id"]
    house.refused(requester, path_of(plain), None, 409, "nothing_sealed", method="GET")
    house.refused(requester, path_of("0x" + "77" * 32), None, 404, "draft_unknown", method="GET")


def test_the_key_is_public_once_the_known_answers_are(house: House) -> None:
    requester, worker = house.requester(), house.wallet()
    batch_id = house.funded(requester, 6, gold=GOLD, max_gold_share=1)
    key = house.get(requester, path_of(batch_id))["key"]
    offer = house.submitted(worker, batch_id, count=6)
    verdicts = [{"task": t, "worker": worker.address, "decision": "accepted", "reason": ""} for t in offer["tasks"]]
    house.settled(house.proposed(batch_id, verdicts))

    assert house.get(None, path_of(batch_id)) == {"batch_id": batch_id, "key": key, "is_public": True}


def test_the_key_stands_in_one_column_and_in_no_other_row_answer_or_log(
    house: House, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    requester, worker = house.requester(), house.wallet()
    caplog.set_level(0)
    batch_id = house.funded(requester, 6, gold=GOLD)
    key = house.get(requester, path_of(batch_id))["key"][2:]
    house.submitted(worker, batch_id, count=2)

    places = ("", "/manifest", "/events", "/results", "/report", "/disclosure-key")
    told = [house.client.get(f"/v1/batches/{batch_id}{place}").text for place in places]
    told += [house.client.get(path).text for path in ("/metrics", "/readyz", "/v1/batches")]
    assert not any(key in text for text in told)
    with house.services.reading() as session:
        holding = [
            (table.name, column.name)
            for table in Base.metadata.sorted_tables
            for row in session.execute(select(table)).mappings()
            for column in table.columns
            if key in str(row[column.name])
        ]
    assert holding == [("drafts", "disclosure_key")]
    said = capfd.readouterr()
    assert key not in said.out + said.err + caplog.text


def test_a_database_error_names_no_values(house: House) -> None:
    """A failed insert would otherwise write sealed answers and keys into the log."""
    secret = "0x" + "5e" * 32
    with house.services.writing() as session:
        session.add(SkillName(skill=secret, name="painting"))
    with pytest.raises(IntegrityError) as caught, house.services.writing() as session:
        session.add(SkillName(skill=secret, name="painting"))
    assert secret not in str(caught.value)


@contextmanager
def served(house: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Where the gateway can be reached by HTTP; sign-ins are for that address from now on."""
    config = uvicorn.Config(house.client.app, host="127.0.0.1", port=0, log_level="warning", lifespan="off")
    server, socket = uvicorn.Server(config), config.bind_socket()
    thread = threading.Thread(target=server.run, args=([socket],), daemon=True)
    thread.start()
    address = f"http://127.0.0.1:{socket.getsockname()[1]}"
    monkeypatch.setattr(house.services.settings, "public_url", address)
    try:
        yield address
    finally:
        server.should_exit = True
        thread.join()
        socket.close()


def test_the_command_fetches_checks_and_keeps_the_key_for_its_owner_alone(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    requester, path = house.requester(), tmp_path / "keys"
    batch_id = house.draft(requester, 6, gold=GOLD)["batch_id"]
    key = house.get(requester, path_of(batch_id))["key"]
    monkeypatch.delenv("PIECEWORK_REQUESTER_KEY", raising=False)

    with served(house, monkeypatch) as url:
        assert run_disclosure_key(batch_id, gateway_url=url, out_path=None) == 1
        assert "not_signed_in" in capsys.readouterr().err
        monkeypatch.setenv("PIECEWORK_REQUESTER_KEY", "0x" + bytes(requester.key).hex())
        assert run_disclosure_key(batch_id, gateway_url=url, out_path=None) == 0
        assert capsys.readouterr().out == key + "\n"
        path.touch(0o644)
        assert run_disclosure_key(batch_id, gateway_url=url, out_path=path) == 0
        said = capsys.readouterr()
        assert "opens 2 known answers" in said.err
        assert key not in said.out + said.err
        assert (path.read_text(), path.stat().st_mode & 0o777) == (key + "\n", 0o600)
        assert read_keys(path) == [(f"line 1 of {path}", key)]
        for broken in ("0x12", "0x" + "77" * 32):
            assert run_disclosure_key(broken, gateway_url=url, out_path=None) == 1
        monkeypatch.setenv("PIECEWORK_REQUESTER_KEY", "secret")
        assert run_disclosure_key(batch_id, gateway_url=url, out_path=None) == 1
        assert "secret" not in capsys.readouterr().err


def test_the_command_tells_that_a_gateway_gave_a_key_that_is_not_the_batchs(
    house: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    requester = house.requester()
    batch_id = house.draft(requester, 6, gold=GOLD)["batch_id"]
    with house.services.writing() as session:
        session.get_one(Draft, batch_id).disclosure_key = new_key()
    monkeypatch.setenv("PIECEWORK_REQUESTER_KEY", "0x" + bytes(requester.key).hex())

    with served(house, monkeypatch) as url:
        assert run_disclosure_key(batch_id, gateway_url=url, out_path=None) == 1
    said = capsys.readouterr()
    assert "another key than the manifest names" in " ".join(said.err.split())
    assert said.out == ""
