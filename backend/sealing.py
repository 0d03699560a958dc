"""Secrets at rest: what the gateway must be able to read again is sealed with the operator's key.

What it need not read (session tokens) is kept as a hash instead.
"""

from __future__ import annotations

import base64
import secrets

_NONCE_BYTES = 12


class SealBroken(Exception):
    """The text was sealed with another key, for another place, or was changed."""


def parse_keys(text: str) -> tuple[bytes, ...]:
    """Keys of 64 hex digits, by commas: the first seals, all of them open. Raises ValueError."""
    keys = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        key = bytes.fromhex(part.removeprefix("0x"))
        if len(key) != 32 or len(set(key)) < 4:
            raise ValueError("a key has 64 random hex digits")
        keys.append(key)
    return tuple(keys)


class Sealer:
    """AES-256-GCM with a random nonce; `place` says which row a secret belongs to, so that none can be moved."""

    def __init__(self, keys: tuple[bytes, ...]) -> None:
        self._keys = keys

    @property
    def has_key(self) -> bool:
        return bool(self._keys)

    def seal(self, secret: bytes, place: str) -> str:
        """Base64 of nonce and ciphertext."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        nonce = secrets.token_bytes(_NONCE_BYTES)
        return base64.b64encode(nonce + AESGCM(self._keys[0]).encrypt(nonce, secret, place.encode())).decode()

    def open(self, sealed: str, place: str) -> bytes:
        """Raises SealBroken."""
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        raw = base64.b64decode(sealed)
        for key in self._keys:
            try:
                return AESGCM(key).decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], place.encode())
            except InvalidTag:
                continue
        raise SealBroken(f"no key of PIECEWORK_SECRETS_KEY opens the secret of {place}")
