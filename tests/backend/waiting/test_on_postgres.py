"""Several gateways on one PostgreSQL share one waiting room, and its bound."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from backend.errors import NoRoom
from backend.waiting import repository
from backend.waiting.keeping import Storekeeper
from backend.waiting.room import LEAST_BYTES, Place, admit
from piecework.domain.cid import cid_of
from piecework.domain.documents import Block
from tests.backend.house import House, open_house

WAITERS = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")


@pytest.fixture
def shared(stack: Any, tmp_path: Path, new_database: Callable[[str], str]) -> Iterator[House]:
    """Room for one small file of new addresses, and not for two."""
    room = 3 * LEAST_BYTES
    with open_house(stack, tmp_path, database_url=new_database("postgres"), max_waiting_bytes_in_all=room) as house:
        yield house


def place(number: int) -> tuple[Place, list[Block]]:
    data = b"file %d" % number
    cid = str(cid_of(data))
    return Place(f"0x{number:040x}:{cid}", False, f"203.0.113.{number}"), [Block(cid, data)]


def two_at_once(house: House) -> tuple[int, list[str]]:
    """A second transaction asks for room while the first holds it: bytes that wait at the end, and its refusals."""
    services, refused = house.services, list[str]()

    def second() -> None:
        try:
            with services.writing() as session:
                admit(services, session, *place(2))
        except NoRoom as error:
            refused.append(error.code)

    other = threading.Thread(target=second)
    with services.writing() as session:
        admit(services, session, *place(1))
        other.start()
        house.until(lambda: _waiters(house) + (not other.is_alive()), bool)
    other.join()
    with services.reading() as session:
        return sum(repository.held_by_share(session, False).values()), refused


def _waiters(house: House) -> int:
    with house.services.reading() as session:
        return int(session.execute(WAITERS).scalar_one())


def test_two_gateways_do_not_take_the_same_room(shared: House) -> None:
    assert two_at_once(shared) == (LEAST_BYTES, ["waiting_full"])


def test_without_the_lock_they_would(shared: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The planted bug: each looks at the room as if it were alone."""
    monkeypatch.setattr(repository, "lock", lambda _: None)
    assert two_at_once(shared) == (2 * LEAST_BYTES, [])


def test_a_funded_draft_is_stored_and_waits_no_more(shared: House) -> None:
    batch_id = shared.funded(tasks=1)

    shared.until(lambda: Storekeeper(shared.services).run_once(), lambda left: left == 0)

    manifest = shared.get(None, f"/v1/batches/{batch_id}")["manifest_cid"]
    assert shared.services.store._store.has(manifest)
    with shared.services.reading() as session:
        assert list(repository.blocks(session, batch_id)) == []
