// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IGate} from "../../../contracts/interfaces/IGate.sol";
import {ITaskEscrow} from "../../../contracts/interfaces/ITaskEscrow.sol";
import {ITaskEscrowEvents as Events} from "../../../contracts/interfaces/ITaskEscrowEvents.sol";
import {Batch, BatchKey, Packet, PacketKind, Refusal, Tally, Terms} from "../../../contracts/libraries/EscrowTypes.sol";
import {Books} from "../base/Books.sol";

/// @notice Lets in as long as fewer than a fixed number of assignments are under work, by the escrow's own books.
contract QuotaGate is IGate {
    ITaskEscrow private immutable ESCROW;
    uint256 private immutable QUOTA;

    constructor(ITaskEscrow escrow, uint256 quota) {
        ESCROW = escrow;
        QUOTA = quota;
    }

    function mayClaim(bytes32 batchId, address, uint256 count) external view returns (bool) {
        Batch memory b = ESCROW.batchOf(batchId);
        return uint256(b.claimed) + b.submitted + count <= QUOTA;
    }
}

/// One relay carries a batch in memory from packet to packet: attacks on what it may forget, count twice or show too late.
contract RelayAttacksTest is Books {
    BatchKey internal key;
    BatchKey internal other;
    BatchKey[] internal keys;
    Packet[] internal packets;

    function setUp() public override {
        super.setUp();
        key = open(defaultTerms(), 20);
        watchBatch(key, 20);
        Terms memory terms = defaultTerms();
        terms.manifest = "other";
        other = open(terms, 20);
        watchBatch(other, 20);
    }

    /// @dev The worker behind `privateKey` asks for one thing in `batch_`, which stands at `index` of the keys.
    function add(
        PacketKind kind,
        BatchKey memory batch_,
        uint16 index,
        uint256 privateKey,
        uint24 sequence,
        uint16 count
    ) internal {
        Packet memory p = packet(kind, batch_, count);
        (p.worker, p.sequence, p.batchIndex) = (vm.addr(privateKey), sequence, index);
        packets.push(signPacket(p, escrow.batchIdOf(batch_), privateKey));
    }

    // the batch in memory
    function test_a_batch_listed_under_two_indexes_has_one_set_of_counts() public {
        keys.push(key);
        keys.push(other);
        keys.push(key);
        add(PacketKind.Claim, key, 0, WORKER_KEY, 0, 5);
        add(PacketKind.Claim, key, 2, SECOND_KEY, 0, 4);
        add(PacketKind.Claim, other, 1, WORKER_KEY, 0, 3);
        add(PacketKind.Submit, key, 2, WORKER_KEY, 1, 2);
        add(PacketKind.ReturnClaim, key, 0, SECOND_KEY, 1, 1);
        escrow.relay(keys, packets);
        assertCounts(key, [uint256(12), 6, 2, 0, 0], 0, 0);
        assertCounts(other, [uint256(17), 3, 0, 0, 0], 0, 0);
        assertBooks();
    }

    function test_a_dispute_between_packets_of_its_batch_is_neither_lost_nor_counted_twice() public {
        fund(requester, DISPUTE_FEE);
        fund(worker, DISPUTE_FEE);
        claimAndSubmit(key, worker, 4);
        settle(key, worker, 0, 4);
        uint24 next = tally(key, worker).sequence;
        watchDispute(nextDisputeId(key, worker));
        keys.push(key);
        keys.push(key);
        add(PacketKind.Claim, key, 0, SECOND_KEY, 0, 5);
        add(PacketKind.Dispute, key, 1, WORKER_KEY, next, 3);
        add(PacketKind.Dispute, key, 0, WORKER_KEY, next + 1, 1); // refused: one is open
        add(PacketKind.Submit, key, 0, SECOND_KEY, 1, 5);
        escrow.relay(keys, packets);
        assertCounts(key, [uint256(11), 0, 5, 1, 3], 0, 0);
        assertBooks();
    }

    function test_a_packet_that_is_refused_half_way_leaves_no_trace_in_the_batch() public {
        keys.push(key);
        add(PacketKind.Claim, key, 0, WORKER_KEY, 0, 5);
        add(PacketKind.ClaimAndSubmit, key, 0, SECOND_KEY, 0, 16); // one more than is free
        add(PacketKind.Submit, key, 0, WORKER_KEY, 1, 6); // one more than is claimed
        add(PacketKind.Submit, key, 0, WORKER_KEY, 1, 5);
        escrow.relay(keys, packets);
        assertCounts(key, [uint256(15), 0, 5, 0, 0], 0, 0);
        assertEq(tally(key, second).sequence, 0, "nothing used up");
    }

    function test_an_expired_claim_and_a_new_one_in_one_packet_are_counted_once() public {
        claim(key, worker, 20);
        vm.warp(block.timestamp + 1 days + 1);
        keys.push(key);
        add(PacketKind.ClaimAndSubmit, key, 0, WORKER_KEY, 1, 20);
        add(PacketKind.ClaimAndSubmit, key, 0, SECOND_KEY, 0, 1); // nothing is free any more
        escrow.relay(keys, packets);
        assertCounts(key, [uint256(0), 0, 20, 0, 0], 0, 0);
        escrow.expireClaims(key, workers(worker));
        assertCounts(key, [uint256(0), 0, 20, 0, 0], 0, 0);
        assertEq(tally(key, worker).oldLot, 20, "one lot");
    }

    // gates that read
    function test_a_gate_that_counts_claims_is_not_outrun_by_one_relay() public {
        Terms memory terms = defaultTerms();
        terms.gate = address(new QuotaGate(escrow, 3));
        BatchKey memory gated = open(terms, 20);
        keys.push(gated);
        keys.push(other);
        keys.push(gated);
        add(PacketKind.Claim, gated, 0, WORKER_KEY, 0, 2);
        add(PacketKind.Claim, gated, 2, SECOND_KEY, 0, 2); // would make four
        add(PacketKind.Claim, other, 1, WORKER_KEY, 0, 2);
        add(PacketKind.ClaimAndSubmit, gated, 2, SECOND_KEY, 0, 1);
        add(PacketKind.Claim, gated, 0, REVIEWER_KEY, 0, 1); // the quota is full
        vm.expectEmit(address(escrow));
        emit Events.PacketSkipped(escrow.batchIdOf(gated), second, 0, Refusal.GateRefused);
        escrow.relay(keys, packets);
        assertCounts(gated, [uint256(17), 2, 1, 0, 0], 0, 0);
    }

    // the end of the sequence numbers
    function test_no_two_disputes_have_one_name_at_the_end_of_the_sequence_numbers() public {
        fund(requester, DISPUTE_FEE);
        fund(worker, 2 * DISPUTE_FEE);
        claimAndSubmit(key, worker, 5);
        settle(key, worker, 0, 5);
        setSequence(type(uint24).max - 1);
        uint256 last = dispute(key, worker, 1);
        vm.prank(arbitrator);
        escrow.rule(last, 1);
        // The number stands still: a second dispute would be called `last` too, and no panel rules twice on one name.
        vm.prank(worker);
        expectRefused(Refusal.SequenceNotNext);
        escrow.dispute(key, 4, "");
        vm.warp(tally(key, worker).contestEnd + 1);
        escrow.releaseRejected(key, workers(worker));
        assertCounts(key, [uint256(20), 0, 0, 0, 0], 0, 0);
        assertLocked(key, 0);
        assertBooks();
    }

    function test_nobody_else_uses_up_a_workers_sequence_numbers() public {
        claim(key, worker, 2);
        Tally memory before = tally(key, worker);
        keys.push(key);
        add(PacketKind.SetSweep, key, 0, SECOND_KEY, before.sequence, 1);
        packets[0].worker = worker;
        escrow.relay(keys, packets);
        settle(key, worker, 1, 0); // skipped
        vm.warp(block.timestamp + 1 days + 1);
        escrow.expireClaims(key, workers(worker));
        assertEq(tally(key, worker).sequence, before.sequence, "as the worker left it");
    }

    /// @dev The ledger is the first thing stored: its third mapping holds the tallies.
    function setSequence(uint24 value) internal {
        bytes32 slot = keccak256(abi.encode(worker, keccak256(abi.encode(escrow.batchIdOf(key), uint256(2)))));
        uint256 word = uint256(vm.load(address(escrow), slot));
        vm.store(address(escrow), slot, bytes32(word & ~(uint256(type(uint24).max) << 224) | uint256(value) << 224));
        assertEq(tally(key, worker).sequence, value, "the slot was the tally");
    }
}
