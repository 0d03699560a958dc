"""Money crosses from text to units exactly, or not at all."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from piecework.client.amounts import to_tokens, to_units
from piecework.client.errors import AmountRefused


@pytest.mark.parametrize(
    ("amount", "units"), [("0.04", 40_000), ("1", 10**6), (3, 3 * 10**6), (Decimal("0.000001"), 1), ("1e-3", 1_000)]
)
def test_an_amount_becomes_the_units_that_it_says(amount: Any, units: int) -> None:
    assert to_units(amount, 6) == units


@pytest.mark.parametrize(
    "amount", [0.04, True, "0.0000001", "-1", "NaN", "Infinity", "", "four", None, [], "1" * 40, "1e99999999"]
)
def test_what_is_no_amount_is_refused_and_never_rounded(amount: Any) -> None:
    with pytest.raises(AmountRefused):
        to_units(amount, 6)


@given(st.integers(0, 2**96 - 1), st.integers(0, 18))
def test_units_go_to_tokens_and_back(units: int, decimals: int) -> None:
    assert to_units(str(to_tokens(units, decimals)), decimals) == units
