"""The tables on both engines: amounts are exact, the migrations make what the models say, dumps agree."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine, insert, inspect, select

from piecework.db.base import UNITS_WIDTH, Base
from piecework.db.dump import dump_mirror
from piecework.db.engine import open_engine, upgrade
from piecework.db.mirror import MIRROR_TABLES, ChainEvent, MirrorAccount

AMOUNTS = (0, 1, 9, 10, 2**53 + 1, 2**63 - 1, 2**63, 2**96 - 1, 10**UNITS_WIDTH - 1)


def account(number: int, owed_units: int) -> dict[str, Any]:
    counts = dict.fromkeys(("accepted", "rejected", "contested", "disputes_won", "disputes_lost"), 0)
    return {"address": f"0x{number:040x}", "owed_units": owed_units, "sweep": number % 2 == 0, **counts}


def test_amounts_come_back_exact_and_sort_like_numbers(engine: Engine) -> None:
    with engine.begin() as connection:
        rows = [account(number, amount) for number, amount in enumerate(reversed(AMOUNTS))]
        connection.execute(insert(MirrorAccount), rows)
        found = connection.execute(select(MirrorAccount.owed_units).order_by(MirrorAccount.owed_units)).scalars().all()
        large = select(MirrorAccount.address).where(MirrorAccount.owed_units >= 2**63)
        assert len(connection.execute(large).all()) == 3
    assert found == sorted(AMOUNTS)


@pytest.mark.parametrize("amount", [-1, 10**UNITS_WIDTH])
def test_an_amount_that_cannot_be_stored_is_refused(engine: Engine, amount: int) -> None:
    with pytest.raises(Exception, match=f"{amount} is outside"), engine.begin() as connection:
        connection.execute(insert(MirrorAccount), [account(1, amount)])
    with engine.connect() as connection:
        assert connection.execute(select(MirrorAccount)).all() == []


def test_the_migrations_make_what_the_models_say(engine: Engine) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), Base.metadata)
    assert differences == []


def test_upgrading_twice_changes_nothing(engine: Engine) -> None:
    before = set(inspect(engine).get_table_names())
    upgrade(engine)
    assert set(inspect(engine).get_table_names()) == before
    assert {model.__tablename__ for model in MIRROR_TABLES} <= before


def test_a_mirror_of_before_learns_who_received_its_fees(engine: Engine) -> None:
    from alembic import command

    from piecework.db.engine import _config

    receiver = f"0x{7:040x}"
    place = {"block_number": 1, "block_timestamp": 1, "block_hash": "0x", "transaction_hash": "0x", "contract": "0x"}
    told = [("FeePaid", {"receiver": receiver, "amount": 5}), ("Settled", {"nonce": 1})]
    rows = [{"log_index": at, "name": name, "args": args, **place} for at, (name, args) in enumerate(told)]
    with engine.begin() as connection:
        config = _config()
        config.attributes["connection"] = connection
        command.downgrade(config, "0009_model_answers")
        connection.execute(insert(ChainEvent), rows)
    upgrade(engine)
    with engine.connect() as connection:
        found = connection.execute(select(ChainEvent.account).order_by(ChainEvent.log_index)).scalars().all()
    assert found == [receiver, None]


def test_equal_rows_give_equal_dumps_whatever_their_order(new_database: Callable[[str], str]) -> None:
    texts = []
    for kind, numbers in (("sqlite", range(5)), ("postgres", reversed(range(5)))):
        engine = open_engine(new_database(kind))
        upgrade(engine)
        with engine.begin() as connection:
            connection.execute(insert(MirrorAccount), [account(number, 10**20 + number) for number in numbers])
        out = io.StringIO()
        assert dump_mirror(engine, out) == 5
        texts.append(out.getvalue())
        engine.dispose()
    assert texts[0] == texts[1]
    assert '"owed_units": 100000000000000000004' in texts[0]


@pytest.mark.parametrize("url", ["mysql://here/x", "sqlite+aiosqlite:///x", "nonsense"])
def test_a_database_of_another_kind_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="use sqlite:///FILE or postgresql://"):
        open_engine(url)
