// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ITaskEscrowErrors as Errors} from "../../../contracts/interfaces/ITaskEscrowErrors.sol";
import {
    BatchKey,
    DirectPayment,
    Packet,
    PacketKind,
    Permit,
    Terms,
    Verdict
} from "../../../contracts/libraries/EscrowTypes.sol";
import {MessageHashes} from "../base/MessageHashes.sol";
import {Scenario} from "./Scenario.sol";

/// The chain reorders, drops and repeats.
contract ChainScenarios is Scenario {
    DirectPayment[] internal none;

    function signedSettlement(uint32 nonce, Verdict[] memory list) internal view returns (bytes memory) {
        MessageHashes.SettlementMessage memory m =
            MessageHashes.SettlementMessage(escrow.batchIdOf(key), nonce, "r", list, none);
        return signed(REVIEWER_KEY, MessageHashes.settlement(m));
    }

    function acceptFour() internal view returns (Verdict[] memory list) {
        list = new Verdict[](1);
        list[0] = Verdict(worker, 0, 4, 0);
    }

    // reorganisations
    function test_a_settlement_is_mined_reorganised_away_and_sent_again() public {
        begin(defaultTerms(), 10);
        claimAndSubmit(key, worker, 4);
        Verdict[] memory list = acceptFour();
        bytes memory signature = signedSettlement(1, list);
        uint256 snapshot = vm.snapshotState();
        escrow.settle(key, 1, "r", list, none, signature);
        assertOwed(worker, 4 * uint256(REWARD), "mined");
        vm.revertToState(snapshot);
        assertOwed(worker, 0, "reorganised away");
        escrow.settle(key, 1, "r", list, none, signature);
        expectError(Errors.TaskEscrow_SettlementNotNext.selector, 1, 2);
        escrow.settle(key, 1, "r", list, none, signature);
        assertEnd([uint256(0), 4 * uint256(REWARD), 0, 4 * uint256(OPERATOR_FEE), 0], 0, [uint256(6), 0, 0, 0, 0, 4, 0]);
    }

    function test_a_batch_is_reorganised_away_and_another_opened() public {
        uint256 snapshot = vm.snapshotState();
        begin(defaultTerms(), 10);
        BatchKey memory lost = key;
        claimAndSubmit(key, worker, 4);
        Verdict[] memory list = acceptFour();
        bytes memory signature = signedSettlement(1, list);
        Packet memory p = packet(PacketKind.Claim, lost, 2);
        p.sequence = 0;
        p = signedPacket(p, lost);
        vm.revertToState(snapshot);
        // In the place of the first, another with a twentieth of the reward is opened with the same salt.
        Terms memory terms = defaultTerms();
        (terms.reward, terms.operatorFee, terms.disputeFee) = (REWARD / 20, 0, 0);
        begin(terms, 10);
        expectError(Errors.TaskEscrow_SignatureInvalid.selector, reviewer);
        escrow.settle(key, 1, "r", list, none, signature);
        vm.expectPartialRevert(Errors.TaskEscrow_BatchUnknown.selector);
        escrow.settle(lost, 1, "r", list, none, signature);
        relay(key, p);
        relay(lost, p);
        assertEq(tally(key, worker).claimed, 0, "no signature moves onto other terms");
        assertEnd([uint256(0), 0, 0, 0, 0], 0, [uint256(10), 0, 0, 0, 0, 0, 0]);
    }

    function test_a_batch_that_comes_back_after_a_reorganisation_takes_the_same_signatures() public {
        uint256 snapshot = vm.snapshotState();
        begin(defaultTerms(), 10);
        Packet memory p = signedPacket(packet(PacketKind.Claim, key, 2), key);
        vm.revertToState(snapshot);
        begin(defaultTerms(), 10);
        relay(key, p);
        assertEnd([uint256(0), 0, 0, 0, 0], 0, [uint256(8), 2, 0, 0, 0, 0, 0]);
    }

    // the mempool
    function permitOf(uint256 amount) internal view returns (Permit memory p) {
        p = Permit(amount, block.timestamp, 0, 0, 0);
        bytes32 message = keccak256(
            abi.encode(
                keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"),
                requester,
                address(escrow),
                amount,
                0,
                p.deadline
            )
        );
        bytes32 digest = keccak256(abi.encodePacked(hex"1901", token.DOMAIN_SEPARATOR(), message));
        (p.v, p.r, p.s) = vm.sign(REQUESTER_KEY, digest);
    }

    function test_a_permit_is_front_run() public {
        Terms memory terms = defaultTerms();
        token.mint(requester, 10 * UNIT);
        Permit memory p = permitOf(10 * UNIT);
        vm.startPrank(stranger);
        token.permit(requester, address(escrow), p.amount, p.deadline, p.v, p.r, p.s);
        vm.expectRevert();
        escrow.openBatchWithPermit(terms, "salt", 10, p);
        vm.stopPrank();
        vm.prank(requester);
        escrow.openBatchWithPermit(terms, "salt", 10, p);
        key = BatchKey(requester, "salt", terms);
        watchBatch(key, 10);
        assertEnd([uint256(0), 0, 0, 0, 0], 0, [uint256(10), 0, 0, 0, 0, 0, 0]);
    }

    function test_packets_arrive_out_of_order() public {
        begin(defaultTerms(), 10);
        Packet[] memory list = new Packet[](4);
        list[0] = packet(PacketKind.Claim, key, 6);
        list[1] = packet(PacketKind.Submit, key, 2);
        list[2] = packet(PacketKind.ReturnClaim, key, 1);
        list[3] = packet(PacketKind.Submit, key, 3);
        for (uint24 i = 0; i < 4; ++i) {
            list[i].sequence = i;
            list[i] = signedPacket(list[i], key);
        }
        uint8[10] memory arrivals = [3, 1, 0, 2, 3, 1, 0, 2, 3, 0];
        for (uint256 i = 0; i < 10; ++i) {
            relay(key, list[arrivals[i]]);
        }
        assertEq(tally(key, worker).sequence, 4, "each in its turn and once");
        assertEnd([uint256(0), 0, 0, 0, 0], 0, [uint256(5), 0, 5, 0, 0, 0, 0]);
        settle(key, worker, 5, 0);
        assertEnd([uint256(0), 5 * uint256(REWARD), 0, 5 * uint256(OPERATOR_FEE), 0], 0, [uint256(5), 0, 0, 0, 0, 5, 0]);
    }

    function test_a_lost_receipt_makes_the_relayer_send_everything_twice() public {
        begin(defaultTerms(), 10);
        Packet memory p = signedPacket(packet(PacketKind.ClaimAndSubmit, key, 4), key);
        Verdict[] memory list = acceptFour();
        bytes memory signature = signedSettlement(1, list);
        relay(key, p);
        relay(key, p);
        escrow.settle(key, 1, "r", list, none, signature);
        vm.expectPartialRevert(Errors.TaskEscrow_SettlementNotNext.selector);
        escrow.settle(key, 1, "r", list, none, signature);
        relay(key, p);
        assertEnd([uint256(0), 4 * uint256(REWARD), 0, 4 * uint256(OPERATOR_FEE), 0], 0, [uint256(6), 0, 0, 0, 0, 4, 0]);
    }

    function test_the_chain_forks_and_signatures_stay_on_their_side() public {
        begin(defaultTerms(), 10);
        fund(worker, 100);
        uint256 deadline = block.timestamp + 1 hours;
        bytes memory signature = signed(
            WORKER_KEY, MessageHashes.withdrawal(MessageHashes.WithdrawMessage(worker, 100, worker, 0, deadline))
        );
        uint256 here = block.chainid;
        vm.chainId(here + 1);
        expectError(Errors.TaskEscrow_SignatureInvalid.selector, worker);
        escrow.withdrawBySig(worker, 100, worker, 0, deadline, signature);
        vm.chainId(here);
        escrow.withdrawBySig(worker, 100, worker, 0, deadline, signature);
        assertEnd([uint256(0), 0, 0, 0, 0], 0, [uint256(10), 0, 0, 0, 0, 0, 0]);
    }
}
