// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ITaskEscrowEvents as Events} from "../../../contracts/interfaces/ITaskEscrowEvents.sol";
import {
    BatchKey,
    DirectPayment,
    Packet,
    PacketKind,
    Refusal,
    Terms,
    Verdict
} from "../../../contracts/libraries/EscrowTypes.sol";
import {Blocklist} from "../hostile/MoodyTokens.sol";
import {Scenario} from "./Scenario.sol";

/// Many of a kind: one bad entry blocks nobody, and nothing costs more for the others' sake.
contract CrowdScenarios is Scenario {
    uint256 internal constant CALLS = 16;

    function member(uint256 i) internal pure returns (address) {
        return address(uint160(0xC40000 + i));
    }

    // long lists
    function test_a_blocklisted_worker_sits_in_a_sweep_of_200() public {
        Blocklist list = new Blocklist();
        escrow = deployEscrow(address(list));
        list.aim(address(escrow));
        list.mint(requester, 400 * UNIT);
        vm.startPrank(requester);
        list.approve(address(escrow), 400 * UNIT);
        escrow.deposit(400 * UNIT);
        escrow.openBatch(defaultTerms(), "salt", 400);
        vm.stopPrank();
        key = BatchKey(requester, "salt", defaultTerms());
        address[] memory crowd = new address[](200);
        for (uint256 i = 0; i < 200; ++i) {
            crowd[i] = member(i);
            claimAndSubmit(key, crowd[i], 2);
            settle(key, crowd[i], 2, 0);
            vm.prank(crowd[i]);
            escrow.setSweep(true);
        }
        list.blockReceiver(member(77));
        list.turn();
        vm.expectEmit(address(escrow));
        emit Events.SweepFailed(member(77), 2 * REWARD);
        vm.prank(stranger);
        escrow.sweep(crowd);
        for (uint256 i = 0; i < 200; ++i) {
            assertOwed(crowd[i], i == 77 ? 2 * REWARD : 0, "owed");
            assertEq(list.real(crowd[i]), i == 77 ? 0 : 2 * REWARD, "held");
        }
        assertOwed(operator, 400 * uint256(OPERATOR_FEE), "operator");
        assertOwed(requester, 0, "requester");
        assertEq(list.real(address(escrow)), 2 * REWARD + 400 * uint256(OPERATOR_FEE), "the rest is there");
        vm.prank(member(77));
        escrow.withdraw(2 * REWARD, stranger);
        assertEq(list.real(stranger), 2 * REWARD, "and can go elsewhere");
    }

    function test_one_stale_verdict_sits_in_a_settlement_of_500() public {
        begin(defaultTerms(), 1000);
        Verdict[] memory verdicts = new Verdict[](500);
        for (uint256 i = 0; i < 500; ++i) {
            watch(member(i));
            claimAndSubmit(key, member(i), 2);
            verdicts[i] = Verdict(member(i), i == 250 ? 1 : 0, 2, 0);
        }
        vm.expectEmit(address(escrow));
        emit Events.VerdictSkipped(escrow.batchIdOf(key), member(250), 1, Refusal.VerdictStale);
        settle(key, verdicts);
        for (uint256 i = 0; i < 500; ++i) {
            assertOwed(member(i), i == 250 ? 0 : 2 * REWARD, "paid but for the stale one");
        }
        assertEnd([uint256(0), 0, 0, 998 * uint256(OPERATOR_FEE), 0], 0, [uint256(0), 0, 2, 0, 0, 998, 0]);
        settle(key, member(250), 2, 0);
        assertEnd([uint256(0), 0, 0, 1000 * uint256(OPERATOR_FEE), 0], 0, [uint256(0), 0, 0, 0, 0, 1000, 0]);
    }

    // batches beside each other
    function test_packets_of_two_batches_interleaved_with_disputes_keep_every_count() public {
        fund(requester, 2 * uint256(DISPUTE_FEE));
        fund(worker, 2 * uint256(DISPUTE_FEE));
        BatchKey[] memory keys = new BatchKey[](3);
        Terms memory terms = defaultTerms();
        begin(terms, 20);
        (keys[0], keys[2]) = (key, key);
        terms.manifest = "two";
        begin(terms, 20);
        keys[1] = BatchKey(requester, keccak256("salt"), terms);
        keys[0].terms = defaultTerms();
        keys[2].terms = defaultTerms();
        for (uint256 i = 0; i < 2; ++i) {
            claim(keys[i], worker, 8);
            submit(keys[i], worker, 4);
            settle(keys[i], worker, 0, 4);
        }
        Packet[] memory list = new Packet[](8);
        list[0] = ahead(keys, 0, PacketKind.Submit, 1, 0);
        list[1] = ahead(keys, 2, PacketKind.Dispute, 3, 1); // right behind a change of the same batch
        list[2] = ahead(keys, 1, PacketKind.Submit, 2, 0);
        list[3] = ahead(keys, 0, PacketKind.ReturnClaim, 1, 2);
        list[4] = ahead(keys, 0, PacketKind.Submit, 99, 3); // refused: more than is claimed
        list[5] = ahead(keys, 1, PacketKind.Dispute, 4, 1);
        list[6] = ahead(keys, 1, PacketKind.Claim, 5, 2);
        list[7] = ahead(keys, 2, PacketKind.Submit, 2, 3);
        for (uint256 i = 0; i < 2; ++i) {
            bytes32 batchId = escrow.batchIdOf(keys[i]);
            watchDispute(uint256(keccak256(abi.encode(batchId, worker, tally(keys[i], worker).sequence + 1))));
        }
        escrow.relay(keys, list);
        assertCounts(keys[0], [uint256(13), 0, 3, 1, 3], 0, 0);
        assertCounts(keys[1], [uint256(7), 7, 2, 0, 4], 0, 0);
        assertEq(tally(keys[0], worker).sequence, 6, "every step but the refused one");
        assertEq(tally(keys[1], worker).sequence, 5, "every step");
        assertOwed(worker, 0, "two bonds");
        assertBooks();
    }

    /// @dev A packet for `keys[index]` that is `steps` steps after the worker's present one.
    function ahead(BatchKey[] memory keys, uint16 index, PacketKind kind, uint16 count, uint24 steps)
        internal
        view
        returns (Packet memory p)
    {
        p = packet(kind, keys[index], count);
        p.batchIndex = index;
        p.sequence += steps;
        return signedPacket(p, keys[index]);
    }

    // 1,000 open batches
    function test_a_thousand_open_batches_make_no_call_dearer() public {
        fund(requester, 2000 * UNIT);
        fund(worker, 100 * uint256(REWARD));
        uint256 snapshot = vm.snapshotState();
        uint256[CALLS] memory few = costs();
        vm.revertToState(snapshot);
        for (uint256 i = 0; i < 1000; ++i) {
            vm.prank(requester);
            escrow.openBatch(defaultTerms(), bytes32(i + 1), 1);
            if (i % 10 == 0) claim(BatchKey(requester, bytes32(i + 1), defaultTerms()), member(i), 1);
        }
        uint256[CALLS] memory many = costs();
        for (uint256 i = 0; i < CALLS; ++i) {
            assertTrue(few[i] > 3000, "something was measured");
            assertTrue(many[i] <= few[i], string.concat("no dearer: call ", vm.toString(i)));
        }
    }

    function gasOf(address from, bytes memory call) internal returns (uint256 used) {
        vm.prank(from);
        (bool ok,) = address(escrow).call(call);
        used = vm.lastCallGas().gasTotalUsed;
        assertTrue(ok, "the call works");
    }

    /// @dev Every kind of call on a batch, once.
    function costs() internal returns (uint256[CALLS] memory gas_) {
        Terms memory terms = defaultTerms();
        terms.manifest = "measured";
        key = BatchKey(requester, "m", terms);
        uint256 now_ = block.timestamp;
        gas_[0] = gasOf(requester, abi.encodeCall(escrow.openBatch, (terms, "m", 50)));
        gas_[1] = gasOf(requester, abi.encodeCall(escrow.extendBatch, (key, 1, "v2")));
        gas_[2] = gasOf(worker, abi.encodeCall(escrow.claim, (key, 12, "", 1, noTicket())));
        gas_[3] = gasOf(worker, abi.encodeCall(escrow.returnClaim, (key, 1)));
        gas_[4] = gasOf(worker, abi.encodeCall(escrow.submit, (key, 9, "w")));
        gas_[5] = gasOf(reviewer, settlement(1, 0, 4, 3));
        uint256 id = nextDisputeId(key, worker);
        gas_[6] = gasOf(worker, abi.encodeCall(escrow.dispute, (key, 2, "e")));
        gas_[7] = gasOf(arbitrator, abi.encodeCall(escrow.rule, (id, 2)));
        gas_[8] = gasOf(reviewer, abi.encodeCall(escrow.overturn, (key, worker, 1)));
        gas_[9] = gasOf(stranger, submission());
        gas_[10] = gasOf(requester, abi.encodeCall(escrow.bonus, (key, worker, 5, "")));
        gas_[11] = gasOf(worker, abi.encodeCall(escrow.withdraw, (5, worker)));
        vm.warp(now_ + 3 days + 1);
        gas_[12] = gasOf(stranger, abi.encodeCall(escrow.payOverdue, (key, worker)));
        vm.prank(worker);
        escrow.setSweep(true);
        gas_[13] = gasOf(stranger, abi.encodeCall(escrow.sweep, (workers(worker))));
        gas_[14] = gasOf(requester, abi.encodeCall(escrow.closeBatch, (key)));
        gas_[15] = gasOf(stranger, abi.encodeCall(escrow.expireClaims, (key, workers(worker))));
        vm.warp(now_);
    }

    function submission() internal view returns (bytes memory) {
        Packet[] memory list = new Packet[](1);
        list[0] = signedPacket(packet(PacketKind.Submit, key, 1), key);
        BatchKey[] memory keys = new BatchKey[](1);
        keys[0] = key;
        return abi.encodeCall(escrow.relay, (keys, list));
    }

    function settlement(uint32 nonce, uint16 before, uint16 accepted, uint16 rejected)
        internal
        view
        returns (bytes memory)
    {
        Verdict[] memory list = new Verdict[](1);
        list[0] = Verdict(worker, before, accepted, rejected);
        return abi.encodeCall(escrow.settle, (key, nonce, "r", list, new DirectPayment[](0), ""));
    }
}
