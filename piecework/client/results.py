"""What comes back: how far a batch is, and its labels."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from piecework.files.cells import cell

if TYPE_CHECKING:
    import pandas  # type: ignore[import-untyped]


@dataclass(frozen=True, slots=True)
class Cost:
    """In tokens, exact; what is not spent comes back. `gas_wei` is what the funding transaction costs at most."""

    reward: Decimal
    operator_fee: Decimal
    total: Decimal
    symbol: str
    gas_wei: int

    def __str__(self) -> str:
        return f"{self.total} {self.symbol} ({self.reward} for workers, {self.operator_fee} for the operator)"


@dataclass(frozen=True, slots=True)
class Progress:
    """Counts of assignments (one task, one worker), and of tasks with all their answers."""

    status: str
    assignments: int
    free: int
    claimed: int
    submitted: int
    contestable: int
    disputed: int
    accepted: int
    refunded: int
    tasks: int | None
    tasks_complete: int | None

    @classmethod
    def of(cls, view: Mapping[str, Any]) -> Progress:
        """From `GET /v1/batches/{batch_id}`."""
        own = ("tasks", "tasks_complete")
        counts = {name: view[name] for name in cls.__dataclass_fields__ if name not in own}
        return cls(**counts, **{name: view["progress"][name] for name in own})

    @property
    def decided(self) -> int:
        """Assignments that are paid, rejected or given back."""
        return self.assignments - self.free - self.claimed - self.submitted

    @property
    def is_finished(self) -> bool:
        """Nothing is to be done or decided: every assignment is decided, or nobody can take the free ones any more."""
        return self.claimed == 0 and self.submitted == 0 and (self.free == 0 or self.status == "ended")


@dataclass(frozen=True, slots=True)
class Results(Sequence[Mapping[str, Any]]):
    """Labels, one a task: `task`, `label` and what the policy says of it, such as `confidence`.

    `contents`: what the tasks were, by id. `settlements`: the results files behind the labels, and their transactions.
    """

    labels: tuple[dict[str, Any], ...]
    contents: Mapping[str, Mapping[str, Any]]
    settlements: tuple[dict[str, Any], ...]

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: Any) -> Any:
        return self.labels[index]

    def rows(self) -> Iterator[dict[str, Any]]:
        """One flat row a label: the label's fields first, then the content's, as `content.NAME`."""
        for label in self.labels:
            content = self.contents.get(str(label["task"]), {})
            yield label | {f"content.{name}": value for name, value in content.items()}

    def to_dataframe(self) -> pandas.DataFrame:
        """Raises ImportError with what to install if pandas is not there."""
        try:
            import pandas
        except ImportError:
            raise ImportError("to_dataframe needs pandas: pip install 'piecework[dataframe]'") from None
        return pandas.DataFrame(list(self.rows()))

    def to_csv(self, path: str | Path) -> Path:
        """Values that are no text or number are written as JSON. What a spreadsheet would run is kept as text."""
        rows = list(self.rows())
        names = list(dict.fromkeys(name for row in rows for name in row)) or ["task", "label"]
        with Path(path).open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, names)
            writer.writeheader()
            writer.writerows({name: cell(value) for name, value in row.items()} for row in rows)
        return Path(path)

    def to_jsonl(self, path: str | Path) -> Path:
        """One object a line: the label's fields, and the task's `content`."""
        with Path(path).open("w", encoding="utf-8") as file:
            for label in self.labels:
                content = self.contents.get(str(label["task"]), {})
                file.write(json.dumps(label | {"content": content}, ensure_ascii=False) + "\n")
        return Path(path)
