"""One owner of a relayer's nonces at a time, on both databases."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from backend.relay.ownership import NonceOwnership
from piecework.db.engine import open_engine

ADDRESS = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
OTHER = "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC"


def url_of(engine: Engine) -> str:
    return engine.url.set(drivername=engine.dialect.name).render_as_string(hide_password=False)


@pytest.fixture
def another(engine: Engine) -> Iterator[Engine]:
    """The same database as another program opens it."""
    found = open_engine(url_of(engine))
    yield found
    found.dispose()


def test_a_second_owner_of_the_same_key_is_refused(engine: Engine, another: Engine) -> None:
    first, second = NonceOwnership(engine, ADDRESS), NonceOwnership(another, ADDRESS.lower())

    assert first.acquire()
    assert not second.acquire()
    assert not second.acquire(), "asking again does not help"

    first.release()


def test_two_keys_have_two_owners(engine: Engine) -> None:
    first, second = NonceOwnership(engine, ADDRESS), NonceOwnership(engine, OTHER)

    assert first.acquire()
    assert second.acquire()

    first.release()
    second.release()


def test_after_release_another_takes_over(engine: Engine, another: Engine) -> None:
    first, second = NonceOwnership(engine, ADDRESS), NonceOwnership(another, ADDRESS)
    assert first.acquire()

    first.release()

    assert second.acquire()
    second.release()


def test_an_owner_knows_that_it_is_one_and_a_released_one_that_it_is_not(engine: Engine) -> None:
    ownership = NonceOwnership(engine, ADDRESS)
    assert not ownership.is_held()
    assert ownership.acquire()
    assert ownership.is_held()

    ownership.release()

    assert not ownership.is_held()


def test_an_owner_whose_connection_broke_owns_no_longer_and_another_takes_over(postgres_engine: Engine) -> None:
    first, second = NonceOwnership(postgres_engine, ADDRESS), NonceOwnership(postgres_engine, ADDRESS)
    assert first.acquire()
    with postgres_engine.begin() as connection:
        others = "FROM pg_locks WHERE locktype = 'advisory' AND granted AND pid <> pg_backend_pid()"
        assert connection.execute(text(f"SELECT pg_terminate_backend(pid) {others}")).scalar_one()

    assert not first.is_held()
    assert second.acquire()
    assert second.is_held()
    second.release()


def test_a_release_without_ownership_does_nothing(engine: Engine) -> None:
    first, second = NonceOwnership(engine, ADDRESS), NonceOwnership(engine, ADDRESS)
    assert first.acquire()

    second.release()

    assert not NonceOwnership(engine, ADDRESS).acquire()
    first.release()


HOLD = """
import sys, time
from backend.relay.ownership import NonceOwnership
from piecework.db.engine import open_engine
owned = NonceOwnership(open_engine(sys.argv[1]), sys.argv[2])
print("owner" if owned.acquire() else "refused", flush=True)
time.sleep(60)
"""


@pytest.fixture
def holder(engine: Engine) -> Iterator[subprocess.Popen[str]]:
    """Another process that owns the key."""
    root = Path(__file__).parents[3]
    command = [sys.executable, "-c", HOLD, url_of(engine), ADDRESS]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) as process:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == "owner"
        yield process
        process.kill()


def test_the_death_of_the_owning_process_frees_the_key(engine: Engine, holder: subprocess.Popen[str]) -> None:
    ownership = NonceOwnership(engine, ADDRESS)
    assert not ownership.acquire()

    holder.kill()
    holder.wait()

    deadline = time.monotonic() + 10
    while not ownership.acquire():
        assert time.monotonic() < deadline, "the dead still own the key"
        time.sleep(0.05)
    ownership.release()
