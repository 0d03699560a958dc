// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ITaskEscrowErrors as Errors} from "../../../contracts/interfaces/ITaskEscrowErrors.sol";
import {ITaskEscrowEvents as Events} from "../../../contracts/interfaces/ITaskEscrowEvents.sol";
import {BatchKey, Dispute, Packet, PacketKind, Refusal, Terms} from "../../../contracts/libraries/EscrowTypes.sol";
import {Books} from "../base/Books.sol";

/// `dispute`, `sponsorDispute` and the views of a dispute.
contract DisputesTest is Books {
    BatchKey internal key;

    function setUp() public override {
        super.setUp();
        key = open(defaultTerms(), 10);
        watchBatch(key, 10);
        fund(requester, DISPUTE_FEE);
        fund(worker, DISPUTE_FEE);
        claimAndSubmit(key, worker, 4);
        settle(key, worker, 1, 3);
    }

    function contest(address by, uint16 count) internal returns (uint256 id) {
        id = nextDisputeId(key, by);
        watchDispute(id);
        vm.prank(by);
        escrow.dispute(key, count, "evidence");
    }

    function signedDispute(uint16 count) internal view returns (Packet memory) {
        return signedPacket(packet(PacketKind.Dispute, key, count), key);
    }

    // dispute > when there is something to contest
    function test_a_dispute_takes_the_bond_and_keeps_what_a_ruling_needs() public {
        uint256 id = nextDisputeId(key, worker);
        bytes32 batchId = escrow.batchIdOf(key);
        uint40 end = uint40(block.timestamp + 5 days);
        vm.expectEmit(address(escrow));
        emit Events.Disputed(batchId, worker, id, 2, "evidence", end, arbitrator);
        vm.expectEmit(address(escrow));
        emit Events.BondPosted(id, worker, DISPUTE_FEE);
        contest(worker, 2);
        Dispute memory d = escrow.disputeOf(id);
        assertEq(d.worker, worker, "worker");
        assertEq(d.poster, worker, "poster");
        assertEq(d.arbitrator, arbitrator, "arbitrator");
        assertEq(d.batchId, batchId, "batch");
        assertEq(d.count, 2, "count");
        assertEq(d.rulingEnd, end, "end");
        assertEq(d.openedAt, block.timestamp, "opened");
        assertEq(uint256(d.reward) + d.operatorFee, UNIT, "money");
        assertEq(d.fee, DISPUTE_FEE, "fee");
        assertEq(d.disputeWindow, 4 days, "window");
        assertOwed(worker, REWARD, "the bond is taken");
        assertCounts(key, [uint256(6), 0, 0, 1, 2], 1, 0);
        assertEq(tally(key, worker).sequence, 3, "a step");
        assertBooks();
    }

    function test_a_contested_rejection_does_not_count_against_the_worker() public {
        assertEq(account(worker).rejected, 3, "before");
        contest(worker, 2);
        assertEq(account(worker).rejected, 1, "while contested");
        assertEq(account(worker).contested, 2, "contested");
    }

    function testFuzz_a_dispute_is_over_what_is_contestable_at_most(uint16 count) public {
        vm.assume(count > 0);
        uint256 id = contest(worker, count);
        uint256 m = count < 3 ? count : 3;
        assertEq(escrow.disputeOf(id).count, m, "a snapshot");
        assertEq(tally(key, worker).contestable, 3 - m, "the rest");
        assertEq(tally(key, worker).disputed, m, "disputed");
        assertBooks();
    }

    function test_evidence_may_be_empty() public {
        vm.prank(worker);
        escrow.dispute(key, 1, "");
        assertEq(tally(key, worker).disputed, 1, "open");
    }

    function test_without_a_dispute_fee_there_is_no_bond() public {
        Terms memory terms = defaultTerms();
        (terms.disputeFee, terms.manifest) = (0, "free");
        key = open(terms, 4);
        watchBatch(key, 4);
        claimAndSubmit(key, second, 4);
        settle(key, second, 0, 4);
        contest(second, 4);
        assertEq(tally(key, second).disputed, 4, "open");
        assertBooks();
    }

    // dispute > when it cannot be
    function test_a_dispute_over_nothing_is_refused() public {
        vm.prank(worker);
        expectRefused(Refusal.NothingAsked);
        escrow.dispute(key, 0, "");
    }

    function test_who_has_no_rejection_cannot_dispute() public {
        fund(second, DISPUTE_FEE);
        vm.prank(second);
        expectRefused(Refusal.NothingContestable);
        escrow.dispute(key, 1, "");
    }

    function test_one_dispute_is_open_at_a_time() public {
        contest(worker, 1);
        fund(worker, DISPUTE_FEE);
        vm.prank(worker);
        expectRefused(Refusal.DisputeOpen);
        escrow.dispute(key, 1, "");
    }

    function test_after_the_window_nothing_can_be_contested() public {
        vm.warp(block.timestamp + 4 days + 1);
        vm.prank(worker);
        expectRefused(Refusal.DisputeWindowOver);
        escrow.dispute(key, 1, "");
    }

    function test_a_bond_that_is_short_by_one_unit_is_refused() public {
        vm.startPrank(worker);
        escrow.withdraw(REWARD + 1, worker);
        expectRefused(Refusal.BondShort);
        escrow.dispute(key, 1, "");
        vm.stopPrank();
        fund(worker, 1);
        contest(worker, 1);
        assertOwed(worker, 0, "just enough");
        assertBooks();
    }

    function test_a_dispute_in_an_unknown_batch_is_refused() public {
        key.salt = "none";
        vm.prank(worker);
        vm.expectPartialRevert(Errors.TaskEscrow_BatchUnknown.selector);
        escrow.dispute(key, 1, "");
    }

    // dispute > later rejections
    function test_later_rejections_form_a_new_lot_whose_window_starts_at_the_ruling() public {
        fund(worker, 5 * REWARD);
        uint256 id = contest(worker, 3);
        claimAndSubmit(key, worker, 2);
        settle(key, worker, 0, 2);
        assertEq(tally(key, worker).contestable, 2, "beside it");
        vm.warp(block.timestamp + 5 days);
        vm.prank(worker);
        expectRefused(Refusal.DisputeOpen);
        escrow.dispute(key, 2, "");
        vm.prank(arbitrator);
        escrow.rule(id, 1);
        assertEq(tally(key, worker).contestEnd, block.timestamp + 4 days, "a fresh window");
        contest(worker, 2);
        assertEq(tally(key, worker).disputed, 2, "the next dispute");
        assertBooks();
    }

    // sponsorDispute
    function test_a_sponsor_puts_up_the_bond_and_gets_the_rest_of_it_back() public {
        fund(stranger, DISPUTE_FEE);
        uint256 id = nextDisputeId(key, worker);
        watchDispute(id);
        Packet memory p = signedDispute(3);
        vm.prank(stranger);
        escrow.sponsorDispute(key, p);
        assertEq(escrow.disputeOf(id).poster, stranger, "poster");
        assertOwed(stranger, 0, "the sponsor's bond");
        assertOwed(worker, REWARD + DISPUTE_FEE, "not the worker's");
        assertBooks();
        vm.prank(arbitrator);
        escrow.rule(id, 2 + 1);
        assertOwed(stranger, DISPUTE_FEE - DISPUTE_FEE / 3, "what is left of it");
        assertOwed(worker, 3 * REWARD + DISPUTE_FEE, "and the worker is paid");
        assertBooks();
    }

    function test_a_sponsor_needs_the_workers_signature() public {
        fund(stranger, DISPUTE_FEE);
        Packet memory p = signPacket(packet(PacketKind.Dispute, key, 3), escrow.batchIdOf(key), SECOND_KEY);
        vm.prank(stranger);
        expectRefused(Refusal.SignatureInvalid);
        escrow.sponsorDispute(key, p);
    }

    function test_a_sponsor_brings_disputes_only() public {
        Packet memory p = signedPacket(packet(PacketKind.Claim, key, 1), key);
        vm.prank(stranger);
        expectError(Errors.TaskEscrow_NotAllowed.selector, stranger);
        escrow.sponsorDispute(key, p);
    }

    function test_a_sponsored_dispute_is_refused_for_the_reasons_of_a_packet() public {
        fund(stranger, DISPUTE_FEE - 1);
        Packet memory p = signedDispute(3);
        vm.prank(stranger);
        expectRefused(Refusal.BondShort);
        escrow.sponsorDispute(key, p);
        vm.warp(p.deadline + 1);
        expectRefused(Refusal.PacketExpired);
        escrow.sponsorDispute(key, p);
        key.salt = "none";
        expectRefused(Refusal.BatchUnknown);
        escrow.sponsorDispute(key, p);
    }

    function test_a_dispute_packet_cannot_be_used_twice() public {
        fund(worker, 5 * REWARD);
        Packet memory p = signedDispute(1);
        uint256 id = nextDisputeId(key, worker);
        relay(key, p);
        vm.prank(arbitrator);
        escrow.rule(id, 1);
        fund(stranger, DISPUTE_FEE);
        vm.prank(stranger);
        expectRefused(Refusal.SequenceNotNext);
        escrow.sponsorDispute(key, p);
    }

    // views
    function test_a_dispute_that_was_never_opened_is_all_zero() public view {
        Dispute memory d = escrow.disputeOf(7);
        assertEq(d.arbitrator, address(0), "none");
        assertEq(d.count, 0, "none");
    }

    function test_dispute_numbers_differ_between_workers_batches_and_steps() public {
        uint256 one = nextDisputeId(key, worker);
        uint256 two = nextDisputeId(key, second);
        fund(worker, 5 * REWARD);
        contest(worker, 1);
        uint256 three = nextDisputeId(key, worker);
        assertTrue(one != two && one != three && two != three, "distinct");
    }
}
