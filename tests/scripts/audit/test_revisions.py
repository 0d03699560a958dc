"""A better answer stands beside what was submitted: the audit reads it, counts it nowhere, and names one passed off."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from scripts.audit import files
from tests.scripts.audit.auditing import audited, checks, count_of
from tests.scripts.audit.pinned import PinnedMarket


def run(pinned: PinnedMarket, payloads: str, spoil: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """One better answer; `spoil` changes its file before it is pinned."""

    def revise(results: dict[str, Any]) -> None:
        decision = results["decisions"][0]
        about = {name: decision[name] for name in ("task", "worker", "submission")}
        document = {"batch_id": results["batch_id"], "reason": "look again", "answer": "no", **about}
        spoil(document)
        decision["revision"] = pinned.pin("revision", **document)

    pinned.run(revise)
    stack = pinned.market.stack
    return audited(stack.rpc_url, stack.escrow.address, payloads)


def other(pinned: PinnedMarket) -> str:
    return str(pinned.market.worker().address)


def test_a_better_answer_is_clean_and_changes_no_label(pinned: PinnedMarket, payloads: str) -> None:
    report = run(pinned, payloads, lambda _: None)

    assert (report["exit_code"], report["differs"]) == (0, [])
    assert count_of(report, "revision_of_decision") == 1


def test_a_file_of_another_answer_is_named(pinned: PinnedMarket, payloads: str) -> None:
    report = run(pinned, payloads, lambda document: document.update(worker=other(pinned)))

    assert (report["exit_code"], checks(report, "differs")) == (1, {"revision_of_decision"})


def test_one_of_another_submission_is_named(pinned: PinnedMarket, payloads: str) -> None:
    report = run(pinned, payloads, lambda document: document.update(submission="0x" + "77" * 32))

    assert (report["exit_code"], checks(report, "differs")) == (1, {"revision_of_decision"})


def test_an_audit_that_does_not_look_would_be_fooled(
    pinned: PinnedMarket, payloads: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The planted bug."""
    monkeypatch.setattr(files, "check_revisions", lambda *_: None)

    report = run(pinned, payloads, lambda document: document.update(worker=other(pinned)))

    assert report["exit_code"] == 0
