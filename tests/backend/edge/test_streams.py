"""Tables flow no faster than their reader's units last, whole and in order, and without a thread while they wait."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import anyio.to_thread
import pytest

from backend import streams
from backend.rates import Buckets
from backend.streams import LINES_AT_A_TIME, LINES_OF_ONE_UNIT, paced

NETWORK = "203.0.113.7"
BURST = 100.0


class Slow:
    """A clock that goes on with each pause; threads that are busy during one are counted."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seconds = 0.0
        self.busy: list[int] = []

        async def sleep(seconds: float) -> None:
            self.busy.append(int(anyio.to_thread.current_default_thread_limiter().borrowed_tokens))
            self.seconds += seconds

        monkeypatch.setattr(streams.anyio, "sleep", sleep)

    def __call__(self) -> float:
        return self.seconds


def read(buckets: Buckets, lines: Iterator[str]) -> list[str]:
    services: Any = SimpleNamespace(rates=SimpleNamespace(by_ip=buckets))

    async def all_of_it() -> list[str]:
        return [chunk async for chunk in paced(services, NETWORK, lines)]

    return asyncio.run(all_of_it())


def numbers(count: int) -> Iterator[str]:
    return (f"{number}\n" for number in range(count))


@pytest.mark.parametrize("count", [0, 1, LINES_AT_A_TIME - 1, LINES_AT_A_TIME, LINES_AT_A_TIME + 1, 10_000])
def test_all_lines_come_once_and_in_order(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Slow(monkeypatch)

    chunks = read(Buckets(per_second=1, burst=BURST, now=clock), numbers(count))

    assert "".join(chunks) == "".join(numbers(count))
    assert "" not in chunks


def test_what_is_beyond_the_readers_units_waits_for_them_without_a_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Slow(monkeypatch)

    read(Buckets(per_second=2, burst=BURST, now=clock), numbers(12_000))

    assert clock.seconds == pytest.approx((12_000 / LINES_OF_ONE_UNIT - BURST / 2) / 2, abs=6)
    assert set(clock.busy) == {0}


def test_a_table_leaves_its_reader_units_for_other_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, served = Slow(monkeypatch), []
    buckets = Buckets(per_second=2, burst=BURST, now=clock)
    lines = numbers(12_000)

    def asking() -> Iterator[str]:
        for number, line in enumerate(lines):
            if number % 2_000 == 1_999:
                served.append(buckets.take(NETWORK, 40) == 0)
            yield line

    read(buckets, asking())

    assert served == [True] * 6


def test_one_that_takes_all_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Buckets, "take_spare", Buckets.take)
    with pytest.raises(AssertionError):
        test_a_table_leaves_its_reader_units_for_other_requests(monkeypatch)


def test_the_check_sees_a_stream_that_is_not_paid_for(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Slow(monkeypatch)

    read(Buckets(per_second=0, burst=BURST, now=clock), numbers(12_000))

    assert clock.seconds == 0


def test_a_table_that_breaks_off_is_told_to_whoever_sends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    Slow(monkeypatch)

    def broken() -> Iterator[str]:
        yield from numbers(LINES_AT_A_TIME)
        raise OSError("no more")

    with pytest.raises(OSError, match="no more"):
        read(Buckets(per_second=1, burst=BURST), broken())
