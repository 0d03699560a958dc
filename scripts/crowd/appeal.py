"""A staged appeal: a careless reviewer rejects right answers, their worker appeals, three jurors rule.

The carelessness is acted, and the report says so; all the rest is what happens after any wrong rejection.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from rich.progress import Progress, TaskID

from scripts.crowd import requester, worker
from scripts.crowd.api import Api, Json
from scripts.crowd.juror import Juror
from scripts.crowd.wallet import Node, Wallet

_STEPS = 6


class AppealFailed(Exception):
    """The appeal did not end as it should; the message says what was seen."""


@dataclass(frozen=True)
class AppealOutcome:
    """What happened, as read from the public API and the node."""

    batch_id: str
    dispute_id: str
    worker: str
    contested: int
    accepted: int
    votes: int
    bond_units: int
    bond_returned_units: int
    paid_units: int
    """By the ruling."""
    wallet_units: int
    """In the worker's own wallet at the end."""
    native_balance_wei: int
    seconds: float

    @property
    def won(self) -> bool:
        return 0 < self.accepted == self.contested

    def as_json(self) -> Json:
        return {
            "staged": True,
            "batch_id": self.batch_id,
            "dispute_id": self.dispute_id,
            "worker": self.worker,
            "contested": self.contested,
            "accepted": self.accepted,
            "votes": self.votes,
            "bond_units": str(self.bond_units),
            "bond_returned_units": str(self.bond_returned_units),
            "paid_units": str(self.paid_units),
            "wallet_units": str(self.wallet_units),
            "worker_native_balance_wei": str(self.native_balance_wei),
            "won": self.won,
            "seconds": self.seconds,
        }


class Appeal:
    """One batch, one worker, one careless reviewer, three jurors."""

    def __init__(
        self, gateway_url: str, rpc_url: str, *, requester_key: str, juror_keys: Sequence[str], bars: Progress
    ) -> None:
        self._node = Node(rpc_url)
        self._requester = Api(gateway_url, Wallet(requester_key))
        self._worker, self._reviewer = Api(gateway_url, Wallet()), Api(gateway_url, Wallet())
        self._jurors = [Api(gateway_url, Wallet(key)) for key in juror_keys]
        self._bars = bars
        self._chain: Json = self._requester.get("/v1/chain")

    def run(
        self, batch: Callable[[Api], Json], careful: worker.Answerer, judges: Sequence[worker.Answerer]
    ) -> AppealOutcome:
        """From the faucet to the worker's wallet. Raises AppealFailed, WorkerStuck, or what the API raises."""
        start = time.monotonic()
        bar = self._bars.add_task("staged appeal", total=_STEPS)
        dispute_id = self.until_disputed(batch, careful, bar)
        self._rule(dispute_id, judges)
        ruled = self._until(lambda: self._worker.get(f"/v1/disputes/{dispute_id}"), lambda d: d["state"] == "ruled")
        self._bars.advance(bar)
        self._withdraw()
        self._bars.advance(bar)
        return self._outcome(ruled, round(time.monotonic() - start, 1))

    @property
    def reviewer(self) -> Wallet:
        """The careless one's."""
        assert self._reviewer.wallet is not None  # noqa: S101
        return self._reviewer.wallet

    def until_disputed(self, batch: Callable[[Api], Json], careful: worker.Answerer, bar: TaskID) -> str:
        """Funds, works, rejects and appeals; the number of the dispute, which nobody has voted on yet."""
        for api in (self._requester, self._worker, self._reviewer, *self._jurors):
            api.sign_in(self._chain)
        batch_id, tasks = self._fund(batch(self._requester))
        self._bars.advance(bar)
        worker.work_listed(self._worker, batch_id, tasks, careful, lambda _: None)
        self._bars.advance(bar)
        self._review_carelessly(batch_id)
        self._bars.advance(bar)
        dispute_id = self._appeal(batch_id)
        self._bars.advance(bar)
        return dispute_id

    def _fund(self, batch: Json) -> tuple[str, list[str]]:
        """A batch that the careless reviewer alone decides, with one dispute fee kept for its rejections."""
        assert self._reviewer.wallet is not None  # noqa: S101
        fee = self._chain["arbitration"]["fee_units"]
        batch = {**batch, "reviewer": self._reviewer.wallet.address, "reserve_units": fee}
        budget = len(batch["tasks"]) * int(batch["reward_units"]) * 21 // 20 + int(fee)
        requester.get_tokens(self._requester, budget, native=True)
        draft, _ = requester.fund(self._requester, self._node, batch)
        return str(draft["batch_id"]), [task["id"] for task in batch["tasks"]]

    def _review_carelessly(self, batch_id: str) -> None:
        """Accepts the first answer and rejects the others, without looking."""
        path = f"/v1/reviews/batches/{batch_id}"
        verdicts = [
            {"task": task["task"], "worker": item["worker"], "decision": "rejected", "reason": "looks wrong to me"}
            for item in self._reviewer.items(f"{path}/submissions")
            for task in item["tasks"]
        ]
        verdicts[0] |= {"decision": "accepted", "reason": "fine"}
        proposal = self._reviewer.post(f"{path}/proposals", {"verdicts": verdicts})
        assert self._reviewer.wallet is not None  # noqa: S101
        signature = self._reviewer.wallet.sign_typed(proposal["typed_data"])
        signed = f"/v1/reviews/proposals/{proposal['proposal_id']}/signatures"
        intent = self._reviewer.post(signed, {"signature": signature})["intent_id"]
        self._reviewer.wait_for_intent(intent)

    def _appeal(self, batch_id: str) -> str:
        """The worker reads why, and signs a dispute; its bond comes from what it earned."""
        assert self._worker.wallet is not None  # noqa: S101
        items = lambda: self._worker.get("/v1/rejections", batch_id=batch_id)["items"]  # noqa: E731
        found = self._until(items, lambda items: bool(items) and items[0]["can_appeal"])[0]
        reason = found["answers"][0]["reason"]
        statement = f"I looked closely at each one; the reviewer says only “{reason}”. Please look for yourselves."
        drafted = self._worker.post("/v1/appeals/draft", {"batch_id": batch_id, "statement": statement})
        if drafted["needs_sponsor"]:
            raise AppealFailed(f"the bond is {drafted['bond_units']} units, the worker owns {drafted['owed_units']}")
        worker.check_digest(drafted["evidence"], drafted["evidence_digest"])
        names = ("batch_id", "count", "evidence_digest", "sequence", "deadline")
        signed = {name: drafted[name] for name in names} | {"worker": self._worker.wallet.address}
        signed["signature"] = self._worker.wallet.sign_typed(drafted["typed_data"])
        self._worker.wait_for_intent(self._worker.post("/v1/appeals", signed)["intent_id"])
        listed = lambda: self._worker.get("/v1/disputes", batch_id=batch_id)["items"]  # noqa: E731
        return str(self._until(listed, bool)[0]["dispute_id"])

    def _rule(self, dispute_id: str, judges: Sequence[worker.Answerer]) -> None:
        """Every juror looks for itself and commits; then all reveal, and the last reveal rules."""
        for api in self._jurors:
            assert api.wallet is not None  # noqa: S101
            if self._node.balance_wei(api.wallet.address) == 0:
                requester.get_tokens(api, 1, native=True)
        jurors = [Juror(api, self._node, judge) for api, judge in zip(self._jurors, judges, strict=True)]
        with ThreadPoolExecutor(len(jurors)) as pool:
            list(pool.map(lambda juror: juror.commit(dispute_id), jurors))
            list(pool.map(lambda juror: juror.reveal(dispute_id), jurors))

    def _withdraw(self) -> None:
        """By signature, as every worker's money; the wallet never owns gas."""
        assert self._worker.wallet is not None  # noqa: S101
        draft = self._worker.post("/v1/withdrawals/draft", {"amount_units": "all"})
        signed = {name: draft[name] for name in ("account", "amount_units", "to", "nonce", "deadline")}
        signed["signature"] = self._worker.wallet.sign_typed(draft["typed_data"])
        self._worker.wait_for_intent(self._worker.post("/v1/withdrawals", signed)["intent_id"])

    def _outcome(self, ruled: Json, seconds: float) -> AppealOutcome:
        address = ruled["worker"]
        payments = self._worker.items(f"/v1/accounts/{address}/payments")
        fee = int(ruled["fee_units"])
        return AppealOutcome(
            batch_id=ruled["batch_id"],
            dispute_id=ruled["dispute_id"],
            worker=address,
            contested=ruled["count"],
            accepted=ruled["accepted"],
            votes=len(ruled["case"]["votes"]),
            bond_units=fee,
            bond_returned_units=fee - int(ruled["from_bond_units"]),
            paid_units=sum(int(item["amount_units"]) for item in payments if item["reason"] == "ruled"),
            wallet_units=self._node.tokens_of(self._chain["token"]["address"], address),
            native_balance_wei=self._node.balance_wei(address),
            seconds=seconds,
        )

    def _until(self, read: Callable[[], Any], wanted: Callable[[Any], bool], *, seconds: float = 60.0) -> Any:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            found = read()
            if wanted(found):
                return found
            time.sleep(0.1)
        raise AppealFailed(f"the staged appeal did not go on within {seconds:.0f} s: {found}")
