"""Rows of a ranking, for a requester: what was compared, the best of each group first. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from backend.reports.schemas import RankedThing
from backend.reviews.inference import Table
from backend.reviews.preferences import pairs_of, rank_things

MOST_RANKED = 500
_MOST_SHOWN = 300
_DIGITS = 6


def ranking_rows(table: Table, task_type: str, contents: Mapping[str, Mapping[str, Any]]) -> list[RankedThing]:
    """`contents`: of all of the batch's tasks. Empty where its tasks share nothing that is compared."""
    pairs = pairs_of(task_type, contents.items())
    ranked = rank_things(table.answers, table.tasks, table.values, pairs) if pairs is not None else None
    if ranked is None:
        return []
    rows = []
    for at in ranked.order()[:MOST_RANKED]:
        thing = ranked.things[at]
        rows.append(
            RankedThing(
                thing=_shown(contents[thing.task], thing.side),
                task=thing.task,
                side=thing.side,
                group=thing.group,
                score=round(float(ranked.found.score[at]), _DIGITS),
                error=ranked.error(at),
                compared=int(ranked.found.compared[at]),
            )
        )
    return rows


def _shown(content: Mapping[str, Any], side: str) -> str:
    shown = content.get(side) or content.get(f"image_{side}") or ""
    return str(shown)[:_MOST_SHOWN]
