"""A market under one roof: a running gateway, and the people who use it as outsiders do, by HTTP and own wallets."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eth_account import Account
from eth_account.messages import encode_typed_data
from sqlalchemy import select
from starlette.testclient import TestClient

from backend.reviews.proposer import Proposer
from backend.waiting.keeping import Storekeeper
from backend.work.freeing import Releaser
from piecework.db.base import Base
from piecework.db.gateway import RelayIntent
from piecework.db.mirror import Checkpoint, MirrorBatch
from piecework.db.waiting import WaitingFile
from tests.backend.payments.gateway import Gateway, running_gateway

REWARD_UNITS = 1_000
SCHEMA = {"enum": ["cat", "dog"]}
_BOOKKEEPING = ("checkpoints", "indexed_blocks", "undo_entries", "undo_log", "sign_in_nonces", "user_sessions")
_BOOKKEEPING += ("search_batches", "signal_looks")  # follow the mirror a moment later
_numbers = itertools.count(1)


def sign(wallet: Any, typed_data: dict[str, Any]) -> str:
    """The wallet's signature of typed data as the gateway's JSON gives it."""
    message = typed_data["message"]
    whole = {name: int(v) if isinstance(v, str) and v.isdecimal() else v for name, v in message.items()}
    signable = encode_typed_data(full_message=typed_data | {"message": whole})
    return "0x" + bytes(wallet.sign_message(signable).signature).hex()


@dataclass
class House:
    """`gateway` speaks HTTP and knows the chain; tokens of who is signed in are kept."""

    gateway: Gateway
    tokens: dict[str, str] = field(default_factory=dict)

    @property
    def stack(self) -> Any:
        return self.gateway.market.stack

    @property
    def client(self) -> TestClient:
        return self.gateway.client

    @property
    def services(self) -> Any:
        return self.client.app.state.services  # type: ignore[attr-defined]

    # ------------------------------------------------------------------- people

    def wallet(self) -> Any:
        """A new wallet with nothing in it."""
        return Account.create()

    def requester(self, units: int = 10**9) -> Any:
        """A new wallet with tokens and gas."""
        wallet = self.wallet()
        self.stack.web3.provider.make_request("anvil_setBalance", [wallet.address, hex(10**18)])
        self.stack.send(self.stack.accounts["deployer"], self.stack.token.mint(wallet.address, units))
        return wallet

    def reviewers(self) -> list[Any]:
        return [self.stack.accounts[f"reviewer{i}"] for i in (1, 2, 3)]

    def token(self, wallet: Any) -> str:
        if wallet.address not in self.tokens:
            self.tokens[wallet.address] = self.gateway.sign_in(wallet)
        return self.tokens[wallet.address]

    # --------------------------------------------------------------------- HTTP

    def post(self, who: Any, path: str, body: Any = None, status: int = 200) -> Any:
        token = self.token(who) if who is not None else None
        return self.gateway.post(path, {} if body is None else body, status=status, token=token)

    def get(self, who: Any, path: str, expected: int = 200, **query: Any) -> Any:
        headers = {"authorization": f"Bearer {self.token(who)}"} if who is not None else {}
        answer = self.client.get(path, params=query, headers=headers)
        assert answer.status_code == expected, answer.text
        return answer.json()

    def refused(self, who: Any, path: str, body: Any, status: int, code: str, method: str = "POST") -> Any:
        """The problem; asserts its code and shape, and that neither the database nor the chain changed."""
        headers = {"authorization": f"Bearer {self.token(who)}"} if who is not None else {}
        self.until(self._is_quiet, bool)
        before = self.state()
        answer = self.client.request(method, path, json=body, headers=headers)
        problem = is_problem(answer)
        assert (answer.status_code, problem["code"]) == (status, code), answer.text
        after = self.state()
        assert changes(before, after) == {}, "a refusal changed something"
        return problem

    def _is_quiet(self) -> bool:
        """The mirror is at the chain's height, and there is nothing to relay, to free, to store or to propose."""
        busy = select(RelayIntent).where(RelayIntent.status.in_(("queued", "sent"))).limit(1)
        with self.services.reading() as session:
            place = session.execute(select(Checkpoint.block_number)).scalar_one_or_none()
            if place != self.stack.web3.eth.block_number or session.execute(busy).first() is not None:
                return False
        rounds = Releaser(self.services), Storekeeper(self.services), Proposer(self.services)
        return all(each.run_once() == 0 for each in rounds)

    def state(self) -> Any:
        """Every row but sign-ins, the indexer's place and funded files on their way; and the chain's height."""
        rows = {}
        with self.services.reading() as session:
            for table in Base.metadata.sorted_tables:
                if table.name not in _BOOKKEEPING:
                    query = select(table)
                    if table.name == WaitingFile.__tablename__:
                        query = query.where(table.c.holder.not_in(select(MirrorBatch.batch_id)))
                    rows[table.name] = sorted(map(repr, session.execute(query).all()))
        return rows, self.stack.web3.eth.block_number

    def until(self, what: Any, wanted: Any, seconds: float = 30.0) -> Any:
        """What `what()` gives once `wanted` holds of it."""
        deadline = time.monotonic() + seconds
        while not wanted(found := what()):
            assert time.monotonic() < deadline, found
            time.sleep(0.03)
        return found

    # ------------------------------------------------------------------- batches

    def draft_body(self, tasks: int | list[dict[str, Any]] = 2, **changes: Any) -> dict[str, Any]:
        if isinstance(tasks, int):
            tasks = [{"id": f"t{i}", "content": {"picture": i}} for i in range(tasks)]
        return {
            "title": f"Batch {next(_numbers)}",
            "instructions": "Say what the picture shows.",
            "task_type": "choice",
            "answer_schema": SCHEMA,
            "tasks": tasks,
            "reward_units": str(REWARD_UNITS),
            "review": {"policy": "reviewers"},
        } | changes

    def draft(self, requester: Any, tasks: int | list[dict[str, Any]] = 2, **changes: Any) -> Any:
        return self.post(requester, "/v1/batches", self.draft_body(tasks, **changes), 201)

    def permit(self, requester: Any, draft: Any) -> dict[str, Any]:
        message = draft["permit"]["message"]
        signature = sign(requester, draft["permit"])
        return {"amount_units": message["value"], "deadline": int(message["deadline"]), "signature": signature}

    def funded(self, requester: Any = None, tasks: int | list[dict[str, Any]] = 2, **changes: Any) -> str:
        """The id of a batch that was drafted, signed, sent and seen by the mirror."""
        requester = requester or self.requester()
        draft = self.draft(requester, tasks, **changes)
        body = {"permit": self.permit(requester, draft)}
        transaction = self.post(requester, f"/v1/batches/{draft['batch_id']}/transaction", body)["transaction"]
        self.send(requester, transaction)
        path = f"/v1/batches/{draft['batch_id']}"
        self.until(lambda: self.client.get(path).status_code, lambda status: status == 200)
        return str(draft["batch_id"])

    def send(self, wallet: Any, transaction: dict[str, Any]) -> None:
        """Exactly the transaction that the gateway gave."""
        from piecework.chain.calls import Call

        assert (transaction["value"], transaction["chain_id"]) == ("0", self.stack.web3.eth.chain_id)
        self.stack.send(wallet, Call(transaction["to"], transaction["data"]))

    # ---------------------------------------------------------------------- work

    def offer(self, worker: Any, batch_id: str, **wanted: Any) -> Any:
        return self.post(worker, "/v1/work/assignments", {"batch_id": batch_id} | wanted, 201)

    def assignment(self, worker: Any, assignment_id: str) -> Any:
        return self.get(worker, f"/v1/work/assignments/{assignment_id}")

    def reaches(self, worker: Any, assignment_id: str, status: str) -> Any:
        return self.until(lambda: self.assignment(worker, assignment_id), lambda found: found["status"] == status)

    def claimed(self, worker: Any, batch_id: str, **wanted: Any) -> Any:
        """An offer whose claim is on chain."""
        offer = self.offer(worker, batch_id, **wanted)
        path = f"/v1/work/assignments/{offer['assignment_id']}"
        self.post(worker, path + "/claim", {"signature": sign(worker, offer["typed_data"])}, 202)
        self.reaches(worker, offer["assignment_id"], "claimed")
        return offer

    def answered(self, worker: Any, offer: Any, answer: Any = "cat") -> Any:
        """The answers to every task, and what to sign for them."""
        body = {"answers": [{"task": task, "answer": answer} for task in offer["tasks"]]}
        return self.post(worker, f"/v1/work/assignments/{offer['assignment_id']}/answers", body)

    def submitted(self, worker: Any, batch_id: str, answer: Any = "cat", **wanted: Any) -> Any:
        """An offer whose answers are on chain."""
        offer = self.claimed(worker, batch_id, **wanted)
        self.submit(worker, offer, self.answered(worker, offer, answer))
        self.reaches(worker, offer["assignment_id"], "submitted")
        return offer

    def submit(self, worker: Any, offer: Any, drafted: Any) -> Any:
        body = {"work_digest": drafted["work_digest"], "signature": sign(worker, drafted["typed_data"])}
        return self.post(worker, f"/v1/work/assignments/{offer['assignment_id']}/submission", body, 202)

    # -------------------------------------------------------------------- review

    def proposed(self, batch_id: str, verdicts: list[dict[str, Any]]) -> Any:
        """A proposal of the first reviewer."""
        path = f"/v1/reviews/batches/{batch_id}/proposals"
        return self.post(self.reviewers()[0], path, {"verdicts": verdicts}, 201)

    def endorse(self, reviewer: Any, proposal: Any) -> Any:
        path = f"/v1/reviews/proposals/{proposal['proposal_id']}/signatures"
        return self.post(reviewer, path, {"signature": sign(reviewer, proposal["typed_data"])})

    def settled(self, proposal: Any) -> Any:
        """Signed by two of three, and seen on chain."""
        for reviewer in self.reviewers()[:2]:
            self.endorse(reviewer, proposal)
        return self.ends(proposal)

    def ends(self, proposal: Any, status: str = "settled") -> Any:
        path = f"/v1/reviews/proposals/{proposal['proposal_id']}"
        return self.until(lambda: self.get(None, path), lambda found: found["status"] == status)


def verdict(worker: Any, task: str, decision: str = "accepted", reason: str = "") -> dict[str, Any]:
    return {"task": task, "worker": worker.address, "decision": decision, "reason": reason}


def changes(before: Any, after: Any) -> dict[str, Any]:
    """What differs between two of `House.state`: by table, the rows that are in one of them alone."""
    found: dict[str, Any] = {
        name: set(rows) ^ set(after[0][name]) for name, rows in before[0].items() if rows != after[0][name]
    }
    return found if before[1] == after[1] else found | {"height": (before[1], after[1])}


def is_problem(answer: Any) -> Any:
    """The body of an answer that is problem+json (RFC 9457) with a stable code and something to do."""
    assert answer.status_code < 500 or answer.status_code in (503, 507), answer.text
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    problem = answer.json()
    assert problem["status"] == answer.status_code
    assert problem["type"].endswith(problem["code"])
    assert problem["title"]
    assert problem["detail"]
    return problem


@contextmanager
def open_house(stack: Any, folder: Path, **changes: Any) -> Iterator[House]:
    """A gateway whose drafts are reviewed by the stack's 2-of-3 panel."""
    # A test client reads an answer to its end, so live streams end soon.
    changes = {"default_reviewer": stack.panel, "live_stream_seconds": 0.05} | changes
    with running_gateway(stack, folder, **changes) as gateway:
        yield House(gateway)
