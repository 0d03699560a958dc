"""The storekeeper looks twice a second: what a look reads does not grow with tickets that nobody claims."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import Engine, event, func, insert, select, text
from sqlalchemy.orm import Session

from backend.waiting import naming, repository
from backend.waiting.keeping import Storekeeper
from piecework.db.mirror import MirrorClaim
from piecework.db.waiting import WaitingFile
from piecework.domain.cid import cid_of

FEW, MANY = 3_000, 30_000
_OPERATIONS = 10


def digest(number: int, of: str = "ticket") -> str:
    return "0x" + hashlib.sha256(f"{of} {number}".encode()).hexdigest()


def take(engine: Engine, first: int, last: int) -> None:
    """Tickets that wait for a claim."""
    common = {"position": 0, "data": b"tasks", "is_known": True, "share": "named:ticket", "counted_bytes": 0}
    common["expires_at"] = time.time() + 90_000
    rows = [
        common | {"holder": f"ticket:{digest(number)}", "cid": str(cid_of(b"%d" % number))}
        for number in range(first, last)
    ]
    with engine.begin() as connection:
        connection.execute(insert(WaitingFile), rows)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))


def claim(engine: Engine, numbers: Iterator[int], of: str) -> None:
    common = {"worker": "0x" + "1" * 40, "count": 1, "manifest_version": 0, "lease_end": 9, "block_number": 1}
    common |= {"block_timestamp": 1, "transaction_hash": "0x" + "2" * 64, "batch_id": "0x" + "3" * 64}
    with engine.begin() as connection:
        rows = [common | {"sequence": number, "tasks_digest": digest(number, of)} for number in numbers]
        connection.execute(insert(MirrorClaim), rows)


def work_of(engine: Engine, job: Callable[[Engine], object]) -> int:
    """What the database does for it: SQLite's operations, PostgreSQL's pages."""
    done, sent = [0], list[tuple[str, Any]]()

    def count() -> None:
        done[0] += _OPERATIONS

    def checked_out(connection: Any, *_: object) -> None:
        connection.set_progress_handler(count, _OPERATIONS)

    def keep(*given: Any) -> None:
        sent.append((given[2], given[3]))

    if engine.dialect.name == "sqlite":
        event.listen(engine, "checkout", checked_out)
        job(engine)
        event.remove(engine, "checkout", checked_out)
        return done[0]
    event.listen(engine, "before_cursor_execute", keep)
    job(engine)
    event.remove(engine, "before_cursor_execute", keep)
    with engine.connect() as connection:
        for statement, values in sent:
            how = "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) "
            plan = connection.exec_driver_sql(how + statement, values).scalar_one()[0]["Plan"]
            done[0] += plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
    return done[0]


def keeper_of(engine: Engine, store: Any = None) -> Storekeeper:
    @contextmanager
    def session() -> Iterator[Session]:
        with Session(engine) as opened, opened.begin():
            yield opened

    services: Any = SimpleNamespace(reading=session, writing=session, store=store)
    return Storekeeper(services)


def look(engine: Engine) -> None:
    assert keeper_of(engine).run_once() == 0


def room(engine: Engine) -> None:
    with Session(engine) as session:
        assert repository.held_by_share(session, True) == {}


def look_at_all(engine: Engine) -> None:
    """The planted bug."""
    named = MirrorClaim.tasks_digest == func.substr(WaitingFile.holder, len("ticket:") + 1)
    with Session(engine) as session:
        assert session.execute(select(WaitingFile.holder).join(MirrorClaim, named)).first() is None


def test_a_look_reads_no_more_with_ten_times_the_tickets_that_nobody_claims(engine: Engine) -> None:
    jobs = {"look": look, "room": room, "planted": look_at_all}
    claim(engine, iter(range(1_000)), of="elsewhere")
    take(engine, 0, FEW)
    few = {name: work_of(engine, job) for name, job in jobs.items()}
    take(engine, FEW, MANY)
    many = {name: work_of(engine, job) for name, job in jobs.items()}

    assert few["look"] > 0
    assert many["look"] < 2 * few["look"], (few, many)
    assert many["room"] <= 2 * few["room"], (few, many)
    assert many["planted"] > 3 * few["planted"], "the measure sees a look at all of them"


def test_every_ticket_has_its_turn(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(naming, "_AT_A_TIME", 7)
    take(engine, 0, 50)
    stored: list[bytes] = []
    keeper = keeper_of(engine, SimpleNamespace(put=stored.append))
    for number in range(50):
        claim(engine, iter([number]), of="ticket")
        rounds = [keeper.run_once() for _ in range(8)]
        assert sum(rounds) == 1, f"ticket {number} is looked at once in eight looks"
    assert len(stored) == 50
