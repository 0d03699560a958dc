"""Requests are timed as their worker sees them: whole, by kind, and without what waits for the chain."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from scripts.crowd.api import Api, ApiError
from scripts.crowd.times import Times, kind_of, spread


@contextmanager
def answering(statuses: list[int]) -> Iterator[str]:
    """A gateway that answers with these, one after the other."""

    class Answers(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(statuses.pop(0))
            self.send_header("content-length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def test_a_request_that_was_sent_again_is_one_with_its_pause() -> None:
    times = Times()
    with answering([503, 200]) as url:
        api = Api(url, None, times)
        api.post("/v1/work/assignments")
        api.close()

    ticket = times.spreads()["ticket"]
    assert ticket["count"] == 1
    assert ticket["p50"] >= 300, "the pause before it was sent again is part of what the worker waits"


def test_what_is_refused_is_counted_too() -> None:
    times = Times()
    with answering([409]) as url:
        api = Api(url, None, times)
        with pytest.raises(ApiError):
            api.post("/v1/work/assignments/a1/claim")
        api.close()

    assert times.spreads()["claim"]["count"] == 1


@pytest.mark.parametrize(
    ("method", "path", "kind"),
    [
        ("POST", "/v1/auth/login", "sign in"),
        ("POST", "/v1/work/assignments", "ticket"),
        ("POST", "/v1/work/assignments/a1/answers", "answers"),
        ("POST", "/v1/work/assignments/a1/submission", "submission"),
        ("POST", "/v1/sweeps/draft", "pay out"),
        ("GET", "/v1/work/assignments/a1?wait=20", None),
        ("GET", "/v1/withdrawals", None),
        ("POST", "/v1/faucet", None),
    ],
)
def test_requests_are_told_apart_by_what_they_are_for(method: str, path: str, kind: str | None) -> None:
    assert kind_of(method, path) == kind


@pytest.mark.parametrize(
    ("values", "p50", "p99"), [([7.0], 7.0, 7.0), ([1.0, 3.0], 2.0, 2.98), (list(map(float, range(101))), 50.0, 99.0)]
)
def test_a_spread_is_of_the_values_themselves(values: list[float], p50: float, p99: float) -> None:
    assert spread(values) == {"p50": p50, "p99": p99, "count": len(values)}
