"""The seal over known answers: opened by its key alone, bound to the root, silent about its content."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from piecework.domain import disclosure, documents
from piecework.domain.canonical import new_salt
from piecework.domain.disclosure import KeyMalformed, SealBroken, key_digest, new_key, open_sealed, parse_key, seal


def known(answers: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """A gold document and its root."""
    document = {"format": "piecework/gold/1", "salt": new_salt(), "answers": answers}
    return document, documents.pack(document, "gold").digest


GOLD, ROOT = known({"t1": "yes", "t2": {"box": [1, 2.5]}, "t3": "  "})


@pytest.mark.parametrize("count", [1, 20_000])
def test_the_key_opens_what_was_sealed_and_a_root_of_many_parts_too(count: int) -> None:
    gold, root = known({f"task-{number:05d}": "yes" for number in range(count)})
    key = new_key()
    sealed = seal(gold, root, key)

    documents.validate(sealed, "sealed-gold")
    assert open_sealed(sealed, root, key) == gold


def test_another_key_does_not_open_it_and_has_another_digest() -> None:
    key, other = new_key(), new_key()
    with pytest.raises(SealBroken, match="does not open"):
        open_sealed(seal(GOLD, ROOT, key), ROOT, other)
    assert key_digest(key) != key_digest(other)


@pytest.mark.parametrize("place", [0, 100, -1])
def test_one_changed_bit_of_the_ciphertext_is_noticed(place: int) -> None:
    key = new_key()
    sealed = seal(GOLD, ROOT, key)
    data = bytearray(base64.b64decode(sealed["ciphertext"]))
    data[place] ^= 1

    with pytest.raises(SealBroken, match="does not open"):
        open_sealed(sealed | {"ciphertext": base64.b64encode(data).decode()}, ROOT, key)


def test_a_seal_is_bound_to_the_root_that_it_was_made_for() -> None:
    key = new_key()
    other, other_root = known({"t1": "no"})
    with pytest.raises(SealBroken, match="does not open"):
        open_sealed(seal(GOLD, ROOT, key), other_root, key)
    with pytest.raises(SealBroken, match="the manifest commits to"):
        open_sealed(seal(other, ROOT, key), ROOT, key)


@pytest.mark.parametrize("held", [{"format": "piecework/answers/1"}, {"no": "document"}])
def test_something_else_under_the_seal_is_named(held: dict[str, Any]) -> None:
    key = new_key()
    with pytest.raises(SealBroken, match="are no known answers"):
        open_sealed(seal(held, ROOT, key), ROOT, key)


def test_the_file_tells_neither_which_tasks_are_known_nor_how_long_their_answers_are() -> None:
    key = new_key()
    # Two letters of a name stand in random bytes often enough.
    task, other = "a-known-task-of-many", "another-known-task"
    short, long = ({task: "no", other: "no"}, {task: "a much longer answer", other: "and another one"})
    files = [seal(*known(answers), key) for answers in (short, long)]

    assert len({len(file["ciphertext"]) for file in files}) == 1
    assert all(task.encode() not in base64.b64decode(file["ciphertext"]) for file in files)
    assert len({file["nonce"] for file in files}) == 2


@pytest.mark.parametrize("text", ["", "0x", "5a" * 32, "0x" + "5a" * 31, "0x" + "zz" * 32])
def test_what_is_no_key_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(KeyMalformed) as caught:
        parse_key(text)
    assert len(text) < 3 or text not in str(caught.value)
    assert caught.value.__cause__ is None
    assert disclosure.parse_key(" 0x" + "5A" * 32 + "\n") == "0x" + "5a" * 32
