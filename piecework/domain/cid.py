"""Content addresses: CIDv1, sha2-256, as `raw` blocks or `dag-pb` nodes.

A digest on chain is the sha2-256 of a raw block, so the block's CID can be rebuilt from a log.
Layout after the CID specification: version 1, codec, multihash 0x12 0x20 and 32 bytes, in base32 with the prefix `b`.
"""

from __future__ import annotations

import base64
import hashlib
from typing import NamedTuple

from piecework.domain.ids import Cid, Digest

RAW = 0x55
DAG_PB = 0x70
_SHA2_256 = b"\x12\x20"


class CidError(ValueError):
    """The text is no CID of the kinds used here."""


class CidMismatch(ValueError):
    """The bytes are not those that the CID names."""

    def __init__(self, cid: str, found: str) -> None:
        super().__init__(f"the bytes given for {cid} hash to {found}: they were changed or mixed up")
        self.cid = cid


class ParsedCid(NamedTuple):
    """Codec (`RAW` or `DAG_PB`) and the 32 bytes of the sha2-256."""

    codec: int
    sha256: bytes


def make_cid(codec: int, sha256: bytes) -> Cid:
    """The CIDv1 of a block by codec and hash."""
    raw = bytes([1, codec]) + _SHA2_256 + sha256
    return Cid("b" + base64.b32encode(raw).decode().lower().rstrip("="))


def parse_cid(text: str) -> ParsedCid:
    """Raises CidError for anything but CIDv1, base32, raw or dag-pb, sha2-256."""
    body = text[1:]
    try:
        raw = base64.b32decode(body.upper() + "=" * (-len(body) % 8))
    except ValueError as error:
        raise CidError(f"{text!r} is no base32 CIDv1") from error
    if text[:1] != "b" or body != body.lower() or len(raw) != 36 or raw[0] != 1:
        raise CidError(f"{text!r} is no base32 CIDv1")
    if raw[1] not in (RAW, DAG_PB) or raw[2:4] != _SHA2_256:
        raise CidError(f"{text!r} is neither raw nor dag-pb with sha2-256")
    if make_cid(raw[1], raw[4:]) != text:
        raise CidError(f"{text!r} is not in canonical base32")
    return ParsedCid(raw[1], raw[4:])


def cid_of(data: bytes) -> Cid:
    """The CID of `data` as one raw block."""
    return make_cid(RAW, hashlib.sha256(data).digest())


def digest_of(data: bytes) -> Digest:
    """What the chain holds of `data`."""
    return Digest("0x" + hashlib.sha256(data).hexdigest())


def cid_of_digest(digest: str) -> Cid:
    """The raw block's CID that a digest on chain stands for."""
    return make_cid(RAW, bytes.fromhex(digest[2:]))


def digest_of_cid(cid: str) -> Digest:
    """The digest of a raw block's CID. Raises CidError for other codecs."""
    parsed = parse_cid(cid)
    if parsed.codec != RAW:
        raise CidError(f"{cid} is no raw block")
    return Digest("0x" + parsed.sha256.hex())


def verify_block(cid: str, data: bytes) -> None:
    """Raises CidMismatch unless `data` is the block that `cid` names."""
    parsed = parse_cid(cid)
    found = hashlib.sha256(data).digest()
    if found != parsed.sha256:
        raise CidMismatch(cid, make_cid(parsed.codec, found))
