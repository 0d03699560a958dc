"""The `piecework` command. Each subcommand lives in a file of its own and imports what it needs when it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scripts.file_commands import draft, export, receipts
from scripts.model_command import app as model_app
from scripts.signals_command import app as signals_app

app = typer.Typer(
    name="piecework",
    help="An open market for micro-tasks whose money, reputation and audit trail live on a blockchain.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.add_typer(model_app)
app.add_typer(signals_app)

for command in (draft, export, receipts):
    app.command()(command)

RpcUrl = Annotated[str, typer.Option("--rpc-url", envvar="PIECEWORK_RPC_URL", help="JSON-RPC URL of a node.")]
Escrow = Annotated[str, typer.Option("--escrow", envvar="PIECEWORK_ESCROW_ADDRESS", help="Address of the TaskEscrow.")]
Credentials = Annotated[
    str | None,
    typer.Option(
        "--credentials", envvar="PIECEWORK_CREDENTIALS_ADDRESS", help="Address of the registry of qualifications."
    ),
]
DatabaseUrl = Annotated[
    str,
    typer.Option("--database-url", envvar="PIECEWORK_DATABASE_URL", help="sqlite:///FILE or postgresql://…"),
]


@app.command()
def up(
    data_dir: Annotated[Path, typer.Option("--data-dir", help="Folder for chain state, database, payloads and logs.")],
    rpc_url: Annotated[
        str | None, typer.Option("--rpc-url", help="A development node to use instead of anvil.")
    ] = None,
    port: Annotated[int, typer.Option("--port", help="Port of the gateway; 0 takes a free one.")] = 8420,
    database_url: Annotated[
        str | None,
        typer.Option("--database-url", help="A database of its own on PostgreSQL, instead of SQLite in the folder."),
    ] = None,
    practice: Annotated[
        bool, typer.Option("--practice", help="Keep an easy batch open that pays at once, to try the web app with.")
    ] = False,
    in_memory: Annotated[
        bool,
        typer.Option("--in-memory", help="Write no chain state: faster, for a folder that is thrown away at the end."),
    ] = False,
) -> None:
    """Run the whole stack on this machine until SIGTERM or Ctrl-C.

    Writes DATA_DIR/stack.json when everything answers. Started again on the same folder it goes on where it stopped.
    """
    from scripts.stack.up import run_stack

    raise typer.Exit(
        run_stack(
            data_dir, rpc_url=rpc_url, port=port, database_url=database_url, practice=practice, in_memory=in_memory
        )
    )


@app.command()
def demo(
    data_dir: Annotated[
        Path | None, typer.Option("--data-dir", help="Folder of the stack; a new one by default.")
    ] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the stack running at the end, until Ctrl-C.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Label 300 scanned digits with 20 simulated workers, from funding to the audit.

    Workers, requester and reviewers are wallets that speak only the public HTTP API.
    """
    from scripts.demo import run_demo

    raise typer.Exit(run_demo(data_dir, keep=keep, as_json=as_json))


@app.command()
def replay(
    folder: Annotated[Path, typer.Argument(help="Folder with answers.csv, truth.csv and, if there, tasks.csv.")],
    gateway_url: Annotated[
        str | None, typer.Option("--gateway-url", help="Gateway of a running development stack; else one is started.")
    ] = None,
    target_confidence: Annotated[
        float | None,
        typer.Option(
            "--target-confidence", help="Ask for an answer only where it pays, until each label is this sure."
        ),
    ] = None,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="Only the first so many tasks.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Play a real crowd's answers through the whole system: each worker a wallet, each answer paid on chain.

    With --target-confidence the gateway asks for answers until its labels are sure, and what was not needed goes back.

    A worker's second answer to a task is left out, and counted. Of texts the answer that agrees best is the label.
    """
    from scripts.replay import run_replay

    done = run_replay(
        folder, gateway_url=gateway_url, as_json=as_json, target_confidence=target_confidence, limit=limit
    )
    raise typer.Exit(done)


@app.command()
def deploy(
    rpc_url: RpcUrl,
    token: Annotated[
        str | None, typer.Option("--token", help="Payment token; a test token on development chains.")
    ] = None,
    arbitrator: Annotated[
        list[str] | None, typer.Option("--arbitrator", help="Allowed arbitrator; repeat for more.")
    ] = None,
    juror: Annotated[
        list[str] | None,
        typer.Option("--juror", help="Juror of an arbitration panel to deploy; repeat for more."),
    ] = None,
    juror_threshold: Annotated[
        int | None, typer.Option("--juror-threshold", min=1, help="Votes that make a ruling; a majority by default.")
    ] = None,
    juror_fee_units: Annotated[
        int, typer.Option("--juror-fee-units", min=0, help="Smallest dispute fee that the panel rules for.")
    ] = 10_000,
) -> None:
    """Deploy the escrow and the registry of qualifications with the key in PIECEWORK_DEPLOYER_KEY.

    Prints their addresses as JSON. Jurors make an arbitration panel, which is then the first arbitrator.
    """
    from scripts.deploy import PanelWish, run_deploy

    panel = PanelWish(juror or [], juror_threshold, juror_fee_units)
    raise typer.Exit(run_deploy(rpc_url, token=token, arbitrators=arbitrator or [], panel=panel))


@app.command()
def index(
    rpc_url: RpcUrl,
    database_url: DatabaseUrl,
    escrow: Escrow,
    credentials: Credentials = None,
    from_block: Annotated[int, typer.Option("--from-block", min=0, help="Block of the escrow's creation.")] = 0,
    once: Annotated[bool, typer.Option("--once", help="Stop at the head, with a progress bar.")] = False,
) -> None:
    """Follow the escrow's events, and those of the registry of qualifications if given, into SQL."""
    from scripts.index import run_index

    done = run_index(rpc_url, database_url, escrow, credentials=credentials, from_block=from_block, once=once)
    raise typer.Exit(done)


@app.command()
def serve(
    host: Annotated[str, typer.Option("--host", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", help="Port to listen on.")] = 8420,
) -> None:
    """Serve the gateway. Its settings are the PIECEWORK_… variables; see docs/gateway.md."""
    from scripts.serve import run_serve

    raise typer.Exit(run_serve(host, port))


@app.command()
def audit(
    rpc_url: RpcUrl,
    escrow: Escrow,
    payloads: Annotated[str | None, typer.Option("--payloads", help="Gateway that serves pinned files.")] = None,
    credentials: Credentials = None,
    from_block: Annotated[int, typer.Option("--from-block", min=0, help="First block to read.")] = 0,
    labels: Annotated[
        bool,
        typer.Option("--labels", help="Only logs and files: labels, skills and verdicts; not the contract's views."),
    ] = False,
    disclosure_key_file: Annotated[
        Path | None,
        typer.Option(
            "--disclosure-key-file",
            help="Keys, one a line, that open sealed known answers; - reads standard input. PIECEWORK_DISCLOSURE_KEYS "
            "may hold keys too.",
        ),
    ] = None,
    enrolment_receipts: Annotated[
        Path | None,
        typer.Option("--enrolment-receipts", help="Reviewers' receipts, a line of JSON each: was one left out?"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Rebuild every balance and record from logs and pinned files alone, and compare with the contract.

    Exit code 0: clean. 1: something differs. 2: something could not be checked.
    """
    from scripts.audit import run_audit

    done = run_audit(
        rpc_url,
        escrow,
        payloads=payloads,
        from_block=from_block,
        as_json=as_json,
        labels_only=labels,
        credentials=credentials,
        disclosure_key_file=disclosure_key_file,
        enrolment_receipts=enrolment_receipts,
    )
    raise typer.Exit(done)


@app.command("disclosure-key")
def disclosure_key(
    batch_id: Annotated[str, typer.Argument(help="A batch with known answers that was drafted at the gateway.")],
    gateway_url: Annotated[str, typer.Option("--gateway-url", help="Gateway where the batch was drafted.")],
    out: Annotated[
        Path | None, typer.Option("--out", help="File to add the key to, readable by its owner alone.")
    ] = None,
) -> None:
    """Fetch the key that opens a batch's sealed known answers, and check that it does.

    Signs in with the requester's key in PIECEWORK_REQUESTER_KEY; without it only a key that is public can be had.
    """
    from scripts.disclosure_key import run_disclosure_key

    raise typer.Exit(run_disclosure_key(batch_id, gateway_url=gateway_url, out_path=out))


@app.command()
def reindex(database_url: DatabaseUrl) -> None:
    """Build the index that search reads again, from the mirror; a running gateway fetches the manifests again."""
    from scripts.reindex import run_reindex

    raise typer.Exit(run_reindex(database_url))


@app.command("operator-log")
def operator_log(database_url: DatabaseUrl) -> None:
    """Print what operators did: starts of gateways, rebuilt indexes, closed signals; exit 1 if it was changed."""
    from scripts.operator_log import run_operator_log

    raise typer.Exit(run_operator_log(database_url))


pins = typer.Typer(name="pins", help="Files that must stay on IPFS.", no_args_is_help=True)
app.add_typer(pins)


@pins.command("audit")
def pins_audit(
    database_url: DatabaseUrl,
    payload_store: Annotated[
        str,
        typer.Option("--payload-store", envvar="PIECEWORK_PAYLOAD_STORE", help="embedded:DIR, a multiaddr, or a Kubo."),
    ],
    pinning_url: Annotated[
        str | None,
        typer.Option("--pinning-url", envvar="PIECEWORK_PINNING_URL", help="A Pinning Service API with a second copy."),
    ] = None,
    pinning_token_file: Annotated[
        str | None,
        typer.Option("--pinning-token-file", envvar="PIECEWORK_PINNING_TOKEN_FILE", help="File with its access token."),
    ] = None,
    repair: Annotated[bool, typer.Option("--repair", help="Bring back what can be had from elsewhere.")] = False,
    wait_seconds: Annotated[
        float, typer.Option("--wait-seconds", min=0, help="How long the service may take for new copies.")
    ] = 120.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Read every file that the chain names or the store has pinned, hash it again, and look for its second copy.

    With --repair what is missing or damaged is made anew from the database or fetched from the IPFS network, and what
    the service has not is asked for again.

    Exit code 0: all is there, or is again. 1: something is missing. 2: something could not be checked.
    """
    from scripts.pins import run_pins_audit

    done = run_pins_audit(
        database_url,
        payload_store,
        pinning_url=pinning_url,
        pinning_token_file=pinning_token_file,
        repair=repair,
        wait_seconds=wait_seconds,
        as_json=as_json,
    )
    raise typer.Exit(done)


@app.command()
def infer(
    answers: Annotated[Path, typer.Argument(help="CSV with the columns task, worker, answer.", metavar="ANSWERS.csv")],
    truth: Annotated[
        Path | None,
        typer.Option("--truth", metavar="TRUTH.csv", help="CSV with task, truth; read after inference, only to score."),
    ] = None,
    labels: Annotated[
        Path | None, typer.Option("--labels", metavar="FILE", help="Write task,label,confidence here.")
    ] = None,
    kind: Annotated[
        str, typer.Option("--kind", help="choice, number, text, pairs or boxes; auto looks at them.")
    ] = "auto",
    model: Annotated[
        str,
        typer.Option(
            "--model", help="confusion, one_coin, weighted, majority or plurality; auto weighs by held-out answers."
        ),
    ] = "auto",
    adaptive: Annotated[
        bool,
        typer.Option("--adaptive", help="Buy the answers one by one, only where they tell most; answers_used counts."),
    ] = False,
    confidence: Annotated[
        float, typer.Option("--confidence", help="With --adaptive: a task stops when its label is this sure.")
    ] = 0.98,
    budget: Annotated[
        float, typer.Option("--budget", help="With --adaptive: the share of all answers that may be bought.")
    ] = 1.0,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Makes every random choice repeatable.")] = 0,
    report: Annotated[
        Path | None,
        typer.Option("--report", metavar="FILE.html", help="Write a page for people: accuracy, agreement, charts."),
    ] = None,
    with_model: Annotated[
        str | None,
        typer.Option(
            "--with-model",
            metavar="SOURCE",
            help="A model that answers beside the people: file:PREDICTIONS.csv (task,label,confidence), openai:NAME,"
            " or sklearn.",
        ),
    ] = None,
    least_people: Annotated[
        int,
        typer.Option(
            "--least-people",
            min=0,
            help="With --with-model --adaptive: people who answer even what the model is sure of.",
        ),
    ] = 2,
    tasks: Annotated[
        Path | None,
        typer.Option("--tasks", metavar="TASKS.csv", help="What workers saw: task and more columns (openai, sklearn)."),
    ] = None,
    model_url: Annotated[
        str | None,
        typer.Option(
            "--model-url", help="OpenAI-compatible address as far as /v1; its key stands in PIECEWORK_MODEL_KEY."
        ),
    ] = None,
    model_instructions: Annotated[
        str, typer.Option("--model-instructions", help="What the endpoint is told beside the labels.")
    ] = "",
    model_cache: Annotated[
        Path | None,
        typer.Option("--model-cache", metavar="FILE", help="Keeps the endpoint's answers: run again to go on."),
    ] = None,
    model_requests: Annotated[
        int, typer.Option("--model-requests", min=1, help="The most requests to the endpoint, retries included.")
    ] = 10_000,
    model_parallel: Annotated[
        int, typer.Option("--model-parallel", min=1, max=64, help="Requests to the endpoint at a time.")
    ] = 4,
    answer_cost: Annotated[
        float | None,
        typer.Option(
            "--answer-cost", min=0, help="With --with-model: what one answer costs, to report the saved cost."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Find the truth that a crowd's answers point to, and how good each worker is.

    Example: piecework infer answers.csv --truth truth.csv --json

    With --adaptive the file is a shop: the policy chooses which answer to buy next, sees no other, and stops early.

    With --with-model a model's answers join as one more worker, trusted as far as people's answers measure it and no
    further; the report has its measured accuracy and the answers that it saves. With --adaptive too, people get what
    it is unsure of. An endpoint: --with-model openai:NAME --model-url URL --tasks TASKS.csv. A classifier that learns
    from people's labels: --with-model sklearn --tasks TASKS.csv.

    The answers may be labels of any kind, numbers (a robust weighted mean is taken), free text (the answer that
    agrees best with the others is taken), comparisons (columns left, right, worker, answer; a ranking) or boxes. The
    report holds accuracy (when truth is given), answers_used, seconds of inference alone, the method with its
    parameters, and each worker's skill. See docs/quality.md for the methods.
    """
    from scripts.infer import run_infer
    from scripts.predictions.opening import Wishes, source_of

    wishes = None
    if with_model:
        wishes = Wishes(
            with_model, seed, tasks, model_url, model_instructions, model_cache, model_requests, model_parallel
        )
    raise typer.Exit(
        run_infer(
            answers,
            truth_path=truth,
            labels_path=labels,
            kind=kind,
            model=model,
            seed=seed,
            adaptive=(confidence, budget) if adaptive else None,
            as_json=as_json,
            least_people=least_people,
            report_path=report,
            source=source_of(wishes) if wishes else None,
            answer_cost=answer_cost,
        )
    )


def main() -> None:
    """Entry of the console script."""
    app()


if __name__ == "__main__":
    main()
