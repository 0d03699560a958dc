// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IGate} from "../../../contracts/interfaces/IGate.sol";
import {BatchKey, DirectPayment, Refusal, Terms, Verdict} from "../../../contracts/libraries/EscrowTypes.sol";
import {EscrowTest} from "../base/EscrowTest.sol";
import {MessageHashes} from "../base/MessageHashes.sol";

interface IAcceptedWork is IGate {
    event Counted(address indexed worker, bytes32 indexed batchId, uint256 accepted);

    error AcceptedWorkGate_ReviewerNotNamed(address reviewer);
    error AcceptedWorkGate_NotCountable(bytes32 batchId, uint256 nonce);
    error AcceptedWorkGate_SignatureInvalid(address reviewer);

    function count(
        BatchKey calldata key,
        uint32 nonce,
        bytes32 resultsDigest,
        Verdict[] calldata verdicts,
        DirectPayment[] calldata direct,
        bytes calldata signature
    ) external;
    function accepted(address worker) external view returns (uint256);
    function isNamed(address reviewer) external view returns (bool);
    function isCounted(bytes32 batchId, uint256 nonce) external view returns (bool);
    function needed() external view returns (uint256);
    function escrow() external view returns (address);
}

/// The gate that counts accepted work under named reviewers alone.
contract AcceptedWorkTest is EscrowTest {
    IAcceptedWork internal gate;
    BatchKey internal key;
    bytes32 internal batchId;
    DirectPayment[] internal none;

    function setUp() public override {
        super.setUp();
        address[] memory reviewers = new address[](1);
        reviewers[0] = reviewer;
        gate = IAcceptedWork(
            vm.deployCode("AcceptedWorkGate.sol:AcceptedWorkGate", abi.encode(address(escrow), reviewers, 3))
        );
        key = open(defaultTerms(), 20);
        batchId = escrow.batchIdOf(key);
        fund(requester, DISPUTE_FEE);
        claimAndSubmit(key, worker, 6);
    }

    function one(uint16 before, uint16 accepted, uint16 rejected) internal view returns (Verdict[] memory list) {
        list = new Verdict[](1);
        list[0] = Verdict(worker, before, accepted, rejected);
    }

    function signatureOf(uint32 nonce, Verdict[] memory list) internal view returns (bytes memory) {
        return signed(
            REVIEWER_KEY,
            MessageHashes.settlement(MessageHashes.SettlementMessage(batchId, nonce, "r", list, new DirectPayment[](0)))
        );
    }

    function settleSigned(uint32 nonce, Verdict[] memory list) internal {
        bytes memory signature = signatureOf(nonce, list);
        escrow.settle(key, nonce, "r", list, none, signature);
    }

    function count(uint32 nonce, Verdict[] memory list) internal {
        bytes memory signature = signatureOf(nonce, list);
        vm.prank(stranger);
        gate.count(key, nonce, "r", list, none, signature);
    }

    function expectNotCountable(uint32 nonce) internal {
        vm.expectRevert(abi.encodeWithSelector(IAcceptedWork.AcceptedWorkGate_NotCountable.selector, batchId, nonce));
    }

    // AcceptedWorkGate
    function test_the_setup_is_public() public view {
        assertEq(gate.needed(), 3, "needed");
        assertEq(gate.escrow(), address(escrow), "escrow");
        assertTrue(gate.isNamed(reviewer) && !gate.isNamed(stranger), "named");
    }

    function test_a_settlement_that_took_effect_is_counted_once_and_opens_the_gate() public {
        Verdict[] memory list = one(0, 3, 1);
        settleSigned(1, list);
        assertTrue(!gate.mayClaim(0, worker, 1), "not counted yet");
        vm.expectEmit(address(gate));
        emit IAcceptedWork.Counted(worker, batchId, 3);
        count(1, list);
        assertEq(gate.accepted(worker), 3, "accepted alone");
        assertTrue(gate.isCounted(batchId, 1), "counted");
        assertTrue(gate.mayClaim(0, worker, 1), "enough");
        expectNotCountable(1);
        this.countAgain(1, list);
    }

    function countAgain(uint32 nonce, Verdict[] memory list) external {
        gate.count(key, nonce, "r", list, none, signatureOf(nonce, list));
    }

    function test_fewer_than_needed_do_not_open_the_gate() public {
        Verdict[] memory list = one(0, 2, 0);
        settleSigned(1, list);
        count(1, list);
        assertTrue(!gate.mayClaim(0, worker, 1), "two of three");
    }

    function test_a_settlement_that_did_not_take_effect_is_not_counted() public {
        Verdict[] memory list = one(0, 3, 0);
        expectNotCountable(1);
        this.countAgain(1, list);
        expectNotCountable(0);
        this.countAgain(0, list);
    }

    function test_a_reviewer_that_is_not_named_is_not_counted() public {
        Terms memory terms = defaultTerms();
        terms.reviewer = vm.addr(WORKER_KEY);
        BatchKey memory own = open(terms, 5);
        claimAndSubmit(own, worker, 5);
        Verdict[] memory list = one(0, 5, 0);
        vm.startPrank(worker);
        escrow.settle(own, 1, "r", list, none, "");
        expectError(IAcceptedWork.AcceptedWorkGate_ReviewerNotNamed.selector, worker);
        gate.count(own, 1, "r", list, none, "");
        assertEq(account(worker).accepted, 5, "a raw counter would have believed it");
        assertEq(gate.accepted(worker), 0, "the gate does not");
    }

    function test_a_forged_settlement_is_not_counted() public {
        settleSigned(1, one(0, 1, 0));
        expectError(IAcceptedWork.AcceptedWorkGate_SignatureInvalid.selector, reviewer);
        gate.count(key, 1, "r", one(0, 3, 0), none, "forged");
    }

    function test_a_verdict_that_did_not_move_the_tally_is_not_counted() public {
        Verdict[] memory list = one(0, 7, 0);
        settleSigned(1, list);
        count(1, list);
        assertEq(gate.accepted(worker), 0, "skipped, so not counted");
    }

    function test_the_same_decision_signed_twice_is_counted_once() public {
        Verdict[] memory list = new Verdict[](2);
        (list[0], list[1]) = (one(0, 3, 0)[0], one(0, 3, 0)[0]);
        settleSigned(1, list);
        assertEq(escrow.owed(worker), 3 * REWARD, "paid once");
        count(1, list);
        assertEq(gate.accepted(worker), 3, "counted once");
    }

    function test_a_skipped_verdict_that_is_sent_again_is_counted_once() public {
        // The first settlement is stale on arrival, the second repeats it.
        Verdict[] memory list = one(1, 2, 0);
        settleSigned(1, list);
        settleSigned(2, one(0, 1, 0));
        settleSigned(3, list);
        count(1, list);
        count(3, list);
        assertEq(gate.accepted(worker), 2, "one decision");
        count(2, one(0, 1, 0));
        assertEq(gate.accepted(worker), 3, "and the other");
    }

    function test_no_more_is_counted_in_a_batch_than_was_decided() public {
        settleSigned(1, one(1, 2, 0)); // stale on arrival
        settleSigned(2, one(2, 1, 0)); // and this one
        settleSigned(3, one(0, 3, 0));
        count(1, one(1, 2, 0));
        count(2, one(2, 1, 0));
        count(3, one(0, 3, 0));
        assertEq(gate.accepted(worker), 3, "three were decided");
    }

    function test_as_a_batchs_gate_it_lets_only_the_proven_in() public {
        Terms memory terms = defaultTerms();
        (terms.gate, terms.manifest) = (address(gate), "gated");
        BatchKey memory gated = open(terms, 5);
        assertEq(uint256(escrow.mayClaim(gated, worker, 1, 1)), uint256(Refusal.GateRefused), "before");
        Verdict[] memory list = one(0, 6, 0);
        settleSigned(1, list);
        count(1, list);
        claim(gated, worker, 1);
        vm.prank(second);
        expectRefused(Refusal.GateRefused);
        escrow.claim(gated, 1, "", 1, noTicket());
    }
}
