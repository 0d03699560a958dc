"""One guarded HTTP client: resolve once, check, connect to just the address that was checked.

It follows no redirect, uses no proxy of the environment, unpacks nothing, and gives up after so many seconds and bytes
in all, however slowly they come.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooSlow
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

import httpcore2
from httpcore2 import NetworkBackend, NetworkStream, SyncBackend

from backend.clients import Network
from backend.outbound.addresses import Address, may_ask
from backend.outbound.urls import Target, UrlRefused, parse

Resolver = Callable[[str, int], Sequence[str]]
"""The addresses of a name. Raises OSError."""
_AGENT = "piecework-gateway"


class NoAnswer(Exception):
    """The other side was not there, broke the protocol, was too slow or said too much; the message says which."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, as it came."""

    status: int
    body: bytes


def resolve(host: str, port: int) -> list[str]:
    """By the system's resolver."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


class GuardedClient:
    """Asks URLs that strangers gave. `allowed` are networks that the operator opens although they are not public."""

    def __init__(
        self,
        *,
        ports: frozenset[int],
        allowed: tuple[Network, ...] = (),
        max_seconds: float = 10,
        max_bytes: int = 65_536,
        resolver: Resolver = resolve,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._ports = ports
        self._allowed = allowed
        self._seconds = max_seconds
        self._max_bytes = max_bytes
        self._resolver = resolver
        self._tls = tls
        self._lookups = ThreadPoolExecutor(max_workers=32, thread_name_prefix="lookup")

    def check(self, url: str) -> Target:
        """Reads a URL without asking anybody, and refuses an address that is written in it. Raises UrlRefused."""
        target = parse(url, self._ports)
        try:
            address = ip_address(target.host)
        except ValueError:
            return target
        self._check_address(address)
        return target

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Raises UrlRefused before anything is sent, NoAnswer for what went wrong afterwards."""
        target = self.check(url)
        end = time.monotonic() + self._seconds
        address = self._resolved(target, end)
        backend = _Pinned(str(address), end)
        sent = {"host": target.authority, "user-agent": _AGENT, "accept-encoding": "identity", **headers}
        sent |= {"content-length": str(len(body)), "connection": "close"}
        extensions = {"timeout": {"pool": self._seconds}, "sni_hostname": target.host}
        host = f"[{target.host}]" if ":" in target.host else target.host
        try:
            with (
                httpcore2.ConnectionPool(
                    ssl_context=self._tls or _tls(), network_backend=backend, max_connections=1, retries=0
                ) as pool,
                pool.stream(
                    "POST",
                    f"{target.scheme}://{host}:{target.port}{target.path}",
                    headers=list(sent.items()),
                    content=body,
                    extensions=extensions,
                ) as answer,
            ):
                return Answer(answer.status, self._read(answer))
        except (httpcore2.TimeoutException, TimeoutError) as error:
            raise NoAnswer(f"no whole answer within {self._seconds:g} s") from error
        except (httpcore2.NetworkError, httpcore2.ProtocolError, OSError) as error:
            raise NoAnswer(f"the connection failed ({type(error).__name__})") from error

    def _resolved(self, target: Target, end: float) -> Address:
        """One address of the host. All of them must be such as may be asked: a name with a private one is a trap."""
        lookup = self._lookups.submit(self._resolver, target.host, target.port)
        try:
            found = lookup.result(timeout=max(0.0, end - time.monotonic()))
        except TooSlow as error:
            raise NoAnswer("the host's name was not resolved in time") from error
        except (OSError, UnicodeError) as error:
            raise NoAnswer("the host's name leads nowhere") from error
        if not found:
            raise NoAnswer("the host's name leads nowhere")
        addresses = [ip_address(text.partition("%")[0]) for text in found]
        for address in addresses:
            self._check_address(address)
        return addresses[0]

    def _check_address(self, address: Address) -> None:
        if not may_ask(address, self._allowed):
            # Not which: a name of the operator's own network may lead there.
            raise UrlRefused("the host is not on the public internet")

    def _read(self, answer: httpcore2.Response) -> bytes:
        parts, size = [], 0
        for part in answer.iter_stream():
            size += len(part)
            if size > self._max_bytes:
                raise NoAnswer(f"the answer has more than {self._max_bytes} bytes")
            parts.append(part)
        return b"".join(parts)


def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


class _Pinned(NetworkBackend):
    """Connects to one address, whatever host is asked for, and lets nothing last beyond `end`."""

    def __init__(self, address: str, end: float) -> None:
        self._address = address
        self._end = end
        self._inner = SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> NetworkStream:
        return _Timed(self._inner.connect_tcp(self._address, port, _left(self._end)), self._end)

    def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> NetworkStream:
        raise httpcore2.ConnectError("no URL leads to a socket file")


class _Timed(NetworkStream):
    """A stream whose every step ends at `end`: a limit for each read alone would let a slow drip go on for ever."""

    def __init__(self, inner: NetworkStream, end: float) -> None:
        self._inner = inner
        self._end = end

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _left(self._end))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, _left(self._end))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> NetworkStream:
        return _Timed(self._inner.start_tls(ssl_context, server_hostname, _left(self._end)), self._end)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


def _left(end: float) -> float:
    left = end - time.monotonic()
    if left <= 0:
        raise httpcore2.ReadTimeout("the time is over")
    return left
