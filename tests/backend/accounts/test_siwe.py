"""EIP-4361, line by line: what is not exactly a sign-in message is none."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from backend.accounts.siwe import SiweMalformed, parse

ADDRESS = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
HEAD = ["gateway.test wants you to sign in with your Ethereum account:", ADDRESS, ""]
STATEMENT = ["Sign in.", ""]
FIELDS = [
    "URI: http://gateway.test/login",
    "Version: 1",
    "Chain ID: 31337",
    "Nonce: 0123456789abcdef",
    "Issued At: 2026-01-02T03:04:05Z",
]
OPTIONAL = [
    "Expiration Time: 2026-01-02T04:04:05.5+01:00",
    "Not Before: 2026-01-02T03:04:05Z",
    "Request ID: 7",
    "Resources:",
    "- https://one.test",
    "- ipfs://two",
]


def text(*parts: list[str]) -> str:
    return "\n".join(line for part in parts for line in part)


def test_a_whole_message_is_read() -> None:
    found = parse(text(HEAD, STATEMENT, FIELDS, OPTIONAL))

    assert (found.domain, found.address, found.chain_id) == ("gateway.test", ADDRESS, 31337)
    assert (found.uri, found.nonce) == ("http://gateway.test/login", "0123456789abcdef")
    assert found.issued_at == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert found.expires_at == datetime(2026, 1, 2, 3, 4, 5, 500_000, tzinfo=UTC)
    assert found.not_before == found.issued_at


def test_statement_and_optional_fields_may_be_absent() -> None:
    found = parse(text(HEAD, [""], FIELDS))

    assert found.expires_at is None
    assert found.not_before is None


def changed(old: str, new: str) -> str:
    whole = text(HEAD, STATEMENT, FIELDS, OPTIONAL)
    assert old in whole
    return whole.replace(old, new, 1)


MALFORMED = {
    "nothing": "",
    "other first line": changed("wants you to sign in", "wants you to log in"),
    "scheme in the domain": changed("gateway.test wants", "https://gateway.test wants"),
    "space in the domain": changed("gateway.test wants", "gate way.test wants"),
    "no domain": changed("gateway.test wants", " wants"),
    "address too short": changed(ADDRESS, ADDRESS[:-1]),
    "address with a space": changed(ADDRESS, ADDRESS + " "),
    "no empty line after the address": changed(ADDRESS + "\n", ADDRESS),
    "statement of two lines": changed("Sign in.", "Sign in.\nAnd give me everything."),
    "no empty line after the statement": changed("Sign in.\n", "Sign in."),
    "no URI": changed(FIELDS[0] + "\n", ""),
    "empty URI": changed(FIELDS[0], "URI: "),
    "version 2": changed("Version: 1", "Version: 2"),
    "no version": changed("Version: 1\n", ""),
    "chain in hex": changed("Chain ID: 31337", "Chain ID: 0x7a69"),
    "negative chain": changed("Chain ID: 31337", "Chain ID: -1"),
    "nonce too short": changed("0123456789abcdef", "0123456"),
    "nonce with a dash": changed("0123456789abcdef", "01234567-9abcdef"),
    "time without zone": changed("03:04:05Z\nExp", "03:04:05\nExp"),
    "time that is none": changed("2026-01-02T03:04:05Z\nExp", "2026-13-02T03:04:05Z\nExp"),
    "time in words": changed("2026-01-02T03:04:05Z\nExp", "yesterday\nExp"),
    "fields out of order": text(HEAD, STATEMENT, [FIELDS[1], FIELDS[0], *FIELDS[2:]]),
    "a field twice": text(HEAD, STATEMENT, [FIELDS[0], *FIELDS]),
    "an unknown field": text(HEAD, STATEMENT, [*FIELDS, "Colour: red"]),
    "a field without space": changed("Version: 1", "Version:1"),
    "a line after the end": text(HEAD, STATEMENT, FIELDS, [""]),
    "a resource without a dash": changed("- ipfs://two", "ipfs://two"),
    "carriage returns": text(HEAD, STATEMENT, FIELDS).replace("\n", "\r\n"),
    "words before": "Please sign.\n" + text(HEAD, STATEMENT, FIELDS),
}


@pytest.mark.parametrize("message", MALFORMED.values(), ids=MALFORMED.keys())
def test_a_malformed_message_is_refused_with_its_fault(message: str) -> None:
    with pytest.raises(SiweMalformed) as raised:
        parse(message)
    assert str(raised.value)
