// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ITaskEscrowErrors as Errors} from "../../../contracts/interfaces/ITaskEscrowErrors.sol";
import {ITaskEscrowEvents as Events} from "../../../contracts/interfaces/ITaskEscrowEvents.sol";
import {
    BatchKey,
    Packet,
    PacketKind,
    Refusal,
    Tally,
    Terms,
    Ticket
} from "../../../contracts/libraries/EscrowTypes.sol";
import {Books} from "../base/Books.sol";
import {MessageHashes} from "../base/MessageHashes.sol";

/// `claim`, with and without tickets, and `mayClaim`.
contract ClaimsTest is Books {
    BatchKey internal key;
    BatchKey internal assigned;

    function setUp() public override {
        super.setUp();
        key = open(defaultTerms(), 100);
        watchBatch(key, 100);
        Terms memory terms = defaultTerms();
        terms.assigner = assigner;
        assigned = open(terms, 100);
        watchBatch(assigned, 100);
    }

    function claimWith(uint16 count, uint16 version, Ticket memory ticket) internal {
        vm.prank(worker);
        escrow.claim(assigned, count, keccak256("tasks"), version, ticket);
    }

    function lease(uint256 seconds_) internal view returns (uint40) {
        return uint40(block.timestamp + seconds_);
    }

    // claim > without an assigner
    function test_an_open_claim_moves_free_to_claimed_for_the_lease_of_the_terms() public {
        vm.expectEmit(address(escrow));
        emit Events.Claimed(escrow.batchIdOf(key), worker, 5, 1, keccak256("tasks"), lease(1 days), 0);
        claim(key, worker, 5);
        assertCounts(key, [uint256(95), 5, 0, 0, 0], 0, 0);
        Tally memory t = tally(key, worker);
        assertEq(t.claimed, 5, "tally");
        assertEq(t.leaseEnd, lease(1 days), "lease");
        assertEq(t.sequence, 1, "one step");
        assertBooks();
    }

    function test_an_open_claim_needs_no_tasks_digest() public {
        vm.prank(worker);
        escrow.claim(key, 1, "", 1, noTicket());
        assertEq(tally(key, worker).claimed, 1, "claimed");
    }

    function test_a_second_open_claim_does_not_extend_the_running_lease() public {
        claim(key, worker, 5);
        uint256 end = tally(key, worker).leaseEnd;
        vm.warp(block.timestamp + 1 hours);
        claim(key, worker, 5);
        assertEq(tally(key, worker).leaseEnd, end, "the first lease");
        assertEq(tally(key, worker).claimed, 10, "both");
    }

    function test_at_most_max_claim_may_be_outstanding() public {
        claim(key, worker, 15);
        vm.prank(worker);
        expectRefused(Refusal.TooManyClaimed);
        escrow.claim(key, 6, "", 1, noTicket());
        claim(key, worker, 5);
        claim(key, second, 20);
    }

    function test_what_is_submitted_is_not_outstanding() public {
        claimAndSubmit(key, worker, 20);
        claim(key, worker, 20);
        assertEq(tally(key, worker).claimed, 20, "more work for who works");
    }

    // claim > when the caller's own lease is over
    function test_a_claim_after_the_lease_expires_the_old_one_first() public {
        claim(key, worker, 20);
        vm.warp(block.timestamp + 1 days + 1);
        vm.expectEmit(address(escrow));
        emit Events.ClaimExpired(escrow.batchIdOf(key), worker, 20);
        claim(key, worker, 7);
        assertCounts(key, [uint256(93), 7, 0, 0, 0], 0, 0);
        assertEq(tally(key, worker).leaseEnd, lease(1 days), "a new lease");
    }

    function test_expired_claims_count_as_free_for_their_own_worker() public {
        Terms memory terms = defaultTerms();
        terms.maxClaim = 100;
        terms.manifest = "all";
        BatchKey memory all = open(terms, 50);
        claim(all, worker, 50);
        vm.prank(second);
        expectRefused(Refusal.NotEnoughFree);
        escrow.claim(all, 1, "", 1, noTicket());
        vm.warp(block.timestamp + 1 days + 1);
        claim(all, worker, 50);
        assertEq(batch(all).claimed, 50, "again");
    }

    // claim > when it cannot be
    function test_more_than_is_free_cannot_be_claimed() public {
        Terms memory terms = defaultTerms();
        terms.manifest = "few";
        BatchKey memory few = open(terms, 3);
        vm.prank(worker);
        expectRefused(Refusal.NotEnoughFree);
        escrow.claim(few, 4, "", 1, noTicket());
        claim(few, worker, 3);
    }

    function test_nothing_cannot_be_claimed() public {
        vm.prank(worker);
        expectRefused(Refusal.NothingAsked);
        escrow.claim(key, 0, "", 1, noTicket());
    }

    function testFuzz_only_existing_manifest_versions_can_be_claimed(uint16 version) public {
        vm.prank(requester);
        escrow.extendBatch(key, 0, "v2");
        vm.prank(worker);
        if (version == 0 || version > 2) expectRefused(Refusal.ManifestVersionUnknown);
        escrow.claim(key, 1, "", version, noTicket());
    }

    function test_a_closed_batch_cannot_be_claimed() public {
        vm.prank(requester);
        escrow.closeBatch(key);
        vm.prank(worker);
        expectRefused(Refusal.BatchClosed);
        escrow.claim(key, 1, "", 1, noTicket());
    }

    function test_an_unknown_batch_cannot_be_claimed() public {
        BatchKey memory unknown = BatchKey(requester, "unknown", key.terms);
        vm.expectPartialRevert(Errors.TaskEscrow_BatchUnknown.selector);
        escrow.claim(unknown, 1, "", 1, noTicket());
    }

    function testFuzz_claims_keep_the_sum(uint16 one, uint16 two, uint16 three) public {
        uint16[3] memory counts = [one % 25, two % 25, three % 25];
        for (uint256 i = 0; i < 3; ++i) {
            vm.prank(i == 1 ? second : worker);
            try escrow.claim(key, counts[i], "", 1, noTicket()) {} catch {}
        }
        assertEq(uint256(batch(key).free) + batch(key).claimed, 100, "moved, not made");
        assertEq(uint256(tally(key, worker).claimed) + tally(key, second).claimed, batch(key).claimed, "by tally");
        assertTrue(tally(key, worker).claimed <= 20, "within the limit");
    }

    // claim > with a ticket
    function test_a_ticket_claims_more_than_max_claim_for_its_own_lease() public {
        claimWith(50, 1, ticketFor(assigned, worker, 50, lease(2 days)));
        assertEq(tally(assigned, worker).claimed, 50, "the assigner decides");
        assertEq(tally(assigned, worker).leaseEnd, lease(2 days), "its lease");
        assertBooks();
    }

    function test_a_ticket_works_once() public {
        Ticket memory ticket = ticketFor(assigned, worker, 2, lease(1 days));
        claimWith(2, 1, ticket);
        vm.prank(worker);
        expectRefused(Refusal.TicketInvalid);
        escrow.claim(assigned, 2, keccak256("tasks"), 1, ticket);
    }

    function test_a_ticket_of_a_later_number_waits_for_its_turn() public {
        Ticket memory first = ticketFor(assigned, worker, 2, lease(1 days));
        MessageHashes.TicketMessage memory m = MessageHashes.TicketMessage(
            escrow.batchIdOf(assigned), 1, worker, 2, keccak256("tasks"), lease(1 days), lease(1 hours), 1
        );
        Ticket memory later = Ticket(m.leaseEnd, m.deadline, signed(ASSIGNER_KEY, MessageHashes.ticket(m)));
        vm.prank(worker);
        expectRefused(Refusal.TicketInvalid);
        escrow.claim(assigned, 2, keccak256("tasks"), 1, later);
        claimWith(2, 1, first);
        claimWith(2, 1, later);
        assertEq(tally(assigned, worker).claimed, 4, "both");
    }

    function test_a_longer_ticket_extends_a_running_lease_and_a_shorter_never_cuts_it() public {
        claimWith(2, 1, ticketFor(assigned, worker, 2, lease(1 days)));
        claimWith(2, 1, ticketFor(assigned, worker, 2, lease(2 days)));
        assertEq(tally(assigned, worker).leaseEnd, lease(2 days), "grown");
        claimWith(2, 1, ticketFor(assigned, worker, 2, lease(1 hours)));
        assertEq(tally(assigned, worker).leaseEnd, lease(2 days), "not cut");
    }

    // claim > when the ticket is missing or bad
    function test_without_a_ticket_an_assigned_batch_cannot_be_claimed() public {
        vm.prank(worker);
        Ticket memory none = Ticket(lease(1 days), lease(1 days), "");
        expectRefused(Refusal.TicketInvalid);
        escrow.claim(assigned, 1, keccak256("tasks"), 1, none);
    }

    function test_a_ticket_of_another_key_is_refused() public {
        MessageHashes.TicketMessage memory m = MessageHashes.TicketMessage(
            escrow.batchIdOf(assigned), 1, worker, 2, keccak256("tasks"), lease(1 days), lease(1 hours), 0
        );
        Ticket memory forged = Ticket(m.leaseEnd, m.deadline, signed(WORKER_KEY, MessageHashes.ticket(m)));
        vm.prank(worker);
        expectRefused(Refusal.TicketInvalid);
        escrow.claim(assigned, 2, keccak256("tasks"), 1, forged);
    }

    function test_another_worker_cannot_use_a_ticket() public {
        Ticket memory ticket = ticketFor(assigned, worker, 2, lease(1 days));
        vm.prank(second);
        expectRefused(Refusal.TicketInvalid);
        escrow.claim(assigned, 2, keccak256("tasks"), 1, ticket);
    }

    function test_a_ticket_lease_over_or_too_long_is_refused() public {
        Ticket memory over = ticketFor(assigned, worker, 2, lease(0) - 1);
        vm.prank(worker);
        expectRefused(Refusal.TicketLeaseOutOfRange);
        escrow.claim(assigned, 2, keccak256("tasks"), 1, over);
        Ticket memory tooLong = ticketFor(assigned, worker, 2, lease(30 days) + 1);
        vm.prank(worker);
        expectRefused(Refusal.TicketLeaseOutOfRange);
        escrow.claim(assigned, 2, keccak256("tasks"), 1, tooLong);
        claimWith(2, 1, ticketFor(assigned, worker, 2, lease(30 days)));
        claimWith(2, 1, ticketFor(assigned, worker, 2, lease(0)));
    }

    function test_a_ticket_past_its_deadline_is_refused() public {
        Ticket memory ticket = ticketFor(assigned, worker, 2, lease(1 days));
        vm.warp(ticket.deadline + 1);
        vm.prank(worker);
        expectRefused(Refusal.TicketExpired);
        escrow.claim(assigned, 2, keccak256("tasks"), 1, ticket);
    }

    // mayClaim
    function test_may_claim_says_what_a_claim_would_say() public {
        assertMay(key, 20, 1, Refusal.None);
        assertMay(key, 21, 1, Refusal.TooManyClaimed);
        assertMay(key, 0, 1, Refusal.NothingAsked);
        assertMay(key, 1, 2, Refusal.ManifestVersionUnknown);
        assertMay(assigned, 101, 1, Refusal.NotEnoughFree);
        assertMay(BatchKey(requester, "none", key.terms), 1, 1, Refusal.BatchUnknown);
        vm.prank(requester);
        escrow.closeBatch(key);
        assertMay(key, 1, 1, Refusal.BatchClosed);
        vm.warp(assigned.terms.claimBy + 1);
        assertMay(assigned, 1, 1, Refusal.ClaimPeriodOver);
    }

    function assertMay(BatchKey memory key_, uint16 count, uint16 version, Refusal expected) internal view {
        assertEq(uint256(escrow.mayClaim(key_, worker, count, version)), uint256(expected), "may claim");
    }

    // the counts of a tally
    function test_a_worker_never_has_more_than_a_tally_can_count() public {
        Terms memory terms = defaultTerms();
        (terms.maxClaim, terms.reward, terms.operatorFee, terms.disputeFee) = (type(uint16).max, 1, 0, 0);
        BatchKey memory huge = open(terms, 100_000);
        claimAndSubmit(huge, worker, 60_000);
        settle(huge, worker, 40_000, 0);
        vm.prank(worker);
        expectRefused(Refusal.TooManyClaimed);
        escrow.claim(huge, 5536, "", 1, noTicket());
        claimAndSubmit(huge, worker, 5535);
        settle(huge, worker, 25_535, 0);
        assertEq(tally(huge, worker).decided, type(uint16).max, "exactly full");
        vm.prank(worker);
        expectRefused(Refusal.TooManyClaimed);
        escrow.claim(huge, 1, "", 1, noTicket());
        assertOwed(worker, type(uint16).max, "all paid");
    }

    function test_at_the_last_sequence_number_claims_and_packets_stop_but_submitting_goes_on() public {
        claim(key, worker, 3);
        setSequence(type(uint24).max - 1);
        vm.prank(worker);
        expectRefused(Refusal.SequenceNotNext);
        escrow.claim(key, 1, "", 1, noTicket());
        submit(key, worker, 1);
        submit(key, worker, 1);
        assertEq(tally(key, worker).sequence, type(uint24).max, "it stops there");
        settle(key, worker, 2, 0);
        assertOwed(worker, 2 * REWARD, "and is paid");
    }

    function test_at_the_last_sequence_numbers_no_packet_can_be_replayed() public {
        claim(key, worker, 3);
        for (uint24 back = 0; back < 2; ++back) {
            setSequence(type(uint24).max - back);
            Packet memory p = signedPacket(packet(PacketKind.Submit, key, 1), key);
            vm.expectEmit(address(escrow));
            emit Events.PacketSkipped(escrow.batchIdOf(key), worker, p.sequence, Refusal.SequenceNotNext);
            relay(key, p);
        }
        setSequence(type(uint24).max - 2);
        relay(key, signedPacket(packet(PacketKind.Submit, key, 1), key));
        assertEq(tally(key, worker).oldLot, 1, "the last that applies");
    }

    /// @dev The ledger is the first thing stored: its third mapping holds the tallies.
    function setSequence(uint24 value) internal {
        bytes32 outer = keccak256(abi.encode(escrow.batchIdOf(key), uint256(2)));
        bytes32 slot = keccak256(abi.encode(worker, outer));
        uint256 word = uint256(vm.load(address(escrow), slot));
        word = word & ~(uint256(type(uint24).max) << 224) | uint256(value) << 224;
        vm.store(address(escrow), slot, bytes32(word));
        assertEq(tally(key, worker).sequence, value, "the slot was the tally");
    }
}
