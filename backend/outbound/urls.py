"""URLs that users give, read strictly: what two readers could understand differently is no URL here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

MAX_LENGTH = 2_000
_PLAIN = re.compile(r"[!#-;=?-\[\]_a-z~%]+", re.IGNORECASE | re.ASCII)
"""What stands in a URL: no space, quote, backslash, control or letter beyond ASCII."""
_SHAPE = re.compile(r"(https?)://(\[[0-9a-f:.]+\]|[a-z0-9.-]+)(?::(\d{1,5}))?([/?][^#]*)?", re.IGNORECASE | re.ASCII)
_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)", re.ASCII)
_DEFAULT_PORTS = {"http": 80, "https": 443}


class UrlRefused(ValueError):
    """The gateway does not ask this URL; the message says why."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a URL leads. `host` is a name in lower case or an address without brackets."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """As the Host header has it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"


def parse(text: str, ports: frozenset[int]) -> Target:
    """Raises UrlRefused."""
    if len(text) > MAX_LENGTH:
        raise UrlRefused(f"a URL has at most {MAX_LENGTH} signs")
    if not _PLAIN.fullmatch(text):
        raise UrlRefused("a URL is written in plain ASCII, without spaces and backslashes; others are %-encoded")
    found = _SHAPE.fullmatch(text)
    if found is None:
        raise UrlRefused("use http(s)://HOST[:PORT]/PATH without a user's name and without a #fragment")
    scheme = found[1].lower()
    port = int(found[3]) if found[3] else _DEFAULT_PORTS[scheme]
    if port not in ports:
        raise UrlRefused(f"port {port} is not asked here: use one of {', '.join(map(str, sorted(ports)))}")
    path = found[4] or "/"
    host = _host(found[2].lower())
    # The standard library must see the same host, or the text is one that could be misread.
    if (urlsplit(text).hostname or "").rstrip(".") != host:
        raise UrlRefused("the host of this URL can be read in two ways")
    return Target(scheme, host, port, path if path.startswith("/") else "/" + path)


def _host(text: str) -> str:
    if text.startswith("["):
        try:
            ip_address(text[1:-1])
        except ValueError as error:
            raise UrlRefused(f"{text} is no IPv6 address") from error
        return text[1:-1]
    labels = text.removesuffix(".").split(".")
    if len(text) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise UrlRefused("the host is no name and no address")
    if labels[-1].isdigit() or labels[-1].startswith("0x"):
        # Resolvers take 2130706433, 0x7f.1 and 0177.0.0.1 for 127.0.0.1; only the usual form is taken here.
        try:
            return str(ip_address(text))
        except ValueError as error:
            raise UrlRefused("an IPv4 address has four decimal numbers without leading zeros") from error
    if len(labels) < 2:
        raise UrlRefused("a host on the internet has a dot in its name")
    return text.removesuffix(".")
