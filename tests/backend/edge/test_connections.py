"""Connections that do nothing take nobody's place, however they do nothing."""

from __future__ import annotations

import resource
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any

import pytest
import uvicorn

from backend.connections import Connections
from scripts.serve import config_of, make_room_for_files
from tests.backend.house import House

ASKING = b"GET /healthz HTTP/1.1\r\nHost: gateway.test\r\n\r\n"
IDLE: dict[str, bytes] = {
    "silent": b"",
    "in a head": b"GET /healthz HTTP/1.1\r\nHost: gate",
    "after an answer": ASKING,
}
BUSY = b"POST /v1/auth/login HTTP/1.1\r\nHost: gateway.test\r\nContent-Length: 100\r\n\r\n{"
"""A request whose body never comes whole."""
KINDS = IDLE | {"in a body": BUSY}


@dataclass
class Served:
    port: int
    book: Connections

    def connect(self, source: str, sent: bytes = b"", *, buffer: int | None = None) -> socket.socket:
        """A connection from that address of this machine, on which `sent` was sent."""
        connection = socket.socket()
        if buffer is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        connection.settimeout(10)
        connection.bind((source, 0))
        connection.connect(("127.0.0.1", self.port))
        with suppress(ConnectionError):  # it may be closed already
            connection.sendall(sent)
        if sent == ASKING:
            assert status(connection) == 200
        return connection

    def asked(self, source: str) -> int:
        """The status of the answer that a new client from there gets."""
        with self.connect(source) as connection:
            with suppress(ConnectionError):
                connection.sendall(ASKING)
            return status(connection)

    def until(self, count: int) -> None:
        """Waits until just so many connections are in the book."""
        deadline = time.monotonic() + 10
        while len(self.book) != count:
            assert time.monotonic() < deadline, f"{len(self.book)} connections, not {count}"
            time.sleep(0.005)


def status(connection: socket.socket) -> int:
    """Of the answer that comes; 0 if the connection is closed instead."""
    try:
        answer = connection.recv(65_536)
    except ConnectionError:
        return 0
    return int(answer.split(b" ", 2)[1]) if answer else 0


def is_open(connection: socket.socket) -> bool:
    """Whether the server has not closed it, so far as is known here; what was answered is read away."""
    connection.setblocking(False)
    try:
        while connection.recv(65_536):
            pass
    except BlockingIOError:
        return True
    except ConnectionError:
        return False
    return False


@contextmanager
def served(house: House, *, unread_seconds: float = 60, **changes: Any) -> Iterator[Served]:
    """The gateway as `piecework serve` serves it, with other bounds."""
    settings = house.services.settings.model_copy(update={"max_head_seconds": 60.0} | changes)
    config = config_of(house.client.app, settings, "127.0.0.1", 0)  # type: ignore[arg-type]
    config.lifespan = "off"
    bounded: Any = config.http
    bounded.patience = replace(bounded.patience, unread_seconds=unread_seconds)
    server, listening = uvicorn.Server(config), config.bind_socket()
    listening.listen(config.backlog)
    thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
    thread.start()
    try:
        yield Served(listening.getsockname()[1], bounded.book)
    finally:
        server.should_exit = server.force_exit = True  # waits for no client
        thread.join()
        listening.close()


@pytest.fixture
def held() -> Iterator[ExitStack]:
    """Connections that the test holds until its end."""
    with ExitStack() as stack:
        yield stack


@pytest.mark.parametrize("kind", IDLE)
def test_idle_connections_of_one_network_take_nobodys_place(house: House, held: ExitStack, kind: str) -> None:
    with served(house, max_connections=50, max_connections_per_network=20) as gateway:
        flood = [held.enter_context(gateway.connect("127.0.0.1", IDLE[kind])) for _ in range(120)]

        assert [gateway.asked("127.0.0.2") for _ in range(5)] == [200] * 5
        assert gateway.asked("127.0.0.1") == 200, "who shares the flood's address is served too"
        assert sum(map(is_open, flood)) < 20


def test_busy_connections_of_one_network_keep_out_that_network_alone(house: House, held: ExitStack) -> None:
    with served(house, max_connections=50, max_connections_per_network=20) as gateway:
        flood = [held.enter_context(gateway.connect("127.0.0.1", BUSY)) for _ in range(20)]
        gateway.until(20)
        deadline = time.monotonic() + 10
        while (found := gateway.asked("127.0.0.1")) == 200:  # the last of them may not have been read yet
            assert time.monotonic() < deadline

        assert found in (429, 0)
        assert gateway.asked("127.0.0.2") == 200
        assert all(map(is_open, flood)), "what is under way is not closed for others of its network"


@pytest.mark.parametrize("kind", KINDS)
def test_many_networks_that_hold_all_connections_give_way_to_who_holds_none(
    house: House, held: ExitStack, kind: str
) -> None:
    with served(house, max_connections=50, max_connections_per_network=20) as gateway:
        for number in range(60):
            held.enter_context(gateway.connect(f"127.0.1.{number % 6}", KINDS[kind]))
        gateway.until(50)

        newcomers = [held.enter_context(gateway.connect("127.0.0.2", ASKING)) for _ in range(5)]
        assert all(map(is_open, newcomers))
        gateway.until(50)


def test_places_that_are_not_shared_out_would_be_seen(
    house: House, held: ExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Connections, "_make_room", lambda *_: False)
    with served(house, max_connections=50, max_connections_per_network=20) as gateway:
        for number in range(50):
            held.enter_context(gateway.connect(f"127.0.1.{number % 6}"))
        gateway.until(50)

        assert gateway.asked("127.0.0.2") in (503, 0)


@contextmanager
def scarce(*bounds: int) -> Iterator[Served]:
    command = [sys.executable, "-m", "tests.backend.edge.scarce", *map(str, bounds)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdin and process.stdout
        try:
            yield Served(int(process.stdout.readline()), Connections(0, 0))
        finally:
            process.stdin.close()
            process.wait(20)


@pytest.mark.parametrize(("total", "each", "is_served"), [(80, 0, True), (0, 60, True), (0, 0, False)])
def test_a_flood_uses_up_the_files_of_a_server_without_bounds_alone(
    held: ExitStack, total: int, each: int, is_served: bool
) -> None:
    with scarce(120, total, each) as server:
        for _ in range(300):
            held.enter_context(server.connect("127.0.0.1"))

        with server.connect("127.0.0.2") as newcomer:
            newcomer.settimeout(10 if is_served else 2)
            with suppress(ConnectionError):
                newcomer.sendall(ASKING)
            try:
                found = status(newcomer)
            except TimeoutError:  # nobody takes the connection: it stays in the kernel's queue
                found = 0
            assert found == (200 if is_served else 0)


@pytest.mark.parametrize("begun", [b"", b"\r\n", ASKING], ids=["silent", "begun", "again"])
def test_a_head_must_come_in_its_time_however_slowly_its_bytes_come(house: House, begun: bytes) -> None:
    with served(house, max_head_seconds=0.4) as gateway, gateway.connect("127.0.0.1", begun) as connection:
        started, more = time.monotonic(), begun and b"GET /healthz HTTP/1.1\r\nX-Slow: "
        while is_open(connection):
            assert time.monotonic() - started < 10, "the connection is still open"
            with suppress(ConnectionError):
                connection.send(more)
                more = more and b"a"
            time.sleep(0.02)

        assert time.monotonic() - started > 0.3
        gateway.until(0)


def test_an_idle_connection_outlives_the_time_of_a_head_and_one_without_a_time_stays(house: House) -> None:
    with served(house, max_head_seconds=0.2) as gateway, gateway.connect("127.0.0.1", ASKING) as connection:
        time.sleep(0.5)  # longer than a head may take
        connection.settimeout(10)
        connection.sendall(ASKING)
        assert status(connection) == 200
    with served(house, max_head_seconds=60.0) as gateway, gateway.connect("127.0.0.1", b"GET") as connection:
        time.sleep(0.5)
        assert is_open(connection)


def test_a_head_without_an_end_is_refused_after_64_kib(house: House) -> None:
    with served(house) as gateway, gateway.connect("127.0.0.1", b"GET / HTTP/1.1\r\nX-Long: ") as connection:
        found = 0
        for _ in range(100):
            try:
                connection.sendall(b"a" * 65_536)
            except ConnectionError:
                break
            if not is_open(connection):
                break
            connection.settimeout(10)
            time.sleep(0.01)
            found += 1

        assert found < 10
        gateway.until(0)


def test_an_answer_that_is_not_read_is_given_up(house: House) -> None:
    page = b"GET /openapi.json HTTP/1.1\r\nHost: gateway.test\r\n\r\n"
    for unread_seconds, is_given_up in ((0.3, True), (600, False)):
        with served(house, unread_seconds=unread_seconds) as gateway:
            with gateway.connect("127.0.0.1", buffer=4_096) as connection:
                connection.sendall(page * 40)
                if is_given_up:
                    gateway.until(0)
                else:
                    time.sleep(1)
                    assert len(gateway.book) == 1
            gateway.until(0)


def test_a_live_stream_is_not_closed_for_others(house: House, held: ExitStack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(house.services.settings, "live_stream_seconds", 600)
    stream = f"GET /v1/live/workers/0x{'11' * 20} HTTP/1.1\r\nHost: gateway.test\r\n\r\n".encode()
    with served(house, max_connections=30, max_connections_per_network=20) as gateway:
        live = held.enter_context(gateway.connect("127.0.0.1", stream))
        assert status(live) == 200
        for number in range(150):
            held.enter_context(gateway.connect(f"127.0.0.{number % 4 + 1}", ASKING))

        assert is_open(live)


def test_a_trusted_proxy_holds_as_many_as_there_are(house: House, held: ExitStack) -> None:
    bounds: Any = {"max_connections": 50, "max_connections_per_network": 10, "trusted_proxies": "127.0.0.0/31"}
    with served(house, **bounds) as gateway:
        for _ in range(40):
            held.enter_context(gateway.connect("127.0.0.1"))
        gateway.until(40)
        for _ in range(40):
            held.enter_context(gateway.connect("127.0.0.2"))
        gateway.until(50)

        assert (gateway.book.held_by("127.0.0.1"), gateway.book.held_by("127.0.0.2")) == (40, 10)


def test_another_protocol_is_not_spoken_and_keeps_no_place(house: House) -> None:
    wish = b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAA\r\n"
    with served(house) as gateway:
        with gateway.connect("127.0.0.1", ASKING[:-2] + wish + b"\r\n") as connection:
            assert status(connection) == 200
        gateway.until(0)


def test_more_connections_than_files_can_be_open_are_refused_at_start() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    make_room_for_files(10)
    if hard == resource.RLIM_INFINITY:
        pytest.skip("this machine bounds no files")
    with pytest.raises(ValueError, match=rf"may open {hard}: raise that .*or allow fewer connections"):
        make_room_for_files(hard)
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == (soft, hard)
