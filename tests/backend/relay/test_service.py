"""The relay's threads: prompt, alone on their key, and moving without anybody's help."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from backend.relay.service import Trial
from indexer.follower import Follower
from indexer.source import LogSource
from piecework.chain.rpc import Rpc
from tests.backend.relay.market import DAY, REWARD_UNITS
from tests.backend.relay.room import Room
from tests.backend.relay.running import place_of, relay_at


@contextmanager
def running(room: Room, database: Path, **settings: Any) -> Iterator[Any]:
    """The relay on the room's database."""
    relay = relay_at(place_of(room, room.market.stack.rpc_url, database), **settings)
    relay.start()
    try:
        yield relay
    finally:
        relay.stop()
        relay._services.engine.dispose()


def wait_until(done: Callable[[], bool], seconds: float = 20.0) -> float:
    """How long it took."""
    begun = time.monotonic()
    while not done():
        assert time.monotonic() - begun < seconds, f"not done after {seconds:.0f} s"
        time.sleep(0.01)
    return time.monotonic() - begun


def test_packets_that_come_together_go_together(room: Room, market: Any, tmp_path: Path) -> None:
    key = market.open_batch(20)
    packets = [market.claim(key, market.worker()) for _ in range(10)]
    with running(room, tmp_path / "gateway.db", relay_gather_seconds=0.3) as relay:
        room.outbox = relay._outbox
        asked = [room.queue_packet(key, packet) for packet in packets]
        wait_until(lambda: not room.open_intents())

    assert room.statuses(asked) == ["confirmed"] * 10
    assert len(room.transactions()) <= 2, "they were sent one by one"


def test_what_another_process_queued_is_found(room: Room, market: Any, tmp_path: Path) -> None:
    wallet = market.worker()
    with running(room, tmp_path / "gateway.db"):
        asked = room.enqueue("mint", {"to": wallet.address, "amount_units": "3"})
        waited = wait_until(lambda: room.intent(asked).status == "confirmed")

    assert waited < 5


def test_a_second_relay_on_the_key_sends_nothing_until_the_first_ends(room: Room, market: Any, tmp_path: Path) -> None:
    database = tmp_path / "gateway.db"
    with capture_logs() as logs, running(room, database) as first:
        wait_until(lambda: first._ownership._file is not None)
        with running(room, database) as second:
            asked = [room.enqueue("mint", {"to": market.worker().address, "amount_units": "3"}) for _ in range(5)]
            wait_until(lambda: not room.open_intents())
            assert second._ownership._file is None
            first.stop()
            wait_until(lambda: second._ownership._file is not None)
            asked.append(room.enqueue("mint", {"to": market.worker().address, "amount_units": "3"}))
            wait_until(lambda: not room.open_intents())

    assert room.statuses(asked) == ["confirmed"] * 6
    assert [row.nonce for row in room.transactions()] == list(range(room.mined_nonce()))
    refused = [entry for entry in logs if entry["event"] == "another_process_owns_the_relayer"]
    assert refused
    assert refused[0]["address"] == room.relayer.address


def test_silence_is_paid_though_nobody_else_makes_blocks(room: Room, market: Any, tmp_path: Path) -> None:
    worker = market.worker()
    rpc = Rpc(market.stack.rpc_url)
    block = market.stack.web3.eth.block_number
    follower = Follower(room.engine, LogSource(rpc, room.escrow.address), start_block=block + 1)
    follower.prepare()
    key = market.open_batch(2)
    market.relayed_by_hand(key, market.claim_and_submit(key, worker, 2))
    while not follower.step().done:
        pass
    rpc.close()
    mined = market.stack.web3.eth.block_number
    with running(room, tmp_path / "gateway.db", keeper_poll_seconds=0.1):
        market.stack.web3.provider.make_request("evm_increaseTime", [DAY + 60])
        assert market.stack.web3.eth.block_number == mined, "no block carries the new time"
        wait_until(lambda: room.escrow.account(worker.address).owed == 2 * REWARD_UNITS)

    assert market.stack.web3.eth.block_number == mined + 1


def test_stopping_is_prompt_and_frees_the_key(room: Room, tmp_path: Path) -> None:
    database = tmp_path / "gateway.db"
    for _ in range(2):
        with running(room, database) as relay:
            wait_until(lambda relay=relay: relay._ownership._file is not None)
            begun = time.monotonic()
        assert time.monotonic() - begun < 5


def test_a_failing_node_is_logged_without_keys_and_asked_again(room: Room, market: Any, tmp_path: Path) -> None:
    from tests.backend.relay.lossy import lossy_node

    away = {"now": False}
    with lossy_node(market.stack.rpc_url, lambda *_: "lose_request" if away["now"] else "answer") as node:
        relay = relay_at(place_of(room, node.rpc_url, tmp_path / "gateway.db"))
        with capture_logs() as logs:
            relay.start()
            away["now"] = True
            asked = room.enqueue("mint", {"to": market.worker().address, "amount_units": "3"})
            wait_until(lambda: any(entry["event"] == "sender_failed" for entry in logs))
            away["now"] = False
            wait_until(lambda: room.intent(asked).status == "confirmed")
            relay.stop()
        relay._services.engine.dispose()

    secret = bytes(room.relayer.key).hex()
    assert secret not in repr(logs).lower()


@pytest.mark.parametrize("other_gas", [10**20])
def test_a_new_relayer_key_leaves_what_the_old_one_did_as_it_is(
    room: Room, make_room: Callable[..., Room], market: Any, other_gas: int
) -> None:
    from eth_account import Account

    key = market.open_batch(2)
    skipped = room.queue_packet(key, market.claim(key, market.worker(), 9))
    room.settle_down()
    assert room.intent(skipped).status == "skipped"
    successor = Account.create()
    market.stack.web3.provider.make_request("anvil_setBalance", [successor.address, hex(other_gas)])
    after = make_room(relayer=successor)
    asked = after.enqueue("mint", {"to": market.worker().address, "amount_units": "3"})

    after.settle_down()

    assert after.intent(asked).status == "confirmed"
    assert (room.intent(skipped).status, room.intent(skipped).error_code) == ("skipped", "not_enough_free")


def test_two_relays_without_the_lock_get_in_each_others_way(
    room: Room, market: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The planted bug: everybody owns the key."""
    from backend.relay.ownership import NonceOwnership

    monkeypatch.setattr(NonceOwnership, "is_held", lambda _: True)
    database = tmp_path / "gateway.db"
    with capture_logs() as logs, running(room, database), running(room, database):
        end = time.monotonic() + 150
        while time.monotonic() < end:
            for _ in range(4):
                room.enqueue("mint", {"to": market.worker().address, "amount_units": "3"})
            wait_until(lambda: not room.open_intents())
            if any(entry["event"] == "sender_failed" for entry in logs):
                break

    assert "sender_failed" in [entry["event"] for entry in logs], "nobody noticed that two own the key"


class Waits(threading.Event):
    """An event that says how long it was waited for, and does not wait."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.seconds.append(timeout or 0.0)
        return False


def failing() -> bool:
    raise OSError("a lost answer")


def test_after_a_lost_answer_it_goes_on_soon_and_after_many_slowly() -> None:
    waits = Waits()
    trial = Trial(waits)
    for _ in range(9):
        assert trial.run("sender_failed", failing, failed=True) is True
    assert waits.seconds[0] == 0.05
    assert waits.seconds == sorted(waits.seconds)
    assert waits.seconds[-2:] == [2.0, 2.0]

    assert trial.run("sender_failed", lambda: False, failed=True) is False
    assert trial.run("ownership_failed", failing, failed=False) is False
    assert waits.seconds[-1] == 0.05
