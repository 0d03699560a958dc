"""How commands speak: results on standard output, progress and errors on standard error."""

from __future__ import annotations

import logging
import sys

import structlog
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

out = Console(soft_wrap=True)
err = Console(stderr=True, soft_wrap=True)


def progress_bars() -> Progress:
    """Bars on standard error; plain terminals get none."""
    columns = (TextColumn("{task.description:<28}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=err, disable=not err.is_terminal)


def fail(message: str) -> int:
    """Prints an error and returns the exit code 1."""
    err.print(f"[red]error:[/red] {escape(message)}", highlight=False)
    return 1


def log_to_stderr() -> None:
    """Structured lines for long-running programs."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
