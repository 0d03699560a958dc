// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ITaskEscrowErrors as Errors} from "../../../contracts/interfaces/ITaskEscrowErrors.sol";
import {ITaskEscrowEvents as Events} from "../../../contracts/interfaces/ITaskEscrowEvents.sol";
import {BatchKey, PaidReason, Tally, Terms} from "../../../contracts/libraries/EscrowTypes.sol";
import {Books} from "../base/Books.sol";

/// @notice The least that ERC-792 asks of an arbitrator: its owner decides, it calls `rule` with its own number.
contract MinimalErc792Arbitrator {
    event Ruled(uint256 indexed disputeId, uint256 ruling);

    function giveRuling(address arbitrable, uint256 disputeId, uint256 ruling) external {
        emit Ruled(disputeId, ruling);
        IArbitrable(arbitrable).rule(disputeId, ruling);
    }
}

interface IArbitrable {
    function rule(uint256 disputeId, uint256 ruling) external;
}

/// `rule`, `ruleOverdue`, the split of the fee, the lock and the records.
contract RulingsTest is Books {
    BatchKey internal key;
    uint256 internal id;

    function setUp() public override {
        super.setUp();
        start(defaultTerms(), 3);
    }

    /// @dev Ten assignments; the worker submits `m` + 1; one is accepted, `m` are rejected and contested.
    function start(Terms memory terms, uint16 m) internal {
        key = open(terms, 20);
        watchBatch(key, 20);
        if (terms.disputeFee > 0) {
            fund(requester, terms.disputeFee);
            fund(worker, terms.disputeFee);
        }
        claimAndSubmit(key, worker, m + 1);
        settle(key, worker, 1, m);
        id = nextDisputeId(key, worker);
        watchDispute(id);
        dispute(key, worker, m);
    }

    function rule(uint256 ruling) internal {
        vm.prank(arbitrator);
        escrow.rule(id, ruling);
    }

    function expectEvents(uint16 accepted, bool ruled, uint256 fromBond, uint256 fromLock) internal {
        bytes32 batchId = escrow.batchIdOf(key);
        Tally memory t = tally(key, worker);
        vm.expectEmit(address(escrow));
        emit Events.Ruled(batchId, worker, id, 3, accepted, ruled, fromBond, fromLock, t.contestEnd);
        if (ruled) {
            vm.expectEmit(address(escrow));
            emit Events.FeePaid(batchId, arbitrator, DISPUTE_FEE);
        }
        if (fromBond < DISPUTE_FEE) {
            vm.expectEmit(address(escrow));
            emit Events.BondReturned(id, worker, DISPUTE_FEE - fromBond);
        }
        if (accepted > 0) {
            PaidReason reason = ruled ? PaidReason.Ruled : PaidReason.RulingOverdue;
            vm.expectEmit(address(escrow));
            emit Events.Paid(batchId, worker, accepted, uint256(REWARD) * accepted, reason);
        }
    }

    // rule > everything accepted
    function test_a_worker_whose_every_contested_answer_is_accepted_loses_nothing() public {
        expectEvents(3, true, 0, DISPUTE_FEE);
        rule(3 + 1);
        assertOwed(worker, 4 * REWARD + DISPUTE_FEE, "paid, and the whole bond back");
        assertOwed(arbitrator, DISPUTE_FEE, "from the lock");
        assertOwed(requester, 3 * OPERATOR_FEE, "operator fees, nothing else");
        assertOwed(operator, OPERATOR_FEE, "nothing for what was ruled");
        assertLocked(key, 0);
        assertEq(account(worker).accepted, 4, "record");
        assertEq(account(worker).rejected, 0, "record");
        assertEq(account(worker).contested, 0, "record");
        assertEq(account(worker).disputesWon, 3, "record");
        assertEq(account(requester).disputesLost, 3, "counts on the requester");
        assertCounts(key, [uint256(16), 0, 0, 0, 0], 4, 0);
        assertBooks();
    }

    // rule > nothing accepted
    function test_upheld_rejections_are_free_again_and_the_bond_pays_the_arbitrator() public {
        expectEvents(0, true, DISPUTE_FEE, 0);
        rule(1);
        assertOwed(worker, REWARD, "the bond is gone");
        assertOwed(arbitrator, DISPUTE_FEE, "from the bond");
        assertOwed(requester, DISPUTE_FEE, "the lock is back");
        assertLocked(key, 0);
        assertEq(account(worker).accepted, 1, "record");
        assertEq(account(worker).rejected, 3, "record");
        assertEq(account(worker).disputesLost, 3, "record");
        assertEq(account(requester).disputesWon, 3, "record");
        assertCounts(key, [uint256(19), 0, 0, 0, 0], 1, 0);
        assertBooks();
    }

    // rule > some accepted
    function test_the_fee_is_split_and_rounded_for_the_worker() public {
        uint256 fromBond = uint256(DISPUTE_FEE) * 1 / 3;
        expectEvents(2, true, fromBond, DISPUTE_FEE - fromBond);
        rule(2 + 1);
        assertOwed(worker, 3 * REWARD + DISPUTE_FEE - fromBond, "paid, the rest of the bond");
        assertOwed(requester, 2 * OPERATOR_FEE + fromBond, "operator fees, the rest of the lock");
        assertOwed(arbitrator, DISPUTE_FEE, "the whole fee");
        assertBooks();
        // A third of a hundred: the unit that is left over is the requester's to pay.
        Terms memory terms = defaultTerms();
        (terms.disputeFee, terms.manifest) = (100, "odd");
        uint256 before = escrow.owed(worker);
        start(terms, 3);
        rule(2 + 1);
        assertOwed(worker, before + 3 * REWARD + 100 - 33, "floor(100 / 3) from the bond");
        assertBooks();
    }

    function testFuzz_every_split_adds_up(uint96 fee, uint8 count, uint16 ruling) public {
        Terms memory terms = defaultTerms();
        terms.disputeFee = uint96(bound(fee, 0, 20 * REWARD));
        terms.manifest = "split";
        uint16 m = uint16(bound(count, 1, 19));
        uint256 before = escrow.owed(worker);
        uint256 requesterBefore = escrow.owed(requester);
        start(terms, m);
        rule(uint256(ruling) + 1);
        uint256 a = ruling < m ? ruling : m;
        uint256 fromBond = uint256(terms.disputeFee) * (m - a) / m;
        assertOwed(worker, before + (1 + a) * REWARD + terms.disputeFee - fromBond, "worker");
        assertOwed(requester, requesterBefore + a * OPERATOR_FEE + fromBond, "requester");
        assertOwed(arbitrator, terms.disputeFee, "arbitrator");
        assertLocked(key, 0);
        assertBooks();
    }

    function testFuzz_a_ruling_is_clamped_and_never_reverts(uint256 ruling) public {
        rule(ruling);
        uint256 a = ruling == 0 || ruling > 3 ? 3 : ruling - 1;
        assertEq(batch(key).accepted, 1 + a, "accepted");
        assertEq(batch(key).disputed, 0, "ended");
        assertBooks();
    }

    // rule > refused
    function test_a_refusal_to_rule_counts_as_silence() public {
        expectEvents(3, false, 0, 0);
        rule(0);
        assertOwed(worker, 4 * REWARD + DISPUTE_FEE, "paid, bond back");
        assertOwed(requester, 3 * OPERATOR_FEE + DISPUTE_FEE, "operator fees and lock back");
        assertOwed(arbitrator, 0, "no ruling, no fee");
        assertEq(account(worker).accepted, 1, "no record changes");
        assertEq(account(worker).disputesWon, 0, "no record changes");
        assertEq(account(requester).disputesLost, 0, "no record changes");
        assertBooks();
    }

    function test_a_ruling_after_its_window_counts_as_silence() public {
        vm.warp(block.timestamp + 5 days + 1);
        rule(1);
        assertOwed(worker, 4 * REWARD + DISPUTE_FEE, "paid, although it ruled against");
        assertOwed(arbitrator, 0, "too late for a fee");
        assertBooks();
    }

    // rule > who and when
    function testFuzz_nobody_but_the_arbitrator_rules(address who) public {
        vm.assume(who != arbitrator);
        vm.prank(who);
        expectError(Errors.TaskEscrow_NotAllowed.selector, who);
        escrow.rule(id, 1);
    }

    function test_a_second_ruling_does_nothing() public {
        rule(3 + 1);
        bytes32 before = keccak256(abi.encode(account(worker), account(requester), batch(key), tally(key, worker)));
        rule(1);
        vm.prank(stranger);
        escrow.rule(id, 1);
        assertEq(
            keccak256(abi.encode(account(worker), account(requester), batch(key), tally(key, worker))), before, "done"
        );
        assertOwed(arbitrator, DISPUTE_FEE, "one fee");
    }

    function test_ruling_on_an_unknown_dispute_does_nothing() public {
        escrow.rule(12345, 1);
    }

    function test_a_minimal_erc792_arbitrator_rules() public {
        MinimalErc792Arbitrator kleros = new MinimalErc792Arbitrator();
        address[] memory list = new address[](1);
        list[0] = address(kleros);
        escrow = deployEscrow(address(token), list);
        Terms memory terms = defaultTerms();
        terms.arbitrator = address(kleros);
        key = open(terms, 20);
        fund(requester, DISPUTE_FEE);
        fund(worker, DISPUTE_FEE);
        claimAndSubmit(key, worker, 4);
        settle(key, worker, 0, 4);
        id = dispute(key, worker, 4);
        kleros.giveRuling(address(escrow), id, 1 + 1);
        assertOwed(worker, REWARD + DISPUTE_FEE / 4, "one of four");
        assertOwed(address(kleros), DISPUTE_FEE, "its fee");
    }

    // ruleOverdue
    function test_silence_of_the_arbitrator_pays_the_worker_and_returns_both_fees() public {
        vm.warp(block.timestamp + 5 days + 1);
        expectEvents(3, false, 0, 0);
        vm.prank(stranger);
        escrow.ruleOverdue(id);
        assertOwed(worker, 4 * REWARD + DISPUTE_FEE, "paid and the bond back");
        assertOwed(requester, DISPUTE_FEE + 3 * OPERATOR_FEE, "lock and operator fees back");
        assertOwed(arbitrator, 0, "no ruling, no fee");
        assertEq(account(worker).accepted, 1, "no record changes");
        assertEq(account(worker).rejected, 0, "void rejections do not count against the worker");
        assertEq(account(worker).contested, 0, "no longer contested");
        assertBooks();
    }

    function test_a_dispute_in_its_window_or_unknown_is_not_overdue() public {
        vm.expectRevert(abi.encodeWithSelector(Errors.TaskEscrow_RulingNotOverdue.selector, id));
        escrow.ruleOverdue(id);
        vm.expectRevert(abi.encodeWithSelector(Errors.TaskEscrow_RulingNotOverdue.selector, 5));
        escrow.ruleOverdue(5);
        vm.warp(block.timestamp + 5 days + 1);
        escrow.ruleOverdue(id);
        vm.expectRevert(abi.encodeWithSelector(Errors.TaskEscrow_RulingNotOverdue.selector, id));
        escrow.ruleOverdue(id);
    }

    // rejections beside the dispute
    function rejectTwoMore() internal {
        claimAndSubmit(key, worker, 2);
        settle(key, worker, 0, 2);
    }

    function test_the_lock_is_filled_up_again_for_rejections_beside_the_dispute() public {
        rejectTwoMore();
        fund(requester, DISPUTE_FEE);
        rule(3 + 1);
        assertLocked(key, DISPUTE_FEE);
        assertOwed(requester, 3 * OPERATOR_FEE, "a new fee from the account");
        assertEq(tally(key, worker).contestable, 2, "still contestable");
        assertEq(tally(key, worker).contestEnd, block.timestamp + 4 days, "for a fresh window");
        assertEq(tally(key, worker).flags, 1, "locked");
        assertBooks();
    }

    function test_the_lock_is_filled_up_from_free_assignments_if_the_account_is_short() public {
        rejectTwoMore();
        rule(3 + 1);
        assertLocked(key, DISPUTE_FEE);
        assertEq(batch(key).refunded, 1, "one whole assignment");
        assertOwed(requester, 3 * OPERATOR_FEE + UNIT - DISPUTE_FEE, "change");
        assertBooks();
    }

    function test_rejections_that_no_lock_can_back_any_more_are_void_and_paid() public {
        rejectTwoMore();
        vm.prank(requester);
        escrow.closeBatch(key);
        uint256 had = escrow.owed(requester);
        vm.prank(requester);
        escrow.withdraw(had, requester);
        bytes32 batchId = escrow.batchIdOf(key);
        vm.expectEmit(address(escrow));
        emit Events.Paid(batchId, worker, 2, 2 * uint256(REWARD), PaidReason.FeeShort);
        rule(3 + 1);
        assertOwed(worker, 6 * REWARD + DISPUTE_FEE, "the two as well");
        assertOwed(requester, 5 * OPERATOR_FEE, "operator fees");
        assertEq(account(worker).rejected, 0, "void");
        assertEq(account(worker).accepted, 4, "and no acceptance");
        assertEq(tally(key, worker).flags, 0, "no lock");
        assertLocked(key, 0);
        assertBooks();
    }

    function test_a_lock_that_a_ruling_did_not_touch_stays_for_the_rejections_beside() public {
        rejectTwoMore();
        rule(1);
        assertLocked(key, DISPUTE_FEE);
        assertEq(tally(key, worker).contestable, 2, "still contestable");
        vm.warp(block.timestamp + 4 days + 1);
        escrow.releaseRejected(key, workers(worker));
        assertLocked(key, 0);
        assertOwed(requester, DISPUTE_FEE, "back");
        assertBooks();
    }

    function test_silence_leaves_the_lock_for_the_rejections_beside() public {
        rejectTwoMore();
        vm.warp(block.timestamp + 5 days + 1);
        escrow.ruleOverdue(id);
        assertLocked(key, DISPUTE_FEE);
        assertEq(tally(key, worker).contestEnd, block.timestamp + 4 days, "a fresh window");
        assertBooks();
    }

    function testFuzz_lock_and_bond_end_with_whom_they_belong(uint8 ruling, bool moreRejected, bool emptied) public {
        if (moreRejected) rejectTwoMore();
        if (emptied) {
            vm.prank(requester);
            escrow.closeBatch(key);
        }
        rule(bound(ruling, 0, 4));
        assertBooks();
        if (tally(key, worker).contestable > 0) assertLocked(key, DISPUTE_FEE);
        else assertLocked(key, 0);
        vm.warp(block.timestamp + 30 days);
        escrow.releaseRejected(key, workers(worker));
        assertLocked(key, 0);
        assertEq(batch(key).contestable, 0, "nothing waits");
        assertBooks();
    }
}
