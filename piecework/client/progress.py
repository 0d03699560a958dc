"""How far a batch is, as a bar in a terminal or a notebook."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from piecework.client.results import Progress


class ProgressBar:
    """Shows assignments that are decided of all; on standard output, and only if wanted."""

    def __init__(self, *, shown: bool) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self._bar = Bar(*columns, disable=not shown)
        self._task = self._bar.add_task("waiting for workers", total=None)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def show(self, progress: Progress) -> None:
        words = f"{progress.claimed} in work, {progress.submitted} in review"
        done = progress.assignments if progress.is_finished else progress.decided
        self._bar.update(
            self._task, description=words, completed=done, total=progress.assignments, refresh=progress.is_finished
        )


class CountBar:
    """Shows so many of so many."""

    def __init__(self, words: str, *, shown: bool) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self._bar = Bar(*columns, disable=not shown)
        self._task = self._bar.add_task(words, total=None)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def show(self, done: int, total: int) -> None:
        self._bar.update(self._task, completed=done, total=total, refresh=done == total)
