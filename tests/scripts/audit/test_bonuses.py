"""Files that say what a bonus is for, under audit: of this bonus, or named."""

from __future__ import annotations

from typing import Any

import pytest

from piecework.chain.calls import encode
from tests.scripts.audit.auditing import audited, checks, count_of
from tests.scripts.audit.pinned import PinnedMarket


def given(pinned: PinnedMarket, *, has_reason: bool = True, **changes: Any) -> str:
    """The first worker gets a bonus of 700 units; the digest that it carries."""
    pinned.run()
    assert pinned.key is not None
    worker, stack = pinned.workers[0], pinned.market.stack
    values = {"batch_id": pinned.batch_id, "worker": worker.address, "reason": "Never wrong."} | changes
    digest = pinned.pin("bonus", **values) if has_reason else "0x" + "00" * 32
    requester = stack.accounts["requester"]
    stack.send(requester, stack.token.mint(requester.address, 700))
    stack.send(requester, encode(stack.token.contract, "approve", stack.escrow.address, 700))
    stack.send(requester, stack.escrow.deposit(700))
    stack.send(requester, stack.escrow.bonus(pinned.key, worker.address, 700, digest))
    return digest


def report_of(pinned: PinnedMarket, payloads: str) -> dict[str, Any]:
    stack = pinned.market.stack
    return audited(stack.rpc_url, stack.escrow.address, payloads)


def test_a_bonus_with_its_reason_is_clean(pinned: PinnedMarket, payloads: str) -> None:
    given(pinned)
    report = report_of(pinned, payloads)
    assert (report["exit_code"], report["differs"], report["unchecked"]) == (0, [], [])
    assert count_of(report, "bonus_file") == count_of(report, "reason_of_bonus") == 1


def test_a_bonus_without_a_reason_names_no_file(pinned: PinnedMarket, payloads: str) -> None:
    given(pinned, has_reason=False)
    report = report_of(pinned, payloads)
    assert (report["exit_code"], count_of(report, "bonus_file")) == (0, 0)


@pytest.mark.parametrize("change", [{"batch_id": "0x" + "12" * 32}, {"worker": "0x" + "34" * 20}])
def test_the_reason_of_another_bonus_is_named(pinned: PinnedMarket, payloads: str, change: dict[str, str]) -> None:
    given(pinned, **change)
    assert checks(report_of(pinned, payloads), "differs") == {"reason_of_bonus"}


def test_a_reason_that_is_gone_could_not_be_checked(pinned: PinnedMarket, payloads: str) -> None:
    del pinned.files.blocks[pinned.cid(given(pinned))]
    report = report_of(pinned, payloads)
    assert (report["exit_code"], checks(report, "unchecked")) == (2, {"bonus_file"})
