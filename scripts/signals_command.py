"""`piecework signals`: what looks odd about workers, for the gateway's operator."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer(name="signals", help="What looks odd about workers of a batch.", no_args_is_help=True)
_DatabaseUrl = Annotated[
    str,
    typer.Option("--database-url", envvar="PIECEWORK_DATABASE_URL", help="sqlite:///FILE or postgresql://…"),
]


@app.command("list")
def list_open(
    database_url: _DatabaseUrl,
    batch_id: Annotated[str | None, typer.Option("--batch", help="Id of one batch; all by default.")] = None,
) -> None:
    """Print the open signals, a line of JSON each."""
    from scripts.signals import run_list

    raise typer.Exit(run_list(database_url, batch_id))


@app.command()
def close(
    batch_id: Annotated[str, typer.Argument(help="Id of the batch.", metavar="BATCH")],
    worker: Annotated[str, typer.Argument(help="Address that the signal is about.", metavar="WORKER")],
    signal: Annotated[str, typer.Argument(help="Its name, such as too_fast.", metavar="SIGNAL")],
    reason: Annotated[
        str, typer.Option("--reason", help="Why nothing is wrong; the worker and the reviewers read it.")
    ],
    database_url: _DatabaseUrl,
) -> None:
    """Close a signal in place of a reviewer. It stays on record, and comes back if later answers show it anew."""
    from scripts.signals import run_close

    raise typer.Exit(run_close(database_url, batch_id, worker, signal, reason))
