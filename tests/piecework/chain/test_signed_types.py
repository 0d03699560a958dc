"""Every message that a key signs has the same EIP-712 type in Python and in the contracts' sources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from eth_utils import keccak

from piecework.domain import credentials, enrolment, messages
from tests.piecework.chain.solidity import signed_types

Types = Mapping[str, Sequence[tuple[str, str]]]
ALL_TYPES: Types = {**messages.TYPES, **credentials.TYPES}


def encoded(name: str, types: Types) -> str:
    """The type string as EIP-712 defines it: the struct, then those it names, sorted."""

    def one(struct: str) -> str:
        return f"{struct}({','.join(f'{kind} {field}' for field, kind in types[struct])})"

    named: set[str] = set()
    waiting = [name]
    while waiting:
        for _, kind in types[waiting.pop()]:
            inner = kind.removesuffix("[]")
            if inner in types and inner not in named:
                named.add(inner)
                waiting.append(inner)
    return one(name) + "".join(one(inner) for inner in sorted(named - {name}))


def test_no_name_stands_for_two_messages() -> None:
    names = [*messages.TYPES, *credentials.TYPES, *enrolment.TYPES]
    assert len(set(names)) == len(names)


def test_a_receipt_is_no_message_of_a_contract_under_any_name() -> None:
    bodies = {declared.partition("(")[2] for declared in signed_types().values()}
    assert encoded(enrolment.PRIMARY, enrolment.TYPES).partition("(")[2] not in bodies


def test_the_contracts_and_python_know_the_same_messages() -> None:
    assert signed_types().keys() == ALL_TYPES.keys()


@pytest.mark.parametrize("name", sorted(ALL_TYPES))
def test_a_message_has_the_contracts_type(name: str) -> None:
    assert encoded(name, ALL_TYPES) == signed_types()[name]


@pytest.mark.parametrize("name", sorted(ALL_TYPES))
def test_any_other_order_or_type_of_a_field_would_be_seen(name: str) -> None:
    fields = list(ALL_TYPES[name])
    for changed in (
        [*fields[1:], fields[0]],
        [(fields[0][0], "uint8" if fields[0][1] != "uint8" else "uint16"), *fields[1:]],
        [("other", fields[0][1]), *fields[1:]],
        fields[:-1],
    ):
        assert encoded(name, {**ALL_TYPES, name: changed}) != signed_types()[name]


def test_the_encoding_is_that_of_the_standards_own_example() -> None:
    mail: Types = {
        "Mail": [("from", "Person"), ("to", "Person"), ("contents", "string")],
        "Person": [("name", "string"), ("wallet", "address")],
    }

    assert keccak(text=encoded("Mail", mail)).hex() == (
        "a0cedeb2dc280ba39b857546d74f5549c3a1d7bdc2dd96bf881f76108e23dac2"
    )
