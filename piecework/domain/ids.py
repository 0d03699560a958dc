"""Names of things, checked once where they come in."""

from __future__ import annotations

import re
from typing import NewType

from eth_utils import is_address, is_checksum_address, to_checksum_address

Address = NewType("Address", str)
"""20 bytes, 0x-prefixed, with the EIP-55 checksum."""
Digest = NewType("Digest", str)
"""32 bytes, 0x and 64 lower-case hex digits."""
Cid = NewType("Cid", str)
"""CIDv1 in base32."""
Units = NewType("Units", int)
"""A token amount in the token's smallest unit."""

ZERO_ADDRESS = Address("0x" + "00" * 20)
ZERO_DIGEST = Digest("0x" + "00" * 32)

_DIGEST = re.compile(r"0x[0-9a-f]{64}")
_TASK_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


def parse_address(text: str) -> Address:
    """Checksummed address. Raises ValueError; mixed case must carry a right checksum."""
    if not is_address(text) or not text.startswith("0x"):
        raise ValueError(f"{text!r} is no address: 0x and 40 hex digits are")
    body = text[2:]
    if body not in (body.lower(), body.upper()) and not is_checksum_address(text):
        raise ValueError(f"{text!r} has a wrong checksum: a character was changed or lost")
    return Address(to_checksum_address(text))


def parse_digest(text: str) -> Digest:
    """A digest in lower case. Raises ValueError."""
    lowered = text.lower()
    if not _DIGEST.fullmatch(lowered):
        raise ValueError(f"{text!r} is no digest: 0x and 64 hex digits are")
    return Digest(lowered)


def is_task_id(value: object) -> bool:
    """Up to 64 letters, digits, dots, underlines and dashes."""
    return isinstance(value, str) and _TASK_ID.fullmatch(value) is not None


def number_as_digest(number: int) -> Digest:
    """A 256-bit number of a contract, such as a dispute's, as it is written here."""
    return Digest(f"0x{number:064x}")
