// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ITaskEscrowEvents as Events} from "../../../contracts/interfaces/ITaskEscrowEvents.sol";
import {
    BatchKey,
    DirectPayment,
    Packet,
    PacketKind,
    PaidReason,
    Refusal,
    Terms,
    Verdict
} from "../../../contracts/libraries/EscrowTypes.sol";
import {Books} from "../base/Books.sol";

/// Attacks on the two fees behind a dispute, and on the money that they are taken from.
contract FeeAttacksTest is Books {
    /// @dev Six rejections of `worker` in a batch of ten whose requester has `spare` units left after the lock.
    function rejected(uint256 spare) internal returns (BatchKey memory key) {
        key = open(defaultTerms(), 10);
        watchBatch(key, 10);
        fund(requester, DISPUTE_FEE + spare);
        fund(worker, DISPUTE_FEE);
        claimAndSubmit(key, worker, 6);
        settle(key, worker, 0, 6);
        assertLocked(key, DISPUTE_FEE);
    }

    function contest(BatchKey memory key, uint16 count, uint256 ruling) internal {
        uint256 id = dispute(key, worker, count);
        watchDispute(id);
        vm.prank(arbitrator);
        escrow.rule(id, ruling);
    }

    // the shared lock
    function test_a_worker_that_claims_all_free_money_before_a_ruling_voids_what_no_account_backs() public {
        BatchKey memory key = rejected(0);
        uint256 id = dispute(key, worker, 1);
        watchDispute(id);
        claim(key, second, 4); // nothing is free when the lock has to be filled up
        vm.expectEmit(address(escrow));
        emit Events.Paid(escrow.batchIdOf(key), worker, 5, 5 * uint256(REWARD), PaidReason.FeeShort);
        vm.prank(arbitrator);
        escrow.rule(id, 2);
        assertCounts(key, [uint256(0), 4, 0, 0, 0], 6, 0);
        assertLocked(key, 0);
        assertBooks();
    }

    function test_it_voids_nothing_if_the_requester_keeps_one_more_fee_in_its_account() public {
        // The ruling itself gives an operator fee back, which counts.
        BatchKey memory key = rejected(DISPUTE_FEE - OPERATOR_FEE);
        uint256 id = dispute(key, worker, 1);
        watchDispute(id);
        claim(key, second, 4);
        vm.prank(arbitrator);
        escrow.rule(id, 2);
        assertCounts(key, [uint256(0), 4, 0, 5, 0], 1, 0);
        assertLocked(key, DISPUTE_FEE);
        assertBooks();
    }

    function test_a_lock_never_takes_the_money_of_claims_or_submissions() public {
        BatchKey memory key = open(defaultTerms(), 10);
        watchBatch(key, 10);
        claimAndSubmit(key, worker, 4);
        claim(key, second, 6);
        vm.expectEmit(address(escrow));
        emit Events.VerdictSkipped(escrow.batchIdOf(key), worker, 1, Refusal.FeeNotLockable);
        settle(key, worker, 0, 4);
        assertCounts(key, [uint256(0), 6, 4, 0, 0], 0, 0);
        vm.warp(block.timestamp + 3 days + 1);
        escrow.payOverdue(key, worker);
        assertOwed(worker, 4 * uint256(REWARD), "silence pays what could not be rejected");
        assertBooks();
    }

    // one dispute after another
    function test_winning_one_dispute_after_another_costs_the_requester_one_fee_for_each_assignment_at_most() public {
        BatchKey memory key = rejected(5 * DISPUTE_FEE);
        for (uint256 i = 0; i < 6; ++i) {
            contest(key, 1, 2);
        }
        assertOwed(arbitrator, 6 * uint256(DISPUTE_FEE), "a fee for each ruling");
        assertOwed(worker, 6 * uint256(REWARD) + DISPUTE_FEE, "the worker loses nothing");
        assertOwed(requester, 6 * uint256(OPERATOR_FEE), "no more than reward and fee for each assignment");
        assertBooks();
    }

    function test_stretching_rejections_one_lost_dispute_at_a_time_costs_the_worker_a_fee_each_time() public {
        BatchKey memory key = rejected(0);
        contest(key, 1, 1);
        assertOwed(worker, 0, "the bond is gone");
        vm.prank(worker);
        expectRefused(Refusal.BondShort);
        escrow.dispute(key, 1, "");
        vm.warp(tally(key, worker).contestEnd + 1);
        escrow.releaseRejected(key, workers(worker));
        assertCounts(key, [uint256(10), 0, 0, 0, 0], 0, 0);
        assertBooks();
    }

    function test_an_overturn_right_before_a_dispute_shrinks_it_and_costs_the_worker_nothing() public {
        BatchKey memory key = rejected(0);
        vm.prank(requester);
        escrow.overturn(key, worker, 5);
        contest(key, 6, 7);
        assertOwed(worker, 6 * uint256(REWARD) + DISPUTE_FEE, "all six paid, the bond back");
        assertBooks();
    }

    function test_a_rejection_right_before_a_dispute_is_not_dragged_into_it() public {
        BatchKey memory key = open(defaultTerms(), 10);
        watchBatch(key, 10);
        fund(requester, DISPUTE_FEE);
        fund(worker, DISPUTE_FEE);
        claimAndSubmit(key, worker, 6);
        settle(key, worker, 0, 1);
        settle(key, worker, 0, 5); // in front of a dispute meant for one
        contest(key, 1, 2);
        assertEq(tally(key, worker).contestable, 5, "still to be contested");
        assertEq(tally(key, worker).contestEnd, block.timestamp + 4 days, "for one window from the ruling");
        assertBooks();
    }

    // one address in several roles
    function testFuzz_one_address_in_every_role_ends_with_what_it_put_in(uint8 accepted, uint8 disputed, uint8 ruling)
        public
    {
        Terms memory terms = defaultTerms();
        address[] memory arbitrators = workers(requester);
        escrow = deployEscrow(address(token), arbitrators);
        (terms.reviewer, terms.operator, terms.arbitrator) = (requester, requester, requester);
        fund(requester, 2 * DISPUTE_FEE);
        BatchKey memory key = open(terms, 10);
        watchBatch(key, 10);
        uint256 all = 10 * UNIT + 2 * DISPUTE_FEE;
        claimAndSubmit(key, requester, 6);
        uint16 yes = accepted % 6;
        Verdict[] memory verdicts = new Verdict[](1);
        verdicts[0] = Verdict(requester, 0, yes, 6 - yes);
        vm.prank(requester);
        escrow.settle(key, 1, "results", verdicts, new DirectPayment[](0), "");
        uint256 id = dispute(key, requester, 1 + disputed % 6);
        watchDispute(id);
        vm.prank(requester);
        escrow.rule(id, ruling % 9);
        assertBooks();
        vm.warp(block.timestamp + 31 days);
        escrow.releaseRejected(key, workers(requester));
        if (batch(key).free > 0) escrow.refund(key);
        assertOwed(requester, all, "every unit and none more");
        assertBooks();
    }

    function test_a_requester_that_sponsors_the_dispute_against_itself_gains_nothing() public {
        BatchKey memory key = rejected(0);
        // The requester puts up the bond in its own name; the ruling upholds everything.
        fund(requester, DISPUTE_FEE);
        vm.prank(worker);
        escrow.withdraw(DISPUTE_FEE, worker);
        uint256 id = sponsored(key, 6);
        vm.prank(arbitrator);
        escrow.rule(id, 1);
        assertOwed(arbitrator, DISPUTE_FEE, "paid out of the requester's bond");
        assertOwed(requester, DISPUTE_FEE, "and its lock came back");
        assertOwed(worker, 0, "the worker put up nothing");
        assertBooks();
    }

    function sponsored(BatchKey memory key, uint16 count) internal returns (uint256 id) {
        id = nextDisputeId(key, worker);
        watchDispute(id);
        Packet memory p = signedPacket(packet(PacketKind.Dispute, key, count), key);
        vm.prank(requester);
        escrow.sponsorDispute(key, p);
    }

    // direct batches
    function test_a_fee_lock_may_take_the_free_money_of_a_direct_batch() public {
        Terms memory terms = defaultTerms();
        (terms.flags, terms.disputeFee) = (1, uint96(9 * UNIT));
        BatchKey memory key = open(terms, 10);
        watchBatch(key, 10);
        claimAndSubmit(key, second, 1); // the requester's friend hands in nothing of worth
        Verdict[] memory verdicts = new Verdict[](1);
        verdicts[0] = Verdict(second, 0, 0, 1);
        DirectPayment[] memory direct = new DirectPayment[](1);
        direct[0] = DirectPayment(worker, 5);
        vm.expectEmit(address(escrow));
        emit Events.VerdictSkipped(escrow.batchIdOf(key), worker, 1, Refusal.NotEnoughFree);
        vm.prank(reviewer);
        escrow.settle(key, 1, "results", verdicts, direct, "");
        assertCounts(key, [uint256(0), 0, 0, 1, 0], 0, 9);
        assertOwed(worker, 0, "direct pay is outside the fourth law");
        assertBooks();
    }
}
