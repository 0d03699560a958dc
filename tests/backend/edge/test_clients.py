"""Whose word is taken for where a request comes from."""

from __future__ import annotations

import pytest
from starlette.types import Receive, Scope, Send
from structlog.testing import capture_logs

from backend.clients import RealClient, household, networks

PROXIES = "10.0.0.0/8, 2001:db8:ffff::/48, 127.0.0.1"


async def seen(peer: str, forwarded: list[bytes], trusted: str = PROXIES) -> str:
    """The client that an application behind the middleware sees."""
    found = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        found.append(scope["client"])

    async def nothing(*_: object) -> None:
        return None

    headers = [(b"x-forwarded-for", value) for value in forwarded]
    scope = {"type": "http", "client": (peer, 1234), "headers": headers}
    await RealClient(app, trusted=networks(trusted))(scope, nothing, nothing)  # type: ignore[arg-type]
    assert found[0][1] == 1234
    return str(found[0][0])


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("203.0.113.7", [], "203.0.113.7"),
        ("203.0.113.7", [b"198.51.100.1"], "203.0.113.7"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", [b"198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", [b"1.1.1.1, 198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", [b"1.1.1.1", b"198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", [b"198.51.100.1, 10.9.9.9"], "198.51.100.1"),
        ("10.0.0.1", [b"10.1.1.1, 10.9.9.9"], "10.1.1.1"),
        ("10.0.0.1", [b"198.51.100.1, rubbish, 10.9.9.9"], "10.9.9.9"),
        ("10.0.0.1", [b"rubbish"], "10.0.0.1"),
        ("10.0.0.1", [b""], "10.0.0.1"),
        ("10.0.0.1", [b"198.51.100.1:80"], "10.0.0.1"),
        ("10.0.0.1", [b"::ffff:198.51.100.1"], "198.51.100.1"),
        ("::ffff:10.0.0.1", [b"198.51.100.1"], "198.51.100.1"),
        ("2001:db8:ffff::9", [b"2001:db8:1::5"], "2001:db8:1::5"),
        ("10.0.0.1", [b"1.1.1.1," * 5_000 + b"198.51.100.1"], "198.51.100.1"),
        ("testclient", [b"198.51.100.1"], "testclient"),
    ],
    ids=str,
)
async def test_the_client_is_the_last_hop_that_no_trusted_proxy_is(
    peer: str, forwarded: list[bytes], client: str
) -> None:
    assert await seen(peer, forwarded) == client


@pytest.mark.anyio
async def test_with_no_trusted_proxies_nothing_is_believed_and_the_operator_is_told() -> None:
    with capture_logs() as logs:
        assert await seen("127.0.0.1", [b"198.51.100.1"], trusted="") == "127.0.0.1"

    assert [entry["event"] for entry in logs] == ["proxy_not_trusted"]


@pytest.mark.anyio
async def test_the_check_would_see_a_gateway_that_believes_everybody() -> None:
    assert await seen("203.0.113.7", [b"198.51.100.1"], trusted="0.0.0.0/0") == "198.51.100.1"


@pytest.mark.parametrize(
    ("address", "one"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("fe80::1%eth0", "fe80::"),
        ("unknown", "unknown"),
    ],
)
def test_one_household_is_one_client(address: str, one: str) -> None:
    assert household(address) == one
