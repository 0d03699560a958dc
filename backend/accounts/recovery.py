"""Who signed a digest with a plain key."""

from __future__ import annotations

_HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0


def recover(digest: bytes, signature: bytes) -> str:
    """The signer's address, by the rules of the contract: 65 bytes, low s, v of 27 or 28.

    Raises ValueError, or what eth-keys raises, for anything else.
    """
    from eth_keys.datatypes import Signature

    if len(signature) != 65:
        raise ValueError(f"a signature has 65 bytes, this one has {len(signature)}")
    v, s = signature[64], int.from_bytes(signature[32:64], "big")
    if v not in (27, 28) or s > _HALF_ORDER:
        raise ValueError("a signature has low s and a recovery number of 27 or 28")
    plain = Signature(signature[:64] + bytes([v - 27]))
    return str(plain.recover_public_key_from_msg_hash(digest).to_checksum_address())
