"""The same gateway for programs and notebooks that do not await: each call runs on a loop in a thread of its own."""

from __future__ import annotations

import asyncio
import threading
import weakref
from collections.abc import Coroutine, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from piecework.client.asynchronous import AsyncBatch, AsyncClient, AsyncDraft
from piecework.client.money import Transaction
from piecework.client.results import Cost, Progress, Results
from piecework.client.tasks import Source

T = TypeVar("T")


class _Loop:
    """An event loop in a daemon thread: notebooks have one of their own that cannot be waited on."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="piecework-client", daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        if self._loop.is_closed():
            work.close()
            raise RuntimeError("this client is closed: make a new one")
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result()
        except BaseException:  # Ctrl-C too: the work must not go on unseen
            future.cancel()
            raise

    def stop(self) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()


class Client:
    """As AsyncClient, without `await`. Use it in a `with`, or close it."""

    def __init__(
        self, url: str, *, key: str | None = None, rpc_url: str | None = None, escrow: str | None = None
    ) -> None:
        inner = AsyncClient(url, key=key, rpc_url=rpc_url, escrow=escrow)
        loop = _Loop()
        self._inner = inner
        self._run = loop.run
        self._finish = weakref.finalize(self, _shut, inner, loop)

    def __repr__(self) -> str:
        return repr(self._inner).removeprefix("Async")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """May be called again."""
        self._finish()

    @property
    def address(self) -> str | None:
        """The wallet's; None without a key."""
        return self._inner.address

    def create_batch(
        self,
        tasks: Source,
        *,
        title: str,
        instructions: str,
        task_type: str,
        reward: str | int | Decimal,
        options: Mapping[str, Any] | None = None,
        answers_per_task: int = 3,
        columns: Mapping[str, str] | None = None,
        known: str | None = None,
        ids: str = "id",
        encoding: str | None = None,
        delimiter: str | None = None,
        files: tuple[str, ...] = (),
        review: str | Mapping[str, Any] = "inference",
        show: bool = True,
        **more: Any,
    ) -> Draft:
        """See AsyncClient.create_batch."""
        drafting = self._inner.create_batch(
            tasks,
            title=title,
            instructions=instructions,
            task_type=task_type,
            reward=reward,
            options=options,
            answers_per_task=answers_per_task,
            columns=columns,
            known=known,
            ids=ids,
            encoding=encoding,
            delimiter=delimiter,
            files=files,
            review=review,
            show=show,
            **more,
        )
        return Draft(self, self._run(drafting))

    def batch(self, batch_id: str) -> Batch:
        """A funded batch by its id, whoever funded it."""
        return Batch(self, self._inner.batch(batch_id))

    def upload(self, path: str | Path) -> str:
        """Pins a local file; returns its CID."""
        return self._run(self._inner.upload(path))

    def chain(self) -> dict[str, Any]:
        """What the gateway says of its chain, contracts and token."""
        return self._run(self._inner.chain())

    def balance(self) -> Decimal:
        """Tokens in the wallet's account in the escrow."""
        return self._run(self._inner.balance())

    def withdraw(self, amount: str | int | Decimal | None = None) -> str:
        """Takes tokens out of the escrow into the wallet, all by default; returns the transaction."""
        return self._run(self._inner.withdraw(amount))

    def faucet(self, amount: str | int | Decimal) -> None:
        """Test tokens and gas for the wallet, on development chains alone."""
        self._run(self._inner.faucet(amount))

    def receipts(
        self,
        path: str | Path,
        *,
        address: str | None = None,
        since: date | str | None = None,
        until: date | str | None = None,
    ) -> Path:
        """Writes a CSV of all money that came in and went out of an address; see AsyncClient.receipts."""
        return self._run(self._inner.receipts(path, address=address, since=since, until=until))

    def get(self, path: str, **query: Any) -> Any:
        """Any address of the gateway's API as JSON."""
        return self._run(self._inner.get(path, **query))


class Draft:
    """As AsyncDraft, without `await`."""

    def __init__(self, client: Client, inner: AsyncDraft) -> None:
        self._client = client
        self._inner = inner

    def __repr__(self) -> str:
        return repr(self._inner).removeprefix("Async")

    @property
    def batch_id(self) -> str:
        return self._inner.batch_id

    @property
    def cost(self) -> Cost:
        return self._inner.cost

    @property
    def pay_per_hour(self) -> Decimal:
        """Tokens, by the stated time a task."""
        return self._inner.pay_per_hour

    def fund(self) -> Batch:
        """Locks the money in one transaction of the client's wallet. Raises FundingFailed."""
        return Batch(self._client, self._client._run(self._inner.fund()))

    def transactions(self) -> list[Transaction]:
        """What a wallet elsewhere sends to fund, in this order."""
        return self._client._run(self._inner.transactions())


class Batch:
    """As AsyncBatch, without `await`."""

    def __init__(self, client: Client, inner: AsyncBatch) -> None:
        self._client = client
        self._inner = inner

    def __repr__(self) -> str:
        return repr(self._inner).removeprefix("Async")

    @property
    def batch_id(self) -> str:
        return self._inner.batch_id

    def view(self) -> dict[str, Any]:
        """Everything the gateway says of it."""
        return self._client._run(self._inner.view())

    def progress(self) -> Progress:
        return self._client._run(self._inner.progress())

    def wait(self, *, timeout_seconds: float | None = None, poll_seconds: float = 2.0, show: bool = True) -> Progress:
        """Until nothing is left to do or to decide, with a progress bar. Raises StillWaiting."""
        waiting = self._inner.wait(timeout_seconds=timeout_seconds, poll_seconds=poll_seconds, show=show)
        return self._client._run(waiting)

    def results(self) -> Results:
        """The labels so far."""
        return self._client._run(self._inner.results())

    def report(self) -> dict[str, Any]:
        """Accuracy with its interval, cost, agreement, and what to ask again."""
        return self._client._run(self._inner.report())

    def export(self, path: str | Path, *, format: str | None = None, show: bool = True) -> Path:
        """Labels and published answers in a file; see AsyncBatch.export."""
        return self._client._run(self._inner.export(path, format=format, show=show))

    def close(self) -> str:
        """Stops new claims; returns the transaction."""
        return self._client._run(self._inner.close())


def _shut(inner: AsyncClient, loop: _Loop) -> None:
    loop.run(inner.close())
    loop.stop()
