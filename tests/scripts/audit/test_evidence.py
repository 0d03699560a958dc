"""Evidence files under audit: of this dispute, or named."""

from __future__ import annotations

from typing import Any

import pytest

from piecework.domain.messages import PacketKind
from tests.scripts.audit.auditing import audited, checks, count_of
from tests.scripts.audit.pinned import PinnedMarket


def disputed(pinned: PinnedMarket, **changes: Any) -> str:
    """The rejected worker contests one rejection; returns the CID of its evidence."""
    pinned.run()
    assert pinned.key is not None
    worker = pinned.workers[2]
    values = {"batch_id": pinned.batch_id, "worker": worker.address, "statement": "No means no."}
    digest = pinned.pin("evidence", **{**values, "rejections": [], "attachments": [], **changes})
    packet = pinned.market.packet(pinned.key, worker, PacketKind.DISPUTE, count=1, work_digest=digest)
    pinned.market.relayed_by_hand(pinned.key, packet)
    return pinned.cid(digest)


def report_of(pinned: PinnedMarket, payloads: str) -> dict[str, Any]:
    stack = pinned.market.stack
    return audited(stack.rpc_url, stack.escrow.address, payloads)


def test_evidence_of_the_dispute_is_clean(pinned: PinnedMarket, payloads: str) -> None:
    disputed(pinned)
    report = report_of(pinned, payloads)
    assert (report["exit_code"], report["differs"], report["unchecked"]) == (0, [], [])
    assert count_of(report, "evidence_file") == count_of(report, "evidence_of_dispute") == 1


@pytest.mark.parametrize("change", [{"batch_id": "0x" + "12" * 32}, {"worker": "0x" + "34" * 20}])
def test_evidence_of_something_else_is_named(pinned: PinnedMarket, payloads: str, change: dict[str, str]) -> None:
    disputed(pinned, **change)
    assert checks(report_of(pinned, payloads), "differs") == {"evidence_of_dispute"}


def test_evidence_that_is_gone_could_not_be_checked(pinned: PinnedMarket, payloads: str) -> None:
    del pinned.files.blocks[disputed(pinned)]
    report = report_of(pinned, payloads)
    assert (report["exit_code"], checks(report, "unchecked")) == (2, {"evidence_file"})
