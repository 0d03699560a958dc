"""Commands about files that people bring and take home: tasks in, results and receipts out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

GatewayUrl = Annotated[str, typer.Option("--gateway-url", help="Address of the gateway.")]


def draft(
    file: Annotated[Path, typer.Argument(help="Tasks: .csv, .tsv, .jsonl, or .json (a list, Label Studio's too).")],
    task_type: Annotated[str, typer.Option("--type", help="A task type, such as choice.")],
    options: Annotated[str, typer.Option("--options", help="The type's options as JSON.")] = "{}",
    gateway_url: Annotated[
        str | None, typer.Option("--gateway-url", help="Address of the gateway; without one the file is only checked.")
    ] = None,
    title: Annotated[str | None, typer.Option("--title", help="What workers read first.")] = None,
    instructions: Annotated[str | None, typer.Option("--instructions", help="What to do, and how.")] = None,
    reward: Annotated[str | None, typer.Option("--reward", help="Tokens for one answer, such as 0.05.")] = None,
    answers_per_task: Annotated[int, typer.Option("--answers-per-task", min=1, help="Workers a task.")] = 3,
    review: Annotated[str, typer.Option("--review", help="The policy that judges answers.")] = "inference",
    column: Annotated[
        list[str] | None, typer.Option("--column", help="COLUMN=FIELD where names differ; repeat for more.")
    ] = None,
    ids: Annotated[str, typer.Option("--ids", help="The column that names tasks.")] = "id",
    known: Annotated[
        str | None,
        typer.Option("--known", help="The column of known answers; ground_truth: Label Studio's true annotations."),
    ] = None,
    encoding: Annotated[str | None, typer.Option("--encoding", help="Such as cp1252; else UTF-8 or UTF-16.")] = None,
    delimiter: Annotated[str | None, typer.Option("--delimiter", help="One sign, or tab; else looked for.")] = None,
    fund: Annotated[bool, typer.Option("--fund", help="Also lock the money, in one transaction.")] = False,
) -> None:
    """Make a batch from a file of tasks, in parts if they are many; run again, only the missing parts are sent.

    Signs in with the key in PIECEWORK_REQUESTER_KEY. Every row that is no task is named, and then nothing is sent.
    """
    from scripts.draft import FileWish, run_draft

    wish = FileWish(file, tuple(column or ()), known, ids, encoding, delimiter)
    words = {"title": title, "instructions": instructions, "reward": reward, "review": review}
    words_and_count = {**words, "answers_per_task": answers_per_task}
    done = run_draft(
        wish, task_type=task_type, options=options, words=words_and_count, gateway_url=gateway_url, fund=fund
    )
    raise typer.Exit(done)


def export(
    batch_id: Annotated[str, typer.Argument(help="A batch with results.")],
    gateway_url: GatewayUrl,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="Ends in .jsonl, .csv, .json or .parquet.")],
    wanted: Annotated[
        str | None,
        typer.Option("--format", help="jsonl, csv, answers-csv, label-studio or parquet; else as the file ends."),
    ] = None,
) -> None:
    """Write a batch's labels and published answers to a file; run again, it goes on where it broke off."""
    from scripts.export import run_export

    raise typer.Exit(run_export(batch_id, gateway_url=gateway_url, out_path=out, wanted=wanted))


def receipts(
    address: Annotated[str, typer.Argument(help="Whose books: a requester, worker, operator or arbitrator.")],
    gateway_url: GatewayUrl,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE.csv", help="Else receipts-ADDRESS.csv.")] = None,
    since: Annotated[str | None, typer.Option("--since", help="First day (UTC), such as 2026-01-01.")] = None,
    until: Annotated[str | None, typer.Option("--until", help="Last day (UTC).")] = None,
) -> None:
    """Write a CSV of all money that came in and went out of an address, with running balances and transactions."""
    from scripts.receipts import run_receipts

    raise typer.Exit(run_receipts(address, gateway_url=gateway_url, out_path=out, since=since, until=until))
