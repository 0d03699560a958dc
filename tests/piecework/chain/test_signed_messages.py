"""Digests end to end: a signature made here is accepted on chain, and with any one field changed it is not."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest

from piecework.domain import credentials, messages
from piecework.domain.messages import Packet, PacketKind, TypedData
from tests.backend.relay.market import Market
from tests.piecework.chain.signed import ACCEPTED, CASES, Bench, Case, signed

OTHER_ADDRESS = "0x000000000000000000000000000000000000dEaD"
PACKETS = [name for name in CASES if name in messages.TYPES and name not in ("Ticket", "Settlement", "Overturn")]
PACKETS = [name for name in PACKETS if ("sequence", "uint24") in messages.TYPES[name]]
ATTRIBUTES = {
    "worker": "worker",
    "manifestVersion": "manifest_version",
    "count": "count",
    "enabled": "count",
    "submitted": "submitted",
    "tasksDigest": "tasks_digest",
    "workDigest": "work_digest",
    "evidenceDigest": "work_digest",
    "sequence": "sequence",
    "deadline": "deadline",
}
"""Fields of packet messages and the packet's attributes that carry them; the batch is carried by its index."""


@pytest.fixture(scope="module")
def bench(stack: Any) -> Bench:
    return Bench(Market(stack))


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest, bench: Bench) -> Case:
    return CASES[request.param](bench)


def other(value: Any) -> Any:
    """Another value of the same type."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    assert isinstance(value, str)
    if len(value) == 66:
        return "0x" + format(int(value, 16) ^ 1, "064x")
    return OTHER_ADDRESS if value.startswith("0x") else value + "!"


def changed(data: TypedData) -> Iterator[tuple[str, TypedData]]:
    """The message with each single field, inner ones and those of the domain included, changed alone."""
    for part in ("message", "domain"):
        for field, value in data[part].items():
            if not isinstance(value, list):
                yield f"{part}.{field}", _with(data, part, field, other(value))
                continue
            for number, entry in enumerate(value):
                for inner in entry:
                    entries = deepcopy(value)
                    entries[number][inner] = other(entry[inner])
                    yield f"{part}.{field}[{number}].{inner}", _with(data, part, field, entries)
            yield f"{part}.{field} shorter", _with(data, part, field, value[:-1])
            yield f"{part}.{field} longer", _with(data, part, field, [*value, value[0]])
            yield f"{part}.{field} reversed", _with(data, part, field, value[::-1])


def _with(data: TypedData, part: str, field: str, value: Any) -> TypedData:
    copy = deepcopy(data)
    copy[part][field] = value
    return copy


def test_every_message_that_a_key_signs_is_tried_on_chain() -> None:
    types = {**messages.TYPES, **credentials.TYPES}
    inner = {kind.removesuffix("[]") for fields in types.values() for _, kind in fields if kind.endswith("[]")}

    assert CASES.keys() == (types.keys() - inner) | {"Permit"}


def test_a_signature_of_exactly_this_message_is_accepted(case: Case) -> None:
    assert case.send(signed(case.signer, case.data)) == ACCEPTED


def test_a_signature_with_any_one_field_changed_is_refused(case: Case) -> None:
    tried = {what: case.send(signed(case.signer, data)) for what, data in changed(case.data)}

    assert len(tried) >= len(case.data["message"]) + 4
    assert set(tried.values()) == {case.refusal}, tried


def test_a_signature_by_another_key_is_refused(case: Case, bench: Bench) -> None:
    assert case.send(signed(bench.market.worker(), case.data)) == case.refusal


def test_a_signature_of_another_message_type_is_refused(case: Case) -> None:
    data = deepcopy(case.data)
    primary = data["primaryType"]
    data["types"]["Other"] = data["types"].pop(primary)

    assert case.send(signed(case.signer, data | {"primaryType": "Other"})) == case.refusal


def test_a_digest_is_the_one_that_is_signed(case: Case) -> None:
    from eth_account import Account

    digest = messages.digest(case.data)

    assert Account._recover_hash(digest, signature=signed(case.signer, case.data)) == case.signer.address


# -------------------------------------------------------------------- packets


@pytest.mark.parametrize("name", PACKETS)
def test_a_signed_packet_with_any_one_part_changed_is_skipped(name: str, bench: Bench) -> None:
    case = CASES[name](bench)
    assert case.packet is not None
    assert case.key is not None
    packet = replace(case.packet, signature=signed(case.signer, case.data))

    for field, _ in messages.TYPES[name]:
        if field == "batchId":
            another = bench.market.open_batch(10)
            changed_batch = replace(packet, batch_id=bench.market.batch_id(another))
            assert bench.relayed(another, changed_batch) in ("signature_invalid", "sequence_not_next")
            continue
        attribute = ATTRIBUTES[field]
        value = 0 if field == "enabled" else other(getattr(packet, attribute))
        expected = {"sequence": {"sequence_not_next"}, "worker": {"signature_invalid", "sequence_not_next"}}
        outcome = bench.relayed(case.key, replace(packet, **{attribute: value}))
        assert outcome in expected.get(field, {"signature_invalid"}), field
    assert bench.relayed(case.key, packet) == ACCEPTED


@pytest.mark.parametrize("name", PACKETS)
def test_a_signed_packet_of_another_kind_is_skipped(name: str, bench: Bench) -> None:
    case = CASES[name](bench)
    assert case.packet is not None
    assert case.key is not None
    packet = replace(case.packet, signature=signed(case.signer, case.data))

    for kind in PacketKind:
        outcome = bench.relayed(case.key, replace(packet, kind=kind))
        assert (outcome == ACCEPTED) == (kind == packet.kind)


# ------------------------------------------------------------------ batch ids


def test_a_batchs_id_is_the_contracts(bench: Bench) -> None:
    key = bench.market.open_batch(1, flags=1, maxClaim=7)
    view = bench.escrow.contract.functions.batchIdOf(key.as_tuple()).call()

    assert key.batch_id(bench.escrow.domain) == "0x" + bytes(view).hex()


def test_any_one_field_of_a_key_or_its_terms_names_another_batch(bench: Bench) -> None:
    key = bench.market.open_batch(1)
    ids = {key.batch_id(bench.escrow.domain)}
    for name in ("requester", "salt"):
        ids.add(replace(key, **{name: other(getattr(key, name))}).batch_id(bench.escrow.domain))
    for name in key.terms.to_json():
        terms = replace(key.terms, **{name: other(getattr(key.terms, name))})
        altered = replace(key, terms=terms)
        view = bench.escrow.contract.functions.batchIdOf(altered.as_tuple()).call()
        assert altered.batch_id(bench.escrow.domain) == "0x" + bytes(view).hex()
        ids.add(altered.batch_id(bench.escrow.domain))
    domain = bench.escrow.domain
    ids.add(key.batch_id(replace(domain, chain_id=domain.chain_id + 1)))
    ids.add(key.batch_id(replace(domain, escrow=OTHER_ADDRESS)))

    assert len(ids) == 1 + 2 + 16 + 2


def test_keys_packets_and_terms_are_read_back_from_json(bench: Bench) -> None:
    case = CASES["Claim"](bench)
    assert case.key is not None
    assert case.packet is not None

    assert type(case.key).from_json(case.key.to_json()) == case.key
    assert type(case.key.terms).from_json(case.key.terms.to_json()) == case.key.terms
    assert Packet.from_json(case.packet.to_json()) == case.packet
