"""Shapes of the signals feature. A signal leads to a person's look, and till then to less work; it decides nothing."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from backend.schemas import AddressText, RequestModel

SignalName = Literal[
    "too_fast", "copied_answers", "constant_answers", "random_answers", "ring", "skill_drop", "duplicate_account"
]


class OwnSignal(BaseModel):
    """What the worker reads: what was seen, with its numbers, and how to answer it."""

    signal: SignalName
    seen: str
    how_to_answer: str


class OwnClosed(BaseModel):
    """A signal that was looked at and closed. It comes back only if later answers show it by themselves."""

    signal: SignalName
    seen: str
    reason: str
    closed_at: float
    closed_by: Literal["reviewer", "operator"]
    """The operator is the gateway's."""


class OwnSignals(BaseModel):
    """What was seen in the signed-in worker's answers to one batch."""

    batch_id: str
    answers_looked_at: int
    note: str
    how_to_contest: str
    tasks_at_a_time: int | None
    """How many tasks of this batch the worker gets at a time while a signal is open; None: as everybody."""
    items: list[OwnSignal]
    closed: list[OwnClosed] = []
    """The newest first."""


class FoundSignal(OwnSignal):
    """The same for reviewers: about whom, how unlikely for an honest worker, and what it rests on."""

    worker: str
    p_value: float
    tasks: list[str]
    partners: list[str]


class ClosingIn(RequestModel):
    worker: AddressText
    signal: SignalName
    reason: str = Field(min_length=1, max_length=1_000)
    """Why nothing is wrong; the worker reads it."""


class Closed(OwnClosed):
    """The same for reviewers."""

    worker: str
    reviewer: str | None
    """None where the operator closed it."""


class BatchSignals(BaseModel):
    """The workers of a batch that a reviewer should look at before deciding."""

    batch_id: str
    answers_looked_at: int
    workers: int
    false_discovery_rate: float
    """Of the workers named here at most this share is honest in the mean, as far as the p-values hold."""
    funding: str
    """Which transfers were read to see who is paid by one hand, or why none."""
    note: str
    items: list[FoundSignal]
    closed: list[Closed] = []
    """The newest first."""
