"""A JSON array is read an item at a time, however its text is cut."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from piecework.domain.streamed import BrokenArray, items

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


def read(text: str, size: int) -> list[Any]:
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    first, *rest = pieces or [""]
    return [json.loads(raw) for raw in items(first, iter(rest))]


@given(st.lists(VALUES, max_size=6), st.integers(1, 40), st.sampled_from([None, 1]))
def test_every_item_comes_back_wherever_the_text_is_cut(values: list[Any], size: int, indent: int | None) -> None:
    text = json.dumps(values, indent=indent).partition("[")[2]
    assert read(text + " more that nobody reads", size) == values


@pytest.mark.parametrize("size", [1, 3, 100])
@pytest.mark.parametrize("text", ["", "1", "1,", "1 2]", "1,]", ",1]", '"a', '{"a":1', "x]", "1,,2]", "[" * 100_000])
def test_a_broken_array_is_refused(text: str, size: int) -> None:
    if size < 100 and len(text) > 100:
        size = 50_000
    with pytest.raises(BrokenArray):
        read(text, size)
