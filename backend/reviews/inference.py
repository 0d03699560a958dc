"""The policy `inference`, version 1: labels from `piecework.quality`, decisions from labels and known answers.

- Of free text the answer that agrees best with the others is the label, and nobody is rejected (`chosen_texts.py`).
- Numbers and boxes are hardly ever equal, so they are compared within what people differ by (`settled_numbers.py`,
  `found_boxes.py`), and forms by their fields (`filled_records.py`); who is rejected follows from the same rule
  (`measured.py`). A model's answers count for labels alone, so beside all of these they are not read.
- The label of a task is its known answer once those are revealed, else the label that the model finds; the model is
  chosen by evidence, its seed comes from the batch's id, so nobody picks either after seeing the answers.
- A known answer that the workers skilled on the others contradict is flagged and forgiven: nobody is judged by it
  (`known.py`).
- Where the batch names a `target_confidence`, its answers were bought for hard tasks and from good workers, so labels
  and confidences are those of the policy that bought them (`stops.py`), and the last file says how its tasks stopped.
- Of a batch of the type `preference` the things that are compared are ranked as well, in its last file
  (`preferences.py`).
- A model's answers, if the requester brought some before anything was proposed, count for labels as one more worker's
  as far as people's answers measure them (`beside.py`). Skills, flags and decisions stay those of people alone.
- An answer is rejected for one reason only: its worker gave fewer than `reject_gold_below` of at least three known
  answers right, and the answer itself differs from the label. A skill, a confidence or another score alone rejects
  nothing.

Anybody can compute it again from the results file, the answer files and the known answers; `piecework audit --labels`
does.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from backend.reviews import chosen_texts, filled_records, found_boxes, measured, preferences, settled_numbers
from backend.reviews import known as known_answers
from backend.reviews.beside import ModelSaid, disclosed, join, predictions
from backend.reviews.beside import parameters as model_parameters
from backend.reviews.bought import Bought, label_bought
from backend.reviews.kinds import Kind, fields_of, kind_of
from backend.reviews.policy import MINIMUM_KNOWN_SEEN, Answer, answer_text
from backend.reviews.stops import Asked, parameters, policy_of
from piecework.domain.canonical import read_back
from piecework.quality.adaptive import Policy
from piecework.quality.answers import Answers, Bools, Ints, answers_of
from piecework.quality.infer import Labelling, Parameters, infer_labels
from piecework.quality.majority import NO_LABEL

NAME = "inference"
VERSION = 1
_DIGITS = 6


@dataclass(frozen=True, slots=True)
class Rules:
    """What the batch fixed before its first answer. `choices`: possible answers as JSON text, empty if any text may be
    one. `target_confidence`: at which a task is not asked again; None asks each as often as the batch says. `kind` of
    answers; `whole`: of numbers only integers; `fields` of a form with their kinds."""

    seed: int
    choices: tuple[str, ...]
    reject_gold_below: float | None
    target_confidence: float | None = None
    kind: Kind = "labels"
    whole: bool = False
    fields: tuple[tuple[str, Kind], ...] = ()

    @property
    def policy(self) -> Policy | None:
        """By which answers were bought, if they were."""
        return None if self.target_confidence is None else policy_of(self.target_confidence, self.seed)


@dataclass(frozen=True, slots=True)
class Inferred:
    """Labels with confidence by task, a decision with its reason by (task, worker), and what they rest on.

    `method` is what the results file says of itself: parameters, and under `found` the skills (one entry a worker) and
    the forgiven known answers. `tolerance`: by how much numbers in labels may differ on another machine.
    """

    labels: dict[str, tuple[Any, float | None]]
    decisions: dict[tuple[str, str], tuple[str, str]]
    method: dict[str, Any]
    tolerance: float = 0.0

    @property
    def skills(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.method["parameters"]["found"]["skills"]
        return found

    @property
    def flagged(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.method["parameters"]["found"]["flagged_gold"]
        return found


@dataclass(frozen=True, slots=True)
class Table:
    """Answers as numbers with the names behind them. `known`: (tasks,), NO_LABEL where no answer is known."""

    tasks: list[str]
    workers: list[str]
    values: list[Any]
    answers: Answers
    known: Ints


def rules_of(batch_id: str, review: Mapping[str, Any], answer_schema: Mapping[str, Any]) -> Rules:
    """From what the manifest says and the batch's id alone."""
    values = answer_schema.get("enum", [False, True] if answer_schema.get("type") == "boolean" else [])
    return Rules(
        seed=int(batch_id[2:10], 16),
        choices=tuple(answer_text(value) for value in values),
        reject_gold_below=review.get("reject_gold_below"),
        target_confidence=review.get("target_confidence"),
        # Asking where it pays weighs labels, so an answer with a target is one.
        kind=kind_of(answer_schema) if review.get("target_confidence") is None else "labels",
        whole=answer_schema.get("type") == "integer",
        fields=tuple(sorted(fields_of(answer_schema).items())),
    )


def _decide_texts(table: Table, submissions: Sequence[str], rules: Rules, *, revealed: bool) -> Inferred:
    texts = [value if isinstance(value, str) else answer_text(value) for value in table.values]
    chosen = chosen_texts.choose(table.answers, table.workers, texts)
    is_known = (table.known != NO_LABEL) & revealed
    label = np.where(is_known, table.known, chosen.label)
    sure = np.where(is_known, 1.0, chosen.agreement).tolist()
    outcome = {"skills": chosen.skills, "flagged_gold": []}
    return Inferred(
        labels={name: (table.values[label[number]], sure[number]) for number, name in enumerate(table.tasks)},
        decisions=chosen_texts.decisions(table.answers, table.tasks, table.workers, label),
        method=_method(
            chosen_texts.METHOD, submissions, rules, table, None, revealed=revealed, outcome=outcome, bought=None
        ),
    )


def _decide_measured(table: Table, submissions: Sequence[str], rules: Rules, *, revealed: bool) -> Inferred:
    found = measure(table, rules)
    is_known = table.known != NO_LABEL
    judged = measured.judge(
        table.answers, table.tasks, table.workers, is_known, found, rules.reject_gold_below, revealed=revealed
    )
    labels: dict[str, tuple[Any, float | None]] = dict(
        zip(table.tasks, zip(found.value, found.sure, strict=True), strict=True)
    )
    if revealed:
        labels |= {table.tasks[at]: (table.values[table.known[at]], 1.0) for at in np.flatnonzero(is_known)}
    seen, right = judged.seen.tolist(), judged.right.tolist()
    skills = [
        row | {"known_seen": seen[at] if revealed else None, "known_right": right[at] if revealed else None}
        for at, row in enumerate(found.skills)
    ]
    flags = [_flag(table, flag, found.value[flag.task]) for flag in judged.flags] if revealed else []
    outcome = {"skills": skills, "flagged_gold": flags}
    # As a reader finds it in the pinned file, where 1.0 is 1.
    how = _method(
        read_back(found.method), submissions, rules, table, None, revealed=revealed, outcome=outcome, bought=None
    )
    return Inferred(labels, judged.decisions, how, found.tolerance)


def measure(table: Table, rules: Rules) -> measured.Measured:
    """What answers of the kinds `numbers`, `boxes` and `records` come to."""
    if rules.kind == "records":
        fields = dict(rules.fields)
        return filled_records.measure(table.answers, table.workers, table.values, table.known, fields, rules.seed)
    if rules.kind == "boxes":
        return found_boxes.measure(table.answers, table.workers, table.values, table.known, rules.seed)
    return settled_numbers.measure(table.answers, table.workers, table.values, table.known, whole=rules.whole)


def decide(
    answers: Sequence[Answer],
    submissions: Sequence[str],
    known: Mapping[str, Any],
    rules: Rules,
    *,
    revealed: bool,
    asked: Asked | None = None,
    final: bool = False,
    model: ModelSaid | None = None,
    pairs: preferences.Pairs | None = None,
) -> Inferred:
    """Decides every answer. `answers` and `submissions` (digests of their files) are in the chain's order.

    Until the known answers are `revealed` they count workers' mistakes but stand in no label, so that the file does
    not tell which tasks they are. `model` speaks for labels alone. `asked`: needed where the rules name a target; if
    `final`, how tasks stopped is said, and how the things of `pairs` rank.
    """
    table = tabulate(answers, known, rules)
    if rules.kind == "text":
        return _decide_texts(table, submissions, rules, revealed=revealed)
    if rules.kind != "labels":
        return _decide_measured(table, submissions, rules, revealed=revealed)
    found, bought = label_table(table, rules, asked, model=model, known=known if revealed else None)
    label = _with_known(table, found.label, revealed=revealed)
    flags = known_answers.flagged(table.answers, table.known, found.skill.accuracy, found.correlation)
    forgiven = np.zeros(len(table.tasks), dtype=np.bool_)
    forgiven[[flag.task for flag in flags]] = True
    seen, right = known_answers.known_scores(table.answers, table.known, ~forgiven)
    failed = np.zeros(len(table.workers), dtype=np.bool_)
    if rules.reject_gold_below is not None:
        failed = (seen >= MINIMUM_KNOWN_SEEN) & (right < rules.reject_gold_below * seen)
    outcome: dict[str, Any] = {
        "skills": _skills(table, found, seen, right, revealed=revealed),
        "flagged_gold": [_flag(table, flag, table.values[flag.label]) for flag in flags] if revealed else [],
    }
    if pairs is not None and final:
        ranked = preferences.rank_things(table.answers, table.tasks, table.values, pairs)
        outcome["ranking"] = preferences.disclosed(ranked, table.workers)
    both, joined, how = found, None, None
    if bought is not None:
        how = parameters(bought.asked, bought.policy)
        outcome["stops"] = bought.stops(known).as_json() if final else None
        joined = bought.joined
    elif model is not None:
        said = predictions(model, table.tasks, table.values, table.answers.labels)
        joined = join(table.answers, said, rules.seed, table.known if revealed else None)
    if joined is not None:
        both = joined.labelling
        outcome["model"] = disclosed(joined, table.tasks, table.values)
    return Inferred(
        labels=_labels(table, both, _with_known(table, both.label, revealed=revealed), revealed=revealed),
        # By people's label: no model's answer is evidence against anybody.
        decisions=_decisions(table, label, failed, forgiven & revealed, seen, right),
        method=_method(
            found.method(), submissions, rules, table, model, revealed=revealed, outcome=outcome, bought=how
        ),
    )


def _with_known(table: Table, label: Ints, *, revealed: bool) -> Ints:
    """(tasks,), with the known answers in place of what was found, once they are public."""
    return np.where(table.known != NO_LABEL, table.known, label) if revealed else label


def label_table(
    table: Table, rules: Rules, asked: Asked | None, *, model: ModelSaid | None = None,
    known: Mapping[str, Any] | None = None,
) -> tuple[Labelling, Bought | None]:  # fmt: skip
    """People's labels of the table's tasks; and, if the batch has a target, by what its tasks stop, beside the `model`
    that the `known` answers measure too."""
    if rules.policy is None:
        return infer_labels(table.answers, Parameters(seed=rules.seed)), None
    if asked is None:
        raise ValueError("a batch with a target confidence is labelled by all that it asked")
    bought = label_bought(table.answers, table.tasks, table.values, rules.policy, asked, model=model, known=known)
    return bought.people, bought


def tabulate(answers: Sequence[Answer], known: Mapping[str, Any], rules: Rules) -> Table:
    """Numbers tasks, workers and values; of two answers of a worker to one task the first counts."""
    first: dict[tuple[str, str], Answer] = {}
    for item in answers:
        first.setdefault((item.task, item.worker), item)
    tasks = sorted({item.task for item in first.values()})
    workers = sorted({item.worker for item in first.values()})
    texts = {*rules.choices, *(answer_text(item.answer) for item in first.values())}
    texts |= {answer_text(value) for task, value in known.items() if task in set(tasks)}
    keys = sorted(texts)
    task_of, worker_of, answer_of = ({name: i for i, name in enumerate(names)} for names in (tasks, workers, keys))
    numbered = answers_of(
        [task_of[item.task] for item in first.values()],
        [worker_of[item.worker] for item in first.values()],
        [answer_of[answer_text(item.answer)] for item in first.values()],
        tasks=len(tasks),
        workers=len(workers),
        # Whoever knows one word could have said another: one answer is no certainty.
        labels=max(2, len(keys)),
    )
    gold = np.array([answer_of[answer_text(known[t])] if t in known else NO_LABEL for t in tasks], dtype=np.int64)
    return Table(tasks, workers, [json.loads(key) for key in keys], numbered, gold)


def _labels(table: Table, found: Labelling, label: Ints, *, revealed: bool) -> dict[str, tuple[Any, float | None]]:
    labels: dict[str, tuple[Any, float | None]] = {}
    for number, name in enumerate(table.tasks):
        is_known = revealed and table.known[number] != NO_LABEL
        confidence = 1.0 if is_known else round(float(found.confidence[number]), _DIGITS)
        # Floating point may leave a posterior a hair above one.
        labels[name] = (table.values[label[number]], min(1.0, confidence))
    return labels


def _decisions(
    table: Table, label: Ints, failed: Bools, flagged: Bools, seen: Ints, right: Ints
) -> dict[tuple[str, str], tuple[str, str]]:
    answers = table.answers
    decisions = {}
    for task, worker, given in zip(answers.task, answers.worker, answers.label, strict=True):
        if label[task] == given:
            said = "accepted", "agrees with the label"
        elif flagged[task]:
            said = "accepted", "differs from a known answer that skilled workers contradict: forgiven"
        elif failed[worker]:
            reason = f"differs from the label, and only {right[worker]} of {seen[worker]} known answers were right"
            said = "rejected", reason
        else:
            said = "accepted", "differs from the label, which alone is no fault"
        decisions[(table.tasks[task], table.workers[worker])] = said
    return decisions


def _method(
    labels: Mapping[str, Any],
    submissions: Sequence[str],
    rules: Rules,
    table: Table,
    model: ModelSaid | None,
    *,
    revealed: bool,
    outcome: dict[str, Any],
    bought: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """Every parameter, which model the evidence chose, which answers were there, and what was found beside labels."""
    together = hashlib.sha256(b"".join(bytes.fromhex(digest[2:]) for digest in submissions)).hexdigest()
    return {
        "name": NAME,
        "version": VERSION,
        "parameters": {
            "labels": labels,
            "values": table.answers.labels,
            "reject_gold_below": rules.reject_gold_below,
            "minimum_known_seen": MINIMUM_KNOWN_SEEN,
            "flag": {
                "confidence": known_answers.FLAG_CONFIDENCE,
                "minimum_other_known": known_answers.MINIMUM_OTHER_KNOWN,
                "minimum_skilled": known_answers.MINIMUM_SKILLED,
            },
            "known_answers_revealed": revealed,
            **({"bought": dict(bought)} if bought else {}),
            **({"model_answers": model_parameters(model, bought=bought is not None)} if model else {}),
            "submissions": {"count": len(submissions), "last": submissions[-1], "sha256": "0x" + together},
            "found": outcome,
        },
    }


def _skills(table: Table, found: Labelling, seen: Ints, right: Ints, *, revealed: bool) -> list[dict[str, Any]]:
    low, high = found.skill.interval()
    return [
        {
            "worker": name,
            "answers": int(found.skill.answers[number]),
            "accuracy": round(float(found.skill.accuracy[number]), _DIGITS),
            "low": round(float(low[number]), _DIGITS),
            "high": round(float(high[number]), _DIGITS),
            "known_seen": int(seen[number]) if revealed else None,
            "known_right": int(right[number]) if revealed else None,
        }
        for number, name in enumerate(table.workers)
    ]


def _flag(table: Table, flag: known_answers.Flag, label: Any) -> dict[str, Any]:
    """What the requester should look at again."""
    return {
        "task": table.tasks[flag.task],
        "label": label,
        "confidence": round(flag.confidence, _DIGITS),
        "skilled": flag.skilled,
        "missed": flag.missed,
    }
