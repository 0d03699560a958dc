"""Known answers under seal: encrypted at drafting, opened by whoever has the batch's disclosure key.

The file is AES-256-GCM under a random key of the batch alone, bound to the root that the manifest commits to. The
manifest names the file's digest and the key's, so a wrong key, a changed file and a file that never held the committed
answers are told apart, and nobody can answer for the batch with another key later.

DisclosureError
├── KeyMalformed   the text is no key
└── SealBroken     the key is right, and the file is not the known answers that the manifest commits to
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Mapping
from typing import Any

from piecework.domain import documents
from piecework.domain.canonical import NotCanonical, canonical_bytes, canonical_loads, new_salt
from piecework.domain.documents import DocumentError
from piecework.domain.ids import Digest, parse_digest

ALGORITHM = "AES-256-GCM"
_KEY_BYTES = 32
_NONCE_BYTES = 12
_PAD_BYTES = 4_096
"""The length of a file tells no more of the answers in it than this."""


class DisclosureError(ValueError):
    """Base of what is wrong with a key or a sealed file. No message holds a key."""


class KeyMalformed(DisclosureError):
    """The text is no disclosure key."""

    def __init__(self) -> None:
        super().__init__("a disclosure key is 0x and 64 hex digits")


class SealBroken(DisclosureError):
    """What the file holds is not what the manifest commits to."""


def new_key() -> str:
    """0x and 64 hex digits."""
    return "0x" + secrets.token_hex(_KEY_BYTES)


def parse_key(text: str) -> str:
    """The key in lower case. Raises KeyMalformed."""
    try:
        return parse_digest(text.strip())
    except ValueError:
        raise KeyMalformed from None


def key_digest(key: str) -> Digest:
    """What the manifest says of the key; it tells nothing of the key itself, which is random."""
    return Digest("0x" + hashlib.sha256(b"piecework/disclosure-key/1\0" + bytes.fromhex(key[2:])).hexdigest())


def seal(gold: Mapping[str, Any], root: str, key: str) -> dict[str, Any]:
    """The `sealed-gold` document of a `gold` document whose digest is `root`."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    plain = canonical_bytes(gold)
    plain += b" " * (-len(plain) % _PAD_BYTES)
    nonce = secrets.token_bytes(_NONCE_BYTES)
    sealed = AESGCM(bytes.fromhex(key[2:])).encrypt(nonce, plain, _bound_to(root))
    return {
        "format": documents.format_name("sealed-gold"),
        "salt": new_salt(),
        "algorithm": ALGORITHM,
        "nonce": "0x" + nonce.hex(),
        "ciphertext": base64.b64encode(sealed).decode(),
    }


def open_sealed(document: Mapping[str, Any], root: str, key: str) -> dict[str, Any]:
    """The `gold` document whose digest is `root`. `document`: a valid `sealed-gold`. Raises SealBroken."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        sealed = base64.b64decode(document["ciphertext"], validate=True)
        nonce = bytes.fromhex(document["nonce"][2:])
        plain = AESGCM(bytes.fromhex(key[2:])).decrypt(nonce, sealed, _bound_to(root))
    except (InvalidTag, ValueError) as error:
        raise SealBroken("the key does not open the sealed known answers: the file was made with another") from error
    try:
        gold = canonical_loads(plain.rstrip(b" "))
        found = documents.pack(gold, "gold").digest
    except (NotCanonical, DocumentError) as error:
        raise SealBroken(f"what is under the seal are no known answers: {error}") from error
    if found != root:
        raise SealBroken(f"the known answers under the seal have the digest {found}; the manifest commits to {root}")
    return gold


def _bound_to(root: str) -> bytes:
    return documents.format_name("sealed-gold").encode() + b"\0" + bytes.fromhex(root[2:])
