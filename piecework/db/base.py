"""What every table shares: one metadata, portable column types.

Token amounts and other chain integers can pass 2^63, where SQLite ends and floats begin, so they are kept as decimal
text
of fixed width that sorts like the number.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import String, TypeDecorator
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase

UNITS_WIDTH = 30
"""Decimal digits of an amount: 2^96 has 29."""


class Units(TypeDecorator[int]):
    """A non-negative integer of up to 30 digits, stored as zero-padded text: exact and sortable on every engine."""

    impl = String(UNITS_WIDTH)
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: Dialect) -> str | None:
        if value is None:
            return None
        if value < 0 or value >= 10**UNITS_WIDTH:
            raise ValueError(f"{value} is outside 0..10^{UNITS_WIDTH}-1 and cannot be stored")
        return str(value).rjust(UNITS_WIDTH, "0")

    def process_result_value(self, value: Any, dialect: Dialect) -> int | None:
        return None if value is None else int(value)


Address = String(42)
"""Checksummed address."""
Digest = String(66)
"""0x and 64 lower-case hex digits."""


class Base(DeclarativeBase):
    """The one metadata of all tables."""
