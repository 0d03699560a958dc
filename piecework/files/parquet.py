"""Outcomes as Parquet: a row a task, a row group for some thousand of them, however many there are."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from piecework.files.outcomes import Outcome

ROWS_AT_A_TIME = 2_000


class ParquetMissing(ImportError):
    """The optional library is not installed."""


def write_parquet(outcomes: Iterable[Outcome], path: Path) -> int:
    """Columns `task`, `label` (a text as it is, all else as JSON), `label_json`, `confidence`, `content` (JSON) and
    `answers` (a list of `worker`, `answer` as JSON, `decision`, `reason`). Returns how many rows.

    Raises ParquetMissing with what to install, and OSError.
    """
    try:
        import pyarrow as arrow
        from pyarrow import parquet
    except ImportError:
        raise ParquetMissing("Parquet needs pyarrow: pip install 'piecework[parquet]'") from None
    answer = arrow.struct([(name, arrow.string()) for name in ("worker", "answer", "decision", "reason")])
    texts = [(name, arrow.string()) for name in ("task", "label", "label_json")]
    schema = arrow.schema(
        [*texts, ("confidence", arrow.float64()), ("content", arrow.string()), ("answers", arrow.list_(answer))]
    )
    count = 0
    with parquet.ParquetWriter(path, schema, compression="zstd") as writer:
        for rows in _groups(map(_row, outcomes)):
            writer.write_table(arrow.Table.from_pylist(rows, schema=schema))
            count += len(rows)
    return count


def _row(found: Outcome) -> dict[str, Any]:
    label = found["label"]
    return {
        "task": found["task"],
        "label": label if label is None or isinstance(label, str) else _json(label),
        "label_json": None if label is None else _json(label),
        "confidence": found["confidence"],
        "content": _json(found["content"]),
        "answers": [dict(answer) | {"answer": _json(answer["answer"])} for answer in found["answers"]],
    }


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _groups(rows: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    left = iter(rows)
    while group := list(islice(left, ROWS_AT_A_TIME)):
        yield group
