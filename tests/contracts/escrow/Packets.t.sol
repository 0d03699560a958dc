// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ITaskEscrowErrors as Errors} from "../../../contracts/interfaces/ITaskEscrowErrors.sol";
import {ITaskEscrowEvents as Events} from "../../../contracts/interfaces/ITaskEscrowEvents.sol";
import {BatchKey, Packet, PacketKind, Refusal, Tally, Terms} from "../../../contracts/libraries/EscrowTypes.sol";
import {Vm} from "../base/Vm.sol";
import {Books} from "../base/Books.sol";

/// `relay`: what signed packets do, and which are skipped for which reason.
contract PacketsTest is Books {
    BatchKey internal key;

    function setUp() public override {
        super.setUp();
        key = open(defaultTerms(), 40);
        watchBatch(key, 40);
    }

    function wish(PacketKind kind, uint16 count) internal view returns (Packet memory) {
        return signedPacket(packet(kind, key, count), key);
    }

    function send(Packet memory p) internal {
        vm.prank(stranger);
        relay(key, p);
    }

    function expectSkipped(Packet memory p, Refusal reason) internal {
        bytes32 batchId = escrow.batchIdOf(key);
        vm.expectEmit(address(escrow));
        emit Events.PacketSkipped(batchId, p.worker, p.sequence, reason);
    }

    /// @dev Sends `p`, which must be skipped for `reason` and change nothing.
    function skipped(Packet memory p, Refusal reason) internal {
        bytes32 before = keccak256(abi.encode(tally(key, worker), batch(key), account(worker)));
        expectSkipped(p, reason);
        send(p);
        assertEq(keccak256(abi.encode(tally(key, worker), batch(key), account(worker))), before, "nothing consumed");
    }

    // each kind does what the call does
    function test_a_claim_packet_claims_for_its_signer() public {
        send(wish(PacketKind.Claim, 5));
        assertEq(tally(key, worker).claimed, 5, "claimed");
        assertEq(tally(key, worker).sequence, 1, "a step");
        assertCounts(key, [uint256(35), 5, 0, 0, 0], 0, 0);
    }

    function test_a_return_packet_returns() public {
        claim(key, worker, 5);
        send(wish(PacketKind.ReturnClaim, 2));
        assertEq(tally(key, worker).claimed, 3, "returned");
        assertEq(tally(key, worker).sequence, 2, "a step");
    }

    function test_a_submit_packet_submits() public {
        claim(key, worker, 5);
        send(wish(PacketKind.Submit, 4));
        assertEq(tally(key, worker).oldLot, 4, "submitted");
        assertEq(tally(key, worker).sequence, 2, "a step");
    }

    function test_claim_and_submit_in_one_packet_is_two_steps() public {
        Packet memory p = packet(PacketKind.ClaimAndSubmit, key, 5);
        p.submitted = 3;
        send(signedPacket(p, key));
        Tally memory t = tally(key, worker);
        assertEq(t.claimed, 2, "still claimed");
        assertEq(t.oldLot, 3, "submitted");
        assertEq(t.sequence, 2, "two steps");
        assertBooks();
    }

    function test_a_sweep_packet_switches_on_and_off() public {
        vm.expectEmit(address(escrow));
        emit Events.SequenceUsed(escrow.batchIdOf(key), worker, 0);
        send(wish(PacketKind.SetSweep, 1));
        assertEq(account(worker).flags, 1, "on");
        assertEq(tally(key, worker).sequence, 1, "a step");
        send(wish(PacketKind.SetSweep, 0));
        assertEq(account(worker).flags, 0, "off");
    }

    function test_a_dispute_packet_takes_the_bond_from_its_worker() public {
        fund(requester, DISPUTE_FEE);
        fund(worker, DISPUTE_FEE);
        claimAndSubmit(key, worker, 3);
        settle(key, worker, 0, 3);
        watchDispute(nextDisputeId(key, worker));
        send(wish(PacketKind.Dispute, 2));
        assertEq(tally(key, worker).disputed, 2, "contested");
        assertEq(tally(key, worker).sequence, 3, "a step");
        assertOwed(worker, 0, "the bond");
        assertBooks();
    }

    // order
    function test_a_packet_is_used_once() public {
        Packet memory p = wish(PacketKind.Claim, 5);
        send(p);
        skipped(p, Refusal.SequenceNotNext);
    }

    function test_packets_out_of_order_wait_for_their_turn() public {
        claim(key, worker, 5);
        Packet memory later = packet(PacketKind.Submit, key, 1);
        later.sequence += 1;
        later = signedPacket(later, key);
        Packet memory now_ = wish(PacketKind.Submit, 2);
        skipped(later, Refusal.SequenceNotNext);
        send(now_);
        send(later);
        assertEq(tally(key, worker).oldLot, 2, "the first");
        assertEq(tally(key, worker).youngLot, 1, "then the second");
    }

    function test_a_call_uses_up_the_number_of_a_packet_in_flight() public {
        Packet memory p = wish(PacketKind.Claim, 5);
        claim(key, worker, 1);
        skipped(p, Refusal.SequenceNotNext);
    }

    function testFuzz_only_the_next_sequence_number_applies(uint24 sequence) public {
        vm.assume(sequence != 0);
        Packet memory p = packet(PacketKind.Claim, key, 5);
        p.sequence = sequence;
        skipped(signedPacket(p, key), Refusal.SequenceNotNext);
    }

    // what is skipped
    function test_a_bad_packet_does_not_block_the_others() public {
        Packet[] memory list = new Packet[](3);
        list[0] = wish(PacketKind.Claim, 5);
        list[1] = wish(PacketKind.Claim, 4);
        Packet memory p = packet(PacketKind.Claim, key, 7);
        p.worker = second;
        list[2] = signPacket(p, escrow.batchIdOf(key), SECOND_KEY);
        BatchKey[] memory keys = new BatchKey[](1);
        keys[0] = key;
        expectSkipped(list[1], Refusal.SequenceNotNext);
        escrow.relay(keys, list);
        assertEq(tally(key, worker).claimed, 5, "before it");
        assertEq(tally(key, second).claimed, 7, "after it");
    }

    function test_a_batch_index_outside_the_keys_is_skipped() public {
        Packet memory p = packet(PacketKind.Claim, key, 5);
        p.batchIndex = 1;
        p = signedPacket(p, key);
        vm.expectEmit(address(escrow));
        emit Events.PacketSkipped(0, worker, 0, Refusal.BatchIndexOutOfRange);
        send(p);
        assertEq(tally(key, worker).claimed, 0, "nothing");
    }

    function test_packets_of_several_batches_go_in_one_call() public {
        Terms memory terms = defaultTerms();
        terms.manifest = "other";
        BatchKey[] memory keys = new BatchKey[](2);
        (keys[0], keys[1]) = (key, open(terms, 9));
        Packet[] memory list = new Packet[](2);
        list[0] = wish(PacketKind.Claim, 5);
        list[1] = packet(PacketKind.Claim, keys[1], 6);
        list[1].batchIndex = 1;
        list[1] = signedPacket(list[1], keys[1]);
        escrow.relay(keys, list);
        assertEq(tally(keys[0], worker).claimed, 5, "first");
        assertEq(tally(keys[1], worker).claimed, 6, "second");
    }

    function test_a_packet_of_an_unknown_batch_is_skipped() public {
        BatchKey memory unknown = BatchKey(requester, "none", key.terms);
        Packet memory p = signedPacket(packet(PacketKind.Claim, unknown, 5), unknown);
        vm.expectEmit(address(escrow));
        emit Events.PacketSkipped(escrow.batchIdOf(unknown), worker, 0, Refusal.BatchUnknown);
        relay(unknown, p);
    }

    function test_a_packet_past_its_deadline_is_skipped() public {
        Packet memory p = wish(PacketKind.Claim, 5);
        vm.warp(p.deadline + 1);
        skipped(p, Refusal.PacketExpired);
    }

    function test_a_packet_signed_by_another_is_skipped() public {
        Packet memory p = signPacket(packet(PacketKind.Claim, key, 5), escrow.batchIdOf(key), SECOND_KEY);
        skipped(p, Refusal.SignatureInvalid);
    }

    function test_what_would_refuse_the_call_skips_the_packet() public {
        skipped(wish(PacketKind.Claim, 0), Refusal.NothingAsked);
        skipped(wish(PacketKind.Claim, 21), Refusal.TooManyClaimed);
        skipped(wish(PacketKind.Submit, 1), Refusal.NotEnoughClaimed);
        skipped(wish(PacketKind.ReturnClaim, 1), Refusal.NotEnoughClaimed);
        skipped(wish(PacketKind.Dispute, 1), Refusal.NothingContestable);
        claim(key, worker, 5);
        vm.warp(block.timestamp + 1 days + 1);
        skipped(wish(PacketKind.Submit, 1), Refusal.LeaseOver);
    }

    function test_a_claim_and_submit_that_cannot_submit_does_not_claim() public {
        Packet memory p = packet(PacketKind.ClaimAndSubmit, key, 5);
        p.submitted = 6;
        skipped(signedPacket(p, key), Refusal.NotEnoughClaimed);
        p.submitted = 0;
        skipped(signedPacket(p, key), Refusal.NothingAsked);
        (p.submitted, p.workDigest) = (5, 0);
        skipped(signedPacket(p, key), Refusal.NothingAsked);
    }

    function test_a_claim_and_submit_commits_to_answers_of_what_it_claims_alone() public {
        claim(key, worker, 3);
        Packet memory p = packet(PacketKind.ClaimAndSubmit, key, 2);
        p.submitted = 4;
        p = signedPacket(p, key);
        vm.recordLogs();
        relay(key, p);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        assertEq(logs.length, 1, "says nothing but that it is skipped");
        assertEq(logs[0].topics[0], Events.PacketSkipped.selector, "skipped");
        assertEq(tally(key, worker).claimed, 3, "claims nothing");
    }

    // tickets
    function test_a_claim_packet_carries_the_ticket_of_an_assigned_batch() public {
        Terms memory terms = defaultTerms();
        terms.assigner = assigner;
        key = open(terms, 40);
        Packet memory p = packet(PacketKind.Claim, key, 5);
        p.ticket = ticketFor(key, worker, 5, uint40(block.timestamp + 1 days));
        send(signedPacket(p, key));
        assertEq(tally(key, worker).claimed, 5, "claimed");
        p = packet(PacketKind.Claim, key, 5);
        skipped(signedPacket(p, key), Refusal.TicketExpired);
        p.ticket = ticketFor(key, second, 5, uint40(block.timestamp + 1 days));
        skipped(signedPacket(p, key), Refusal.TicketInvalid);
        p.ticket = ticketFor(key, worker, 5, uint40(block.timestamp + 31 days));
        skipped(signedPacket(p, key), Refusal.TicketLeaseOutOfRange);
    }

    // gas
    function test_too_little_gas_reverts_the_whole_call_instead_of_skipping() public {
        Terms memory terms = defaultTerms();
        terms.gate = address(escrow); // any contract: the gate is not reached
        key = open(terms, 40);
        Packet memory p = wish(PacketKind.Claim, 5);
        BatchKey[] memory keys = new BatchKey[](1);
        keys[0] = key;
        Packet[] memory list = new Packet[](1);
        list[0] = p;
        (bool ok, bytes memory why) = address(escrow).call{gas: 180_000}(abi.encodeCall(escrow.relay, (keys, list)));
        assertTrue(!ok, "refused");
        assertEq(bytes32(bytes4(why)), bytes32(Errors.TaskEscrow_InsufficientGas.selector), "for want of gas");
    }
}
