"""From which address a request comes, also behind the operator's own proxies."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

import structlog
from starlette.types import ASGIApp, Receive, Scope, Send

log = structlog.get_logger("gateway")

Network = tuple[IPv4Address, IPv4Address] | tuple[IPv6Address, IPv6Address]
"""First and last address."""
_LONGEST_CHAIN = 20
_HOME_BITS = 64
"""Of an IPv6 address, what one household or machine is given; it can use all the rest."""


def networks(text: str) -> tuple[Network, ...]:
    """From `10.0.0.0/8, ::1`. Raises ValueError with the part that is no network."""
    found: list[Network] = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        network = ip_network(part)
        found.append((network.network_address, network.broadcast_address))  # type: ignore[arg-type]
    return tuple(found)


def within(address: IPv4Address | IPv6Address, known: Iterable[Network]) -> bool:
    """Whether one of the networks holds the address."""
    return any(first.version == address.version and first <= address <= last for first, last in known)  # type: ignore[operator]


def parsed(text: str) -> IPv4Address | IPv6Address | None:
    """The address, an IPv4 one out of its IPv6 form; None for anything else. A zone (`%eth0`) is left away."""
    try:
        found = ip_address(text.strip().partition("%")[0])
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def household(text: str) -> str:
    """What counts as one client: an IPv4 address, or the /64 of an IPv6 one."""
    found = parsed(text)
    if isinstance(found, IPv6Address):
        return str(IPv6Network((found, _HOME_BITS), strict=False).network_address)
    return str(found) if found else text[:100]


def network_of(scope: Scope) -> str:
    """The household that a request comes from."""
    client = scope.get("client")
    return household(client[0]) if client else "unknown"


class RealClient:
    """Puts the client's own address into the scope.

    `X-Forwarded-For` is believed as far as trusted proxies wrote it: from the right, each name is what the hop after it
    saw. The first that is no trusted proxy is the client; what stands left of it anybody may have made up.
    """

    def __init__(self, app: ASGIApp, *, trusted: tuple[Network, ...]) -> None:
        self._app = app
        self._trusted = trusted
        self._has_warned = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        client = scope.get("client")
        if scope["type"] == "http" and client:
            forwarded = [value.decode("latin-1") for name, value in scope["headers"] if name == b"x-forwarded-for"]
            host = self._origin(client[0], ",".join(forwarded)) if forwarded else str(client[0])
            scope = {**scope, "client": (host, client[1])}
        await self._app(scope, receive, send)

    def _origin(self, peer: str, forwarded: str) -> str:
        at = parsed(peer)
        if at is None or not within(at, self._trusted):
            if not self._has_warned:
                self._has_warned = True
                detail = "X-Forwarded-For came from an address that PIECEWORK_TRUSTED_PROXIES does not name: ignored"
                log.warning("proxy_not_trusted", peer=peer[:100], detail=detail)
            return peer
        for hop in reversed(forwarded.rsplit(",", _LONGEST_CHAIN)):
            found = parsed(hop)
            if found is None:
                break
            at = found
            if not within(at, self._trusted):
                break
        return str(at)
