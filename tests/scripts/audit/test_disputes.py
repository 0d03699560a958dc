"""Disputes under audit: clean when the contract keeps its rules, and every broken rule is named."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest

from piecework.domain.messages import Verdict
from tests.backend.relay.market import DAY
from tests.indexer.world import World
from tests.quarrels import FEE_UNITS, Quarrel
from tests.scripts.audit.auditing import audited, checks, count_of
from tests.scripts.audit.planted import Bug, deploy_with


def quarrel_on(stack: Any) -> Quarrel:
    """People with money in the escrow, and one dispute of each kind."""
    quarrel = Quarrel(stack)
    quarrel.deposit("requester", 10 * FEE_UNITS)
    quarrel.deposit("stranger", 10 * FEE_UNITS)
    key = quarrel.open_batch(30, disputeFee=FEE_UNITS)
    ruled, sponsored, unheard, untold = (quarrel.worker() for _ in range(4))
    quarrel.decide(key, ruled, accepted=2, rejected=5)
    quarrel.rule(quarrel.dispute(key, ruled, 3), accepted=1)
    quarrel.decide(key, sponsored, accepted=0, rejected=1)
    number = quarrel.dispute(key, sponsored, 1, sponsor="stranger")
    quarrel.decide(key, untold, accepted=1, rejected=1)
    quarrel.stack.send(quarrel.stack.accounts["requester"], stack.escrow.overturn(key, ruled.address, 1))
    quarrel.decide(key, unheard, accepted=1, rejected=2)
    quarrel.dispute(key, unheard, 2)
    silent = quarrel.dispute(key, untold, 1)
    quarrel.rule(number, accepted=0)
    stack.travel(7 * DAY + 60)
    stack.send(stack.accounts["operator"], stack.escrow.rule_overdue(silent))
    stack.send(stack.accounts["operator"], stack.escrow.release_rejected(key, [ruled.address]))
    return quarrel


def test_disputes_of_every_kind_agree_with_the_contract(own_stack: Any) -> None:
    quarrel_on(own_stack)
    report = audited(own_stack.rpc_url, own_stack.escrow.address)
    assert report["differs"] == []
    assert checks(report, "unchecked") == {"files"}
    assert count_of(report, "view_dispute") == 4
    assert count_of(report, "ruled_by_arbitrator") == 2
    assert count_of(report, "rejection_backed") == 4


def test_rejections_that_nothing_backs_are_skipped_or_paid_and_the_audit_says_why(own_stack: Any) -> None:
    """The account is emptied: a first rejection is skipped, a lock that cannot be filled again voids the rest."""
    quarrel, stack = Quarrel(own_stack), own_stack
    key = quarrel.open_batch(6, disputeFee=FEE_UNITS)
    worker, other = quarrel.worker(), quarrel.worker()
    quarrel.relayed_by_hand(key, quarrel.claim_and_submit(key, other, 1))
    quarrel.decide(key, worker, accepted=2, rejected=2)  # locks a whole free assignment's worth
    assert stack.escrow.batch(quarrel.batch_id(key)).refunded == 1
    owed = stack.escrow.account(key.requester).owed
    stack.send(stack.accounts["requester"], stack.escrow.withdraw(owed, key.requester))
    settlement = quarrel.settlement(key, 2, [Verdict(other.address, 0, 0, 1)])
    stack.send(stack.accounts["stranger"], stack.escrow.settle(key, **settlement))
    assert quarrel.tally(key, other).contestable == 0, "the verdict was skipped"
    quarrel.rule(quarrel.dispute(key, worker, 1), accepted=1)
    tally = quarrel.tally(key, worker)
    assert (tally.contestable, tally.flags) == (0, 0), "the other rejection was void"
    report = audited(stack.rpc_url, stack.escrow.address)
    assert report["differs"] == []
    assert count_of(report, "fee_truly_short") == 2
    assert count_of(report, "early_refund_size") == 1
    assert count_of(report, "voided_all") == 1


def test_a_panel_that_rules_is_seen_in_the_transactions_logs(own_stack: Any) -> None:
    import secrets

    from piecework.chain.deploy import deploy_arbitration_panel, deploy_escrow
    from piecework.chain.escrow import Escrow
    from piecework.chain.panel import ArbitrationPanel

    web3, deployer = own_stack.web3, own_stack.accounts["deployer"]
    jurors = [own_stack.accounts[f"reviewer{number}"] for number in (1, 2, 3)]
    address = deploy_arbitration_panel(web3, deployer, [juror.address for juror in jurors], 2, FEE_UNITS)
    escrow = Escrow(web3, deploy_escrow(web3, deployer, own_stack.token.address, [address]).escrow)
    stack = replace(own_stack, escrow=escrow)
    panel, quarrel = ArbitrationPanel(web3, address), Quarrel(stack)
    quarrel.deposit("requester", FEE_UNITS)
    key, worker = quarrel.open_batch(disputeFee=FEE_UNITS, arbitrator=address), quarrel.worker()
    quarrel.decide(key, worker, accepted=1, rejected=2)
    number, salts = quarrel.dispute(key, worker, 2), [secrets.token_bytes(32) for _ in jurors]
    for juror, salt in zip(jurors, salts, strict=True):
        vote = panel.commitment(escrow.address, number, juror.address, 3, salt)
        stack.send(juror, panel.commit(escrow.address, number, vote))
    for juror, salt in zip(jurors, salts, strict=True):
        stack.send(juror, panel.reveal(escrow.address, number, 3, salt))
    report = audited(stack.rpc_url, escrow.address)
    assert report["differs"] == []
    assert count_of(report, "ruled_by_arbitrator") == 1


@pytest.mark.slow
def test_a_long_random_life_agrees_with_the_contract(own_stack: Any) -> None:
    world = World(own_stack, rng=random.Random("quarrels"))
    world.begin()
    world.act(500)
    report = audited(own_stack.rpc_url, own_stack.escrow.address)
    assert report["differs"] == []
    for check in ("view_dispute", "ruled_by_arbitrator", "fee_lock", "bond_returned", "rejection_backed"):
        assert count_of(report, check) > 0, check


BUGS = (
    Bug(
        "the fee is split the wrong way round",
        "Disputes",
        "e.fromBond = uint256(d.fee) * upheld / d.count;",
        "e.fromBond = uint256(d.fee) * accepted / d.count;",
        frozenset({"ruling_fees"}),
    ),
    Bug(
        "the fee is rounded against the worker",
        "Disputes",
        "e.fromBond = uint256(d.fee) * upheld / d.count;",
        "e.fromBond = (uint256(d.fee) * upheld + d.count - 1) / d.count;",
        frozenset({"ruling_fees"}),
    ),
    Bug(
        "anybody rules",
        "Disputes",
        "if (msg.sender != d.arbitrator) revert ITaskEscrowErrors.TaskEscrow_NotAllowed(msg.sender);",
        "",
        frozenset({"ruled_by_arbitrator"}),
    ),
    Bug(
        "a ruling counts after its window",
        "Disputes",
        "if (ruling == 0 || block.timestamp > d.rulingEnd) {",
        "if (ruling == 0) {",
        frozenset({"ruled_in_window"}),
    ),
    Bug(
        "silence needs no time",
        "Disputes",
        "if (d.arbitrator == address(0) || block.timestamp <= d.rulingEnd) {",
        "if (d.arbitrator == address(0)) {",
        frozenset({"ruled_by_arbitrator"}),
    ),
    Bug(
        "the bond does not come back",
        "Disputes",
        "ledger.credit(d.poster, d.fee - fromBond);",
        "",
        frozenset({"view_account"}),
    ),
    Bug(
        "a lock is kept when all is over",
        "Deadlines",
        "FeeLocks.releaseIfDone(ledger, batchId, requester, workers[i], t, disputeFee);",
        "t; requester; disputeFee;",
        frozenset({"fee_lock"}),
    ),
    Bug(
        "the window of what was left out does not begin anew",
        "Disputes",
        "e.tally = e.tally.withTime(TallySlots.CONTEST_END, block.timestamp + d.disputeWindow);",
        "",
        frozenset({"contest_end"}),
    ),
    Bug(
        "what is contested still counts against the worker",
        "Disputes",
        "ledger.contest(worker, count);",
        "",
        frozenset({"view_account"}),
    ),
    Bug(
        "the requester's record forgets a lost dispute",
        "Disputes",
        "if (ruled) ledger.countRuling(e.requester, upheld, accepted);",
        "",
        frozenset({"view_account"}),
    ),
)


def live(quarrel: Quarrel) -> None:
    """As much as each bug lets happen: whoever may rule does, too early, too late and by strangers."""
    stack = quarrel.stack
    key = quarrel.open_batch(30, disputeFee=FEE_UNITS, rulingWindow=DAY)
    workers = [quarrel.worker() for _ in range(4)]
    for worker in workers:
        quarrel.decide(key, worker, accepted=1, rejected=4)
    numbers = [quarrel.dispute(key, worker, 3) for worker in workers]
    attempt(stack, "stranger", stack.escrow.rule(numbers[0], 3))
    attempt(stack, "stranger", stack.escrow.rule_overdue(numbers[1]))
    if stack.escrow.dispute_of(numbers[0]).is_open:
        quarrel.rule(numbers[0], accepted=1)
    stack.travel(DAY + 60)
    attempt(stack, "arbitrator", stack.escrow.rule(numbers[2], 2))
    attempt(stack, "stranger", stack.escrow.rule_overdue(numbers[3]))
    stack.travel(2 * DAY)
    stack.send(stack.accounts["stranger"], stack.escrow.release_rejected(key, [w.address for w in workers]))


def attempt(stack: Any, name: str, call: Any) -> None:
    """Sends it if the contract lets it through."""
    from piecework.chain.calls import simulate
    from piecework.chain.errors import CallReverted

    try:
        simulate(stack.web3, call, stack.accounts[name].address)
    except CallReverted:
        return
    stack.send(stack.accounts[name], call)


def prepared(stack: Any) -> Quarrel:
    quarrel = Quarrel(stack)
    quarrel.deposit("requester", 10 * FEE_UNITS)
    return quarrel


def test_the_shipped_escrow_shows_no_difference_in_the_life_of_the_bugs(stack: Any) -> None:
    live(prepared(stack))
    assert audited(stack.rpc_url, stack.escrow.address)["differs"] == []


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_a_planted_bug_in_disputes_is_named(stack: Any, bug: Bug) -> None:
    wrong = replace(stack, escrow=deploy_with(bug, stack))
    live(prepared(wrong))
    report = audited(wrong.rpc_url, wrong.escrow.address)
    assert report["exit_code"] == 1
    assert bug.found_by <= checks(report, "differs"), report["differs"]


def test_what_a_skipped_verdict_says_in_the_results_file_is_void(
    pinned: Any, payloads: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The fee is beyond what the requester has, so the one verdict with rejections does not apply."""
    market = pinned.market
    open_batch = market.open_batch
    monkeypatch.setattr(
        type(market), "open_batch", lambda _, count, **terms: open_batch(count, disputeFee=900_000, **terms)
    )
    pinned.run()
    tally = market.stack.escrow.tally(pinned.batch_id, pinned.workers[2].address)
    assert (tally.decided, tally.old_lot) == (0, 6)
    report = audited(market.stack.rpc_url, market.stack.escrow.address, payloads)
    assert (report["exit_code"], report["differs"]) == (0, [])
    assert count_of(report, "fee_truly_short") == 1
