"""An intent is stored once, in the caller's transaction, before anything is sent."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from backend.relay.outbox import KINDS, Outbox
from piecework.db.engine import write_engine
from piecework.db.gateway import RelayIntent


def stored(engine: Engine) -> int:
    with Session(engine) as session:
        return int(session.execute(select(func.count()).select_from(RelayIntent)).scalar_one())


def test_a_new_intent_is_queued_with_its_payload(engine: Engine) -> None:
    outbox = Outbox()
    with Session(write_engine(engine)) as session, session.begin():
        intent_id = outbox.enqueue(session, kind="mint", dedupe_key="a", payload={"to": "0x1", "amount_units": "5"})

    with Session(engine) as session:
        found = outbox.get(session, intent_id)
        assert found is not None
        assert (found.status, found.kind, found.payload["amount_units"]) == ("queued", "mint", "5")
        assert (found.transaction_hash, found.nonce, found.error_code) == (None, None, None)


def test_the_same_key_gives_the_same_intent_in_one_and_in_another_transaction(engine: Engine) -> None:
    outbox = Outbox()
    ids = []
    for _ in range(2):
        with Session(write_engine(engine)) as session, session.begin():
            ids += [outbox.enqueue(session, kind="mint", dedupe_key="same", payload={"n": n}) for n in range(2)]

    assert len(set(ids)) == 1
    assert stored(engine) == 1
    with Session(engine) as session:
        assert outbox.get(session, ids[0]).payload == {"n": 0}  # type: ignore[union-attr]


def test_an_intent_goes_with_the_transaction_that_asked_for_it(engine: Engine) -> None:
    outbox = Outbox()
    with Session(write_engine(engine)) as session:
        session.begin()
        intent_id = outbox.enqueue(session, kind="mint", dedupe_key="a", payload={})
        session.rollback()

    with Session(engine) as session:
        assert outbox.get(session, intent_id) is None


def test_an_unknown_kind_is_refused_and_nothing_is_stored(engine: Engine) -> None:
    with Session(write_engine(engine)) as session, pytest.raises(ValueError, match="no kind of intent"):
        Outbox().enqueue(session, kind="steal", dedupe_key="a", payload={})

    assert stored(engine) == 0
    assert "settle" in KINDS


def test_storing_an_intent_wakes_the_sender(sqlite_engine: Engine) -> None:
    outbox = Outbox()
    assert not outbox.wake.is_set()
    with Session(write_engine(sqlite_engine)) as session, session.begin():
        outbox.enqueue(session, kind="mint", dedupe_key="a", payload={})

    assert outbox.wake.is_set()


def enqueue_at_once(engine: Engine, threads: int) -> tuple[list[str], list[BaseException]]:
    """Every thread asks for the same key at the same moment."""
    outbox, gate = Outbox(), threading.Barrier(threads)
    ids: list[str] = []
    errors: list[BaseException] = []

    def ask() -> None:
        try:
            gate.wait()
            with Session(write_engine(engine)) as session, session.begin():
                ids.append(outbox.enqueue(session, kind="mint", dedupe_key="same", payload={}))
        except Exception as error:
            errors.append(error)

    crowd = [threading.Thread(target=ask) for _ in range(threads)]
    for thread in crowd:
        thread.start()
    for thread in crowd:
        thread.join()
    return ids, errors


def test_many_at_once_with_one_key_get_one_intent(engine: Engine) -> None:
    ids, errors = enqueue_at_once(engine, 8)

    assert stored(engine) == 1
    assert not errors, errors
    assert len(set(ids)) == 1
    assert len(ids) == 8


def test_the_sender_is_an_intents_only_reader_of_order(engine: Engine) -> None:
    outbox = Outbox()
    asked = [f"k{n}" for n in range(20)]
    with Session(write_engine(engine)) as session, session.begin():
        for key in asked:
            outbox.enqueue(session, kind="mint", dedupe_key=key, payload={})

    with Session(engine) as session:
        rows: Any = session.execute(select(RelayIntent.dedupe_key).order_by(RelayIntent.position)).scalars()
        assert list(rows) == asked
