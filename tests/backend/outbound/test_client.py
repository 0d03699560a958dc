"""URLs of strangers: what is not the public internet is never asked, by whatever trick it is named."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import httpcore2
import pytest

from backend.clients import networks
from backend.outbound import addresses, client
from backend.outbound.client import GuardedClient, NoAnswer
from backend.outbound.urls import UrlRefused
from tests.backend.outbound.listening import Listener, listening, saying

NAMES = {
    "private.example": ["10.0.0.1"],
    "local.example": ["127.0.0.1"],
    "local6.example": ["::1"],
    "mapped.example": ["::ffff:127.0.0.1"],
    "mixed.example": ["127.0.0.2", "127.0.0.1"],
    "metadata.example": ["169.254.169.254"],
    "zoned.example": ["fe80::1%lo"],
    "localhost.": ["127.0.0.1"],
    "good.example": ["127.0.0.2"],
}
"""What the resolver of these tests knows; the rest it takes for what the system's takes it for."""

FORBIDDEN = [
    "http://127.0.0.1:{port}/",
    "http://127.1:{port}/",
    "http://127.0.1:{port}/",
    "http://2130706433:{port}/",
    "http://017700000001:{port}/",
    "http://0x7f000001:{port}/",
    "http://0x7f.1:{port}/",
    "http://0177.0.0.1:{port}/",
    "http://127.0.0.1.:{port}/",
    "http://127.000.000.001:{port}/",
    "http://127.8.8.8:{port}/",
    "http://0.0.0.0:{port}/",
    "http://0:{port}/",
    "http://localhost:{port}/",
    "http://LOCALHOST:{port}/",
    "http://localhost.:{port}/",
    "http://local.example:{port}/",
    "http://local6.example:{port}/",
    "http://mapped.example:{port}/",
    "http://mixed.example:{port}/",
    "http://private.example:{port}/",
    "http://metadata.example:{port}/latest/meta-data/",
    "http://zoned.example:{port}/",
    "http://[::1]:{port}/",
    "http://[::]:{port}/",
    "http://[0:0:0:0:0:0:0:1]:{port}/",
    "http://[::ffff:127.0.0.1]:{port}/",
    "http://[::ffff:7f00:1]:{port}/",
    "http://[::127.0.0.1]:{port}/",
    "http://[64:ff9b::127.0.0.1]:{port}/",
    "http://[64:ff9b:1::7f00:1]:{port}/",
    "http://[2002:7f00:1::]:{port}/",
    "http://[2001:0:7f00:1::]:{port}/",
    "http://[fe80::1]:{port}/",
    "http://[fe80::1%25lo]:{port}/",
    "http://[fc00::1]:{port}/",
    "http://[ff02::1]:{port}/",
    "http://[fd00:ec2::254]:{port}/latest/",
    "http://169.254.169.254:{port}/latest/meta-data/",
    "http://168.63.129.16:{port}/",
    "http://100.100.100.200:{port}/",
    "http://10.0.0.1:{port}/",
    "http://172.16.0.1:{port}/",
    "http://192.168.0.1:{port}/",
    "http://198.18.0.1:{port}/",
    "http://224.0.0.1:{port}/",
    "http://255.255.255.255:{port}/",
    "http://good.example@127.0.0.1:{port}/",
    "http://good.example:80@127.0.0.1:{port}/",
    "http://127.0.0.1:{port}#@good.example/",
    "http://127.0.0.1:{port}\\@good.example/",
    "http://good.example\\@127.0.0.1:{port}/",
    "http://127.0.0.1%00.good.example:{port}/",
    "http://127.0.0.1\t:{port}/",
    "http://127。0。0。1:{port}/",
    "http://①②⑦.⓪.⓪.①:{port}/",
    "http://%31%32%37.0.0.1:{port}/",
    "http:127.0.0.1:{port}/",
    "http:///127.0.0.1:{port}/",
    "//127.0.0.1:{port}/",
    "http://127.0.0.1:{port}",
    "http:\r\n//127.0.0.1:{port}/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:{port}/_x",
    "ftp://127.0.0.1:{port}/",
    "unix:///var/run/docker.sock",
    "http+unix://%2Fvar%2Frun%2Fdocker.sock/",
    "data:text/plain,x",
    "javascript:alert(1)",
    "http://",
    "",
    "http://" + "a" * 3_000 + ".example:{port}/",
]


def names(host: str, port: int) -> list[str]:
    return NAMES.get(host) or client.resolve(host, port)


def asking(*ports: int, allowed: str = "", resolver: client.Resolver = names, **limits: Any) -> GuardedClient:
    return GuardedClient(
        ports=frozenset(ports), allowed=networks(allowed), resolver=resolver, **({"max_seconds": 2.0} | limits)
    )


@pytest.fixture
def forbidden() -> Iterator[list[Listener]]:
    """Servers of the operator's own, one port, on both families; where a machine has no IPv6, on one."""
    with listening(host="0.0.0.0") as four:  # noqa: S104 - one of the names of this machine
        try:
            with listening(host="::1", port=four.port) as six:
                yield [four, six]
        except OSError:
            yield [four]


@pytest.mark.parametrize("url", FORBIDDEN, ids=range(len(FORBIDDEN)))
def test_what_is_not_public_is_refused_and_not_asked(forbidden: list[Listener], url: str) -> None:
    port = forbidden[0].port
    with pytest.raises((UrlRefused, NoAnswer)):
        asking(port, 80).post(url.format(port=port), b"secret", {})

    assert all(listener.is_silent for listener in forbidden)


def test_these_urls_would_reach_the_listener_if_addresses_were_not_checked(
    forbidden: list[Listener], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The planted bug; so it is the check that keeps the listener silent."""
    monkeypatch.setattr(client, "may_ask", lambda *_: True)
    port, reached = forbidden[0].port, 0
    for url in ("http://127.0.0.1:{port}/", "http://local.example:{port}/", "http://0.0.0.0:{port}/",
                "http://mapped.example:{port}/", "http://[::ffff:7f00:1]:{port}/"):  # fmt: skip
        reached += asking(port).post(url.format(port=port), b"secret", {}).status == 200

    assert reached == 5
    assert forbidden[0].hears(5)


def test_nobody_is_asked_for_the_name_of_a_url_that_is_refused_as_written() -> None:
    asked: list[str] = []

    def resolver(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.2"]

    for url in ("http://user@good.example/", "https://good.example:22/", "http://intranet/", "http://0x7f.1/"):
        with pytest.raises(UrlRefused):
            asking(80, 443, resolver=resolver).post(url, b"", {})
    assert asked == []


@pytest.mark.parametrize("port", [1, 22, 25, 3306, 5001, 6379, 8545, 9200, 0, 99_999])
def test_only_ports_of_the_web_are_asked(port: int) -> None:
    with pytest.raises(UrlRefused, match="port"):
        asking(80, 443).check(f"https://good.example:{port}/")


def test_a_name_that_is_bound_anew_after_the_check_leads_nowhere_else() -> None:
    """DNS rebinding: the first answer may be asked, every later one is the operator's own machine."""
    answers = iter([["127.0.0.2"]])

    def resolver(host: str, port: int) -> list[str]:
        return next(answers, ["127.0.0.1"])

    with listening(host="127.0.0.2") as good, listening(host="127.0.0.1", port=good.port) as own:
        found = asking(good.port, allowed="127.0.0.2", resolver=resolver).post(
            f"http://rebinding.example:{good.port}/x", b"body", {}
        )
        assert (found.status, own.is_silent) == (200, True)
        assert f"host: rebinding.example:{good.port}".encode() in good.heard[0].lower()
        with pytest.raises(UrlRefused):
            asking(good.port, allowed="127.0.0.2", resolver=resolver).post(
                f"http://rebinding.example:{good.port}/", b"", {}
            )
        assert own.is_silent


def test_a_client_that_resolves_again_to_connect_would_be_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([["127.0.0.2"]])

    def resolver(host: str, port: int) -> list[str]:
        return next(answers, ["127.0.0.1"])

    class Unpinned(client._Pinned):
        def connect_tcp(self, host: str, port: int, *rest: Any, **options: Any) -> Any:
            return self._inner.connect_tcp(resolver(host, port)[0], port)

    monkeypatch.setattr(client, "_Pinned", Unpinned)
    with listening(host="127.0.0.2") as good, listening(host="127.0.0.1", port=good.port) as own:
        asking(good.port, allowed="127.0.0.2", resolver=resolver).post(
            f"http://rebinding.example:{good.port}/", b"", {}
        )
        assert own.hears()
        assert good.is_silent


def test_one_private_address_among_the_public_ones_spoils_a_name() -> None:
    with listening(host="127.0.0.2") as good, pytest.raises(UrlRefused):
        asking(good.port, allowed="127.0.0.2").post(f"http://mixed.example:{good.port}/", b"", {})


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
def test_no_redirect_is_followed(status: str) -> None:
    with listening() as own:
        with listening(saying(status, b"", f"Location: http://127.0.0.1:{own.port}/"), host="127.0.0.2") as good:
            found = asking(good.port, own.port, allowed="127.0.0.2").post(f"http://good.example:{good.port}/", b"", {})
        assert found.status == int(status[:3])
        assert own.is_silent


def test_a_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with listening() as proxy, listening(host="127.0.0.2") as good:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        found = asking(good.port, allowed="127.0.0.2").post(f"http://good.example:{good.port}/", b"", {})
        assert (found.status, proxy.is_silent) == (200, True)


def dripping(first: bytes) -> Callable[[socket.socket, bytes], None]:
    def talk(connection: socket.socket, request: bytes) -> None:
        connection.sendall(first)
        while True:
            time.sleep(0.02)
            connection.sendall(b"x")

    return talk


@pytest.mark.parametrize(
    "first", [b"", b"HTTP/1.1 200 OK\r\nX-Long: ", b"HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n"]
)
def test_an_answer_that_drips_for_ever_is_given_up(first: bytes) -> None:
    with listening(dripping(first), host="127.0.0.2") as slow:
        begun = time.monotonic()
        with pytest.raises(NoAnswer):
            asking(slow.port, allowed="127.0.0.2", max_seconds=0.4).post(f"http://good.example:{slow.port}/", b"", {})
        assert time.monotonic() - begun < 5


def test_a_name_that_is_not_resolved_in_time_is_given_up() -> None:
    def resolver(host: str, port: int) -> list[str]:
        time.sleep(1)
        return ["127.0.0.2"]

    with pytest.raises(NoAnswer, match="resolved"):
        asking(80, allowed="127.0.0.2", resolver=resolver, max_seconds=0.1).post("http://slow.example/", b"", {})


def test_an_answer_that_is_too_large_is_given_up_and_nothing_is_unpacked() -> None:
    large = saying("200 OK", b"x" * 70_000)
    with listening(large, host="127.0.0.2") as server, pytest.raises(NoAnswer, match="more than 65536 bytes"):
        asking(server.port, allowed="127.0.0.2").post(f"http://good.example:{server.port}/", b"", {})
    packed = saying("200 OK", b"\x1f\x8b packed", "Content-Encoding: gzip")
    with listening(packed, host="127.0.0.2") as server:
        found = asking(server.port, allowed="127.0.0.2").post(f"http://good.example:{server.port}/", b"", {})
    assert found.body == b"\x1f\x8b packed"


@pytest.mark.parametrize("rubbish", [b"", b"\x00\x01\x02", b"SSH-2.0-x\r\n"])
def test_what_speaks_no_http_is_no_answer(rubbish: bytes) -> None:
    def talk(connection: socket.socket, request: bytes) -> None:
        connection.sendall(rubbish)

    with listening(talk, host="127.0.0.2") as server, pytest.raises(NoAnswer):
        asking(server.port, allowed="127.0.0.2").post(f"http://good.example:{server.port}/", b"", {})


def test_a_closed_port_is_no_answer() -> None:
    with listening(host="127.0.0.2") as gone:
        port = gone.port
    with pytest.raises(NoAnswer):
        asking(port, allowed="127.0.0.2").post(f"http://good.example:{port}/", b"", {})


# -------------------------------------------------------------------------- TLS


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for good.example, and its key."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "good.example")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("good.example")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    folder = tmp_path_factory.mktemp("tls")
    files = folder / "certificate.pem", folder / "key.pem"
    files[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    files[1].write_bytes(pem)
    return files


def test_over_tls_the_certificate_must_be_the_hosts_although_an_address_is_connected(
    certificate: tuple[Path, Path],
) -> None:
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(*certificate)
    trusting = ssl.create_default_context(cafile=str(certificate[0]))

    def resolver(host: str, port: int) -> Sequence[str]:
        return ["127.0.0.2"]

    with listening(host="127.0.0.2", tls=serving) as server:
        options: dict[str, Any] = {"allowed": "127.0.0.2", "resolver": resolver}
        trusted = asking(server.port, tls=trusting, **options)
        assert trusted.post(f"https://good.example:{server.port}/", b"x", {}).status == 200
        for one, host in ((trusted, "other.example"), (asking(server.port, **options), "good.example")):
            with pytest.raises(NoAnswer):
                one.post(f"https://{host}:{server.port}/", b"x", {})


# -------------------------------------------------------------------- addresses


@pytest.mark.parametrize(
    ("address", "is_public"),
    [
        ("1.1.1.1", True),
        ("93.184.216.34", True),
        ("100.63.255.255", True),
        ("100.64.0.0", False),
        ("172.15.255.255", True),
        ("172.31.255.255", False),
        ("172.32.0.0", True),
        ("223.255.255.255", True),
        ("2606:4700::1111", True),
        ("2001:200::1", True),
        ("2001:1ff::1", False),
        ("2001:db8::1", False),
        ("3fff::1", False),
        ("4000::1", False),
        ("64:ff9b::8.8.8.8", False),
        ("::ffff:8.8.8.8", False),
        ("::8.8.8.8", False),
    ],
)
def test_public_is_what_is_plainly_global(address: str, is_public: bool) -> None:
    assert addresses.is_public(ip_address(address)) is is_public


def test_an_address_of_this_very_machine_is_not_asked_although_it_is_public(monkeypatch: pytest.MonkeyPatch) -> None:
    assert addresses.is_own(ip_address("127.0.0.1"))
    assert not addresses.is_own(ip_address("93.184.216.34"))
    monkeypatch.setattr(addresses, "is_public", lambda _: True)
    assert not addresses.may_ask(ip_address("127.0.0.1"), ())
    assert addresses.may_ask(ip_address("93.184.216.34"), ())


def test_the_pinned_connection_opens_no_socket_file() -> None:
    with pytest.raises(httpcore2.ConnectError):
        client._Pinned("127.0.0.1", time.monotonic() + 1).connect_unix_socket("/var/run/docker.sock")
