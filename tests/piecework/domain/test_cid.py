"""Content addresses against published ones."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from piecework.domain.cid import (
    DAG_PB,
    RAW,
    CidError,
    CidMismatch,
    cid_of,
    cid_of_digest,
    digest_of,
    digest_of_cid,
    make_cid,
    parse_cid,
    verify_block,
)

# Blocks whose CIDs the IPFS documentation and every implementation's tests know.
RAW_BLOCKS = {
    b"": "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku",
    b"hello world": "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e",
}
EMPTY_FOLDER = "bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354"
EMPTY_FOLDER_BLOCK = bytes.fromhex("0a020801")

blocks = st.binary(max_size=200)


@pytest.mark.parametrize(("data", "cid"), RAW_BLOCKS.items())
def test_a_raw_block_has_its_published_cid(data: bytes, cid: str) -> None:
    assert cid_of(data) == cid
    assert parse_cid(cid) == (RAW, hashlib.sha256(data).digest())
    verify_block(cid, data)


def test_the_empty_folder_has_its_published_cid() -> None:
    assert make_cid(DAG_PB, hashlib.sha256(EMPTY_FOLDER_BLOCK).digest()) == EMPTY_FOLDER
    verify_block(EMPTY_FOLDER, EMPTY_FOLDER_BLOCK)


@given(blocks)
def test_a_digest_on_chain_names_the_same_block_as_the_cid(data: bytes) -> None:
    assert cid_of_digest(digest_of(data)) == cid_of(data)
    assert digest_of_cid(cid_of(data)) == digest_of(data)


@given(blocks, blocks)
def test_other_bytes_are_named_as_such(data: bytes, other: bytes) -> None:
    if data == other:
        verify_block(cid_of(data), other)
        return
    with pytest.raises(CidMismatch, match="changed or mixed up") as caught:
        verify_block(cid_of(data), other)
    assert cid_of(other) in str(caught.value)
    assert caught.value.cid == cid_of(data)


@given(st.sampled_from([RAW, DAG_PB]), st.binary(min_size=32, max_size=32))
def test_a_cid_is_read_back_as_it_was_made(codec: int, sha256: bytes) -> None:
    assert parse_cid(make_cid(codec, sha256)) == (codec, sha256)


@given(blocks, st.data())
def test_one_changed_character_is_refused_or_names_another_block(data: bytes, draw: st.DataObject) -> None:
    cid = cid_of(data)
    place = draw.draw(st.integers(0, len(cid) - 1))
    other = draw.draw(st.characters(min_codepoint=33, max_codepoint=126).filter(lambda c: c != cid[place]))
    try:
        parsed = parse_cid(cid[:place] + other + cid[place + 1 :])
    except CidError:
        return
    assert parsed != parse_cid(cid)


@given(st.text(max_size=70))
def test_a_strangers_text_is_a_cid_or_refused_with_one_error(text: str) -> None:
    with pytest.raises(CidError):
        parse_cid(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "b",
        RAW_BLOCKS[b""].upper(),
        RAW_BLOCKS[b""] + "=",
        " " + RAW_BLOCKS[b""],
        RAW_BLOCKS[b""][:-1],
        RAW_BLOCKS[b""] + "a",
        RAW_BLOCKS[b""][:-1] + "v",  # other padding bits, the same bytes
        "QmdfTbBqBPQ7VNxZEYEj14VmRuZBkqFbiwReogJgS1zR1n",  # CIDv0
        "zb2rhe5P4gXftAwvA4eXQ5HJwsER2owDyS9sKaQRRVQPn93bA",  # CIDv1 in base58btc
        "bafyreigbtj4x7ip5legnfznufuopl4sg4knzc2cof6duas4b3q2fy6swua",  # dag-cbor
        "baf2brighm2nd5bftv5bpbc6mrgvawowkqvr5bhibyohfrfakm2vyf3rs3y",
    ],
)
def test_a_cid_of_another_kind_or_spelling_is_refused(text: str) -> None:
    with pytest.raises(CidError):
        parse_cid(text)


def test_the_digest_of_a_folder_is_not_given_as_a_raw_blocks() -> None:
    with pytest.raises(CidError, match="no raw block"):
        digest_of_cid(EMPTY_FOLDER)
