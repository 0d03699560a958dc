"""Canonical JSON against the vectors that RFC 8785 publishes, and what it refuses."""

from __future__ import annotations

import json
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from piecework.domain.canonical import MAX_DEPTH, NotCanonical, canonical_bytes, canonical_loads, new_salt, strict_loads

LARGEST = 2**53 - 1

# RFC 8785, appendix B: the bits of a double and the text it must become.
NUMBERS = {
    "0000000000000000": "0",
    "8000000000000000": "0",
    "0000000000000001": "5e-324",
    "8000000000000001": "-5e-324",
    "7fefffffffffffff": "1.7976931348623157e+308",
    "ffefffffffffffff": "-1.7976931348623157e+308",
    "4340000000000000": "9007199254740992",
    "c340000000000000": "-9007199254740992",
    "4430000000000000": "295147905179352830000",
    "44b52d02c7e14af5": "9.999999999999997e+22",
    "44b52d02c7e14af6": "1e+23",
    "44b52d02c7e14af7": "1.0000000000000001e+23",
    "444b1ae4d6e2ef4e": "999999999999999700000",
    "444b1ae4d6e2ef4f": "999999999999999900000",
    "444b1ae4d6e2ef50": "1e+21",
    "3eb0c6f7a0b5ed8c": "9.999999999999997e-7",
    "3eb0c6f7a0b5ed8d": "0.000001",
    "41b3de4355555553": "333333333.3333332",
    "41b3de4355555554": "333333333.33333325",
    "41b3de4355555555": "333333333.3333333",
    "41b3de4355555556": "333333333.3333334",
    "41b3de4355555557": "333333333.33333343",
    "becbf647612f3696": "-0.0000033333333333333333",
    "43143ff3c1cb0959": "1424953923781206.2",
}

json_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-LARGEST, LARGEST)
    | st.floats(allow_nan=False, allow_infinity=False)
    | json_text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(json_text, inner, max_size=4),
    max_leaves=20,
)
json_objects = st.dictionaries(json_text, json_values, max_size=5)


def nested(depth: int) -> Any:
    """`depth` lists within each other and nothing inside."""
    value: Any = []
    for _ in range(depth - 1):
        value = [value]
    return value


# ------------------------------------------------------------------- vectors


@pytest.mark.parametrize(("bits", "text"), NUMBERS.items())
def test_numbers_are_written_as_the_rfc_lists_them(bits: str, text: str) -> None:
    (value,) = struct.unpack(">d", bytes.fromhex(bits))

    assert canonical_bytes({"n": value}) == b'{"n":' + text.encode() + b"}"


def test_the_rfcs_sample_object_gives_its_published_bytes() -> None:
    given_text = (
        r'{"numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],'
        r'"string": "\u20ac$\u000F\u000aA\u0027\u0042\u0022\u005c\\\"\/","literals": [null, true, false]}'
    )

    assert canonical_bytes(strict_loads(given_text.encode())).hex(" ") == (
        "7b 22 6c 69 74 65 72 61 6c 73 22 3a 5b 6e 75 6c 6c 2c 74 72 "
        "75 65 2c 66 61 6c 73 65 5d 2c 22 6e 75 6d 62 65 72 73 22 3a "
        "5b 33 33 33 33 33 33 33 33 33 2e 33 33 33 33 33 33 33 2c 31 "
        "65 2b 33 30 2c 34 2e 35 2c 30 2e 30 30 32 2c 31 65 2d 32 37 "
        "5d 2c 22 73 74 72 69 6e 67 22 3a 22 e2 82 ac 24 5c 75 30 30 "
        "30 66 5c 6e 41 27 42 5c 22 5c 5c 5c 5c 5c 22 2f 22 7d"
    )


def test_keys_are_sorted_by_utf_16_units_as_in_the_rfcs_sample() -> None:
    keys = ["\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\u0080", "\u00f6"]

    written = canonical_bytes(dict.fromkeys(keys, 0))

    assert list(json.loads(written)) == ["\r", "1", "\u0080", "\u00f6", "\u20ac", "\U0001f600", "\ufb33"]


# ---------------------------------------------------------------- properties


@given(json_objects)
def test_what_is_written_is_read_back_as_it_was(document: dict[str, Any]) -> None:
    assert canonical_loads(canonical_bytes(document)) == document


@given(st.dictionaries(json_text, json_values, min_size=1, max_size=5))
def test_any_other_spelling_of_a_document_is_refused_and_means_the_same(document: dict[str, Any]) -> None:
    canonical = canonical_bytes(document)
    spelled = json.dumps(document, indent=1).encode()

    assert canonical_bytes(strict_loads(spelled)) == canonical
    with pytest.raises(NotCanonical, match="not in canonical form"):
        canonical_loads(spelled)


@given(st.binary(max_size=60) | st.text(max_size=40).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_bytes_of_a_stranger_are_read_or_refused_with_one_error(data: bytes) -> None:
    try:
        value = strict_loads(data)
    except NotCanonical:
        return
    assert strict_loads(json.dumps(value).encode()) == value


# ------------------------------------------------------------------ refusals


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"a":1,"a":1}', "stands twice"),
        ('{"b":{"a":1,"c":2,"a":3}}', "'a' stands twice"),
        ('{"a":NaN}', "NaN is no JSON number"),
        ('{"a":Infinity}', "Infinity is no JSON number"),
        ('{"a":-Infinity}', "-Infinity is no JSON number"),
        ('{"a":1e400}', "larger than a JSON reader can hold"),
        ('{"a":-1e400}', "larger than a JSON reader can hold"),
        ('{"a":' + "9" * 5000 + "}", "larger than a JSON reader can hold"),
        ('{"a":"\\ud800"}', "surrogate"),
        ('{"\\udfff":1}', "surrogate"),
        ('{"a":1', "no JSON document"),
        ("", "no JSON document"),
        ('{"a":01}', "no JSON document"),
        ('\ufeff{"a":1}', "no JSON document"),
        ("[" * 5_000 + "]" * 5_000, "nested deeper|no JSON document"),
    ],
)
def test_a_text_that_others_might_read_otherwise_is_refused(text: str, why: str) -> None:
    with pytest.raises(NotCanonical, match=why):
        strict_loads(text.encode())


def test_bytes_that_are_no_utf_8_are_refused() -> None:
    with pytest.raises(NotCanonical, match="no JSON document"):
        strict_loads(b'{"a":"\xff"}')


@pytest.mark.parametrize("value", [float("nan"), float("inf"), LARGEST + 1, -LARGEST - 1, "\ud800", b"x", {1: 2}, {1}])
def test_a_value_that_json_cannot_carry_exactly_is_refused(value: Any) -> None:
    with pytest.raises(NotCanonical):
        canonical_bytes({"a": value})


@pytest.mark.parametrize("key", ["\ud800", 7])
def test_a_key_that_is_no_text_is_refused(key: Any) -> None:
    with pytest.raises(NotCanonical):
        canonical_bytes({key: 1})


def test_integers_up_to_the_largest_exact_one_are_taken() -> None:
    assert canonical_loads(canonical_bytes({"a": LARGEST, "b": -LARGEST})) == {"a": LARGEST, "b": -LARGEST}


def test_an_integer_that_a_double_would_round_is_not_canonical() -> None:
    with pytest.raises(NotCanonical, match="not in canonical form"):
        canonical_loads(b'{"a":9007199254740993}')


def test_a_large_double_that_looks_like_an_integer_is_read_back() -> None:
    assert canonical_loads(canonical_bytes({"a": 1e20})) == {"a": 1e20}


def test_the_deepest_document_that_can_be_written_can_be_read() -> None:
    document = {"a": nested(MAX_DEPTH - 1)}

    assert canonical_loads(canonical_bytes(document)) == document


def test_a_document_nested_deeper_is_neither_written_nor_read() -> None:
    too_deep = {"a": nested(MAX_DEPTH)}

    with pytest.raises(NotCanonical, match="nested deeper"):
        canonical_bytes(too_deep)
    with pytest.raises(NotCanonical, match="nested deeper"):
        strict_loads(json.dumps(too_deep).encode())


@pytest.mark.parametrize("text", ["[]", "1", '"text"', "null"])
def test_a_document_is_an_object(text: str) -> None:
    with pytest.raises(NotCanonical, match="no JSON object"):
        canonical_loads(text.encode())


def test_salts_are_32_random_bytes() -> None:
    salts = {new_salt() for _ in range(100)}

    assert len(salts) == 100
    assert all(len(bytes.fromhex(salt.removeprefix("0x"))) == 32 for salt in salts)
