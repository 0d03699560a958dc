"""A thread of rounds goes on after one that failed, says so, and ends when it is told to."""

from __future__ import annotations

import threading

import pytest
import structlog
from structlog.testing import capture_logs

from backend.rounds import Rounds


class Counting(Rounds):
    """Fails in its first round; `third` is set in the third."""

    def __init__(self) -> None:
        super().__init__("counting", lambda: 0.001, structlog.get_logger("test"), "counting_failed")
        self.rounds = 0
        self.third = threading.Event()

    def run_once(self) -> None:
        self.rounds += 1
        if self.rounds == 1:
            raise RuntimeError("the first round fails")
        if self.rounds == 3:
            self.third.set()


def test_a_round_that_fails_is_logged_and_the_next_one_runs() -> None:
    with capture_logs() as logs:
        counting = Counting()
        counting.start()
        assert counting.third.wait(20)
        counting.stop()

    failed = [entry for entry in logs if entry["event"] == "counting_failed"]
    assert [(entry["error"], entry["detail"]) for entry in failed] == [("RuntimeError", "the first round fails")]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_thread_that_dies_with_its_round_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(self: Counting) -> None:
        while not self._stop.wait(self._pause_seconds()):
            self.run_once()

    monkeypatch.setattr(Rounds, "_run", run)  # the planted bug
    counting = Counting()
    counting.start()
    counting._thread.join(20)

    assert not counting.third.is_set()


def test_nothing_runs_once_it_is_stopped() -> None:
    counting = Counting()
    counting.start()
    assert counting.third.wait(20)
    counting.stop()

    assert not counting._thread.is_alive()


def test_what_never_started_can_be_stopped() -> None:
    Counting().stop()
