"""`piecework pins audit`, as people run it, on a market whose store loses files."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from piecework.db.gateway import Assignment
from piecework.db.mirror import MirrorBatch
from piecework.db.operators import OperatorAction
from piecework.domain.cid import cid_of_digest
from tests.backend.house import House, open_house, verdict


@dataclass
class Settled:
    """A batch that was worked on and paid."""

    house: House
    folder: Path
    batch_id: str

    def block(self, digest: str) -> Path:
        cid = str(cid_of_digest(digest))
        return self.folder / "payloads" / "blocks" / cid[-2:] / cid

    def audit(self, *more: str) -> tuple[int, Any]:
        url = self.house.services.engine.url.render_as_string(hide_password=False)
        words = ["pins", "audit", "--database-url", url, "--payload-store", f"embedded:{self.folder / 'payloads'}"]
        command = [sys.executable, "-m", "scripts.main", *words, "--json", *more]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done.returncode, json.loads(done.stdout) if done.stdout else done.stderr

    def work_digest(self) -> str:
        with Session(self.house.services.engine) as session:
            return str(session.execute(select(Assignment.work_digest)).scalar_one())

    def manifest(self) -> str:
        with Session(self.house.services.engine) as session:
            return str(session.get_one(MirrorBatch, self.batch_id).terms["manifest"])


@pytest.fixture(scope="module")
def settled(stack: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settled]:
    folder: Path = tmp_path_factory.mktemp("settled")
    with open_house(stack, folder) as house:
        batch_id, worker = house.funded(tasks=2), house.wallet()
        house.submitted(worker, batch_id, count=2)
        house.settled(house.proposed(batch_id, [verdict(worker, "t0"), verdict(worker, "t1")]))
        yield Settled(house, folder, batch_id)


def test_what_the_chain_names_is_all_there(settled: Settled) -> None:
    code, report = settled.audit()
    assert (code, report["findings"], report["unchecked"]) == (0, [], [])
    assert report["checked"] >= 4, "manifest, task list, answers and results"


def test_lost_answers_are_found_and_made_anew_from_the_database(settled: Settled) -> None:
    block = settled.block(settled.work_digest())
    data = block.read_bytes()
    block.unlink()

    code, report = settled.audit()
    assert (code, report["left"]) == (1, 1)
    (finding,) = report["findings"]
    assert (finding["where"], finding["problem"], finding["repaired"]) == ("store", "missing", False)
    assert finding["what"] == f"answers of batch {settled.batch_id}"

    code, report = settled.audit("--repair")
    assert (code, report["left"], report["findings"][0]["repaired"]) == (0, 0, True)
    assert block.read_bytes() == data
    assert settled.audit()[0] == 0
    with Session(settled.house.services.engine) as session:
        done = session.execute(select(OperatorAction.detail).where(OperatorAction.action == "pins_repaired")).scalars()
        assert list(done) == [{"repaired": 1, "left": 0}]


def test_what_nobody_else_has_stays_missing_and_is_named(settled: Settled) -> None:
    block = settled.block(settled.manifest())
    data = block.read_bytes()
    block.unlink()
    try:
        code, report = settled.audit("--repair")
        assert (code, report["left"]) == (1, 1)
        assert report["findings"][0]["what"] == f"manifest of batch {settled.batch_id}"
    finally:
        block.write_bytes(data)
    assert settled.audit()[0] == 0


def test_what_cannot_be_checked_is_never_called_clean(settled: Settled, tmp_path: Path) -> None:
    secret = tmp_path / "token"
    secret.write_text("a token\n")
    code, report = settled.audit("--pinning-url", "http://127.0.0.1:9/psa", "--pinning-token-file", str(secret))
    assert code == 2
    assert "no answer" in report["unchecked"][0]
    code, said = settled.audit("--pinning-url", "http://127.0.0.1:9/psa")
    assert code == 1
    assert "PIECEWORK_PINNING_TOKEN_FILE" in said
