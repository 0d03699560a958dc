"""What results files say of one worker, read with care.

A batch's reviewer writes them: beside what the schema holds they may say anything, so a skill or a count that does not
look like one is as good as not said, and none weighs more than the answers that the file decides.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from backend.reviews.judging import findings

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Count:
    """`right` may be fractional."""

    right: float = 0.0
    seen: int = 0

    def __add__(self, other: Count) -> Count:
        return Count(self.right + other.right, self.seen + other.seen)


def rejected(documents: Sequence[Document], worker: str) -> list[Mapping[str, Any]]:
    """The worker's rejected answers, oldest first."""
    return [item for item in _decided(documents, worker) if item["decision"] == "rejected"]


def skill(documents: Sequence[Document], worker: str, answers: Mapping[str, Any]) -> Count:
    """The newest published skill, else agreement with the published labels of tasks that others answered too.

    `documents`: oldest first. `answers`: the worker's own, by task.
    """
    most = len(_decided(documents, worker))
    for document in reversed(documents):
        for item in _entries(findings(document["method"]).get("skills")):
            if item.get("worker") == worker and "agreement" in item:
                return Count()  # how like texts are is no share of right ones
            if item.get("worker") == worker and (found := _skill_of(item, most)) is not None:
                return found
    others = {i["task"] for document in documents for i in document["decisions"] if i["worker"] != worker}
    labels = {i["task"]: i["label"] for document in documents for i in document["labels"] if i["label"] is not None}
    compared = [task for task in answers if task in others and task in labels]
    return Count(float(sum(_same(labels[task], answers[task]) for task in compared)), len(compared))


def flagged(document: Document) -> Collection[str]:
    """Tasks whose known answer was forgiven."""
    found = findings(document["method"]).get("flagged_gold")
    entries = found if isinstance(found, list) else []
    return {name for name in (_name(entry) for entry in entries) if name is not None}


def known_score(known: Mapping[str, Any], answers: Mapping[str, Any], forgiven: Collection[str]) -> Count:
    """Known answers that the worker met; what was forgiven counts for nobody."""
    seen = [task for task in known if task in answers and task not in forgiven]
    return Count(float(sum(_same(known[task], answers[task]) for task in seen)), len(seen))


def _decided(documents: Sequence[Document], worker: str) -> list[Mapping[str, Any]]:
    return [item for document in documents for item in document["decisions"] if item["worker"] == worker]


def _skill_of(item: Mapping[str, Any], most: int) -> Count | None:
    """None for what is no share of a number of answers."""
    accuracy, count = item.get("accuracy"), item.get("answers")
    if isinstance(accuracy, bool) or not isinstance(accuracy, (int, float)) or not 0 <= accuracy <= 1:
        return None
    if isinstance(count, bool) or not isinstance(count, int) or count < 0:
        return None
    return Count(accuracy * min(count, most), min(count, most))


def _entries(found: Any) -> list[Mapping[str, Any]]:
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def _name(entry: Any) -> str | None:
    """Of a task, alone or with what is said of it."""
    name = entry.get("task") if isinstance(entry, dict) else entry
    return name if isinstance(name, str) else None


def _same(one: Any, other: Any) -> bool:
    """As JSON: to Python alone 1, 1.0 and true are equal."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
