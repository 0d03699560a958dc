"""Files as UnixFS trees, profile unixfs-v1-2025: CIDv1, raw leaves of 1 MiB, up to 1,024 links a node, balanced.

The two messages are small enough to write by hand: dag-pb's PBNode (links before data) and UnixFS's Data.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import NamedTuple

from piecework.domain.cid import DAG_PB, RAW, CidError, cid_of, make_cid, parse_cid, verify_block
from piecework.domain.ids import Cid

CHUNK_BYTES = 1_048_576
MAX_LINKS = 1024
_FILE = 2


class Node(NamedTuple):
    """A block with the file bytes and the block bytes below it."""

    cid: Cid
    data: bytes
    file_bytes: int
    tree_bytes: int


class Link(NamedTuple):
    """A child as its parent names it."""

    cid: Cid
    file_bytes: int


def build(data: bytes) -> Iterator[Node]:
    """Every block of the file, leaves first, root last."""
    chunks = [data[i : i + CHUNK_BYTES] for i in range(0, len(data), CHUNK_BYTES)] or [b""]
    level = [Node(cid_of(chunk), chunk, len(chunk), len(chunk)) for chunk in chunks]
    yield from level
    while len(level) > 1:
        level = [_parent(level[i : i + MAX_LINKS]) for i in range(0, len(level), MAX_LINKS)]
        yield from level


def read(cid: str, fetch: Callable[[Cid], bytes], limit_bytes: int) -> bytes | None:
    """The file below `cid`, every block verified; None if it is longer than `limit_bytes`.

    Raises CidMismatch for wrong bytes and CidError for a block that is no file.
    """
    out = bytearray()
    waiting: list[tuple[Cid, int | None]] = [(Cid(cid), None)]
    while waiting:
        current, promised = waiting.pop()
        block = fetch(current)
        verify_block(current, block)
        if parse_cid(current).codec == RAW:
            _keep_promise(current, promised, len(block))
            out += block
            if len(out) > limit_bytes:
                return None
        else:
            links = children(current, block)
            _keep_promise(current, promised, sum(link.file_bytes for link in links))
            if len(out) + sum(link.file_bytes for link in links) > limit_bytes:
                return None
            waiting += [(link.cid, link.file_bytes) for link in reversed(links)]
    return bytes(out)


def _keep_promise(cid: str, promised: int | None, found: int) -> None:
    """What a parent says of a child must hold: so a tree cannot have more leaves than the file has bytes."""
    if promised is not None and (promised != found or found == 0):
        raise CidError(f"{cid} holds {found} bytes of the file, its parent says {promised}")


def children(cid: str, block: bytes) -> list[Link]:
    """Links of a dag-pb file node. Raises CidError if the block is something else."""
    hashes: list[bytes] = []
    unixfs = b""
    try:
        for field, value in _fields(block):
            if field == 2 and isinstance(value, bytes):
                hashes += [inner for number, inner in _fields(value) if number == 1 and isinstance(inner, bytes)]
            elif field == 1 and isinstance(value, bytes):
                unixfs = value
        parts = list(_fields(unixfs))
    except (IndexError, ValueError) as error:
        raise CidError(f"{cid} is no dag-pb block: {error}") from error
    sizes = [value for field, value in parts if field == 4 and isinstance(value, int)]
    if (1, _FILE) not in parts or len(sizes) != len(hashes):
        raise CidError(f"{cid} is no UnixFS file")
    if any(field == 2 and value for field, value in parts):
        raise CidError(f"{cid} keeps bytes in a dag-pb node, not in raw leaves: add the file again by this profile")
    return [Link(_cid_of_bytes(raw), size) for raw, size in zip(hashes, sizes, strict=True)]


def _parent(level: list[Node]) -> Node:
    links = b""
    for child in level:
        parsed = parse_cid(child.cid)
        raw = bytes([1, parsed.codec, 0x12, 0x20]) + parsed.sha256
        links += _bytes(2, _bytes(1, raw) + _bytes(2, b"") + _number(3, child.tree_bytes))
    file_bytes = sum(child.file_bytes for child in level)
    sizes = b"".join(_number(4, child.file_bytes) for child in level)
    block = links + _bytes(1, _number(1, _FILE) + _number(3, file_bytes) + sizes)
    tree_bytes = len(block) + sum(child.tree_bytes for child in level)
    cid = make_cid(DAG_PB, hashlib.sha256(block).digest())
    return Node(cid, block, file_bytes, tree_bytes)


def _cid_of_bytes(raw: bytes) -> Cid:
    if len(raw) != 36 or raw[0] != 1 or raw[2:4] != b"\x12\x20":
        raise CidError(f"a link is no CIDv1 with sha2-256: {raw.hex()}")
    return make_cid(raw[1], raw[4:])


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _bytes(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    at = 0

    def varint() -> int:
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value
            if shift > 63:
                raise ValueError("a number is too long")

    while at < len(message):
        tag = varint()
        if tag & 7 == 0:
            yield tag >> 3, varint()
        elif tag & 7 == 2:
            size = varint()
            if at + size > len(message):
                raise ValueError("a field is cut short")
            yield tag >> 3, message[at : at + size]
            at += size
        else:
            raise ValueError(f"field type {tag & 7} is not used here")
