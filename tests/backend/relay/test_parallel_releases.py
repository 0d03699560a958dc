"""Fifty releases at once, with lost replies, a restarted node and a kill at every network write: no gap, no double."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.backend.relay import running
from tests.backend.relay.releases import every_write, ground, weather

RELEASES = 50


def test_fifty_parallel_releases_come_through_every_kill_once(tmp_path: Path, tell: Callable[[str], None]) -> None:
    with ground(tmp_path) as place:
        releases = place.releases(RELEASES)

        storm = weather(place, releases, seed=5, moments=every_write())

        releases.check()
    assert storm.writes >= 7, "it was not killed at each request from the first to the sending of all"
    assert storm.deaths >= 2 * (storm.writes - 1)
    assert storm.halves >= 2, "it was not killed while half of what it asked was done"
    assert storm.restarts == 1
    assert storm.lost > storm.deaths, "no reply was lost but those that a kill took"
    tell(
        f"{RELEASES} releases in {storm.seconds:.1f} s, with {storm.deaths} kills at {storm.writes} network writes, "
        f"{storm.lost} lost calls and {storm.restarts} restart of the node"
    )


def run_sending_first(place: running.Place) -> None:
    """The planted bug: the relay sends a transaction before it stores it."""
    from tests.backend.relay.test_sender_killed import SendsFirst

    running.Sender = SendsFirst  # type: ignore[misc]
    running.run_forever(place)


def start_sending_first(place: running.Place) -> Any:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.backend.relay.running", "web3", "eth_account", "requests"])
    process = context.Process(target=run_sending_first, args=(place,), daemon=True)
    process.start()
    return process


def test_a_relay_that_sends_before_it_stores_is_caught(tmp_path: Path) -> None:
    with ground(tmp_path) as place:
        releases = place.releases(8)
        with pytest.raises(AssertionError):
            for seed in range(5):
                weather(place, releases, seed=seed, moments=every_write(), restart=False, start=start_sending_first)
                releases.check()
