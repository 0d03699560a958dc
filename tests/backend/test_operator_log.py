"""What operators did stands in a log in which a change shows, and no secret stands in it."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine, delete, update
from sqlalchemy.orm import Session

from backend import operator_log
from backend.settings import GatewaySettings
from piecework.db.operators import OperatorAction
from scripts.operator_log import run_operator_log
from scripts.reindex import run_reindex

RELAYER, SECRETS = "0x" + "1f" * 32, "0123456789abcdef" * 4


def settings(**changes: Any) -> GatewaySettings:
    values: dict[str, Any] = {
        "rpc_url": "http://node.example/a-providers-key",
        "escrow_address": "0x01",
        "database_url": "postgresql://user:password@host/db",
        "payload_store": "embedded:x",
        "public_url": "http://x",
        "relayer_key": SecretStr(RELAYER),
        "assigner_key": SecretStr("0x" + "2f" * 32),
        "secrets_key": SecretStr(SECRETS),
        "arbitrator": "0x02",
    }
    return GatewaySettings(**values | changes)


def log_of(engine: Engine) -> tuple[list[OperatorAction], int | None]:
    with Session(engine) as session:
        rows, broken = operator_log.entries(session)
        return list(rows), broken


def test_a_start_notes_what_changed_since_the_last_one(engine: Engine) -> None:
    operator_log.started(engine, settings())
    operator_log.started(engine, settings())
    operator_log.started(engine, settings(operator_fee_basis_points=100, relayer_key=SecretStr("0x" + "3f" * 32)))

    rows, broken = log_of(engine)
    assert broken is None
    assert [row.detail["changed"] for row in rows] == [[], [], ["operator_fee_basis_points", "relayer_key"]]
    assert rows[0].detail["settings"]["operator_fee_basis_points"] == 0
    assert "@" in rows[0].actor


def test_no_secret_stands_in_it(engine: Engine) -> None:
    operator_log.started(engine, settings())

    told = repr([row.detail for row in log_of(engine)[0]])
    for secret in (RELAYER, RELAYER[2:], SECRETS, "a-providers-key", "password@"):
        assert secret not in told


@pytest.mark.parametrize("harm", ["changed", "removed", "first removed"])
def test_a_changed_or_missing_entry_shows(engine: Engine, harm: str) -> None:
    for number in range(4):
        operator_log.append(engine, "noted", {"number": number})
    assert log_of(engine)[1] is None
    with Session(engine) as session, session.begin():
        if harm == "changed":
            session.execute(update(OperatorAction).where(OperatorAction.position == 2).values(detail={"number": 7}))
        else:
            session.execute(delete(OperatorAction).where(OperatorAction.position == (2 if harm == "removed" else 1)))

    assert log_of(engine)[1] == {"changed": 2, "removed": 3, "first removed": 2}[harm]


def test_entries_of_several_at_once_make_one_chain(engine: Engine) -> None:
    threads = [
        threading.Thread(target=operator_log.append, args=(engine, "noted", {"number": number})) for number in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    rows, broken = log_of(engine)
    assert (len(rows), broken) == (12, None)


def test_the_command_prints_it_and_fails_at_a_changed_one(
    sqlite_engine: Engine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"sqlite:///{tmp_path / 'gateway.db'}"
    assert run_reindex(url) == 0
    capsys.readouterr()

    assert run_operator_log(url) == 0
    assert '"action": "search_rebuilt"' in capsys.readouterr().out
    with Session(sqlite_engine) as session, session.begin():
        session.execute(update(OperatorAction).values(actor="somebody else"))
    assert run_operator_log(url) == 1
