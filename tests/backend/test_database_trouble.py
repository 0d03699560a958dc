"""A database that is full or gone is named, and nothing is half written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import event

from tests.backend.house import House, is_problem, open_house


def test_a_full_database_refuses_by_name_and_takes_again_once_there_is_room(stack: Any, tmp_path: Path) -> None:
    with open_house(stack, tmp_path) as house:
        requester = house.requester()
        house.token(requester)
        engine = house.services.engine
        limit = size_limited(engine)
        before = house.state()

        answer = draft(house, requester)

        assert (answer.status_code, is_problem(answer)["code"]) == (507, "database_full")
        assert house.state() == before
        event.remove(engine, "connect", limit)
        engine.dispose()
        assert draft(house, requester).status_code == 201


def size_limited(engine: Any) -> Any:
    """Lets the database grow no further; gives the listener that sees to it."""
    with engine.connect() as connection:
        count = connection.exec_driver_sql("PRAGMA page_count").scalar_one()

    def limit(connection: Any, _: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {count + 4}")

    event.listen(engine, "connect", limit)
    engine.dispose()
    return limit


def draft(house: House, requester: Any) -> Any:
    tasks = [{"id": f"t{i}", "content": {"text": "x" * 300}} for i in range(400)]
    headers = {"authorization": f"Bearer {house.token(requester)}"}
    return house.client.post("/v1/batches", json=house.draft_body() | {"tasks": tasks}, headers=headers)


def test_a_database_that_is_locked_for_good_is_named(stack: Any, tmp_path: Path) -> None:
    import sqlite3

    with open_house(stack, tmp_path) as house:
        requester = house.requester()
        house.token(requester)
        engine = house.services.engine
        impatient = lambda connection, _: connection.execute("PRAGMA busy_timeout = 100")  # noqa: E731
        event.listen(engine, "connect", impatient)
        engine.dispose()
        holder = sqlite3.connect(engine.url.database, isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        try:
            answer = draft(house, requester)
        finally:
            holder.execute("ROLLBACK")
            holder.close()

        assert (answer.status_code, is_problem(answer)["code"]) == (503, "database_unavailable")
        assert draft(house, requester).status_code == 201
