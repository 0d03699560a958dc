"""What a batch's policy says of all its answers so far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from backend.draws.deciding import NAME as DRAWN
from backend.draws.deciding import Drawn
from backend.reviews import inference, policy
from backend.reviews.beside import ModelSaid
from backend.reviews.preferences import Pairs
from backend.reviews.stops import Asked
from piecework.db.gateway import Draft

AUTOMATIC = (policy.NAME, inference.NAME, DRAWN)
"""Policies that decide without the one who signs; that one still signs, or does not."""


@dataclass(frozen=True, slots=True)
class Judged:
    """Labels by task, decisions with reasons by (task, worker), and how they came about.

    `labelled`: tasks whose label goes into the file even if no answer to them is decided now.
    """

    labels: Mapping[str, tuple[Any, float | None]]
    decisions: Mapping[tuple[str, str], tuple[str, str]]
    method: dict[str, Any]
    labelled: frozenset[str] = frozenset()


def judge(
    draft: Draft,
    known: Mapping[str, Any],
    answers: Sequence[policy.Answer],
    submissions: Sequence[str],
    *,
    final: bool,
    tasks: Sequence[str] | None = None,
    model: ModelSaid | None = None,
    pairs: Pairs | None = None,
    drawn: Drawn | None = None,
) -> Judged:
    """By the batch's policy; plurality where people decide. `known`: answers by task, compared with what the manifest
    commits to. `submissions`: digests of the answer files, in the chain's order. `tasks`: all of the batch, needed
    where it has a target confidence. `model`: speaks for labels alone. `pairs`: what tasks compare,
    where they compare things. `drawn`: what drawn reviewers said, where they decide."""
    if draft.review["policy"] == inference.NAME:
        rules = inference.rules_of(draft.batch_id, draft.review, draft.answer_schema)
        asked = Asked(tuple(tasks), draft.answers_per_task) if tasks is not None else None
        reveal = final and bool(known)
        found = inference.decide(
            answers, submissions, known, rules, revealed=reveal, asked=asked, final=final, model=model, pairs=pairs
        )
        # A label of a task that still takes answers could be copied: all of them come with the last file only.
        labelled = frozenset(found.labels) if final else frozenset()
        return Judged(found.labels, found.decisions, found.method, labelled)
    if drawn is not None:
        plain = policy.decide(answers, {}, None)
        return Judged(plain.labels, drawn.decisions(), drawn.method(drawn.decisions()))
    reject_below = draft.review.get("reject_gold_below")
    outcome = policy.decide(answers, known, reject_below, revealed=final)
    method = {"name": policy.NAME, "version": policy.VERSION, "parameters": {"reject_gold_below": reject_below}}
    return Judged(outcome.labels, outcome.decisions, method)


def by_reviewers(judged: Judged) -> dict[str, Any]:
    """The method of a file whose decisions are people's; labels that were computed say how."""
    computed = judged.method["name"] == inference.NAME
    return {"name": "reviewers", "version": 1, "parameters": {"labels": judged.method} if computed else {}}


def by_people_method(method: dict[str, Any]) -> dict[str, Any] | None:
    """How the labels were computed in a file that `by_reviewers` describes; None if it does not say."""
    labels = method["parameters"].get("labels") if method["name"] == "reviewers" else None
    return labels if isinstance(labels, dict) else None


def findings(method: dict[str, Any]) -> dict[str, Any]:
    """What a results file says was found beside labels: `skills`, `flagged_gold`; empty if its method finds nothing."""
    computed = by_people_method(method) or method
    found = computed["parameters"].get("found") if isinstance(computed.get("parameters"), dict) else None
    return found if isinstance(found, dict) else {}
