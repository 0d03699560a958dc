"""What drawn reviewers said of a batch's answers so far, and the decisions that follow."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from backend.draws import repository
from backend.draws.repository import Given
from piecework.db.draws import ReviewSlot
from piecework.db.gateway import Draft
from piecework.domain.draw import ACCEPT, DrawRules, decided

NAME = "drawn"
VERSION = 2
Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Judgement:
    """One answer's draw, its verdicts by who was drawn in the chain's order, and what they come to."""

    slot: ReviewSlot
    verdicts: tuple[Given, ...]
    outcome: str | None

    @property
    def decision(self) -> tuple[str, str] | None:
        """Decision and reason; None while reviewers disagree or have not said enough."""
        if self.outcome is None:
            return None
        agreed = [each for each in self.verdicts if each.verdict == self.outcome]
        said = "accepted" if self.outcome == ACCEPT else "rejected"
        return said, f"{len(agreed)} of {len(self.verdicts)} drawn reviewers: {agreed[0].reason}"[:2_000]


@dataclass(frozen=True, slots=True)
class Drawn:
    """All draws of a batch, by (task, worker)."""

    rules: DrawRules
    review_batch_id: str | None
    judgements: dict[Key, Judgement]

    def decisions(self) -> dict[Key, tuple[str, str]]:
        found = {key: each.decision for key, each in self.judgements.items()}
        return {key: decision for key, decision in found.items() if decision is not None}

    def is_settled(self, key: Key) -> bool:
        """Decided, or as many reviewers as there may be have spoken and disagree."""
        found = self.judgements.get(key)
        return found is not None and (found.outcome is not None or len(found.verdicts) >= self.rules.most)

    def method(self, keys: Collection[Key]) -> dict[str, Any]:
        """What a results file says of the draws behind these decisions, so that anybody computes them again."""
        draws = [_told(self.judgements[key]) for key in sorted(keys) if key in self.judgements]
        rules = {"reviewers": self.rules.reviewers, "quorum": self.rules.quorum, "most": self.rules.most}
        parameters = rules | {"review_batch": self.review_batch_id, "draws": draws}
        return {"name": NAME, "version": VERSION, "parameters": parameters}


def drawn_of(session: Session, draft: Draft) -> Drawn:
    """Verdicts by who was not drawn for an answer count for nothing."""
    rules, link = DrawRules.of(draft.review), repository.link(session, draft.batch_id)
    if link is None:
        return Drawn(rules, None, {})
    given = repository.verdicts(session, link.review_batch_id)
    judgements = {}
    for slot in repository.slots(session, draft.batch_id):
        counted = of_drawn(given.get(slot.slot_id, ()), slot)
        outcome = decided([each.verdict for each in counted], rules)
        judgements[(slot.task_id, slot.worker)] = Judgement(slot, counted, outcome)
    return Drawn(rules, link.review_batch_id, judgements)


def of_drawn(given: Sequence[Given], slot: ReviewSlot) -> tuple[Given, ...]:
    return tuple(each for each in given if each.reviewer in slot.drawn)


def _told(judgement: Judgement) -> dict[str, Any]:
    slot = judgement.slot
    verdicts = [
        {"reviewer": each.reviewer, "submission": each.submission, "verdict": each.verdict}
        for each in judgement.verdicts
    ]
    return {
        "task": slot.task_id,
        "worker": slot.worker,
        "submission": slot.submission,
        "block_hash": slot.block_hash,
        "slot": slot.slot_id,
        "candidates": slot.candidates,
        "weights": slot.weights,
        "excluded": slot.excluded,
        "drawn": slot.drawn,
        "verdicts": verdicts,
    }
