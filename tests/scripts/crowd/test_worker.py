"""A worker whose claim the chain lost for a moment signs again; any other refusal ends its work."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from scripts.crowd import worker
from scripts.crowd.api import ApiError
from scripts.crowd.wallet import Wallet

ANSWERS = [{"task": "one", "answer": "yes"}]
TYPED_DATA = {
    "types": {"EIP712Domain": [{"name": "name", "type": "string"}], "Work": [{"name": "text", "type": "string"}]},
    "primaryType": "Work",
    "domain": {"name": "test"},
    "message": {"text": "one"},
}


class Gateway:
    """Gives one task; refuses each post that `refusals` names, once per code in its list."""

    def __init__(self, refusals: dict[str, list[str]]) -> None:
        self.wallet = Wallet(None)
        self.refusals = refusals
        self.submissions = 0

    def post(self, path: str, body: Any) -> Any:
        step = path.rsplit("/", 1)[1]
        if self.refusals.get(step):
            raise ApiError(409, self.refusals[step].pop(0), "refused")
        if step == "assignments":
            return {"assignment_id": "a1", "typed_data": TYPED_DATA}
        if step == "answers":
            text = '[{"answer":"yes","task":"one"}]'
            digest = "0x" + hashlib.sha256(text.encode()).hexdigest()
            return {"answers": body["answers"], "work_digest": digest, "typed_data": TYPED_DATA}
        self.submissions += step == "submission"
        return {}

    def get(self, path: str, **_: Any) -> Any:
        status = "submitted" if self.submissions else "claimed"
        return {"status": status, "reason": None, "tasks": [{"id": "one"}]}


def work(gateway: Gateway) -> int:
    return worker.work_listed(gateway, "b", ["one"], lambda _, __: "yes", lambda _: None)  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker.time, "sleep", lambda _: None)


@pytest.mark.parametrize("step", ["answers", "submission"])
@pytest.mark.parametrize("code", ["claim_not_on_chain", "not_enough_claimed", "sequence_not_next"])
def test_a_claim_that_is_away_for_a_moment_is_waited_for(step: str, code: str) -> None:
    gateway = Gateway({step: [code, code]})
    assert work(gateway) == 1
    assert gateway.submissions == 1


@pytest.mark.parametrize("step", ["answers", "submission"])
def test_any_other_refusal_ends_the_work(step: str) -> None:
    gateway = Gateway({step: ["lease_over"]})
    with pytest.raises(ApiError, match="lease_over"):
        work(gateway)
    assert gateway.submissions == 0


def test_a_claim_that_stays_away_is_not_waited_for_without_end() -> None:
    gateway = Gateway({"answers": ["claim_not_on_chain"] * 10_000})
    with pytest.raises(ApiError, match="claim_not_on_chain"):
        work(gateway)


class Wary(Gateway):
    """Lets the worker hold `room` tasks at a time."""

    def __init__(self, room: int) -> None:
        super().__init__({})
        self.room = room
        self.named: list[int] = []

    def post(self, path: str, body: Any) -> Any:
        if path.endswith("/assignments"):
            self.named.append(len(body["tasks"]))
            if len(body["tasks"]) > self.room:
                raise ApiError(409, "signal_limit", "name fewer")
            self.submissions = 0
        return super().post(path, body)


def test_a_worker_that_may_hold_fewer_tasks_names_fewer() -> None:
    gateway, ticks = Wary(3), list[int]()
    tasks = [f"t{number}" for number in range(11)]
    assert worker.work_listed(gateway, "b", tasks, lambda _, __: "yes", ticks.append) == 4  # type: ignore[arg-type]
    assert gateway.named == [10, 3, 3, 3, 2]


def test_a_worker_that_may_hold_nothing_stops() -> None:
    gateway = Wary(0)
    with pytest.raises(ApiError, match="signal_limit"):
        work(gateway)
    assert gateway.named == [1, 1, 1]


@pytest.mark.parametrize("code", ["no_tasks_left", "batch_not_open"])
def test_a_worker_whose_batch_others_finished_ends_in_peace(code: str) -> None:
    gateway = Gateway({"assignments": [code]})
    assert worker.work_any(gateway, "b", 5, lambda _, __: "yes", lambda _: None) == 0  # type: ignore[arg-type]
