"""The bytes of Kubo's own CID tests: the ChaCha20 keystream (RFC 8439) of a seed's sha2-256, with a zero nonce."""

from __future__ import annotations

import hashlib

import numpy as np

_CONSTANT = np.frombuffer(b"expand 32-byte k", dtype="<u4")
_COLUMNS_AND_DIAGONALS = (
    *((0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15)),
    *((0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14)),
)


def keystream(seed: str, size: int) -> bytes:
    """The first `size` bytes (at most 256 GiB)."""
    blocks = -(-size // 64)
    start = np.zeros((16, blocks), dtype=np.uint32)
    start[:4] = _CONSTANT[:, None]
    start[4:12] = np.frombuffer(hashlib.sha256(seed.encode()).digest(), dtype="<u4")[:, None]
    start[12] = np.arange(blocks, dtype=np.uint32)
    state = start.copy()
    for _ in range(10):
        for a, b, c, d in _COLUMNS_AND_DIAGONALS:
            for to, add, turn, by in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
                state[to] += state[add]
                state[turn] ^= state[to]
                state[turn] = (state[turn] << by) | (state[turn] >> (32 - by))
    return (state + start).T.astype("<u4").tobytes()[:size]
