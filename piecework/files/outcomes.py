"""What came of a task, as it leaves: JSON lines, CSV by task or by answer.

An outcome is `task`, `content`, `label`, `confidence` and `answers`, each with `worker`, `answer`, `decision` and
`reason`. As a line of JSON it is exact; everything else is made from that.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from piecework.files.cells import cell, csv_lines

Outcome = Mapping[str, Any]
_TASK_COLUMNS = ("task", "label", "confidence", "answers")
ANSWER_COLUMNS = ("task", "worker", "answer", "decision", "reason")


def outcome(
    task: str, content: Mapping[str, Any], label: Mapping[str, Any] | None, answers: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """`label`: of a results file; None if the task is undecided."""
    return {
        "task": task,
        "content": dict(content),
        "label": label["label"] if label else None,
        "confidence": label["confidence"] if label else None,
        "answers": [dict(answer) for answer in answers],
    }


def json_line(found: Outcome) -> str:
    return json.dumps(found, ensure_ascii=False, separators=(",", ":")) + "\n"


def task_csv(outcomes: Iterable[Outcome], fields: Sequence[str], *, header: bool = True) -> Iterator[str]:
    """A row a task: label, how many answers, and the content's `fields` as `content.NAME`."""
    names = [*_TASK_COLUMNS, *(cell(f"content.{name}") for name in fields)]
    return csv_lines(names if header else None, (_task_row(found, fields) for found in outcomes))


def answer_csv(outcomes: Iterable[Outcome], *, header: bool = True) -> Iterator[str]:
    """A row an answer."""
    rows = (
        [cell(found["task"]), *(cell(answer[name]) for name in ANSWER_COLUMNS[1:])]
        for found in outcomes
        for answer in found["answers"]
    )
    return csv_lines(ANSWER_COLUMNS if header else None, rows)


def field_names(contents: Iterable[Mapping[str, Any]]) -> list[str]:
    """Of every content, each once, in the order in which they are met."""
    return list(dict.fromkeys(name for content in contents for name in content))


def _task_row(found: Outcome, fields: Sequence[str]) -> list[Any]:
    content = found["content"]
    own = [found["task"], found["label"], found["confidence"], len(found["answers"])]
    return [cell(value) for value in (*own, *(content.get(name) for name in fields))]
