"""Addresses and digests as they come in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from piecework.domain.ids import parse_address, parse_digest

# EIP-55 lists these as rightly checksummed.
CHECKSUMMED = (
    "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
    "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
    "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
    "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
)


@pytest.mark.parametrize("address", CHECKSUMMED)
def test_an_address_is_given_back_with_its_eip_55_checksum(address: str) -> None:
    body = address[2:]

    assert parse_address(address) == address
    assert parse_address("0x" + body.lower()) == address
    assert parse_address("0x" + body.upper()) == address


@pytest.mark.parametrize("address", CHECKSUMMED)
def test_an_address_with_one_letter_of_the_other_case_is_refused(address: str) -> None:
    place = next(i for i, c in enumerate(address) if i > 1 and c.isalpha())
    with pytest.raises(ValueError, match="wrong checksum"):
        parse_address(address[:place] + address[place].swapcase() + address[place + 1 :])


@pytest.mark.parametrize(
    "text", ["", "0x", CHECKSUMMED[0][2:], CHECKSUMMED[0][:-1], CHECKSUMMED[0] + "0", "0x" + "g" * 40]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no address"):
        parse_address(text)


@given(st.binary(min_size=32, max_size=32))
def test_a_digest_is_given_back_in_lower_case(raw: bytes) -> None:
    assert parse_digest("0x" + raw.hex()) == parse_digest("0x" + raw.hex().upper()) == "0x" + raw.hex()


@pytest.mark.parametrize(
    "text", ["", "0x", "ab" * 32, "0x" + "ab" * 31, "0x" + "ab" * 33, "0x" + "zz" * 32, "0x" + "ab" * 32 + "\n"]
)
def test_what_is_no_digest_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no digest"):
        parse_digest(text)


@given(st.text(max_size=70))
def test_a_strangers_text_is_refused_with_one_error(text: str) -> None:
    for parse in (parse_address, parse_digest):
        with pytest.raises(ValueError, match="is no"):
            parse(text)
