"""Forms under the policy `inference`: of each task the answer whose fields agree best with what was found of each.

Fields that are labels are inferred as labels, numbers are settled as numbers, and the texts of an answer are compared
together. The label is an answer that somebody gave, whole, so that its fields fit each other. An answer says the same
as what was found, or as a known answer, if more than half of its fields that are no texts do; a wording is no fault.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from backend.reviews import settled_numbers
from backend.reviews.chosen_texts import METHOD as TEXTS
from backend.reviews.kinds import Kind
from backend.reviews.measured import Measured
from piecework.quality.answers import Answers, Bools, Floats, answers_of
from piecework.quality.infer import METHOD, VERSION, Parameters, infer_labels
from piecework.quality.numbers import REACH, settle_numbers
from piecework.quality.texts import choose_texts

MODEL = "one_coin"
"""Of label fields; no evidence is weighed for each of them."""
SAME_SHARE = 0.5
"""Of an answer's fields that are no texts; more must say the same."""
_DIGITS = 6


@dataclass(frozen=True, slots=True)
class _Field:
    """`agrees`: (answers,), with what was found; `sure`: (tasks,); `knows`: (answers,), with the known answer; and
    `found_known`: (tasks,), whether what was found does."""

    agrees: Bools
    sure: Floats
    knows: Bools
    found_known: Bools


def measure(
    answers: Answers,
    workers: Sequence[str],
    values: Sequence[Any],
    known: np.ndarray[Any, np.dtype[np.int64]],
    fields: Mapping[str, Kind],
    seed: int,
) -> Measured:
    """`values`: the JSON of each number of `answers.label` and of `known`, (tasks,); `fields`: those that the schema
    names, all others are texts."""
    given = [values[label] for label in answers.label.tolist()]
    right = [values[label] if label >= 0 else None for label in known.tolist()]
    judged = {name: kind for name, kind in fields.items() if kind != "text"}
    found = [_field(name, kind, answers, given, right, seed) for name, kind in judged.items()]
    texts = [_text(answer, judged) for answer in given]
    has_text = any(texts)
    chosen = choose_texts(answers.task, answers.worker, texts, tasks=answers.tasks, workers=answers.workers)
    alike = np.minimum(chosen.agreement, 1.0)
    agree, knows = (_share(columns, answers.size) for columns in ([f.agrees for f in found], [f.knows for f in found]))
    parts, whole = len(found), len(found) + has_text
    likeness: Floats = (agree * parts + alike * has_text) / max(1, whole)
    best = _best(answers, likeness, chosen.skill)
    sure = sum((np.where(f.agrees[best], f.sure, 1.0 - f.sure) for f in found), np.zeros(answers.tasks))
    sure = (sure + alike[best] * has_text) / max(1, whole)
    same = agree > SAME_SHARE if found else np.ones(answers.size, dtype=np.bool_)
    given_by = answers.per_worker().tolist()
    agreement = np.bincount(answers.worker, weights=likeness, minlength=answers.workers)
    accuracy = settled_numbers.agreement_of(answers, same)
    return Measured(
        name="answer",
        method={
            "name": "piecework-records",
            "version": 1,
            "parameters": {
                "fields": dict(fields),
                "labels": {"name": METHOD, "version": VERSION, "model": MODEL},
                "numbers": settled_numbers.METHOD | {"reach": REACH},
                "texts": TEXTS,
                "same_share": SAME_SHARE,
            },
        },
        value=[given[at] for at in best.tolist()],
        sure=np.clip(sure, 0.0, 1.0).round(_DIGITS).tolist(),
        same=same,
        knows=knows > SAME_SHARE if found else np.ones(answers.size, dtype=np.bool_),
        found_known=_share([f.found_known for f in found], answers.tasks) > SAME_SHARE
        if found
        else np.ones(answers.tasks, dtype=np.bool_),
        said=[f" ({round(share * parts)} of {parts} fields say the same)" if parts else "" for share in agree.tolist()],
        likeness=likeness,
        skills=[
            {
                "worker": name,
                "answers": given_by[at],
                "agreement": round(float(agreement[at]) / max(1, given_by[at]), _DIGITS),
            }
            for at, name in enumerate(workers)
        ],
        accuracy=accuracy,
        tolerance=0.0,
    )


def _field(name: str, kind: Kind, answers: Answers, given: Sequence[Any], right: Sequence[Any], seed: int) -> _Field:
    said, known = [_value(answer, name) for answer in given], [_value(answer, name) for answer in right]
    return _number(answers, said, known) if kind == "numbers" else _label(answers, said, known, seed)


def _label(answers: Answers, said: Sequence[Any], known: Sequence[Any], seed: int) -> _Field:
    told, wanted = ([json.dumps(value, sort_keys=True) for value in each] for each in (said, known))
    number = {text: at for at, text in enumerate(sorted({*told, *wanted}))}
    label = np.array([number[text] for text in told])
    sizes = {"tasks": answers.tasks, "workers": answers.workers, "labels": max(2, len(number))}
    # No correlation is estimated, that costs a fit for each part held back; the allowance for it stays.
    parameters = Parameters(model=MODEL, seed=seed, correlation=0.0)
    found = infer_labels(answers_of(answers.task, answers.worker, label, **sizes), parameters)
    right = np.array([number[text] for text in wanted])
    return _Field(
        agrees=label == found.label[answers.task],
        sure=found.confidence,
        knows=label == right[answers.task],
        found_known=found.label == right,
    )


def _number(answers: Answers, said: Sequence[Any], known: Sequence[Any]) -> _Field:
    """Who left the number out says the same as others who did, where most did."""
    number, right = (np.array([settled_numbers.number_of(value) for value in each]) for each in (said, known))
    counts = ~np.isnan(number)
    sizes = {"tasks": answers.tasks, "workers": answers.workers}
    settled = settle_numbers(answers.task[counts], answers.worker[counts], number[counts], **sizes)
    per_task = np.maximum(answers.per_task(), 1)
    filled = np.bincount(answers.task[counts], minlength=answers.tasks) * 2 >= per_task
    near = np.zeros(answers.size, dtype=np.bool_)
    near[counts] = settled.near
    agrees = np.where(filled[answers.task], near, ~counts)
    reach = settled.reach[answers.task]
    blank = np.isnan(right)
    knows = np.where(blank[answers.task], ~counts, np.abs(number - right[answers.task]) <= reach)
    value = np.where(filled, settled.value, np.nan)
    found_known = np.where(blank, np.isnan(value), np.abs(value - right) <= settled.reach)
    share = np.bincount(answers.task, weights=agrees, minlength=answers.tasks) / per_task
    return _Field(agrees=agrees, sure=share, knows=knows, found_known=found_known)


def _value(answer: Any, name: str) -> Any:
    return answer.get(name) if isinstance(answer, Mapping) else None


def _text(answer: Any, judged: Mapping[str, Kind]) -> str:
    """All of an answer that no other field holds, in one piece."""
    if not isinstance(answer, Mapping):
        return json.dumps(answer, sort_keys=True, ensure_ascii=False)
    rest = [answer[name] for name in sorted(answer) if name not in judged and answer[name] is not None]
    return "\n".join(value if isinstance(value, str) else json.dumps(value, sort_keys=True) for value in rest)


def _share(columns: Sequence[Bools], size: int) -> Floats:
    """Of fields that hold, (size,)."""
    found: Floats = np.mean(np.stack(columns), axis=0) if columns else np.zeros(size)
    return found


def _best(answers: Answers, likeness: Floats, skill: Floats) -> Any:
    """(tasks,), the position of the answer that agrees best, the better worker's among equals, then the first."""
    order = np.lexsort((np.arange(answers.size), -skill[answers.worker], -np.round(likeness, 9), answers.task))
    return order[np.unique(answers.task[order], return_index=True)[1]]
