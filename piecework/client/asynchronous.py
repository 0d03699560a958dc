"""A requester's gateway from a program that awaits."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from eth_account import Account
from eth_account.signers.local import LocalAccount

from piecework.client import exports, uploads
from piecework.client.amounts import to_tokens, to_units
from piecework.client.errors import (
    FundingFailed,
    GatewayRefused,
    NotWhatWasAsked,
    PieceworkError,
    StillWaiting,
    TasksRefused,
)
from piecework.client.money import Money, Transaction
from piecework.client.progress import CountBar, ProgressBar
from piecework.client.results import Cost, Progress, Results
from piecework.client.tasks import Source, TaskList, read_tasks
from piecework.client.transport import Transport
from piecework.client.wishes import Wish
from piecework.domain.messages import BatchKey, Domain, Terms
from piecework.domain.task_types import TaskTypeError, build_answer_schema

INDEXED_SECONDS = 60.0


class AsyncClient:
    """One gateway, asked in the name of one wallet.

    `url`: the gateway's address. `key`: the wallet's private key in hex; without one the client only reads, and
    drafts are funded by another wallet (`address` names it). `rpc_url`: a node of the chain, needed to fund unless the
    gateway tells one. `escrow`: the contract that is trusted with the money; the gateway's word for it by default.
    """

    def __init__(
        self, url: str, *, key: str | None = None, rpc_url: str | None = None, escrow: str | None = None
    ) -> None:
        self._account = _account(key)
        self._http = Transport(url, self._account)
        self._rpc_url = rpc_url
        self._escrow = escrow
        self._chain: dict[str, Any] | None = None
        self._money: Money | None = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._http.url!r}, address={self.address!r})"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        await self._http.close()

    @property
    def address(self) -> str | None:
        """The wallet's; None without a key."""
        return str(self._account.address) if self._account else None

    async def create_batch(
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
    ) -> AsyncDraft:
        """Drafts a batch: the gateway pins it and says what it costs; nothing is paid yet.

        `tasks`: a file, a list of mappings, or a DataFrame (see `read_tasks` for what it may be, and for `columns`,
        `known`, `ids`, `encoding` and `delimiter`). Many go in parts, with a progress bar if `show`: called again after
        it was cut off, it sends the parts that are missing. `files`: fields of the content whose values are paths of
        local files, which are uploaded. `reward`: tokens for one answer, as text like "0.05". `review`: a policy's
        name, or its fields. `more`: further fields of a draft as the gateway's description of `POST /v1/batches` has
        them, such as `languages`.
        Raises TasksRefused, AmountRefused, GatewayRefused, NotWhatWasAsked.
        """
        if self._account is None:
            raise PieceworkError("a draft belongs to a wallet: make the client with its key")
        chain = await self.chain()
        how: dict[str, Any] = {"columns": columns, "known": known, "ids": ids}
        how |= {"encoding": encoding, "delimiter": delimiter, "schema": _schema(task_type, options, more)}
        if files:
            listed = await self._with_files(tasks, task_type, files, how)
        else:
            listed = await asyncio.to_thread(read_tasks, tasks, task_type, **how)
        wish = Wish(
            tasks=listed,
            title=title,
            instructions=instructions,
            task_type=task_type,
            options=options,
            reward_units=to_units(reward, chain["token"]["decimals"]),
            answers_per_task=answers_per_task,
            review={"policy": review} if isinstance(review, str) else review,
            more=more,
        )
        await self._http.sign_in(chain["chain_id"])
        upload_id = None
        if uploads.is_large(listed):
            with CountBar("sending tasks", shown=show) as bar:
                upload_id = await uploads.send(self._http, listed, bar.show)
        draft = await self._http.post("/v1/batches", wish.body(upload_id))
        manifest = await self._http.get(f"/v1/batches/{draft['batch_id']}/manifest")
        key = wish.check(draft, self._account.address, self._domain(chain), manifest)
        return AsyncDraft(self, wish, draft, key, chain)

    def batch(self, batch_id: str) -> AsyncBatch:
        """A funded batch by its id, whoever funded it."""
        return AsyncBatch(self, batch_id)

    async def upload(self, path: str | Path) -> str:
        """Pins a local file, such as a picture; returns its CID, which tasks can name."""
        chain = await self.chain()
        try:
            data = await asyncio.to_thread(Path(path).read_bytes)
        except OSError as error:
            raise TasksRefused(f"{path} cannot be read: {error.strerror}") from None
        await self._http.sign_in(chain["chain_id"])
        return await self._http.upload(data)

    async def chain(self) -> dict[str, Any]:
        """What the gateway says of its chain, contracts and token."""
        if self._chain is None:
            self._chain = await self._http.get("/v1/chain")
            named = self._escrow
            if named is not None and named.lower() != str(self._chain["escrow"]).lower():
                found, self._chain = self._chain["escrow"], None
                raise NotWhatWasAsked(f"the gateway serves the escrow {found}, not {named}")
        return self._chain

    async def balance(self) -> Decimal:
        """Tokens in the wallet's account in the escrow: refunds and deposits that are not spent."""
        chain = await self.chain()
        if self.address is None:
            raise PieceworkError("a client without a key has no account")
        view = await self._http.get(f"/v1/accounts/{self.address}")
        return to_tokens(int(view["owed_units"]), chain["token"]["decimals"])

    async def withdraw(self, amount: str | int | Decimal | None = None) -> str:
        """Takes tokens, all by default, out of the escrow into the wallet; returns the transaction.

        Raises FundingFailed.
        """
        chain = await self.chain()
        units = None if amount is None else to_units(amount, chain["token"]["decimals"])
        money = await self.money()
        transaction, block = await asyncio.to_thread(money.withdraw, self._signer(), units)
        await self.until_indexed(block)
        return transaction

    async def faucet(self, amount: str | int | Decimal) -> None:
        """Test tokens and gas for the wallet, on development chains alone. Raises GatewayRefused elsewhere."""
        chain = await self.chain()
        units = to_units(amount, chain["token"]["decimals"])
        body = {"address": self._signer().address, "amount_units": str(units), "native": True}
        for intent_id in (await self._http.post("/v1/faucet", body))["intent_ids"]:
            await self._until_confirmed(intent_id)

    async def _until_confirmed(self, intent_id: str) -> None:
        deadline = time.monotonic() + INDEXED_SECONDS
        while True:
            found = await self._http.get(f"/v1/intents/{intent_id}")
            if found["status"] == "confirmed":
                return
            if found["status"] in ("failed", "skipped"):
                raise GatewayRefused(409, found["error"]["code"], found["error"]["detail"])
            if time.monotonic() > deadline:
                raise StillWaiting(f"intent {intent_id} is not on chain yet")
            await asyncio.sleep(0.1)

    async def receipts(
        self,
        path: str | Path,
        *,
        address: str | None = None,
        since: date | str | None = None,
        until: date | str | None = None,
    ) -> Path:
        """Writes a CSV of all money that came in and went out of an address, the wallet's by default.

        `since` and `until` are days in UTC, both with their day; the running balances count what was before, too.
        Raises GatewayRefused.
        """
        whose = address or self.address
        if whose is None:
            raise PieceworkError("say whose receipts: address=, or make the client with a key")
        await self._http.download(f"/v1/accounts/{whose}/receipts.csv", Path(path), since=since, until=until)
        return Path(path)

    async def _with_files(
        self, source: Source, task_type: str, files: tuple[str, ...], how: Mapping[str, Any]
    ) -> TaskList:
        """Uploads each local file once, and puts its CID in its place."""
        listed = read_tasks(source, None, **how)
        pinned: dict[str, str] = {}
        for task in listed.tasks:
            for name in files:
                path = task["content"].get(name)
                if not isinstance(path, str):
                    raise TasksRefused(f"task {task['id']} has no path in {name!r}")
                if path not in pinned:
                    pinned[path] = await self.upload(path)
                task["content"][name] = pinned[path]
        return read_tasks([{"id": t["id"], "content": t["content"]} for t in listed.tasks], task_type).with_known(
            listed.known
        )

    def _domain(self, chain: Mapping[str, Any]) -> Domain:
        return Domain(int(chain["chain_id"]), str(chain["escrow"]))

    def _signer(self) -> LocalAccount:
        if self._account is None:
            raise PieceworkError("only a client with a key can sign: Client(url, key=...)")
        return self._account

    async def money(self) -> Money:
        """The escrow on the node. Raises FundingFailed if no node is known."""
        if self._money is None:
            chain = await self.chain()
            url = self._rpc_url or chain["rpc_url"]
            if url is None:
                raise FundingFailed("the gateway tells no node: give the client the rpc_url of one")
            self._money = await asyncio.to_thread(Money, url, str(chain["escrow"]), int(chain["chain_id"]))
        return self._money

    async def until_indexed(self, block: int) -> None:
        """Until the gateway has seen a block. Raises StillWaiting."""
        deadline = time.monotonic() + INDEXED_SECONDS
        while (await self._http.get("/v1/chain"))["indexed_block"] < block:
            if time.monotonic() > deadline:
                raise StillWaiting(f"the gateway has not seen block {block} yet: the money is safe, ask again later")
            await asyncio.sleep(0.2)

    async def get(self, path: str, **query: Any) -> Any:
        """Any address of the gateway's API, such as `/v1/batches`, as JSON."""
        return await self._http.get(path, **query)


class AsyncDraft:
    """A batch that is pinned and not paid for. What it says was checked against what was asked for."""

    def __init__(
        self, client: AsyncClient, wish: Wish, view: Mapping[str, Any], key: BatchKey, chain: Mapping[str, Any]
    ) -> None:
        self._client = client
        self._key = key
        self._reserve_units = int(wish.more.get("reserve_units", 0))
        self.batch_id: str = view["batch_id"]
        self.assignments = wish.assignments
        decimals = chain["token"]["decimals"]
        terms = key.terms
        self.cost = Cost(
            reward=to_tokens(terms.reward * wish.assignments, decimals),
            operator_fee=to_tokens(terms.operatorFee * wish.assignments, decimals),
            total=to_tokens(terms.unit_cost_units * wish.assignments, decimals),
            symbol=chain["token"]["symbol"],
            gas_wei=int(view["cost"]["gas"]["most_wei"]),
        )
        self.pay_per_hour = to_tokens(int(view["pay_per_hour_units"]), decimals)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.batch_id}, {self.assignments} assignments, {self.cost})"

    async def fund(self) -> AsyncBatch:
        """Locks the money in one transaction of the client's wallet. Raises FundingFailed; then nothing was spent."""
        money = await self._client.money()
        signer = self._client._signer()
        _, block = await asyncio.to_thread(money.fund, signer, self._key, self.assignments, self._reserve_units)
        await self._client.until_indexed(block)
        return AsyncBatch(self._client, self.batch_id)

    async def transactions(self) -> list[Transaction]:
        """What a wallet elsewhere (hardware, multisig) sends to fund, in this order; maybe an approval first."""
        money = await self._client.money()
        return await asyncio.to_thread(money.transactions, self._key, self.assignments, self._reserve_units)


class AsyncBatch:
    """A funded batch."""

    def __init__(self, client: AsyncClient, batch_id: str) -> None:
        self._client = client
        self.batch_id = batch_id

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.batch_id})"

    async def view(self) -> dict[str, Any]:
        """Everything the gateway says of it. Raises GatewayRefused (`batch_unknown`)."""
        found: dict[str, Any] = await self._client.get(f"/v1/batches/{self.batch_id}")
        return found

    async def progress(self) -> Progress:
        return Progress.of(await self.view())

    async def wait(
        self, *, timeout_seconds: float | None = None, poll_seconds: float = 2.0, show: bool = True
    ) -> Progress:
        """Until nothing is left to do or to decide, with a progress bar. Raises StillWaiting."""
        deadline = None if timeout_seconds is None else time.monotonic() + timeout_seconds
        with ProgressBar(shown=show) as bar:
            while True:
                now = await self.progress()
                bar.show(now)
                if now.is_finished:
                    return now
                if deadline is not None and time.monotonic() > deadline:
                    raise StillWaiting(f"{now.decided} of {now.assignments} assignments are decided: wait again later")
                await asyncio.sleep(poll_seconds)

    async def results(self) -> Results:
        """The labels so far. Empty before the first settlement."""
        try:
            found = await self._client.get(f"/v1/batches/{self.batch_id}/results")
        except GatewayRefused as refusal:
            if refusal.code != "results_not_ready":
                raise
            found = {"labels": [], "settlements": []}
        manifest = await self._client.get(f"/v1/batches/{self.batch_id}/manifest")
        contents = {task["id"]: task["content"] for task in manifest["tasks"]}
        return Results(tuple(found["labels"]), contents, tuple(found["settlements"]))

    async def report(self) -> dict[str, Any]:
        """Accuracy with its interval, cost, agreement, and what to ask again."""
        found: dict[str, Any] = await self._client.get(f"/v1/batches/{self.batch_id}/report")
        return found

    async def export(self, path: str | Path, *, format: str | None = None, show: bool = True) -> Path:
        """Every task's label and the published answers in a file, with a progress bar.

        `format`: `jsonl`, `csv` (a row a task), `answers-csv`, `label-studio` (beside it the interface as `NAME.xml`)
        or `parquet`; by default what the file's ending says. Called again, it goes on where it broke off.
        Raises GatewayRefused, GatewayUnreachable, ExportRefused, OSError.
        """
        target = Path(path)
        kind = exports.format_of(target, format)
        view = await self.view()
        part = exports.Part.beside(target, self.batch_id)
        with CountBar("fetching results", shown=show) as bar:
            await exports.fetch(self._client._http, self.batch_id, part, bar.show)
        url = f"{self._client._http.url}/v1/payloads"
        await asyncio.to_thread(exports.write, part, target, kind, view, url)
        return target

    async def close(self) -> str:
        """Stops new claims; what is free comes back to the escrow account. Returns the transaction."""
        view = await self.view()
        money = await self._client.money()
        key = BatchKey(view["requester"], view["salt"], Terms.from_json(view["terms"]))
        money.check_key(self.batch_id, key)
        transaction, block = await asyncio.to_thread(money.close, self._client._signer(), key)
        await self._client.until_indexed(block)
        return transaction


def _schema(task_type: str, options: Mapping[str, Any] | None, more: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Of one answer, to read known answers by; None if the options are none: the gateway says why."""
    if more.get("answer_schema") is not None:
        return dict(more["answer_schema"])
    try:
        return build_answer_schema(task_type, dict(options or {}))
    except TaskTypeError:
        return None


def _account(key: str | None) -> LocalAccount | None:
    if key is None:
        return None
    try:
        found: LocalAccount = Account.from_key(key)
    except (ValueError, TypeError):
        raise PieceworkError("the key is no private key: 32 bytes in hex") from None  # and is not repeated here
    return found
