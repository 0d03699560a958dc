"""What request and response models share."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, PlainSerializer

from piecework.domain.ids import parse_address, parse_digest

MAX_UNITS = 2**96 - 1


class RequestModel(BaseModel):
    """Unknown fields are refused, so that a typing error is seen."""

    model_config = ConfigDict(extra="forbid")


def _whole_units(value: Any) -> int:
    if isinstance(value, bool) or not (isinstance(value, int) or (isinstance(value, str) and value.isdecimal())):
        raise ValueError("an amount is a whole number of token units, as a number or decimal text")
    number = int(value)
    if not 0 <= number <= MAX_UNITS:
        raise ValueError(f"an amount lies between 0 and {MAX_UNITS}")
    return number


def _signature(value: str) -> str:
    body = value.removeprefix("0x")
    if len(body) % 2 or len(body) > 8_192 or any(c not in "0123456789abcdefABCDEF" for c in body) or not body:
        raise ValueError("a signature is 0x and hex digits")
    return "0x" + body.lower()


def _as_written(value: object) -> object:
    """An answer's own text, read back."""
    return int(value) if isinstance(value, str) and value.isdecimal() else value


UnitsText = Annotated[int, BeforeValidator(_whole_units), PlainSerializer(str, return_type=str)]
"""Token units: an integer inside, decimal text in JSON."""
HourlyUnits = Annotated[int, BeforeValidator(_as_written), PlainSerializer(str, return_type=str)]
"""Token units an hour, in answers: past what an escrow holds if a huge reward is paid for a short task."""
AddressText = Annotated[str, AfterValidator(parse_address)]
DigestText = Annotated[str, AfterValidator(parse_digest)]
SignatureText = Annotated[str, AfterValidator(_signature)]


class Transaction(BaseModel):
    """What a wallet sends, exactly."""

    to: str
    data: str
    value: str = "0"
    chain_id: int


class Accepted(BaseModel):
    """The wish is stored and will be brought on chain; follow it at /v1/intents."""

    intent_id: str
