"""`piecework draft`: a batch from a file of tasks."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from piecework.client import Client, PieceworkError, read_tasks
from piecework.domain.task_types import TaskTypeError, build_answer_schema
from scripts.terminal import err, fail, out


@dataclass(frozen=True)
class FileWish:
    """How the file is to be read."""

    path: Path
    columns: tuple[str, ...]
    known: str | None
    ids: str
    encoding: str | None
    delimiter: str | None

    def how(self) -> dict[str, Any]:
        """Arguments of `read_tasks`. Raises ValueError."""
        columns = {}
        for pair in self.columns:
            name, sign, field = pair.partition("=")
            if not sign or not name or not field:
                raise ValueError(f"--column {pair!r}: write COLUMN=FIELD, such as sentence=text")
            columns[name] = field
        return {
            "columns": columns,
            "known": self.known,
            "ids": self.ids,
            "encoding": self.encoding,
            "delimiter": "\t" if self.delimiter == "tab" else self.delimiter,
        }


def run_draft(
    wish: FileWish, *, task_type: str, options: str, words: dict[str, Any], gateway_url: str | None, fund: bool
) -> int:
    """Without a gateway the file is only checked. Prints the batch's id, or 1 and every fault."""
    try:
        chosen = json.loads(options)
        schema = build_answer_schema(task_type, chosen)
        how = wish.how()
        if gateway_url is None:
            listed = read_tasks(wish.path, task_type, schema=schema, **how)
            known = f", {len(listed.known)} with a known answer" if listed.known else ""
            out.print(f"{len(listed.tasks)} tasks of the type {task_type}{known}", highlight=False)
            return 0
        return _drafted(wish.path, task_type, chosen, how | words, gateway_url, fund)
    except json.JSONDecodeError as error:
        return fail(f'--options is no JSON: {error}: write it like \'{{"choices": ["a", "b"]}}\'')
    except (PieceworkError, TaskTypeError, ValueError) as error:
        return fail(str(error))


def _drafted(path: Path, task_type: str, options: Any, how: dict[str, Any], gateway_url: str, fund: bool) -> int:
    key = os.environ.get("PIECEWORK_REQUESTER_KEY")
    if not key:
        return fail("set PIECEWORK_REQUESTER_KEY to the key of the wallet that the batch is to belong to")
    missing = next((name for name in ("title", "instructions", "reward") if how.get(name) is None), None)
    if missing is not None:
        return fail(f"a batch needs --{missing}")
    with Client(gateway_url, key=key) as client:
        draft = client.create_batch(path, task_type=task_type, options=options, show=err.is_terminal, **how)
        err.print(f"{draft.cost}; {draft.pay_per_hour} an hour", highlight=False)
        out.print(draft.batch_id, highlight=False, markup=False)
        if fund:
            draft.fund()
            err.print("funded: workers can begin", highlight=False)
    return 0
