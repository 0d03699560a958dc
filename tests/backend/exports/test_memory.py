"""An export holds no more for ten times the tasks: 10,000 tasks with three answers each, beside 1,000.

tracemalloc counts what the whole process allocates, so here is no running gateway, whose rounds allocate too, and
full collections come as often in a big process as in a small one.
"""

from __future__ import annotations

import gc
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from sqlalchemy import Engine, insert

from backend.batches.service import pin
from backend.exports import labels, service
from backend.ipfs.embedded import EmbeddedStore
from backend.services import Services
from piecework.db.gateway import Assignment, BatchTask, Decision, Draft, Proposal
from piecework.db.mirror import MirrorSettlement
from piecework.domain import documents
from piecework.domain.canonical import new_salt
from piecework.domain.labels import labels_of
from tests.backend.house import SCHEMA

pytestmark = pytest.mark.slow

FEW, MANY = 1_000, 10_000
STREAMING_RATIO = 1.5
"""What streaming holds for MANY beside FEW, at most; measured 1.08, and 3.6 where all is collected first."""
LABEL_BYTES = 150
"""What each further label takes while the export is opened, at most; measured 85, and 510 where all are read first."""


@pytest.fixture
def services(sqlite_engine: Engine, tmp_path: Path) -> Services:
    """What an export needs of a gateway: a database and a payload store, and nothing that runs by itself."""
    settings: Any = SimpleNamespace(public_url="http://gateway.test", **dict.fromkeys(RATES, 0))
    store, nothing = EmbeddedStore(tmp_path / "payloads"), cast("Any", None)
    return Services(settings, sqlite_engine, nothing, nothing, nothing, store, nothing, nothing, nothing, "0x")


RATES = [f"rate_{what}_by_{whose}" for what in ("units_per_second", "burst_units") for whose in ("ip", "address")]


def filled(services: Services, count: int) -> str:
    """A batch with so many tasks of three judged answers each, as rows and one results file."""
    batch_id, packet = f"0x{count:064x}", 10
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


@contextmanager
def own_heap() -> Iterator[None]:
    """Garbage in cycles waits for a full collection, and those come the rarer, the more objects a process has: what
    stands before is set aside, so that it does not count."""
    gc.collect()
    gc.freeze()
    try:
        gc.collect()
        yield
    finally:
        gc.unfreeze()


def measured(services: Services, count: int, write: Any) -> tuple[int, int, float]:
    """Peak bytes of opening and of streaming the export, beyond what stood before each, and lines a second."""
    batch_id = filled(services, count)
    with own_heap():
        tracemalloc.start()
        try:
            export = service.opened(services, batch_id, None, "here")
            opening = tracemalloc.get_traced_memory()[1]
            tracemalloc.reset_peak()
            before, begun = tracemalloc.get_traced_memory()[0], time.perf_counter()
            lines = sum(piece.count("\n") for piece in write(services, export))
            streaming = tracemalloc.get_traced_memory()[1] - before
        finally:
            tracemalloc.stop()
    assert lines >= count
    return opening, streaming, lines / (time.perf_counter() - begun)


def check(services: Services, write: Any, few_tasks: int = FEW, many_tasks: int = MANY) -> str:
    measured(services, few_tasks // 2, write)  # what is kept once and for all, like compiled queries
    few, many = (measured(services, count, write) for count in (few_tasks, many_tasks))
    each = (many[0] - few[0]) / (many_tasks - few_tasks)
    assert each < LABEL_BYTES, f"opening took {each:,.0f} bytes for each label"
    told = f"streaming {many_tasks} tasks took {many[1]:,} bytes, {few_tasks} took {few[1]:,}"
    assert many[1] < few[1] * STREAMING_RATIO, told
    return (
        f"{MANY} tasks x 3: opening {many[0] / 1e6:.1f} MB ({each:.0f} bytes a label), streaming "
        f"{many[1] / 1e6:.2f} MB ({few[1] / 1e6:.2f} MB for {FEW}), {many[2]:,.0f} lines a second under tracing"
    )


def test_streaming_holds_no_more_for_ten_times_the_tasks(services: Services, tell: Any) -> None:
    tell(check(services, service.json_lines))


def test_an_export_that_is_collected_first_is_noticed(services: Services) -> None:
    """The planted bug: all outcomes are there before the first line."""
    with pytest.raises(AssertionError, match="streaming 4000 tasks took"):
        check(services, lambda services, export: iter(list(service.json_lines(services, export))), FEW, 4_000)


def test_labels_that_are_read_at_once_are_noticed(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    """The planted bug: the results file's labels are all there as objects before the first is kept as text."""
    monkeypatch.setattr(labels, "labels_of", lambda *of: list(labels_of(*of)))
    with pytest.raises(AssertionError, match="opening took"):
        check(services, lambda _, export: iter(["\n" * export.tasks]))  # opening alone
