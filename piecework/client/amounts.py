"""Amounts as people write them, and as the contracts count them."""

from __future__ import annotations

from decimal import Decimal, DecimalException, localcontext

from piecework.client.errors import AmountRefused

_MOST_UNITS = 2**96 - 1
_DIGITS = 200
"""More than any amount has: nothing is rounded on the way."""


def to_units(amount: str | int | Decimal, decimals: int) -> int:
    """Tokens to the token's smallest units, exactly. Raises AmountRefused for what is none, or finer."""
    if isinstance(amount, (float, bool)):
        raise AmountRefused(f'write the amount as text, "{amount}": a float is not exact')
    try:
        with localcontext(prec=_DIGITS):
            scaled = Decimal(amount).scaleb(decimals)
            is_whole = scaled.is_finite() and scaled == scaled.to_integral_value()
    except (DecimalException, TypeError, ValueError):
        raise AmountRefused(f'{str(amount)[:40]!r} is no amount: write it like "0.05"') from None
    if not scaled.is_finite() or scaled < 0:
        raise AmountRefused(f"{amount} is no amount of money")
    if scaled > _MOST_UNITS:
        raise AmountRefused(f"{amount} is more than the escrow can hold")
    if not is_whole:
        raise AmountRefused(f"{amount} is finer than the token's smallest unit: it has {decimals} decimals")
    return int(scaled)


def to_tokens(units: int, decimals: int) -> Decimal:
    """Units to tokens, exactly."""
    with localcontext(prec=_DIGITS):
        return Decimal(units).scaleb(-decimals)
