"""Labels of the batches that were exported last: a results file is read once, not for every part of an export."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Callable, Sequence
from threading import Lock
from typing import Any

from piecework.domain.ids import Cid
from piecework.domain.labels import labels_of

_KEPT = 2
Labels = dict[str, str]
"""By task, `label` and `confidence` as JSON: a tenth of what objects take."""


class LabelBook:
    """Keeps those of few batches; a batch has at most 50,000 tasks."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: OrderedDict[tuple[str, ...], Labels] = OrderedDict()

    def has(self, digests: Sequence[str]) -> bool:
        """Whether their labels are kept: then they cost nothing."""
        with self._lock:
            return tuple(digests) in self._kept

    def labels(self, digests: Sequence[str], fetch: Callable[[Cid], bytes]) -> Labels:
        """Of all results files together: a later one's label of a task replaces an earlier one's.

        Raises CidMismatch, DocumentError, and what `fetch` raises.
        """
        key = tuple(digests)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        found: Labels = {}
        for digest in digests:
            for label in labels_of(digest, fetch):
                found[label["task"]] = json.dumps({"label": label["label"], "confidence": label["confidence"]})
        with self._lock:
            self._kept[key] = found
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return found


def label_of(labels: Labels, task_id: str) -> dict[str, Any] | None:
    """None if the task is undecided."""
    text = labels.get(task_id)
    found: dict[str, Any] | None = json.loads(text) if text else None
    return found
