"""Shapes of the reports feature. Shares lie between 0 and 1; amounts are token units."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel

from backend.schemas import UnitsText


class ShareView(BaseModel):
    """`value`, probably (95 %) between `low` and `high`; `count` is what it rests on."""

    value: float
    low: float
    high: float
    count: int


class Accuracy(BaseModel):
    estimate: ShareView | None
    """From the labels' confidences: nobody looked at the truth."""
    known_answers: ShareView | None
    """Labels that the crowd alone gives to tasks whose answer is known; None without known answers."""
    truth: ShareView | None
    """Against a file of truth, where one was given."""


class CostView(BaseModel):
    symbol: str
    decimals: int
    funded_units: UnitsText
    paid_units: UnitsText
    """To workers, so far."""
    operator_fee_units: UnitsText
    """With what was accepted."""
    returned_units: UnitsText
    held_units: UnitsText
    """In the escrow still, for work that is under way or not taken."""
    per_label_units: UnitsText | None
    """Paid and fees, by labelled tasks; rounded down."""


class Redundancy(BaseModel):
    """Of a batch with a target confidence: what asking only where it pays came to. Tasks whose answer is known are left
    out."""

    target_confidence: float
    answers_per_task: int
    """At most."""
    tasks_at_target: int
    """Sure enough, and not asked again."""
    tasks_at_cap: int
    tasks_open: int
    """Neither; once the batch is over, they were given up."""
    answers_used: int
    answers_saved: int
    """That the tasks at the target did not need."""
    saved_units: UnitsText
    """What those would have cost, operator fee included."""
    returned_units: UnitsText
    """Of the whole batch, back with the requester so far."""
    how_to_take_back: str | None
    """While unneeded money is still in the escrow."""


class Alpha(BaseModel):
    """Krippendorff's. 1: as one, 0: as by chance; its interval (95 %) is None with fewer than two compared tasks."""

    value: float
    low: float | None
    high: float | None
    level: str


Measure = Literal["similarity", "near", "overlap", "ranking", "fields"]
"""How like what was found an answer is. `similarity`: of texts (chrF). `near`: whether a number lies within what people
differ by. `overlap`: of boxes with the things found (IoU), missed and invented ones counting zero. `ranking`: whether a
comparison says what the scores say; a tie counts half. `fields`: of a form, the share of fields that say what was
found, its texts together counting by their similarity."""


class Agreement(BaseModel):
    """Of labels `pairwise`, of all else `likeness`; None if it cannot be had."""

    pairwise: ShareView | None
    alpha: Alpha | None
    measure: Measure | None = None
    likeness: ShareView | None = None
    """In the mean of tasks, by `measure`; `count` tasks."""


class LabelShare(BaseModel):
    label: str
    tasks: int


class Confusion(BaseModel):
    labels: list[str]
    said_by_true: list[list[float]]
    """Expected answers: a row for what was said, a column for what is probably true."""


class Relabel(BaseModel):
    task: str
    label: str
    confidence: float
    runner_up: str | None
    runner_up_confidence: float | None
    answers: int


class WorkerRow(BaseModel):
    worker: str
    answers: int
    accuracy: float | None
    low: float | None
    high: float | None
    agreement: ShareView | None = None
    """In place of `accuracy`, where answers are no labels: with what was found, by the report's measure."""
    error: float | None = None
    """Of numbers: half of this worker's are off by more, in their unit."""
    known_seen: int | None = None
    known_right: int | None = None
    accepted: int | None = None
    rejected: int | None = None


class RankedThing(BaseModel):
    """`score` in log odds: a thing one above another is preferred e to 1. Scores compare within a `group`. In a batch
    `task` and `side` show the thing."""

    thing: str
    task: str | None = None
    side: str | None = None
    group: int
    score: float
    error: float | None
    """Standard error."""
    compared: int


class ModelStops(BaseModel):
    """What a model changed about which tasks of a batch with a target confidence stop."""

    tasks: int
    """Stopped, though people alone are not sure enough."""
    answers_saved_at_most: int
    """Those up to the cap of these tasks; `answers_saved` are those that average workers would have had to add if all
    agreed."""
    saved_units_at_most: UnitsText | None
    tasks_held_open: int
    """That people alone would stop now, and people with the model do not."""


class ModelView(BaseModel):
    """A model that answered beside people, as far as people's answers measure it."""

    name: str
    verdict: str
    """"trusted", or why it was left out."""
    predicted: int
    """Tasks that it spoke of."""
    accuracy: ShareView | None
    """On people's labels, their own doubt taken out; None while too little is measured."""
    known_answers: ShareView | None
    labels_changed: int
    """Labels that are not what people alone say."""
    answers_saved: int
    """That people need not have given for the same mean confidence; with a target confidence, those that were not
    bought because of it."""
    saved_units: UnitsText | None
    """What those cost, operator fee included; None for a file."""
    saved_cost: float | None = None
    """Of a file: in the unit of `--answer-cost`."""
    answers_without: int | None = None
    """Answers that people gave, or would without the model."""
    stops: ModelStops | None = None
    """Of a batch with a target confidence."""


class RequesterReport(BaseModel):
    format: Literal["piecework/requester-report/1"] = "piecework/requester-report/1"
    title: str
    batch_id: str | None
    kind: Literal["labels", "numbers", "text", "pairs", "boxes", "records"]
    status: str
    tasks: int
    labelled: int
    workers: int
    answers: int
    accuracy: Accuracy
    cost: CostView | None
    redundancy: Redundancy | None = None
    model: ModelView | None = None
    agreement: Agreement
    confidence_bins: list[int]
    """Labelled tasks by confidence, ten equal bins from 0 to 1."""
    labels: list[LabelShare]
    other_labels: int
    """How many more labels there are than `labels` lists."""
    confusion: Confusion | None
    relabel: list[Relabel]
    """The least certain tasks first."""
    people: list[WorkerRow]
    ranking: list[RankedThing] = []
    """Of things that were compared, the best of each group first; at most 500."""
    method: dict[str, Any]
    warnings: list[str] = []
    """What is wrong with the batch at this gateway."""


class RejectionRow(BaseModel):
    batch_id: str
    title: str | None
    task: str
    reason: str
    can_appeal: bool
    appeal_until: int | None


class AgreementView(BaseModel):
    """How like what was found a worker's answers are, 0 to 1, as published results say: `similarity` of texts, share of
    numbers that are `near`, `f1` of boxes, share of a form's `fields`. `count` answers."""

    measure: Literal["similarity", "near", "f1", "fields"]
    value: float
    count: int


class WorkerBatch(BaseModel):
    batch_id: str
    title: str | None
    accepted: int
    rejected: int
    waiting: int
    earned_units: UnitsText
    skill: ShareView | None
    """As the batch's published results measured it: the share of right labels."""
    agreement: AgreementView | None = None
    """In its place, where answers are texts, numbers or boxes."""
    known_answers: ShareView | None


class WorkerReport(BaseModel):
    """Made of published results alone, so that it tells nothing about batches that still take answers."""

    format: Literal["piecework/worker-report/1"] = "piecework/worker-report/1"
    worker: str
    symbol: str
    decimals: int
    accepted: int
    rejected: int
    contested: int
    disputes_won: int
    disputes_lost: int
    earned_units: UnitsText
    skill: ShareView | None
    known_answers: ShareView | None
    batches: list[WorkerBatch]
    rejections: list[RejectionRow]
    how_skill_is_measured: str
    how_to_contest: str
    unread_results: list[str]
    """Digests of results files that this gateway does not have: what they say is not counted here."""
