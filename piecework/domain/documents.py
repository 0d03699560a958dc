"""The files whose digests stand on chain: versioned, salted, canonical, at most 256 KiB a block.

A larger document is cut into parts; an index document lists their CIDs, and the index's digest is the document's.

DocumentError
├── DocumentMalformed   breaks its schema, or is not what was asked for
├── UnknownFormat       no format of this name or version
└── DocumentTooLarge    does not fit even as an index
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from piecework.domain.canonical import NotCanonical, canonical_bytes, canonical_loads
from piecework.domain.cid import cid_of, cid_of_digest, digest_of, verify_block
from piecework.domain.ids import Cid, Digest

MAX_BLOCK_BYTES = 262_144
MAX_DOCUMENT_BYTES = 512 * 1024 * 1024

KINDS = (
    "manifest",
    "task-list",
    "candidates",
    "answers",
    "results",
    "gold",
    "sealed-gold",
    "model-answers",
    "revision",
    "evidence",
    "bonus",
    "index",
)
"""Every format is `piecework/<kind>/1`."""


class DocumentError(ValueError):
    """Base of what is wrong with a document."""


class DocumentMalformed(DocumentError):
    """The document breaks a rule of its format; the message names the place."""


class UnknownFormat(DocumentError):
    """The `format` field names nothing that this version reads."""


class DocumentTooLarge(DocumentError):
    """The document is larger than an index can hold."""


@dataclass(frozen=True, slots=True)
class Block:
    """A raw block of at most 256 KiB."""

    cid: Cid
    data: bytes


@dataclass(frozen=True, slots=True)
class Packed:
    """A document as blocks. `digest` goes on chain; the first block is the one it names."""

    digest: Digest
    cid: Cid
    blocks: tuple[Block, ...]


def format_name(kind: str) -> str:
    return f"piecework/{kind}/1"


def validate(document: Mapping[str, Any], kind: str) -> None:
    """Raises UnknownFormat or DocumentMalformed unless `document` is a whole `kind`."""
    if document.get("format") != format_name(kind):
        raise UnknownFormat(f"expected format {format_name(kind)!r}, found {document.get('format')!r}")
    error = next(iter(_validator(kind).iter_errors(dict(document))), None)
    if error is not None:
        where = "/" + "/".join(str(step) for step in error.absolute_path)
        raise DocumentMalformed(f"{kind} at {where}: {error.message[:300]}")
    for field, names in _UNIQUE.get(kind, {}).items():
        entries = [tuple(entry[name] for name in names) if names else entry for entry in document[field]]
        if len(set(entries)) != len(entries):
            raise DocumentMalformed(f"{kind} at /{field}: an entry stands twice")


def pack(document: Mapping[str, Any], kind: str) -> Packed:
    """Validates and cuts `document` into blocks, the same ones each time. Raises DocumentError with what to change."""
    validate(document, kind)
    try:
        data = canonical_bytes(document)
    except NotCanonical as error:
        raise DocumentMalformed(f"the {kind} cannot be written: {error}") from error
    if len(data) <= MAX_BLOCK_BYTES:
        return Packed(digest_of(data), cid_of(data), (Block(cid_of(data), data),))
    if len(data) > MAX_DOCUMENT_BYTES:
        raise DocumentTooLarge(f"the {kind} has {len(data)} bytes, {MAX_DOCUMENT_BYTES} are allowed")
    cuts = range(0, len(data), MAX_BLOCK_BYTES)
    parts = [data[start : start + MAX_BLOCK_BYTES] for start in cuts]
    blocks = tuple(Block(cid_of(part), part) for part in parts)
    index = {
        "format": format_name("index"),
        "of": format_name(kind),
        "size": len(data),
        "salt": _index_salt(document["salt"]),
        "parts": [block.cid for block in blocks],
    }
    head = canonical_bytes(index)
    if len(head) > MAX_BLOCK_BYTES:
        raise DocumentTooLarge(f"the index of the {kind} has {len(head)} bytes: split the batch")
    return Packed(digest_of(head), cid_of(head), (Block(cid_of(head), head), *blocks))


def _index_salt(salt: str) -> str:
    """Follows from the document's own, so that a document has one digest, and nobody can guess it without that."""
    return "0x" + hashlib.sha256(format_name("index").encode() + bytes.fromhex(salt[2:])).hexdigest()


def unpack(digest: str, kind: str, fetch: Callable[[Cid], bytes]) -> dict[str, Any]:
    """The document that `digest` names, every block verified. `fetch` gives a block's bytes by CID.

    Raises CidMismatch for changed bytes, DocumentError for a wrong document, and what `fetch` raises.
    """
    cid = cid_of_digest(digest)
    head = _block(cid, fetch)
    try:
        document = canonical_loads(head)
        if document.get("format") == format_name("index"):
            document = canonical_loads(_join(document, kind, fetch))
    except NotCanonical as error:
        raise DocumentMalformed(f"{kind} {digest}: {error}") from error
    validate(document, kind)
    return document


def text_of(digest: str, kind: str, fetch: Callable[[Cid], bytes]) -> bytes:
    """The canonical bytes of a document that is known to be one, every block verified and nothing else looked at.

    Raises CidMismatch for changed bytes, DocumentError for an index that is none, and what `fetch` raises.
    """
    head = _block(cid_of_digest(digest), fetch)
    if not head.startswith(_INDEX_HEAD):
        return head
    try:
        return _join(canonical_loads(head), kind, fetch)
    except NotCanonical as error:
        raise DocumentMalformed(f"{kind} {digest}: {error}") from error


def size_of(digest: str, kind: str, fetch: Callable[[Cid], bytes]) -> int:
    """Bytes that the document has, or says that it has: no reader takes more of it. Raises as `text_of`."""
    head = _block(cid_of_digest(digest), fetch)
    if not head.startswith(_INDEX_HEAD):
        return len(head)
    try:
        index = canonical_loads(head)
    except NotCanonical as error:
        raise DocumentMalformed(f"{kind} {digest}: {error}") from error
    validate(index, "index")
    return min(int(index["size"]), len(index["parts"]) * MAX_BLOCK_BYTES)


def _join(index: Mapping[str, Any], kind: str, fetch: Callable[[Cid], bytes]) -> bytes:
    validate(index, "index")
    if index["of"] != format_name(kind):
        raise DocumentMalformed(f"the index is of {index['of']!r}, not of {format_name(kind)!r}")
    data = bytearray()
    for part in index["parts"]:
        data += _block(Cid(part), fetch)
        if len(data) > index["size"]:
            break
    if len(data) != index["size"]:
        raise DocumentMalformed(f"the parts of the {kind} do not add up to {index['size']} bytes")
    return bytes(data)


_INDEX_HEAD = b'{"format":"%s",' % format_name("index").encode()
"""How canonical bytes of an index begin: no key of it sorts before `format`."""
_UNIQUE: dict[str, dict[str, tuple[str, ...]]] = {
    "manifest": {"tasks": ("id",)},
    "task-list": {"tasks": ()},
    "candidates": {"candidates": ()},
    "answers": {"answers": ("task",)},
    "results": {"decisions": ("task", "worker", "submission"), "labels": ("task",)},
    "model-answers": {"answers": ("task",)},
    "evidence": {"rejections": ("task", "submission")},
}
"""Lists whose entries may not repeat, and the fields that tell entries apart."""


def _block(cid: Cid, fetch: Callable[[Cid], bytes]) -> bytes:
    data = fetch(cid)
    if len(data) > MAX_BLOCK_BYTES:
        raise DocumentMalformed(f"the block {cid} has {len(data)} bytes, {MAX_BLOCK_BYTES} are allowed")
    verify_block(cid, data)
    return data


@cache
def _validator(kind: str) -> Any:
    from jsonschema import Draft202012Validator

    path = resources.files("piecework.domain") / "schemas" / f"{kind}-1.json"
    return Draft202012Validator(json.loads(path.read_text()))
