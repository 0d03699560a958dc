"""Files become trees with the CIDs that everybody else computes, and only whole, honest trees become files."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from backend.ipfs import unixfs
from piecework.domain.cid import DAG_PB, CidError, CidMismatch, cid_of, make_cid, parse_cid
from tests.backend.ipfs.keystream import keystream

MIB = unixfs.CHUNK_BYTES
GENEROUS = 2**40

# From the tests of Kubo v0.42.0 for the profile unixfs-v1-2025 (IPIP-499).
HELLO = "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e"
AT_CHUNK = "bafkreiacndfy443ter6qr2tmbbdhadvxxheowwf75s6zehscklu6ezxmta"
OVER_CHUNK = "bafybeigmix7t42i6jacydtquhet7srwvgpizfg7gjbq7627d35mjomtu64"
AT_MAX_LINKS = "bafybeihmf37wcuvtx4hpu7he5zl5qaf2ineo2lqlfrapokkm5zzw7zyhvm"
OVER_MAX_LINKS = "bafybeibdsi225ugbkmpbdohnxioyab6jsqrmkts3twhpvfnzp77xtzpyhe"


def root_of(data: bytes) -> str:
    *_, root = unixfs.build(data)
    return root.cid


def blocks_of(data: bytes) -> dict[str, bytes]:
    return {node.cid: node.data for node in unixfs.build(data)}


def test_the_keystream_is_that_of_rfc_8439() -> None:
    # RFC 8439, appendix A.1, test vector 1, needs an all-zero key, which no seed gives: compare known blocks instead.
    assert hashlib.sha256(keystream("chunk-v1-seed", MIB)).digest() == parse_cid(AT_CHUNK).sha256
    assert keystream("a", 100) == keystream("a", 64) + keystream("a", 128)[64:100]


def test_the_empty_file_is_the_well_known_raw_block() -> None:
    assert root_of(b"") == cid_of(b"") == "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"
    assert unixfs.read(root_of(b""), blocks_of(b"").__getitem__, 0) == b""


@pytest.mark.parametrize(
    ("data", "cid"),
    [
        (b"hello world", HELLO),
        (keystream("chunk-v1-seed", MIB), AT_CHUNK),
        (keystream("chunk-v1-seed", MIB + 1), OVER_CHUNK),
    ],
    ids=["one small block", "exactly a chunk", "a chunk and a byte"],
)
def test_cids_are_the_published_ones(data: bytes, cid: str) -> None:
    assert root_of(data) == cid
    assert unixfs.read(cid, blocks_of(data).__getitem__, len(data)) == data


@pytest.mark.slow
def test_cids_of_a_gibibyte_are_the_published_ones() -> None:
    data = keystream("v1-2025-seed", 1024 * MIB + 1)

    assert root_of(data[:-1]) == AT_MAX_LINKS
    assert root_of(data) == OVER_MAX_LINKS


@pytest.mark.parametrize("size", [0, 1, MIB - 1, MIB, MIB + 1, 2 * MIB, 3 * MIB + 17])
def test_what_was_built_is_read_back(size: int) -> None:
    data = keystream("any", size)
    root, blocks = root_of(data), blocks_of(data)

    assert unixfs.read(root, blocks.__getitem__, size) == data
    if size:
        assert unixfs.read(root, blocks.__getitem__, size - 1) is None


def test_deep_trees_are_read_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unixfs, "CHUNK_BYTES", 7)
    monkeypatch.setattr(unixfs, "MAX_LINKS", 3)
    data = keystream("deep", 7 * 3**4 + 5)

    assert unixfs.read(root_of(data), blocks_of(data).__getitem__, len(data)) == data


def test_a_file_over_its_limit_is_refused_before_its_leaves_are_fetched() -> None:
    data = keystream("any", 2 * MIB)
    root, blocks = root_of(data), blocks_of(data)
    fetched = []

    def fetch(cid: str) -> bytes:
        fetched.append(cid)
        return blocks[cid]

    assert unixfs.read(root, fetch, MIB) is None
    assert fetched == [root]


def test_every_altered_block_is_noticed() -> None:
    data = keystream("any", MIB + 100)
    root, blocks = root_of(data), blocks_of(data)

    for cid, block in blocks.items():
        for wrong in (block[:-1], block + b"\0", bytes([block[0] ^ 1]) + block[1:], b""):
            with pytest.raises(CidMismatch, match="changed or mixed up"):
                unixfs.read(root, (blocks | {cid: wrong}).__getitem__, GENEROUS)


# ---------------------------------------------------- trees of another's making


def field(number: int, value: int | bytes) -> bytes:
    """One protobuf field; numbers and lengths below 16,384 here."""
    if isinstance(value, bytes):
        return varint(number << 3 | 2) + varint(len(value)) + value
    return varint(number << 3) + varint(value)


def varint(value: int) -> bytes:
    return bytes([value]) if value < 128 else bytes([value & 127 | 128]) + varint(value >> 7)


def tree(links: list[tuple[str, int]], unixfs_data: bytes | None = None) -> tuple[str, bytes]:
    """A dag-pb node over children that are said to hold so many bytes of the file."""
    block = b""
    for cid, _ in links:
        parsed = parse_cid(cid)
        block += field(2, field(1, bytes([1, parsed.codec, 0x12, 0x20]) + parsed.sha256))
    if unixfs_data is None:
        unixfs_data = field(1, 2) + field(3, sum(size for _, size in links))
        unixfs_data += b"".join(field(4, size) for _, size in links)
    block += field(1, unixfs_data)
    return make_cid(DAG_PB, hashlib.sha256(block).digest()), block


LEAF, EMPTY = cid_of(b"leaf"), cid_of(b"")
KNOWN = {LEAF: b"leaf", EMPTY: b""}


def test_the_builder_of_these_tests_agrees_with_ours() -> None:
    cid, block = tree([(LEAF, 4), (LEAF, 4)])

    assert unixfs.read(cid, (KNOWN | {cid: block}).__getitem__, 8) == b"leafleaf"


LIES: list[tuple[str, Any]] = [
    ("a child longer than promised", tree([(LEAF, 3)])),
    ("a child shorter than promised", tree([(LEAF, 5)])),
    ("an empty child", tree([(EMPTY, 0)])),
    ("more children than sizes", tree([(LEAF, 4)], field(1, 2))),
    ("a directory", tree([(LEAF, 4)], field(1, 1) + field(4, 4))),
    ("bytes in the node itself", tree([], field(1, 2) + field(2, b"hidden") + field(3, 6))),
    ("no UnixFS message", tree([], b"")),
]


@pytest.mark.parametrize(("cid", "block"), [lie for _, lie in LIES], ids=[name for name, _ in LIES])
def test_a_tree_that_is_no_honest_file_is_refused(cid: str, block: bytes) -> None:
    with pytest.raises(CidError):
        unixfs.read(cid, (KNOWN | {cid: block}).__getitem__, GENEROUS)


@pytest.mark.parametrize("block", [b"\x12", b"\xff" * 20, b"\x12\x7fabc", b"\x0b", b"\x08\x80"])
def test_a_node_that_is_cut_short_or_no_protobuf_is_refused(block: bytes) -> None:
    cid = make_cid(DAG_PB, hashlib.sha256(block).digest())

    with pytest.raises(CidError):
        unixfs.read(cid, {cid: block}.__getitem__, GENEROUS)


def test_a_tree_of_a_trillion_empty_leaves_ends_at_once() -> None:
    blocks = dict(KNOWN)
    cid = EMPTY
    for _ in range(4):
        cid, block = tree([(cid, 0)] * 1000)
        blocks[cid] = block

    with pytest.raises(CidError, match="parent says 0"):
        unixfs.read(cid, blocks.__getitem__, GENEROUS)
