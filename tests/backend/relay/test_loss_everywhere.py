"""Nothing is queued past the loss bound, and the keeper's order is one that both databases know."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from backend.relay import loss_rows
from backend.relay.keeper import Keeper
from backend.relay.outbox import Outbox
from piecework.db.engine import write_engine
from piecework.db.mirror import MirrorBatch, MirrorTally

BACKEND = Path(__file__).resolve().parents[3] / "backend"
GIFTS = "payments/service.py"
"""The faucet's gifts, on development chains only."""
_QUEUED = re.compile(r"\.enqueue\(")
BATCH, OTHER = "0x" + "ab" * 32, "0x" + "cd" * 32
NOW = 1_000


def past_the_bound(folder: Path) -> list[str]:
    """Files whose code queues intents without asking what they may cost."""
    allowed = {"relay/losses.py", GIFTS}
    found = (path for path in sorted(folder.rglob("*.py")) if _QUEUED.search(path.read_text()))
    return [name for path in found if (name := path.relative_to(folder).as_posix()) not in allowed]


def test_everything_that_is_queued_is_charged() -> None:
    assert past_the_bound(BACKEND) == []


def test_a_call_past_the_bound_is_found(tmp_path: Path) -> None:
    (tmp_path / "planted.py").write_text('services.outbox.enqueue(session, kind="settle")\n')
    assert past_the_bound(tmp_path) == ["planted.py"]


def wallet(number: int) -> str:
    return f"0x{number:040x}"


def batch_row(batch_id: str) -> MirrorBatch:
    people = {name: wallet(1) for name in ("requester", "operator", "reviewer", "assigner")}
    counts = {"funded": 9, "free": 0, "opened_block": 1, "opened_log_index": 0, "opened_at": 1}
    money = {"reward_units": 5, "operator_fee_units": 0, "claim_by": 10**9}
    marks = {"salt": batch_id, "opened_transaction": batch_id, "terms": {}}
    return MirrorBatch(batch_id=batch_id, **people, **counts, **money, **marks)


@pytest.mark.parametrize("number", range(3))
def test_who_is_put_by_for_comes_first_on_both_databases(engine: Engine, number: int) -> None:
    keeper = Keeper(Outbox(), sweep_minimum_units=1)
    with Session(write_engine(engine)) as session, session.begin():
        session.add_all([batch_row(BATCH), batch_row(OTHER)])
        for worker in range(6):
            overdue = {"old_lot": 1, "old_review_end": NOW - 1 - worker}
            session.add(MirrorTally(batch_id=(BATCH, OTHER)[worker % 2], worker=wallet(10 + worker), **overdue))
        session.flush()
        one = (BATCH, OTHER)[number % 2], wallet(10 + number)
        loss_rows.put_by(session, one, wallet(1), 0, 5)
        due = [wish.payload["worker"] for wish in keeper.due(session, NOW)]

    assert due[0] == one[1]
    assert sorted(due) == [wallet(10 + worker) for worker in range(6)]
