"""Labels are read from a results file of any size, one by one, and never from where none stand."""

from __future__ import annotations

import json
from typing import Any

import pytest

from piecework.domain import documents
from piecework.domain.canonical import canonical_bytes
from piecework.domain.cid import CidMismatch, cid_of, digest_of
from piecework.domain.documents import MAX_BLOCK_BYTES, Block, DocumentError, DocumentMalformed, Packed
from piecework.domain.labels import labels_of
from tests.piecework.domain.examples import example

TRAP = 'quoted "labels":[{"task":"x","label":1,"confidence":null}] and \\"labels\\":['
MANY = 3_000


def results(count: int, **changes: Any) -> dict[str, Any]:
    """A file with so many decisions and labels; reasons speak of labels, labels hold lists and odd signs."""
    whole = example("results")
    decision, label = whole["decisions"][0], whole["labels"][0]
    decisions = [decision | {"task": f"t{number}", "reason": TRAP} for number in range(count)]
    labels = [
        label | {"task": f"t{number}", "label": {"labels": [TRAP, "ä😀", number]}, "confidence": 0.5}
        for number in range(count)
    ]
    return whole | {"decisions": decisions, "labels": labels} | changes


def read(packed: Packed) -> list[dict[str, Any]]:
    blocks = {block.cid: block.data for block in packed.blocks}
    return list(labels_of(packed.digest, blocks.__getitem__))


@pytest.mark.parametrize("count", [1, 5, MANY])
def test_every_label_is_read_in_order(count: int) -> None:
    document = results(count)
    packed = documents.pack(document, "results")
    assert (len(packed.blocks) > 1) == (count == MANY)
    assert read(packed) == document["labels"]


def test_a_large_file_without_labels_has_none() -> None:
    packed = documents.pack(results(MANY, labels=[]), "results")
    assert len(packed.blocks) > 1
    assert read(packed) == []


def packed_as(document: dict[str, Any], change: Any, of: str = "piecework/results/1") -> Packed:
    """A large file that nobody validated, its bytes changed, under an index as whoever settles elsewhere could make."""
    data = change(canonical_bytes(document))
    parts = [data[at : at + MAX_BLOCK_BYTES] for at in range(0, len(data), MAX_BLOCK_BYTES)]
    index = {
        "format": "piecework/index/1",
        "of": of,
        "salt": document["salt"],
        "size": len(data),
        "parts": [cid_of(part) for part in parts],
    }
    head = canonical_bytes(index)
    return Packed(digest_of(head), cid_of(head), tuple(Block(cid_of(block), block) for block in (head, *parts)))


START = b'"labels":['
BROKEN: dict[str, Any] = {
    "no list": lambda data: data.replace(START, b'"labels":{'),
    "cut": lambda data: data[: data.index(START) + 500],
    "no share": lambda data: data.replace(b'"confidence":0.5', b'"confidence":7.5', 1),
    "no number": lambda data: data.replace(b'"confidence":0.5', b'"confidence":"x"', 1),
    "no label": lambda data: data.replace(b'"label":{', b'"lebal":{', 1),
    "no id": lambda data: data.replace(b'},"task":"t7"}', b'},"task":"t 7"}').replace(b'"t7"}]', b'"t 7"}]'),
    "no text": lambda data: data.replace("ä".encode(), b"\xff\xff"),
    "deep": lambda data: data[: data.index(START)] + START + b"[" * 300_000,
    "a number": lambda data: data[: data.index(START)] + START + b"7]}",
}


@pytest.mark.parametrize("fault", BROKEN)
def test_a_broken_file_is_refused(fault: str) -> None:
    whole = packed_as(results(MANY), lambda data: data)
    assert len(read(whole)) == MANY
    packed = packed_as(results(MANY), BROKEN[fault])
    assert packed.digest != whole.digest
    with pytest.raises(DocumentError):
        read(packed)


def test_a_changed_block_is_noticed() -> None:
    packed = documents.pack(results(MANY), "results")
    *others, last = packed.blocks
    changed = Block(last.cid, last.data.replace(b"0.5", b"0.6"))
    with pytest.raises(CidMismatch):
        read(Packed(packed.digest, packed.cid, (*others, changed)))


@pytest.mark.parametrize("kind", ["gold", "manifest"])
def test_another_document_is_no_results_file(kind: str) -> None:
    with pytest.raises(DocumentError):
        read(documents.pack(example(kind), kind))


def test_an_index_of_another_document_is_no_results_file() -> None:
    with pytest.raises(DocumentMalformed, match="not of a results file"):
        read(packed_as(results(MANY), lambda data: data, of="piecework/manifest/1"))
    assert json.loads(packed_as(results(1), lambda data: data).blocks[0].data)["size"] > 0
