"""What results files say of one worker, read with care.

A batch's reviewer writes them: beside what the schema holds they may say anything, so a skill or a count that does not
look like one is as good as not said, and none weighs more than the answers that the file decides.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from backend.reviews.judging import by_people_method, findings

Document = Mapping[str, Any]


Measure = Literal["similarity", "near", "f1", "fields"]
MEASURES: Mapping[str, Measure] = {
    "piecework-texts": "similarity",
    "piecework-numbers": "near",
    "piecework-boxes": "f1",
    "piecework-records": "fields",
}
"""How a results file measures people whose answers are no labels, by the name of its method for labels."""


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
                return Count()  # how like answers are is no share of right ones
            if item.get("worker") == worker and (found := _skill_of(item, most)) is not None:
                return found
    others = {i["task"] for document in documents for i in document["decisions"] if i["worker"] != worker}
    labels = {i["task"]: i["label"] for document in documents for i in document["labels"] if i["label"] is not None}
    compared = [task for task in answers if task in others and task in labels]
    return Count(float(sum(_same(labels[task], answers[task]) for task in compared)), len(compared))


def agreement(documents: Sequence[Document], worker: str) -> tuple[Measure, Count] | None:
    """The newest published agreement of one whose answers are no labels, and how it is measured; None without."""
    most = len(_decided(documents, worker))
    for document in reversed(documents):
        measure = measured_by(document)
        for item in _entries(findings(document["method"]).get("skills")):
            if measure is None or item.get("worker") != worker:
                continue
            found = _skill_of({"accuracy": item.get("agreement"), "answers": item.get("answers")}, most)
            if found is not None and found.seen:
                return measure, found
    return None


def measured_by(document: Document) -> Measure | None:
    """None if its labels are equal or not."""
    method = by_people_method(document["method"]) or document["method"]
    labels = method["parameters"].get("labels") if isinstance(method.get("parameters"), dict) else None
    name = labels.get("name") if isinstance(labels, dict) else None
    return MEASURES.get(name) if isinstance(name, str) else None


def known_of_skills(document: Document, worker: str) -> Count:
    """Known answers as the file counts them: where answers are no labels, who is right is not who is equal."""
    most = sum(item["worker"] == worker for item in document["decisions"])
    for item in _entries(findings(document["method"]).get("skills")):
        seen, right = item.get("known_seen"), item.get("known_right")
        if item.get("worker") != worker or type(seen) is not int or type(right) is not int:
            continue
        if 0 <= right <= seen <= most:
            return Count(float(right), seen)
    return Count()


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
