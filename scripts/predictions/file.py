"""A model's answers from a file.

CSV: `task,label` and, if told, `confidence`; or `task` and a column `p:LABEL` of probabilities for each label. JSON
lines: objects with `task`, `label`, `confidence`, or with `task` and `probabilities` by label.
"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from scripts.answers_file import FileInvalid
from scripts.predictions.said import Said

_PROBABILITY = "p:"
_LINES = (".jsonl", ".ndjson")
_SUM_TOLERANCE = 0.02
MOST_BYTES = 256 * 1024 * 1024


def read_predictions(path: Path) -> dict[str, Said]:
    """What the model says by task. Raises FileInvalid with the line of the fault."""
    found: dict[str, Said] = {}
    try:
        if path.stat().st_size > MOST_BYTES:
            raise FileInvalid(f"{path} is larger than {MOST_BYTES:,} bytes: leave out what is not task and label")
        rows = _json_rows(path) if path.suffix.lower() in _LINES else _csv_rows(path)
        for line, row in rows:
            where = f"{path}:{line}"
            task = row.get("task")
            if not isinstance(task, str) or not task.strip():
                raise FileInvalid(f"{where}: task must be a text that is not empty")
            if task.strip() in found:
                raise FileInvalid(f"{where}: task {task.strip()!r} is there twice: a model says one thing of a task")
            found[task.strip()] = _said(row, where)
    except FileNotFoundError as error:
        raise FileInvalid(f"{path} does not exist") from error
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise FileInvalid(f"{path} cannot be read as UTF-8 text: {error}") from error
    if not found:
        raise FileInvalid(f"{path} holds no predictions: give lines of task,label or task,label,confidence")
    return found


def _said(row: Mapping[str, Any], where: str) -> Said:
    chances = row.get("probabilities")
    if chances is not None:
        return _likeliest(chances, where)
    label = row.get("label")
    if isinstance(label, bool) or not isinstance(label, (str, int, float)) or not str(label).strip():
        raise FileInvalid(f"{where}: label must be a text that is not empty; leave the line out if the model is silent")
    sure = row.get("confidence")
    if sure is None or sure == "":
        return Said(str(label).strip())
    return Said(str(label).strip(), _share(sure, "confidence", where))


def _likeliest(chances: Any, where: str) -> Said:
    """The first among equals."""
    if not isinstance(chances, dict) or not chances:
        raise FileInvalid(f"{where}: probabilities must be an object of a probability for each label")
    shares = {str(label): _share(chance, f"the probability of {label!r}", where) for label, chance in chances.items()}
    total = sum(shares.values())
    if abs(total - 1.0) > _SUM_TOLERANCE:
        raise FileInvalid(f"{where}: the probabilities add up to {total:.3f}, not to 1")
    best = max(shares, key=lambda label: shares[label])
    return Said(best, shares[best])


def _share(value: Any, name: str, where: str) -> float:
    try:
        share = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        share = math.nan
    if not 0.0 <= share <= 1.0:
        raise FileInvalid(f"{where}: {name} must be a number from 0 to 1, not {str(value)[:40]!r}")
    return share


def _csv_rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    with path.open(newline="", encoding="utf-8-sig") as file:
        reader = csv.DictReader(file, strict=True)
        names = reader.fieldnames or []
        labels = [name for name in names if name.startswith(_PROBABILITY)]
        if "task" not in names or ("label" not in names and not labels):
            found = ", ".join(names) or "nothing"
            wanted = "task,label or task,label,confidence, or task and a column p:LABEL for each label"
            raise FileInvalid(f"{path}: its first line must name {wanted} (found {found})")
        for row in reader:
            if None in row or any(row[name] is None for name in names):
                raise FileInvalid(f"{path}:{reader.line_num}: expected {len(names)} fields")
            if labels:
                chances = {name.removeprefix(_PROBABILITY): row[name] for name in labels}
                yield reader.line_num, {"task": row["task"], "probabilities": chances}
            else:
                yield reader.line_num, row


def _json_rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    with path.open(encoding="utf-8-sig") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise FileInvalid(f"{path}:{number} is no JSON object") from error
            if not isinstance(row, dict):
                raise FileInvalid(f"{path}:{number} is no JSON object")
            yield number, row
