"""`piecework index`."""

from __future__ import annotations

import signal
import threading
from types import FrameType

from rich.progress import TaskID

from indexer.errors import IndexerError
from indexer.follower import Step
from indexer.run import IndexerSettings, run_indexer
from piecework.chain.errors import ChainError
from piecework.domain.ids import parse_address
from scripts.terminal import fail, log_to_stderr, progress_bars


def run_index(
    rpc_url: str, database_url: str, escrow: str, *, credentials: str | None, from_block: int, once: bool
) -> int:
    """Exit code 0 at the head or on SIGTERM, 1 with an error that says what to do."""
    log_to_stderr()
    stop = threading.Event()

    def ask_to_stop(_: int, __: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, ask_to_stop)
    signal.signal(signal.SIGINT, ask_to_stop)
    try:
        settings = IndexerSettings(
            rpc_url,
            database_url,
            parse_address(escrow),
            credentials=parse_address(credentials) if credentials else None,
            start_block=from_block,
        )
        with progress_bars() as bars:
            task: TaskID | None = bars.add_task("blocks", total=None) if once else None

            def show(step: Step) -> None:
                if task is not None:
                    bars.update(task, completed=step.block_number, total=step.head)

            run_indexer(settings, once=once, stop=stop, progress=show)
    except (IndexerError, ChainError, ValueError) as error:
        return fail(str(error))
    return 0
