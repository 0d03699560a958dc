"""Shapes of messages and ratings. All text is plain: show it as text, never as markup."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, Field

from backend.schemas import AddressText, RequestModel

MAX_TEXT = 4_000


def _plain(value: str) -> str:
    """Raises ValueError for control signs but line ends and tabs."""
    text = value.strip()
    if any(not sign.isprintable() and sign not in "\n\r\t\u200d\u200c" and ord(sign) < 0xA0 for sign in text):
        raise ValueError("a text holds no control signs but line ends and tabs")
    return text


PlainText = Annotated[str, AfterValidator(_plain)]


class MessageIn(RequestModel):
    text: PlainText = Field(min_length=1, max_length=MAX_TEXT)
    worker: AddressText | None = None
    """To whom, if the batch's requester writes; a worker writes to the requester and leaves it out."""


class MessageView(BaseModel):
    position: int
    batch_id: str
    worker: str
    requester: str
    sender: str
    text: str
    created_at: float


class MessagePage(BaseModel):
    items: list[MessageView]
    """Newest first."""
    unread: int
    next_cursor: str | None


class ReadIn(RequestModel):
    position: int = Field(ge=0, lt=2**63)
    """Of the last message that was read."""
    worker: AddressText | None = None


class ThreadView(BaseModel):
    batch_id: str
    title: str | None
    worker: str
    requester: str
    last: MessageView
    unread: int


class ThreadPage(BaseModel):
    items: list[ThreadView]
    """Whose last message is newest stands first."""
    next_cursor: str | None


class Unread(BaseModel):
    """Messages to the signed-in address that it has not read, over all threads."""

    unread: int


class RatingIn(RequestModel):
    stars: int = Field(ge=1, le=5)
    text: PlainText = Field(default="", max_length=500)


class RatingView(BaseModel):
    batch_id: str
    rater: str
    rated: str
    role: Literal["worker", "requester"]
    """As which `rated` took part."""
    stars: int
    text: str
    created_at: float
    updated_at: float
    paid_assignments: int
    """That the chain shows as paid between the two in this batch."""


class ChainRecord(BaseModel):
    """What the chain says, whatever anybody says of anybody."""

    accepted: int
    rejected: int
    contested: int
    disputes_won: int
    disputes_lost: int


class RatingPage(BaseModel):
    address: str
    count: int
    mean_hundredths: int | None
    """Of all its ratings, in hundredths of a star; None without any."""
    record: ChainRecord
    items: list[RatingView]
    """Newest first."""
    next_cursor: str | None
