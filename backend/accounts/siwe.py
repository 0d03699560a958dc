"""Sign-in messages after EIP-4361, read strictly: every line in its place, nothing more."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

_HEAD = re.compile(r"(?P<domain>[^\s/]+) wants you to sign in with your Ethereum account:")
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
_NONCE = re.compile(r"[A-Za-z0-9]{8,64}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)")
_FIELDS = ("URI", "Version", "Chain ID", "Nonce", "Issued At")
_OPTIONAL = ("Expiration Time", "Not Before", "Request ID")


class SiweMalformed(ValueError):
    """The text is no EIP-4361 message; the message names the line."""


@dataclass(frozen=True, slots=True)
class SiweMessage:
    """The fields of a sign-in message; times with their zone."""

    domain: str
    address: str
    uri: str
    chain_id: int
    nonce: str
    issued_at: datetime
    expires_at: datetime | None
    not_before: datetime | None


def parse(text: str) -> SiweMessage:
    """Raises SiweMalformed."""
    lines = text.split("\n")
    if len(lines) < 8:
        raise SiweMalformed("the message is too short: build it after EIP-4361")
    head = _HEAD.fullmatch(lines[0])
    if head is None:
        raise SiweMalformed("line 1 must be `<domain> wants you to sign in with your Ethereum account:`")
    if not _ADDRESS.fullmatch(lines[1]):
        raise SiweMalformed("line 2 must be the address")
    if lines[2] != "":
        raise SiweMalformed("line 3 must be empty")
    rest = lines[3:]
    if rest[0] == "":  # no statement
        rest = rest[1:]
    elif len(rest) > 1 and rest[1] == "":
        rest = rest[2:]
    else:
        raise SiweMalformed("a statement is one line between empty lines")
    values = _fields(rest)
    if values["Version"] != "1":
        raise SiweMalformed("Version must be 1")
    if not values["Chain ID"].isdecimal():
        raise SiweMalformed("Chain ID must be a number")
    if not _NONCE.fullmatch(values["Nonce"]):
        raise SiweMalformed("Nonce must be 8 or more letters and digits")
    return SiweMessage(
        domain=head["domain"],
        address=lines[1],
        uri=values["URI"],
        chain_id=int(values["Chain ID"]),
        nonce=values["Nonce"],
        issued_at=_time("Issued At", values["Issued At"]),
        expires_at=_optional("Expiration Time", values),
        not_before=_optional("Not Before", values),
    )


def _fields(lines: list[str]) -> dict[str, str]:
    values: dict[str, str] = {}
    wanted = [*_FIELDS, *_OPTIONAL]
    place = 0
    for number, line in enumerate(lines):
        if line == "Resources:":
            if any(not resource.startswith("- ") for resource in lines[number + 1 :]):
                raise SiweMalformed("each resource is a line beginning with `- `")
            break
        name, colon, value = line.partition(": ")
        if not colon or name not in wanted[place:] or not value:
            raise SiweMalformed(f"unexpected line: {line[:80]!r}")
        place = wanted.index(name) + 1
        values[name] = value
    missing = [name for name in _FIELDS if name not in values]
    if missing:
        raise SiweMalformed(f"{missing[0]} is missing")
    return values


def _optional(name: str, values: dict[str, str]) -> datetime | None:
    return _time(name, values[name]) if name in values else None


def _time(name: str, text: str) -> datetime:
    if not _TIME.fullmatch(text):
        raise SiweMalformed(f"{name} must be an RFC 3339 time with its zone")
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise SiweMalformed(f"{name} is no time: {error}") from error
