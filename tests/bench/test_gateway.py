"""The gateway's benchmark, with few workers: it counts what it says, and sees what is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from bench.gateway import run, workers
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


def test_a_worker_that_was_not_paid_is_counted(up: Up) -> None:
    assert run.unpaid(up, [Wallet().address], run.REWARD_UNITS) == 1


def test_what_the_gateway_refuses_is_an_error_of_the_run(up: Up, monkeypatch: pytest.MonkeyPatch) -> None:
    """The planted bug: workers sign something else than they were asked to."""
    monkeypatch.setattr(workers, "Wallet", Scribbler)
    found = run.measured_work_alone(up, workers=1)
    assert found["errors"] == 1
    assert "signature_by_another_key" in found["first_errors"][0]
