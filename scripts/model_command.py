"""`piecework model`: models beside the people of a batch."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(name="model", help="Models that answer beside the people of a batch.", no_args_is_help=True)


@app.callback()
def _several() -> None:
    """Models that answer beside the people of a batch."""


@app.command()
def label(
    batch_id: Annotated[str, typer.Argument(help="Id of a batch of yours that asks for labels.", metavar="BATCH")],
    gateway_url: Annotated[str, typer.Option("--gateway-url", help="Address of the gateway.")],
    model: Annotated[
        str, typer.Option("--model", metavar="SOURCE", help="openai:NAME, or sklearn, which learns as labels arrive.")
    ],
    model_url: Annotated[
        str | None, typer.Option("--model-url", help="OpenAI-compatible address as far as /v1.")
    ] = None,
    key_file: Annotated[
        Path | None,
        typer.Option("--model-key-file", metavar="FILE", help="Holds the endpoint's key; else PIECEWORK_MODEL_KEY."),
    ] = None,
    cache: Annotated[
        Path | None,
        typer.Option("--model-cache", metavar="FILE", help="Keeps the endpoint's answers; else model-BATCH.jsonl."),
    ] = None,
    instructions: Annotated[
        str, typer.Option("--model-instructions", help="What the endpoint is told beside title and instructions.")
    ] = "",
    requests: Annotated[
        int, typer.Option("--model-requests", min=1, help="The most requests to the endpoint, retries included.")
    ] = 10_000,
    parallel: Annotated[
        int, typer.Option("--model-parallel", min=1, max=64, help="Requests to the endpoint at a time.")
    ] = 4,
    every: Annotated[
        float | None,
        typer.Option(
            "--every",
            min=0.1,
            metavar="SECONDS",
            help="sklearn: look for new answers so often, till they are decided.",
        ),
    ] = None,
) -> None:
    """Bring a model's answers to the tasks of a batch of yours, by the key in PIECEWORK_REQUESTER_KEY.

    The gateway counts them for labels as one more worker's, as far as people's answers measure them; nobody is paid or
    rejected by them. An endpoint is asked once for each task: do it before people work, because where tasks stop at a
    confidence only later answers measure a model. Run it again to go on where it stopped.
    """
    from scripts.predictions.batch import Wanted, run_model_label

    wanted = Wanted(batch_id, gateway_url, model, model_url, key_file, cache, instructions, requests, parallel, every)
    raise typer.Exit(run_model_label(wanted))
