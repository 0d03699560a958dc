"""An export holds no more for ten times the tasks: 50,000 tasks with three answers each, beside 5,000."""

from __future__ import annotations

import time
import tracemalloc
from typing import Any

import pytest
from sqlalchemy import insert

from backend.batches.service import pin
from backend.exports import service
from piecework.db.gateway import Assignment, BatchTask, Decision, Draft, Proposal
from piecework.db.mirror import MirrorSettlement
from piecework.domain import documents
from piecework.domain.canonical import new_salt
from tests.backend.house import SCHEMA, House

pytestmark = pytest.mark.slow

FEW, MANY = 5_000, 50_000
STREAMING_RATIO = 1.5
"""What streaming holds for MANY beside FEW, at most."""
LABEL_BYTES = 600
"""What one label takes that is kept, and one that is read, at most; measured 300 to 350."""


def filled(house: House, count: int) -> str:
    """A batch with so many tasks of three judged answers each, as rows and one results file."""
    batch_id, services, packet = f"0x{count:064x}", house.services, 10
    workers = [f"0x{number:040x}" for number in range(3)]
    names = [f"t{number}" for number in range(count)]
    label = {"label": "cat", "confidence": 0.9}
    decided = {"worker": workers[0], "submission": batch_id, "decision": "accepted", "reason": "agrees"}
    document = {
        "format": "piecework/results/1", "salt": new_salt(), "batch_id": batch_id, "settlement_nonce": 1,
        "manifest_version": 1, "method": {"name": "agreement", "version": 1, "parameters": {}}, "gold": None,
        "decisions": [decided | {"task": name, "worker": worker} for name in names for worker in workers],
        "labels": [label | {"task": name} for name in names],
    }  # fmt: skip
    packed = documents.pack(document, "results")
    pin(services.store, packed)
    draft = Draft(
        batch_id=batch_id, requester=workers[0], salt=batch_id, terms={}, manifest_digest=batch_id, title="x",
        instructions="x", task_type="choice", answer_schema=SCHEMA, answers_per_task=3, tasks=count, review={},
        skills=[], languages=[], created_at=0.0,
    )  # fmt: skip
    proposal = Proposal(
        proposal_id=str(count), batch_id=batch_id, nonce=1, results_digest=packed.digest, verdicts=[],
        status="settled", created_at=0.0,
    )  # fmt: skip
    settled = {"block_number": 1, "block_timestamp": 1, "transaction_hash": batch_id}
    with services.writing() as session:
        session.add_all([draft, proposal])
        session.add(MirrorSettlement(batch_id=batch_id, nonce=1, results_digest=packed.digest, **settled))
        session.flush()
        for start in range(0, count, 1_000):
            some = names[start : start + 1_000]
            tasks = [
                {"batch_id": batch_id, "task_id": n, "position": start + at, "content": {"text": "x" * 200}}
                for at, n in enumerate(some)
            ]
            session.execute(insert(BatchTask), tasks)
            shares = [(worker, some[at : at + packet]) for worker in workers for at in range(0, 1_000, packet)]
            packets = [(f"{count}.{start}.{number}", *share) for number, share in enumerate(shares)]
            session.execute(insert(Assignment), [assignment(batch_id, *each) for each in packets])
            decisions = [
                {"proposal_id": str(count), "task_id": task, "worker": worker, "batch_id": batch_id, "settled": True,
                 "assignment_id": name, "decision": "accepted", "reason": "agrees"}
                for name, worker, own in packets for task in own
            ]  # fmt: skip
            session.execute(insert(Decision), decisions)
    return batch_id


def assignment(batch_id: str, name: str, worker: str, tasks: list[str]) -> dict[str, Any]:
    answers = {"answers": [{"task": task, "answer": "cat"} for task in tasks]}
    return {
        "assignment_id": name, "batch_id": batch_id, "worker": worker, "manifest_version": 1, "sequence": 0,
        "tasks": tasks, "tasks_digest": batch_id, "lease_end": 0, "deadline": 0, "ticket_signature": "0x",
        "state": "submitted", "answers": answers, "created_at": 0.0,
    }  # fmt: skip


def measured(house: House, count: int, write: Any) -> tuple[int, int, float]:
    """Peak bytes of opening and of streaming the export, beyond what stood before each, and lines a second."""
    batch_id = filled(house, count)
    tracemalloc.start()
    try:
        export = service.opened(house.services, batch_id, None)
        opening = tracemalloc.get_traced_memory()[1]
        tracemalloc.reset_peak()
        before, begun = tracemalloc.get_traced_memory()[0], time.perf_counter()
        lines = sum(piece.count("\n") for piece in write(house.services, export))
        streaming = tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()
    assert lines >= count
    return opening, streaming, lines / (time.perf_counter() - begun)


def check(house: House, write: Any) -> str:
    few, many = (measured(house, count, write) for count in (FEW, MANY))
    assert many[0] < MANY * LABEL_BYTES, f"opening took {many[0]:,} bytes"
    assert many[1] < few[1] * STREAMING_RATIO, f"streaming {MANY} tasks took {many[1]:,} bytes, {FEW} took {few[1]:,}"
    return (
        f"{MANY} tasks x 3: opening {many[0] / 1e6:.1f} MB, streaming {many[1] / 1e6:.2f} MB "
        f"({few[1] / 1e6:.2f} MB for {FEW}), {many[2]:,.0f} lines a second under tracing"
    )


def test_streaming_holds_no_more_for_ten_times_the_tasks(house: House, tell: Any) -> None:
    tell(check(house, service.json_lines))


def test_an_export_that_is_collected_first_is_noticed(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The planted bug: all outcomes are there before the first line."""
    monkeypatch.setitem(globals(), "FEW", 1_000)
    monkeypatch.setitem(globals(), "MANY", 4_000)
    with pytest.raises(AssertionError, match="streaming 4000"):
        check(house, lambda services, export: iter(list(service.json_lines(services, export))))
