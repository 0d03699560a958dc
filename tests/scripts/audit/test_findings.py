"""Each kind of wrong is named, and what cannot be seen is never called clean."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.scripts.audit.auditing import audited, checks
from tests.scripts.audit.pinned import PinnedMarket
from tests.scripts.audit.servers import file_server, lying_node


def report_of(pinned: PinnedMarket, payloads: str | None, rpc_url: str | None = None, **options: Any) -> dict[str, Any]:
    stack = pinned.market.stack
    return audited(rpc_url or stack.rpc_url, stack.escrow.address, payloads, **options)


# ------------------------------------------------------------------------ files


def test_a_decision_flipped_in_the_served_file_is_named(pinned: PinnedMarket, payloads: str) -> None:
    pinned.run()
    cid = pinned.cid(pinned.results_digest)
    pinned.files.blocks[cid] = pinned.files.blocks[cid].replace(b'"rejected"', b'"accepted"', 1)
    report = report_of(pinned, payloads)
    assert report["exit_code"] == 1
    assert [item["subject"] for item in report["differs"]] == [f"results {cid} of settlement 1 of {pinned.batch_id}"]


def test_a_decision_flipped_before_the_reviewers_signed_is_named(pinned: PinnedMarket, payloads: str) -> None:
    def flip(results: dict[str, Any]) -> None:
        rejected = next(item for item in results["decisions"] if item["decision"] == "rejected")
        rejected["decision"] = "accepted"

    pinned.run(flip)
    report = report_of(pinned, payloads)
    assert report["exit_code"] == 1
    assert {"decisions_of_results", "decisions_recomputed"} <= checks(report, "differs")
    assert any(pinned.workers[2].address in item["subject"] for item in report["differs"])


def test_two_decisions_exchanged_before_the_reviewers_signed_are_named(pinned: PinnedMarket, payloads: str) -> None:
    """The counts that the escrow paid by are right; only the policy computed anew shows it."""

    def exchange(results: dict[str, Any]) -> None:
        for label in results["labels"]:
            if label["task"] == "task-5":
                label["label"] = "no"

    pinned.run(exchange)
    report = report_of(pinned, payloads)
    assert report["exit_code"] == 1
    assert checks(report, "differs") == {"labels_recomputed"}
    assert "task-5" in report["differs"][0]["subject"]


@pytest.mark.parametrize("kind", ["manifest", "task-list", "answers", "results", "gold"])
def test_a_dropped_file_is_named_and_never_clean(pinned: PinnedMarket, payloads: str, kind: str) -> None:
    pinned.run()
    name = f'"piecework/{kind}/1"'.encode()
    cid = next(cid for cid, data in pinned.files.blocks.items() if name in data)
    del pinned.files.blocks[cid]
    report = report_of(pinned, payloads)
    assert report["differs"] == []
    assert report["exit_code"] == 2
    missing = [item for item in report["unchecked"] if cid in item["subject"]]
    assert {item["check"] for item in missing} == {f"{kind}_file"}
    assert "404" in missing[0]["why"]


def test_other_bytes_than_the_digest_names_are_a_difference(pinned: PinnedMarket, payloads: str) -> None:
    pinned.run()
    for cid in pinned.files.blocks:
        pinned.files.blocks[cid] += b" "
    report = report_of(pinned, payloads)
    assert report["exit_code"] == 1
    assert {"manifest_file", "task-list_file", "results_file"} <= checks(report, "differs")


def test_a_file_of_another_worker_is_a_difference(pinned: PinnedMarket, payloads: str) -> None:
    """A copied digest is worthless: the file names its worker."""
    pinned.open()
    pinned.work()
    honest, copier = (pinned.workers[number].address for number in (0, 1))
    digest = pinned.submissions[honest][0]
    thief = pinned.market.worker()
    packet = pinned.market.claim(pinned.key, thief, 1, tasks_digest="0x" + "00" * 32)
    pinned.market.relayed_by_hand(pinned.key, packet)
    pinned.market.relayed_by_hand(pinned.key, pinned.market.submit(pinned.key, thief, 1, work_digest=digest))

    def claim_it(results: dict[str, Any]) -> None:
        for item in results["decisions"]:
            if item["worker"] == copier:
                item["submission"] = digest

    pinned.settle(claim_it)
    report = report_of(pinned, payloads)
    assert report["exit_code"] == 1
    assert "decision_in_submission" in checks(report, "differs")
    assert "task-list_file" in checks(report, "unchecked"), "the thief's claim names no task list"


def test_no_payload_server_and_a_dead_one_are_not_clean(pinned: PinnedMarket) -> None:
    with file_server(pinned.files) as dead:
        pass
    empty = report_of(pinned, dead)
    assert (empty["exit_code"], checks(empty, "unchecked")) == (2, {"events", "payload_server"})
    pinned.run()
    assert report_of(pinned, None)["exit_code"] == 2
    report = report_of(pinned, dead)
    assert report["exit_code"] == 2
    assert {"payload_server", "manifest_file", "results_file"} <= checks(report, "unchecked")


def test_a_gateway_of_another_chain_is_a_difference(pinned: PinnedMarket, payloads: str) -> None:
    pinned.run()
    escrow = pinned.market.stack.escrow
    pinned.files.chain = {"chain_id": escrow.chain_id, "escrow": escrow.address}
    assert report_of(pinned, payloads)["exit_code"] == 0
    pinned.files.chain = {"chain_id": 1, "escrow": escrow.address}
    report = report_of(pinned, payloads)
    assert (report["exit_code"], checks(report, "differs")) == (1, {"payload_server_chain"})


# ------------------------------------------------------------------------- node


@pytest.fixture
def settled_block(pinned: PinnedMarket) -> Iterator[int]:
    pinned.run()
    yield pinned.market.stack.web3.eth.block_number


def test_a_hidden_range_of_logs_is_named(pinned: PinnedMarket, payloads: str, settled_block: int) -> None:
    first, last = settled_block - 2, settled_block - 1

    def hide(method: str, _: Any, result: Any) -> Any:
        if method != "eth_getLogs":
            return result
        return [log for log in result if not first <= int(log["blockNumber"], 16) <= last]

    with lying_node(pinned.market.stack.rpc_url, hide) as node:
        report = report_of(pinned, payloads, node)
    assert report["exit_code"] == 1
    hidden = [item["subject"] for item in report["differs"] if item["check"] == "hidden_logs"]
    assert hidden == [f"blocks {first} to {last}"]


def test_one_log_hidden_of_a_block_that_shows_others_is_named(
    pinned: PinnedMarket, payloads: str, settled_block: int
) -> None:
    """`Settled` changes no balance: only the receipts tell."""

    def hide(method: str, _: Any, result: Any) -> Any:
        if method != "eth_getLogs":
            return result
        return [log for log in result if int(log["blockNumber"], 16) != settled_block or int(log["logIndex"], 16) > 0]

    with lying_node(pinned.market.stack.rpc_url, hide) as node:
        report = report_of(pinned, payloads, node)
    assert report["exit_code"] == 1
    hidden = [item["subject"] for item in report["differs"] if item["check"] == "hidden_logs"]
    assert hidden == [f"blocks {settled_block} to {settled_block}"]


def test_all_logs_hidden_is_not_clean(pinned: PinnedMarket, payloads: str, settled_block: int) -> None:
    with lying_node(pinned.market.stack.rpc_url, lambda m, _, r: [] if m == "eth_getLogs" else r) as node:
        report = report_of(pinned, payloads, node)
    assert report["exit_code"] == 1
    assert "hidden_logs" in checks(report, "differs")
    assert "events" in checks(report, "unchecked")


def test_a_node_without_history_hides_nothing(pinned: PinnedMarket, payloads: str, settled_block: int) -> None:
    """It says that old blocks held no code; the creation is looked for in the receipts, and not found there."""

    def forget(method: str, parameters: list[Any], result: Any) -> Any:
        old = parameters[-1:] not in (["latest"], [hex(settled_block)])
        return "0x" if method == "eth_getCode" and old else result

    with lying_node(pinned.market.stack.rpc_url, forget) as node:
        report = report_of(pinned, payloads, node)
    assert report["first_block"] == 0
    assert report["exit_code"] == 0


def test_a_log_with_another_amount_is_named(pinned: PinnedMarket, payloads: str, settled_block: int) -> None:
    def inflate(method: str, _: Any, result: Any) -> Any:
        if method == "eth_getLogs":
            for log in result:
                if len(log["topics"]) == 2 and int(log["data"], 16) > 10**5:  # Deposited
                    log["data"] = hex(int(log["data"], 16) + 1).replace("0x", "0x" + "0" * 100)[:2] + (
                        f"{int(log['data'], 16) + 1:064x}"
                    )
        return result

    with lying_node(pinned.market.stack.rpc_url, inflate) as node:
        report = report_of(pinned, payloads, node)
    assert report["exit_code"] == 1
    assert "view_account" in checks(report, "differs")


@pytest.mark.parametrize("past_the_head", [False, True])
def test_a_first_block_that_leaves_logs_out_is_not_clean(
    pinned: PinnedMarket, payloads: str, settled_block: int, past_the_head: bool
) -> None:
    start = settled_block + 100 if past_the_head else settled_block
    report = report_of(pinned, payloads, from_block=start)
    assert report["exit_code"] in (1, 2)
    assert "logs" in checks(report, "unchecked")
    assert report_of(pinned, payloads, from_block=1)["exit_code"] == 0


def test_a_node_of_another_chain_ends_with_an_error(pinned: PinnedMarket, capsys: pytest.CaptureFixture[str]) -> None:
    from piecework.chain.anvil import start_anvil
    from scripts.audit import run_audit
    from tests.conftest import ROOT

    other = start_anvil(ROOT)
    escrow = pinned.market.stack.escrow.address
    try:
        code = run_audit(other.rpc_url, escrow, payloads=None, from_block=0, as_json=True)
    finally:
        other.stop()
    assert code == 2
    assert "there is no code" in capsys.readouterr().out
    code = run_audit(other.rpc_url, escrow, payloads=None, from_block=0, as_json=False)
    assert code == 2
    assert "not wholly checked" in capsys.readouterr().out


def test_an_escrow_that_nobody_used_is_not_called_clean(pinned: PinnedMarket, payloads: str) -> None:
    report = report_of(pinned, payloads)
    assert (report["exit_code"], checks(report, "unchecked")) == (2, {"events"})
