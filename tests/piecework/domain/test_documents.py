"""Every document format: whole, broken at each place, cut into blocks and put together again."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from importlib import resources
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from piecework.domain.canonical import canonical_bytes
from piecework.domain.cid import CidMismatch, cid_of, cid_of_digest, digest_of
from piecework.domain.documents import (
    KINDS,
    MAX_BLOCK_BYTES,
    DocumentError,
    DocumentMalformed,
    DocumentTooLarge,
    Packed,
    UnknownFormat,
    format_name,
    pack,
    text_of,
    unpack,
    validate,
)
from piecework.domain.ids import Cid
from tests.piecework.domain.examples import DIGEST, PART, SALT, example

PACKED_KINDS = tuple(kind for kind in KINDS if kind != "index")


def schema_of(kind: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        (resources.files("piecework.domain") / "schemas" / f"{kind}-1.json").read_text(),
    )
    return found


def inner_objects(schema: Any, where: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    """Every schema of an object that names its fields, with its place."""
    if isinstance(schema, list):
        for number, inner in enumerate(schema):
            yield from inner_objects(inner, (*where, str(number)))
    if isinstance(schema, dict):
        if isinstance(schema.get("properties"), dict):
            yield where, schema
        for name, inner in schema.items():
            yield from inner_objects(inner, (*where, name))


def reader(packed: Packed) -> Callable[[Cid], bytes]:
    """Fetches from the packed blocks, as a payload store would."""
    return {block.cid: block.data for block in packed.blocks}.__getitem__


def large(kind: str, parts: int) -> dict[str, Any]:
    """A document of `kind` of just over `parts - 1` blocks."""
    filling = "x" * (MAX_BLOCK_BYTES * (parts - 1))
    if kind == "manifest":
        return example(kind, tasks=[{"id": "t1", "content": {"text": filling}}])
    if kind == "results":
        return example(kind, method={"name": "agreement", "version": 1, "parameters": {"note": filling}})
    if kind == "answers":
        return example(kind, answers=[{"task": "t1", "answer": filling}])
    assert kind == "gold"
    return example(kind, answers={"t1": filling})


# -------------------------------------------------------------------- formats


def test_every_format_has_its_schema_and_every_schema_its_format() -> None:
    found = {path.name for path in (resources.files("piecework.domain") / "schemas").iterdir()}

    assert found == {f"{kind}-1.json" for kind in KINDS}


@pytest.mark.parametrize("kind", KINDS)
def test_a_whole_document_is_taken(kind: str) -> None:
    validate(example(kind), kind)


@pytest.mark.parametrize("kind", KINDS)
def test_an_example_shows_every_field_of_its_format(kind: str) -> None:
    assert set(example(kind)) == set(schema_of(kind)["properties"])


@pytest.mark.parametrize(("kind", "field"), [(k, f) for k in KINDS for f in schema_of(k)["required"] if f != "format"])
def test_a_document_without_a_required_field_is_refused(kind: str, field: str) -> None:
    document = example(kind)
    del document[field]

    with pytest.raises(DocumentMalformed, match=f"'{field}' is a required property"):
        validate(document, kind)


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_of_a_format_is_required_so_that_a_missing_one_is_no_choice(kind: str) -> None:
    schema = schema_of(kind)
    # Whether a claim names candidates is no choice either: the batch's policy says.
    by_policy = {"candidates"} if kind == "task-list" else set()

    assert set(schema["required"]) | by_policy == set(schema["properties"])


@pytest.mark.parametrize("kind", KINDS)
def test_an_unknown_field_is_refused(kind: str) -> None:
    with pytest.raises(DocumentMalformed, match="'surprise' was unexpected"):
        validate(example(kind, surprise=1), kind)


@pytest.mark.parametrize(
    ("kind", "place"), [(kind, "/".join(place)) for kind in KINDS for place, _ in inner_objects(schema_of(kind))]
)
def test_no_object_within_a_format_takes_unknown_fields(kind: str, place: str) -> None:
    found = {"/".join(at): schema for at, schema in inner_objects(schema_of(kind))}

    assert found[place]["additionalProperties"] is False


@pytest.mark.parametrize("kind", KINDS)
def test_a_document_names_its_format_and_version(kind: str) -> None:
    other = "gold" if kind != "gold" else "answers"
    for name in (format_name(other), f"piecework/{kind}/2", f"other/{kind}/1", None, 1):
        with pytest.raises(UnknownFormat, match=f"expected format '{format_name(kind)}'"):
            validate(example(kind, format=name), kind)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("salt", ["", "0x", "0x" + "5a" * 31, "0x" + "5A" * 32, "5a" * 32, SALT + "00", None, 7])
def test_a_document_without_a_whole_salt_is_refused(kind: str, salt: Any) -> None:
    with pytest.raises(DocumentMalformed, match="at /salt"):
        validate(example(kind, salt=salt), kind)


@pytest.mark.parametrize(
    ("kind", "changes", "place"),
    [
        ("manifest", {"tasks": []}, "/tasks"),
        ("manifest", {"tasks": [{"id": "t 1", "content": {}}]}, "/tasks/0/id"),
        ("manifest", {"tasks": [{"id": "t1", "content": "text"}]}, "/tasks/0/content"),
        ("manifest", {"tasks": [{"id": "t1", "content": {}, "answer": 1}]}, "/tasks/0"),
        ("manifest", {"answers_per_task": 0}, "/answers_per_task"),
        ("manifest", {"answers_per_task": 101}, "/answers_per_task"),
        ("manifest", {"answer_schema": {}}, "/answer_schema"),
        ("manifest", {"review": {"policy": "whim"}}, "/review/policy"),
        ("manifest", {"review": {"policy": "agreement", "minimum_agreement": 1.1}}, "/review/minimum_agreement"),
        ("manifest", {"gold": {"root": "0x00", "count": 1}}, "/gold"),
        ("manifest", {"gold": {"root": DIGEST, "count": 1, "sealed": {"document_digest": DIGEST}}}, "/gold"),
        ("manifest", {"title": ""}, "/title"),
        ("task-list", {"worker": "0x00"}, "/worker"),
        ("task-list", {"manifest_version": 0}, "/manifest_version"),
        ("task-list", {"manifest_version": 65_536}, "/manifest_version"),
        ("task-list", {"tasks": []}, "/tasks"),
        ("answers", {"answers": []}, "/answers"),
        ("answers", {"answers": [{"task": "t1"}]}, "/answers/0"),
        ("answers", {"batch_id": "0xB1" + "b1" * 31}, "/batch_id"),
        ("results", {"settlement_nonce": 0}, "/settlement_nonce"),
        ("results", {"labels": [{"task": "t1", "label": 1, "confidence": 2}]}, "/labels/0/confidence"),
        ("gold", {"answers": {}}, "/answers"),
        ("gold", {"answers": {"t 1": 1}}, "/answers"),
        ("sealed-gold", {"algorithm": "ROT13"}, "/algorithm"),
        ("sealed-gold", {"nonce": "0x00"}, "/nonce"),
        ("sealed-gold", {"ciphertext": "no base64!"}, "/ciphertext"),
        ("index", {"size": MAX_BLOCK_BYTES}, "/size"),
        ("index", {"parts": [PART]}, "/parts"),
        ("index", {"parts": [PART, "Qm" + "a" * 44]}, "/parts/1"),
        ("index", {"of": "piecework/manifest/2"}, "/of"),
    ],
)
def test_a_broken_field_is_refused_with_its_place(kind: str, changes: dict[str, Any], place: str) -> None:
    with pytest.raises(DocumentMalformed, match=f"{kind} at {place}"):
        validate(example(kind, **changes), kind)


@pytest.mark.parametrize("decision", ["maybe", "Accepted", None, True])
def test_a_decision_is_accepted_or_rejected(decision: Any) -> None:
    document = example("results")
    document["decisions"][0]["decision"] = decision

    with pytest.raises(DocumentMalformed, match="at /decisions/0/decision"):
        validate(document, "results")


def test_a_decision_without_a_reason_is_refused() -> None:
    document = example("results")
    document["decisions"][1]["reason"] = ""

    with pytest.raises(DocumentMalformed, match="at /decisions/1/reason"):
        validate(document, "results")


@pytest.mark.parametrize(
    ("kind", "field"),
    [
        ("manifest", "tasks"),
        ("task-list", "tasks"),
        ("answers", "answers"),
        ("results", "decisions"),
        ("results", "labels"),
    ],
)
def test_an_entry_that_stands_twice_is_refused(kind: str, field: str) -> None:
    document = example(kind)
    document[field].append(document[field][0])

    with pytest.raises(DocumentMalformed, match=f"at /{field}: .* stands twice"):
        validate(document, kind)


# --------------------------------------------------------------------- blocks


@pytest.mark.parametrize("kind", PACKED_KINDS)
def test_a_document_is_read_back_as_it_was_packed(kind: str) -> None:
    packed = pack(example(kind), kind)

    assert unpack(packed.digest, kind, reader(packed)) == example(kind)


@pytest.mark.parametrize("kind", PACKED_KINDS)
def test_the_digest_is_the_sha2_256_of_the_canonical_bytes_and_names_the_block(kind: str) -> None:
    packed = pack(example(kind), kind)

    assert packed.digest == digest_of(canonical_bytes(example(kind)))
    assert packed.cid == cid_of_digest(packed.digest) == packed.blocks[0].cid == cid_of(packed.blocks[0].data)


@pytest.mark.parametrize("kind", PACKED_KINDS)
def test_another_salt_gives_another_digest(kind: str) -> None:
    assert pack(example(kind), kind).digest != pack(example(kind, salt="0x" + "00" * 32), kind).digest


def test_exactly_256_kib_is_one_block_and_a_byte_more_is_an_index_of_parts() -> None:
    empty = len(canonical_bytes(example("gold", answers={"t1": ""})))
    filling = MAX_BLOCK_BYTES - empty

    one = pack(example("gold", answers={"t1": "x" * filling}), "gold")
    more = pack(example("gold", answers={"t1": "x" * (filling + 1)}), "gold")

    assert [len(block.data) for block in one.blocks] == [MAX_BLOCK_BYTES]
    head = json.loads(more.blocks[0].data)
    assert head["format"] == "piecework/index/1"
    assert head["of"] == "piecework/gold/1"
    assert head["size"] == MAX_BLOCK_BYTES + 1
    assert head["parts"] == [block.cid for block in more.blocks[1:]]
    assert [len(block.data) for block in more.blocks[1:]] == [MAX_BLOCK_BYTES, 1]
    assert more.digest == digest_of(more.blocks[0].data)


@pytest.mark.parametrize("kind", ["manifest", "answers", "results", "gold"])
def test_a_document_of_several_parts_is_read_back_as_it_was(kind: str) -> None:
    packed = pack(large(kind, 3), kind)

    assert len(packed.blocks) == 4
    assert all(len(block.data) <= MAX_BLOCK_BYTES for block in packed.blocks)
    assert unpack(packed.digest, kind, reader(packed)) == large(kind, 3)


def test_a_document_of_several_parts_has_one_digest_which_its_salt_decides() -> None:
    """Otherwise large known answers could not be compared with the root that the manifest commits to."""
    again = pack(large("gold", 2), "gold")
    other = pack(large("gold", 2) | {"salt": "0x" + "00" * 32}, "gold")

    assert pack(large("gold", 2), "gold").digest == again.digest != other.digest
    salts = {json.loads(packed.blocks[0].data)["salt"] for packed in (again, other)}
    assert len(salts | {SALT}) == 3, "the index's salt is neither the document's nor common to all"


def test_an_index_that_would_itself_be_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("piecework.domain.documents.MAX_BLOCK_BYTES", 400)
    document = example("gold", answers={"t1": "x" * 4000})

    with pytest.raises(DocumentTooLarge, match="split the batch"):
        pack(document, "gold")


def test_a_document_over_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("piecework.domain.documents.MAX_DOCUMENT_BYTES", MAX_BLOCK_BYTES + 1)

    with pytest.raises(DocumentTooLarge, match="are allowed"):
        pack(large("gold", 2), "gold")


@pytest.mark.parametrize("answer", [float("nan"), 2**60, "\ud800", b"bytes"])
def test_a_document_that_json_cannot_carry_is_refused_when_packed(answer: Any) -> None:
    with pytest.raises(DocumentMalformed, match="cannot be written"):
        pack(example("answers", answers=[{"task": "t1", "answer": answer}]), "answers")


# ----------------------------------------------------- what a stranger may send


def fetched(data: bytes, kind: str) -> dict[str, Any]:
    """`data` unpacked as the whole document."""
    return unpack(digest_of(data), kind, {cid_of(data): data}.__getitem__)


@pytest.mark.parametrize("read", [unpack, text_of])
@pytest.mark.parametrize("place", [0, 1, 2, 3])
def test_a_changed_byte_in_any_block_is_noticed(place: int, read: Callable[..., object]) -> None:
    packed = pack(large("gold", 3), "gold")
    blocks = {block.cid: block.data for block in packed.blocks}
    cid = packed.blocks[place].cid
    blocks[cid] = blocks[cid][:-1] + bytes([blocks[cid][-1] ^ 1])

    with pytest.raises(CidMismatch, match=cid):
        read(packed.digest, "gold", blocks.__getitem__)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "index"])
def test_the_text_of_a_document_of_one_block_is_its_canonical_bytes(kind: str) -> None:
    packed = pack(example(kind), kind)

    assert text_of(packed.digest, kind, reader(packed)) == canonical_bytes(example(kind))


def test_the_text_of_a_document_in_parts_is_its_canonical_bytes() -> None:
    packed = pack(large("gold", 3), "gold")

    assert len(packed.blocks) == 4
    assert text_of(packed.digest, "gold", reader(packed)) == canonical_bytes(large("gold", 3))


@pytest.mark.parametrize("rest", [b'"of":"piecework/gold/1"}', b"", b'"of":1,"of":2}'])
def test_the_text_of_an_index_that_is_none_is_refused(rest: bytes) -> None:
    head = b'{"format":"piecework/index/1",' + rest
    with pytest.raises(DocumentError):
        text_of(digest_of(head), "gold", {cid_of(head): head}.__getitem__)


@pytest.mark.parametrize("place", [0, 1, 3])
def test_a_missing_block_raises_what_the_store_raises(place: int) -> None:
    packed = pack(large("gold", 3), "gold")
    blocks = {block.cid: block.data for block in packed.blocks}
    del blocks[packed.blocks[place].cid]

    with pytest.raises(KeyError):
        unpack(packed.digest, "gold", blocks.__getitem__)


def test_a_document_of_another_kind_is_refused() -> None:
    packed = pack(example("answers"), "answers")

    with pytest.raises(UnknownFormat):
        unpack(packed.digest, "task-list", reader(packed))


def test_an_index_of_another_kind_is_refused() -> None:
    packed = pack(large("gold", 2), "gold")

    with pytest.raises(DocumentMalformed, match="the index is of 'piecework/gold/1'"):
        unpack(packed.digest, "answers", reader(packed))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no json",
        b"[]",
        b"1",
        json.dumps(example("gold")).encode(),  # not canonical
        b'{"format":"piecework/gold/1","format":"piecework/gold/1"}',
        b'{"answers":{"t1":' + b"9" * 5000 + b"}}",
        b'{"a":' * 200 + b"1" + b"}" * 200,
        canonical_bytes({"format": "piecework/index/1"}),
    ],
)
def test_a_strangers_bytes_are_refused_with_a_document_error(data: bytes) -> None:
    with pytest.raises(DocumentError):
        fetched(data, "gold")


def joined(size: int, parts: list[bytes]) -> dict[str, Any]:
    """What an index made by hand leads to."""
    index = canonical_bytes(
        example("index", of="piecework/gold/1", size=size, parts=[cid_of(part) for part in parts]),
    )
    blocks = {cid_of(part): part for part in (*parts, index)}
    return unpack(digest_of(index), "gold", blocks.__getitem__)


def test_parts_that_are_shorter_or_longer_than_the_index_says_are_refused() -> None:
    data = canonical_bytes(large("gold", 2))
    parts = [data[:MAX_BLOCK_BYTES], data[MAX_BLOCK_BYTES:]]

    assert joined(len(data), parts) == large("gold", 2)
    for size in (len(data) - 1, len(data) + 1):
        with pytest.raises(DocumentMalformed, match="do not add up"):
            joined(size, parts)


def test_an_index_of_an_index_is_refused() -> None:
    inner = canonical_bytes(example("index", of="piecework/gold/1", parts=[PART] * 5000))
    assert len(inner) > MAX_BLOCK_BYTES

    with pytest.raises(DocumentError):
        joined(len(inner), [inner[:MAX_BLOCK_BYTES], inner[MAX_BLOCK_BYTES:]])


def test_a_part_over_256_kib_is_refused() -> None:
    data = canonical_bytes(large("gold", 3))

    with pytest.raises(DocumentMalformed, match=f"{MAX_BLOCK_BYTES} are allowed"):
        joined(len(data), [data[: 2 * MAX_BLOCK_BYTES], data[2 * MAX_BLOCK_BYTES :]])


@given(
    st.dictionaries(
        st.from_regex(r"[A-Za-z0-9._-]{1,20}", fullmatch=True),
        st.text(st.characters(exclude_categories=["Cs"])),
        min_size=1,
    )
)
def test_any_known_answers_are_read_back_as_they_were(answers: dict[str, str]) -> None:
    document = example("gold", answers=answers)
    packed = pack(document, "gold")

    assert unpack(packed.digest, "gold", reader(packed)) == document
