// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {BatchKey, Packet, PacketKind, Terms, Ticket} from "../../../contracts/libraries/EscrowTypes.sol";
import {MessageHashes} from "../base/MessageHashes.sol";
import {AtTimes} from "./AtTimes.sol";

/// Every deadline of work and batches, a second before, in its second, a second after, and at any time.
contract WorkDeadlinesTest is AtTimes {
    function setUp() public override {
        super.setUp();
        key = open(defaultTerms(), 40);
        fund(requester, 10 * UNIT);
    }

    function claimCall(Ticket memory ticket) internal view returns (bytes memory) {
        return abi.encodeCall(escrow.claim, (key, 1, keccak256("tasks"), 1, ticket));
    }

    function submitCall() internal view returns (bytes memory) {
        return abi.encodeCall(escrow.submit, (key, 1, keccak256("work")));
    }

    function expireCall() internal view returns (bytes memory) {
        return abi.encodeCall(escrow.expireClaims, (key, workers(worker)));
    }

    function relayCall(Packet memory p) internal view returns (bytes memory) {
        BatchKey[] memory keys = new BatchKey[](1);
        keys[0] = key;
        Packet[] memory list = new Packet[](1);
        list[0] = p;
        return abi.encodeCall(escrow.relay, (keys, list));
    }

    function assign() internal {
        Terms memory terms = defaultTerms();
        terms.assigner = assigner;
        key = open(terms, 40);
    }

    // claimBy
    function test_claims_end_with_claim_by() public {
        until(key.terms.claimBy, worker, claimCall(noTicket()));
    }

    function testFuzz_claims_end_with_claim_by(uint40 time) public {
        untilAt(key.terms.claimBy, time, worker, claimCall(noTicket()));
    }

    function test_extensions_end_with_claim_by() public {
        until(key.terms.claimBy, requester, abi.encodeCall(escrow.extendBatch, (key, 1, "v2")));
    }

    function testFuzz_extensions_end_with_claim_by(uint40 time) public {
        untilAt(key.terms.claimBy, time, requester, abi.encodeCall(escrow.extendBatch, (key, 1, "v2")));
    }

    function test_refunds_begin_after_claim_by() public {
        after_(key.terms.claimBy, stranger, abi.encodeCall(escrow.refund, (key)));
    }

    function testFuzz_refunds_begin_after_claim_by(uint40 time) public {
        afterAt(key.terms.claimBy, time, stranger, abi.encodeCall(escrow.refund, (key)));
    }

    // lease
    function test_submissions_end_with_the_lease() public {
        claim(key, worker, 2);
        until(block.timestamp + key.terms.lease, worker, submitCall());
    }

    function testFuzz_submissions_end_with_the_lease(uint40 time) public {
        claim(key, worker, 2);
        untilAt(block.timestamp + key.terms.lease, time, worker, submitCall());
    }

    function test_claims_expire_after_the_lease() public {
        claim(key, worker, 2);
        after_(block.timestamp + key.terms.lease, stranger, expireCall());
    }

    function testFuzz_claims_expire_after_the_lease(uint40 time) public {
        claim(key, worker, 2);
        afterAt(block.timestamp + key.terms.lease, time, stranger, expireCall());
    }

    function test_all_that_may_be_claimed_can_be_claimed_anew_after_the_lease() public {
        claim(key, worker, 20);
        after_(block.timestamp + key.terms.lease, worker, claimCall(noTicket()));
    }

    // a ticket's lease
    function test_submissions_end_with_the_lease_of_the_ticket() public {
        assign();
        uint40 leaseEnd = uint40(block.timestamp + 7 hours);
        Ticket memory ticket = ticketFor(key, worker, 1, leaseEnd);
        vm.prank(worker);
        escrow.claim(key, 1, keccak256("tasks"), 1, ticket);
        until(leaseEnd, worker, submitCall());
        after_(leaseEnd, stranger, expireCall());
    }

    function test_a_ticket_whose_lease_is_over_claims_nothing() public {
        assign();
        uint40 leaseEnd = uint40(block.timestamp + 10 minutes);
        until(leaseEnd, worker, claimCall(ticketFor(key, worker, 1, leaseEnd)));
    }

    function testFuzz_the_lease_of_a_ticket_ends_at_most_thirty_days_after_the_claim(uint40 leaseEnd) public {
        assign();
        leaseEnd = uint40(bound(leaseEnd, block.timestamp - 10 days, block.timestamp + 60 days));
        bool inRange = leaseEnd >= block.timestamp && leaseEnd <= block.timestamp + 30 days;
        bytes memory call = claimCall(ticketFor(key, worker, 1, leaseEnd));
        assertTrue(works(block.timestamp, worker, call) == inRange, "in range");
    }

    function test_ticket_lease_boundaries() public {
        assign();
        uint256 now_ = block.timestamp;
        assertTrue(!works(now_, worker, claimCall(ticketFor(key, worker, 1, uint40(now_ - 1)))), "over");
        assertTrue(works(now_, worker, claimCall(ticketFor(key, worker, 1, uint40(now_)))), "in its second");
        assertTrue(works(now_, worker, claimCall(ticketFor(key, worker, 1, uint40(now_ + 30 days)))), "longest");
        assertTrue(!works(now_, worker, claimCall(ticketFor(key, worker, 1, uint40(now_ + 30 days + 1)))), "too long");
    }

    // a ticket's deadline
    function test_tickets_end_with_their_deadline() public {
        assign();
        Ticket memory ticket = ticketFor(key, worker, 1, uint40(block.timestamp + 2 days));
        until(ticket.deadline, worker, claimCall(ticket));
    }

    function testFuzz_tickets_end_with_their_deadline(uint40 time) public {
        assign();
        Ticket memory ticket = ticketFor(key, worker, 1, uint40(block.timestamp + 2 days));
        untilAt(ticket.deadline, time, worker, claimCall(ticket));
    }

    // a packet's deadline
    function test_packets_end_with_their_deadline() public {
        claim(key, worker, 4);
        for (uint256 i = 0; i < 5; ++i) {
            Packet memory p = packet(PacketKind(i), key, 1);
            p.deadline = uint40(block.timestamp + 1 hours);
            until(p.deadline, stranger, relayCall(signedPacket(p, key)));
        }
    }

    function testFuzz_packets_end_with_their_deadline(uint40 time, uint8 kind) public {
        claim(key, worker, 4);
        Packet memory p = packet(PacketKind(kind % 5), key, 1);
        p.deadline = uint40(block.timestamp + 1 hours);
        time = uint40(bound(time, block.timestamp, block.timestamp + 20 hours));
        bool applied = works(time, stranger, relayCall(signedPacket(p, key)));
        assertTrue(applied == (time <= p.deadline), "until the deadline");
    }

    // a signature's deadline
    function test_signed_withdrawals_and_settings_end_with_their_deadline() public {
        fund(worker, 10);
        uint256 end = block.timestamp + 1 hours;
        bytes memory s =
            signed(WORKER_KEY, MessageHashes.withdrawal(MessageHashes.WithdrawMessage(worker, 5, worker, 0, end)));
        until(end, stranger, abi.encodeCall(escrow.withdrawBySig, (worker, 5, worker, 0, end, s)));
        s = signed(WORKER_KEY, MessageHashes.sweepSetting(MessageHashes.SweepMessage(worker, true, 0, end)));
        until(end, stranger, abi.encodeCall(escrow.setSweepBySig, (worker, true, 0, end, s)));
    }

    function testFuzz_signed_withdrawals_end_with_their_deadline(uint40 time) public {
        fund(worker, 10);
        uint256 end = block.timestamp + 1 hours;
        bytes memory s =
            signed(WORKER_KEY, MessageHashes.withdrawal(MessageHashes.WithdrawMessage(worker, 5, worker, 0, end)));
        untilAt(end, time, stranger, abi.encodeCall(escrow.withdrawBySig, (worker, 5, worker, 0, end, s)));
    }

    function testFuzz_signed_sweep_settings_end_with_their_deadline(uint40 time) public {
        uint256 end = block.timestamp + 1 hours;
        bytes memory s =
            signed(WORKER_KEY, MessageHashes.sweepSetting(MessageHashes.SweepMessage(worker, true, 0, end)));
        untilAt(end, time, stranger, abi.encodeCall(escrow.setSweepBySig, (worker, true, 0, end, s)));
    }

    // an operator's allowance
    function approve(uint40 end) internal {
        vm.prank(requester);
        escrow.approveOperator(operator, uint96(5 * UNIT), 100, end, reviewer, arbitrator);
    }

    function test_an_operator_may_spend_until_its_time_is_over() public {
        uint40 end = uint40(block.timestamp + 1 hours);
        approve(end);
        until(end, operator, abi.encodeCall(escrow.openBatchFor, (requester, defaultTerms(), "o", 1)));
        until(end, operator, abi.encodeCall(escrow.extendBatch, (key, 1, "v2")));
        until(end, operator, abi.encodeCall(escrow.bonus, (key, worker, 1, "")));
    }

    function testFuzz_an_operator_may_spend_until_its_time_is_over(uint40 time, bool bonus) public {
        uint40 end = uint40(block.timestamp + 1 hours);
        approve(end);
        bytes memory call = abi.encodeCall(escrow.bonus, (key, worker, 1, ""));
        if (!bonus) call = abi.encodeCall(escrow.extendBatch, (key, 1, "v2"));
        time = uint40(bound(time, block.timestamp, block.timestamp + 20 days));
        assertTrue(works(time, operator, call) == (time <= end), "until its time is over");
    }
}
