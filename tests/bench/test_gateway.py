"""The gateway's benchmark, with few workers: it counts what it says, and sees what is wrong."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from sqlalchemy import text

from bench.gateway import run, workers
from bench.gateway.soak import Sample, bytes_an_answer, is_flat, soaked
from piecework.db.engine import open_engine
from scripts.crowd.wallet import Wallet
from tests.e2e.running import Up


class Scribbler(Wallet):
    """Signs, and never what it is asked to."""

    def sign_typed(self, data: dict[str, Any]) -> str:
        return self.sign_text("something else")


pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    running = Up(tmp_path_factory.mktemp("bench") / "data", arguments=("--in-memory",))
    running.start()
    yield running
    running.stop()


def test_three_workers_are_paid_exactly_and_the_audit_is_clean(up: Up) -> None:
    found = run.measured(up, workers=3, rounds=2, count=2)

    assert (found["errors"], found["first_errors"]) == (0, [])
    assert (found["workers_not_paid_exactly"], found["audit_exit_code"]) == (0, 0)
    assert found["assignments"] == 12
    assert found["request_ms"]["claim"]["count"] == 6
    assert found["answers_a_second"] > 0
    assert found["gas_a_task"] > 0


def test_a_stack_stands_on_the_database_that_it_is_given(new_database: Callable[[str], str]) -> None:
    url = new_database("postgres")
    with run.stack(url) as up:
        found = run.measured(up, workers=2, rounds=1, count=1)
        assert up.facts["database_url"] == url
    assert run.is_good(found), found

    engine = open_engine(url)
    with engine.connect() as connection:
        accepted = connection.execute(text("SELECT sum(accepted) FROM batches")).scalar_one()
    engine.dispose()
    assert accepted == 2


def test_answers_of_a_folder_are_played_back_to_the_last_payment(up: Up, tmp_path: Path) -> None:
    lines = [f"t{task},w{worker},yes" for task in range(3) for worker in range(2)]
    (tmp_path / "answers.csv").write_text("\n".join(["task,worker,answer", *lines]) + "\n")

    found = run.products(up, tmp_path, limit=2)

    assert run.is_good(found), found
    assert (found["answers"], found["accepted"], found["workers"]) == (4, 4, 2)
    assert found["gas_per_answer"] > 0
    asked = {kind: each["count"] for kind, each in found["request_ms"].items()}
    assert asked == {"sign in": 4, "ticket": 2, "claim": 2, "answers": 2, "submission": 2, "pay out": 4}
    assert all(0 < each["p50"] <= each["p99"] for each in found["request_ms"].values())


def test_a_replay_that_failed_is_no_good_one(up: Up, tmp_path: Path) -> None:
    assert not run.is_good(run.products(up, tmp_path, limit=None))


def test_work_without_a_pause_is_reviewed_paid_and_watched(up: Up) -> None:
    found = run.soak(up, workers=2, seconds=1.0)

    assert (found["errors"], found["first_errors"], found["audit_exit_code"]) == (0, [], 0)
    assert found["answers"] == 4 * found["rounds"] > 0
    assert found["own_memory_mib_by_thirds"][0] > 10


HOARDER = """
import os, sys
hoard = []
for line in sys.stdin:
    if line == "more\\n":
        hoard.append(os.urandom(2_000_000))
    print("done", flush=True)
"""


def test_memory_that_grows_is_seen() -> None:
    """In a process of its own: beside what a test run holds, a growth may be small."""
    pause = Event()
    with subprocess.Popen([sys.executable, "-c", HOARDER], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        say, hear = process.stdin, process.stdout

        def job(word: bytes) -> int:
            say.write(word + b"\n")
            say.flush()
            hear.readline()
            pause.wait(0.01)
            return 1

        asked = {"say": str, "sample_seconds": 0.01}
        grew, stayed = (soaked(process.pid, lambda word=word: job(word), 1.0, **asked) for word in (b"more", b"same"))
        assert not grew["is_flat"]
        assert 1_500 < grew["mib_more_for_1000_answers"] < 2_300, "two million bytes an answer are 1,907 MiB for 1,000"
        assert stayed["is_flat"]
        assert -10 < stayed["mib_more_for_1000_answers"] < 10


def test_a_growth_of_a_sixteenth_is_no_flat_memory() -> None:
    def held(last: int) -> list[Sample]:
        return [Sample(number, 16 << 20 if number < 20 else last) for number in range(30)]

    assert is_flat(held(16 << 20))
    assert not is_flat(held(17 << 20))
    assert bytes_an_answer(held(16 << 20)[:1]) is None


def test_a_worker_that_was_not_paid_is_counted(up: Up) -> None:
    assert run.unpaid(up, [Wallet().address], run.REWARD_UNITS) == 1


def test_what_the_gateway_refuses_is_an_error_of_the_run(up: Up, monkeypatch: pytest.MonkeyPatch) -> None:
    """The planted bug: workers sign something else than they were asked to."""
    monkeypatch.setattr(workers, "Wallet", Scribbler)
    found = run.measured_work_alone(up, workers=1)
    assert found["errors"] == 1
    assert "signature_by_another_key" in found["first_errors"][0]
