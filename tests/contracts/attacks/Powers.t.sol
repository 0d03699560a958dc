// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {BatchKey, Packet, PacketKind, Refusal, Terms} from "../../../contracts/libraries/EscrowTypes.sol";
import {Books} from "../base/Books.sol";

/// Powers that somebody gave away, used as badly as they can be: each attack reaches as far as the interface warns, and not a
/// unit further.
contract PowerAttacksTest is Books {
    function approve(uint96 cap) internal {
        vm.prank(requester);
        escrow.approveOperator(operator, cap, 0, uint40(block.timestamp + 90 days), reviewer, arbitrator);
    }

    // an operator
    function testFuzz_a_hostile_dispute_fee_costs_the_requester_no_more_than_the_cap(
        uint96 fee,
        uint8 assignments,
        uint8 first
    ) public {
        Terms memory terms = defaultTerms();
        uint24 n = uint24(bound(assignments, 2, 8));
        terms.disputeFee = uint96(bound(fee, 0, 20 * uint256(REWARD)));
        uint256 cap = n * (UNIT + terms.disputeFee);
        fund(requester, 4 * cap);
        if (terms.disputeFee > 0) fund(worker, n * uint256(terms.disputeFee));
        approve(uint96(cap));
        vm.prank(operator);
        escrow.openBatchFor(requester, terms, "for", n);
        BatchKey memory key = BatchKey(requester, "for", terms);
        watchBatch(key, n);
        assertEq(escrow.allowanceOf(requester, operator).cap, 0, "all that can be at risk was counted");
        // An honest reviewer rejects, and an honest arbitrator corrects it, as often as it can be.
        claimAndSubmit(key, worker, uint16(n));
        settle(key, worker, 0, uint16(n));
        uint16 lot = uint16(bound(first, 1, n));
        while (tally(key, worker).contestable > 0) {
            uint256 id = dispute(key, worker, lot);
            watchDispute(id);
            vm.prank(arbitrator);
            escrow.rule(id, 2);
            lot = 1;
        }
        assertTrue(4 * cap - escrow.owed(requester) <= cap, "at most the cap");
        assertTrue(batch(key).accepted >= 1, "something was paid");
        assertBooks();
    }

    function test_an_operator_can_append_a_manifest_to_a_batch_that_the_requester_opened() public {
        // The interface warns of it: ten assignments of the requester's own batch can now be claimed as version 2.
        BatchKey memory key = open(defaultTerms(), 10);
        approve(1);
        vm.prank(operator);
        escrow.extendBatch(key, 0, "press any key");
        vm.prank(worker);
        escrow.claim(key, 10, "", 2, noTicket());
        assertEq(batch(key).claimed, 10, "claimed under the operator's manifest");
        // It ends with the approval.
        approve(0);
        vm.prank(operator);
        vm.expectRevert();
        escrow.extendBatch(key, 0, "press another");
    }

    function test_an_operator_in_front_of_a_smaller_approval_spends_both() public {
        Terms memory terms = defaultTerms();
        terms.disputeFee = 0;
        fund(requester, 10 * UNIT);
        approve(uint96(5 * UNIT));
        vm.prank(operator);
        escrow.openBatchFor(requester, terms, "before", 5);
        approve(uint96(3 * UNIT)); // meant as the whole
        vm.prank(operator);
        escrow.openBatchFor(requester, terms, "after", 3);
        assertOwed(requester, 2 * UNIT, "old and new cap, and no more");
    }

    // whoever sees a signed dispute
    function disputed() internal returns (BatchKey memory key, Packet memory p) {
        key = open(defaultTerms(), 10);
        watchBatch(key, 10);
        fund(requester, DISPUTE_FEE);
        claimAndSubmit(key, worker, 3);
        settle(key, worker, 0, 3);
        watchDispute(nextDisputeId(key, worker));
        p = signedPacket(packet(PacketKind.Dispute, key, 3), key);
    }

    function test_a_dispute_signed_for_a_sponsor_can_be_relayed_at_the_workers_cost() public {
        (BatchKey memory key, Packet memory p) = disputed();
        fund(worker, DISPUTE_FEE);
        fund(second, DISPUTE_FEE);
        vm.prank(stranger);
        relay(key, p); // in front of the sponsor
        vm.prank(second);
        expectRefused(Refusal.SequenceNotNext);
        escrow.sponsorDispute(key, p);
        assertOwed(worker, 0, "the bond is the worker's");
        assertOwed(second, DISPUTE_FEE, "the sponsor keeps its own");
        assertBooks();
    }

    function test_a_worker_that_keeps_less_than_the_fee_puts_up_no_bond_against_its_will() public {
        (BatchKey memory key, Packet memory p) = disputed();
        fund(worker, DISPUTE_FEE - 1);
        fund(second, DISPUTE_FEE);
        vm.prank(stranger);
        relay(key, p); // skipped, and uses nothing up
        vm.prank(second);
        escrow.sponsorDispute(key, p);
        assertOwed(worker, DISPUTE_FEE - 1, "untouched");
        assertOwed(second, 0, "the sponsor's bond");
        assertBooks();
    }

    // sweeping
    function test_a_requester_that_lets_itself_be_swept_cannot_reject() public {
        BatchKey memory key = open(defaultTerms(), 4);
        fund(requester, DISPUTE_FEE);
        vm.prank(requester);
        escrow.setSweep(true);
        claimAndSubmit(key, worker, 4);
        vm.prank(worker);
        escrow.sweep(workers(requester)); // in front of the verdict
        settle(key, worker, 0, 4);
        assertEq(batch(key).submitted, 4, "nothing was rejected");
        assertEq(token.balanceOf(requester), DISPUTE_FEE, "and no unit lost");
    }

    function test_nobody_empties_an_account_that_did_not_switch_sweeping_on() public {
        BatchKey memory key = open(defaultTerms(), 4);
        fund(requester, DISPUTE_FEE);
        claimAndSubmit(key, worker, 4);
        vm.prank(worker);
        escrow.sweep(workers(requester));
        settle(key, worker, 0, 4);
        assertEq(batch(key).contestable, 4, "rejected as decided");
    }

    function test_a_worker_that_is_swept_in_front_of_its_dispute_still_has_its_window() public {
        (BatchKey memory key,) = disputed();
        fund(worker, DISPUTE_FEE);
        vm.prank(worker);
        escrow.setSweep(true);
        vm.prank(requester);
        escrow.sweep(workers(worker));
        vm.prank(worker);
        expectRefused(Refusal.BondShort);
        escrow.dispute(key, 3, "");
        vm.startPrank(worker);
        escrow.setSweep(false);
        token.approve(address(escrow), DISPUTE_FEE);
        escrow.deposit(DISPUTE_FEE);
        vm.stopPrank();
        vm.prank(requester);
        escrow.sweep(workers(worker));
        dispute(key, worker, 3);
        assertEq(batch(key).disputed, 3, "contested after all");
        assertBooks();
    }

    // an assigner
    function test_a_second_ticket_with_a_shorter_lease_can_waste_a_claim_but_take_nothing_submitted() public {
        Terms memory terms = defaultTerms();
        terms.assigner = assigner;
        BatchKey memory key = open(terms, 10);
        watchBatch(key, 10);
        Packet memory p = packet(PacketKind.Claim, key, 3);
        p.ticket = ticketFor(key, worker, 3, uint40(block.timestamp)); // not the one the worker was shown
        relay(key, signedPacket(p, key));
        vm.warp(block.timestamp + 1);
        vm.prank(worker);
        expectRefused(Refusal.LeaseOver);
        escrow.submit(key, 3, "work");
        Packet memory both = packet(PacketKind.ClaimAndSubmit, key, 3);
        both.ticket = ticketFor(key, worker, 3, uint40(block.timestamp));
        relay(key, signedPacket(both, key));
        assertCounts(key, [uint256(7), 0, 3, 0, 0], 0, 0);
        vm.warp(block.timestamp + 3 days + 1);
        escrow.payOverdue(key, worker);
        assertOwed(worker, 3 * uint256(REWARD), "what is submitted is paid");
        assertBooks();
    }
}
