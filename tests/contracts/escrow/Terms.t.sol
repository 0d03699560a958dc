// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ITaskEscrowErrors as Errors} from "../../../contracts/interfaces/ITaskEscrowErrors.sol";
import {BatchKey, Terms} from "../../../contracts/libraries/EscrowTypes.sol";
import {EscrowTest} from "../base/EscrowTest.sol";

/// What `openBatch` accepts as terms, and that every later call must repeat each of them.
contract TermsTest is EscrowTest {
    function setUp() public override {
        super.setUp();
        fund(requester, 1000 * UNIT);
    }

    function tryOpen(Terms memory terms) internal {
        vm.prank(requester);
        escrow.openBatch(terms, "s", 1);
    }

    function expectWindow(bytes32 field, uint256 given, uint256 min, uint256 max) internal {
        vm.expectRevert(abi.encodeWithSelector(Errors.TaskEscrow_WindowOutOfRange.selector, field, given, min, max));
    }

    // rewards and fees
    function test_a_reward_of_zero_is_refused() public {
        Terms memory t = defaultTerms();
        t.reward = 0;
        expectError(Errors.TaskEscrow_ZeroReward.selector);
        tryOpen(t);
    }

    function testFuzz_the_operator_fee_is_at_most_a_twentieth(uint96 reward, uint96 fee) public {
        Terms memory t = defaultTerms();
        (t.reward, t.operatorFee, t.disputeFee) = (uint96(bound(reward, 1, 100 * UNIT)), fee, 0);
        uint256 max = t.reward / 20;
        if (fee > max) expectError(Errors.TaskEscrow_OperatorFeeTooHigh.selector, fee, max);
        tryOpen(t);
    }

    function test_an_operator_fee_one_unit_above_a_twentieth_is_refused() public {
        Terms memory t = defaultTerms();
        t.operatorFee = t.reward / 20;
        tryOpen(t);
        t.operatorFee += 1;
        expectError(Errors.TaskEscrow_OperatorFeeTooHigh.selector, t.operatorFee, t.reward / 20);
        tryOpen(t);
    }

    function test_an_operator_fee_needs_an_operator() public {
        Terms memory t = defaultTerms();
        t.operator = address(0);
        expectError(Errors.TaskEscrow_ZeroAddress.selector);
        tryOpen(t);
        t.operatorFee = 0;
        tryOpen(t);
    }

    function testFuzz_the_dispute_fee_is_at_most_what_one_worker_may_hold(uint96 fee, uint16 maxClaim) public {
        Terms memory t = defaultTerms();
        t.maxClaim = uint16(bound(maxClaim, 1, type(uint16).max));
        t.disputeFee = fee;
        uint256 max = uint256(t.reward) * t.maxClaim;
        if (fee > max) expectError(Errors.TaskEscrow_DisputeFeeTooHigh.selector, fee, max);
        tryOpen(t);
    }

    function test_a_dispute_fee_one_unit_too_high_is_refused() public {
        Terms memory t = defaultTerms();
        t.disputeFee = t.reward * t.maxClaim;
        tryOpen(t);
        t.disputeFee += 1;
        expectError(Errors.TaskEscrow_DisputeFeeTooHigh.selector, t.disputeFee, uint256(t.reward) * t.maxClaim);
        tryOpen(t);
    }

    // who decides
    function test_a_batch_needs_a_reviewer() public {
        Terms memory t = defaultTerms();
        t.reviewer = address(0);
        expectError(Errors.TaskEscrow_ZeroAddress.selector);
        tryOpen(t);
    }

    function testFuzz_an_arbitrator_outside_the_list_is_refused(address another) public {
        vm.assume(another != arbitrator);
        Terms memory t = defaultTerms();
        t.arbitrator = another;
        expectError(Errors.TaskEscrow_ArbitratorNotListed.selector, another);
        tryOpen(t);
    }

    // other fields
    function test_a_batch_needs_a_manifest_and_a_claim_limit() public {
        Terms memory t = defaultTerms();
        t.manifest = 0;
        expectError(Errors.TaskEscrow_ZeroAmount.selector);
        tryOpen(t);
        t = defaultTerms();
        (t.maxClaim, t.disputeFee) = (0, 0);
        expectError(Errors.TaskEscrow_ZeroAmount.selector);
        tryOpen(t);
    }

    function testFuzz_unknown_flags_are_refused(uint8 flags) public {
        Terms memory t = defaultTerms();
        t.flags = flags;
        if (flags > 1) vm.expectRevert(abi.encodeWithSelector(Errors.TaskEscrow_UnknownFlags.selector, flags));
        tryOpen(t);
    }

    // windows
    function testFuzz_claim_by_lies_between_now_and_a_year(uint40 claimBy) public {
        Terms memory t = defaultTerms();
        t.claimBy = claimBy;
        (uint256 min, uint256 max) = (block.timestamp, block.timestamp + 365 days);
        if (claimBy < min || claimBy > max) expectWindow("claimBy", claimBy, min, max);
        tryOpen(t);
    }

    function test_claim_by_boundaries() public {
        (uint256 min, uint256 max) = (block.timestamp, block.timestamp + 365 days);
        Terms memory t = defaultTerms();
        t.claimBy = uint40(min - 1);
        expectWindow("claimBy", min - 1, min, max);
        tryOpen(t);
        t.claimBy = uint40(min);
        tryOpen(t);
        t.claimBy = uint40(max);
        tryOpen(t);
        t.claimBy = uint40(max + 1);
        expectWindow("claimBy", max + 1, min, max);
        tryOpen(t);
    }

    function test_lease_boundaries() public {
        windowBoundaries("lease", 1 minutes, 30 days);
    }

    function test_review_window_boundaries() public {
        windowBoundaries("reviewWindow", 1 hours, 30 days);
    }

    function test_dispute_window_boundaries() public {
        windowBoundaries("disputeWindow", 1 days, 30 days);
    }

    function test_ruling_window_boundaries() public {
        windowBoundaries("rulingWindow", 1 days, 30 days);
    }

    function testFuzz_windows_outside_their_bounds_are_refused(uint32 seconds_, uint8 which) public {
        bytes32[4] memory names = [bytes32("lease"), "reviewWindow", "disputeWindow", "rulingWindow"];
        uint256[4] memory mins = [uint256(1 minutes), 1 hours, 1 days, 1 days];
        uint256 i = which % 4;
        Terms memory t = withWindow(names[i], seconds_);
        if (seconds_ < mins[i] || seconds_ > 30 days) expectWindow(names[i], seconds_, mins[i], 30 days);
        tryOpen(t);
    }

    function windowBoundaries(bytes32 field, uint32 min, uint32 max) internal {
        expectWindow(field, min - 1, min, max);
        tryOpen(withWindow(field, min - 1));
        tryOpen(withWindow(field, min));
        tryOpen(withWindow(field, max));
        expectWindow(field, max + 1, min, max);
        tryOpen(withWindow(field, max + 1));
    }

    function withWindow(bytes32 field, uint32 value) internal view returns (Terms memory t) {
        t = defaultTerms();
        if (field == "lease") t.lease = value;
        else if (field == "reviewWindow") t.reviewWindow = value;
        else if (field == "disputeWindow") t.disputeWindow = value;
        else t.rulingWindow = value;
    }

    // every term is in the id
    function testFuzz_a_changed_term_names_another_batch(uint8 word, uint256 value) public {
        Terms memory t = defaultTerms();
        tryOpen(t);
        BatchKey memory key = BatchKey(requester, "s", t);
        bytes32 batchId = escrow.batchIdOf(key);
        vm.prank(requester);
        escrow.extendBatch(key, 0, "v2");
        key.terms = changed(t, word % 16, value);
        vm.assume(keccak256(abi.encode(key.terms)) != keccak256(abi.encode(t)));
        assertTrue(escrow.batchIdOf(key) != batchId, "another id");
        vm.expectPartialRevert(Errors.TaskEscrow_BatchUnknown.selector);
        escrow.refund(key);
    }

    /// @dev A copy with one of the sixteen words replaced by what fits its type.
    function changed(Terms memory t, uint256 word, uint256 value) internal pure returns (Terms memory copy) {
        uint8[16] memory bits = [96, 96, 96, 160, 160, 160, 160, 160, 40, 32, 32, 32, 32, 16, 8, 0];
        bytes memory data = abi.encode(t);
        if (bits[word] > 0) value &= (uint256(1) << bits[word]) - 1;
        assembly {
            mstore(add(add(data, 0x20), mul(word, 0x20)), value)
        }
        return abi.decode(data, (Terms));
    }
}
