// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ITaskEscrowErrors} from "../interfaces/ITaskEscrowErrors.sol";
import {Terms} from "./EscrowTypes.sol";

/// @title The bounds that every batch's terms keep
library TermsRules {
    uint256 internal constant FEE_DIVISOR = 20;
    uint256 internal constant MIN_LEASE = 1 minutes;
    uint256 internal constant MAX_LEASE = 30 days;
    uint256 internal constant MIN_REVIEW_WINDOW = 1 hours;
    uint256 internal constant MAX_REVIEW_WINDOW = 30 days;
    uint256 internal constant MIN_DISPUTE_WINDOW = 1 days;
    uint256 internal constant MAX_DISPUTE_WINDOW = 30 days;
    uint256 internal constant MIN_RULING_WINDOW = 1 days;
    uint256 internal constant MAX_RULING_WINDOW = 30 days;
    uint256 internal constant MAX_CLAIM_PERIOD = 365 days;
    uint8 internal constant DIRECT = 1;

    /// @notice Reverts unless `terms` keep every bound; the arbitrator is checked where the set is known.
    function check(Terms memory terms) external view {
        if (terms.reward == 0) revert ITaskEscrowErrors.TaskEscrow_ZeroReward();
        uint256 maxFee = terms.reward / FEE_DIVISOR;
        if (terms.operatorFee > maxFee) {
            revert ITaskEscrowErrors.TaskEscrow_OperatorFeeTooHigh(terms.operatorFee, maxFee);
        }
        if (terms.operatorFee > 0 && terms.operator == address(0)) revert ITaskEscrowErrors.TaskEscrow_ZeroAddress();
        uint256 maxDisputeFee = uint256(terms.reward) * terms.maxClaim;
        if (terms.disputeFee > maxDisputeFee) {
            revert ITaskEscrowErrors.TaskEscrow_DisputeFeeTooHigh(terms.disputeFee, maxDisputeFee);
        }
        if (terms.reviewer == address(0)) revert ITaskEscrowErrors.TaskEscrow_ZeroAddress();
        if (terms.manifest == bytes32(0) || terms.maxClaim == 0) revert ITaskEscrowErrors.TaskEscrow_ZeroAmount();
        if (terms.flags & ~DIRECT != 0) revert ITaskEscrowErrors.TaskEscrow_UnknownFlags(terms.flags);
        _within("claimBy", terms.claimBy, block.timestamp, block.timestamp + MAX_CLAIM_PERIOD);
        _within("lease", terms.lease, MIN_LEASE, MAX_LEASE);
        _within("reviewWindow", terms.reviewWindow, MIN_REVIEW_WINDOW, MAX_REVIEW_WINDOW);
        _within("disputeWindow", terms.disputeWindow, MIN_DISPUTE_WINDOW, MAX_DISPUTE_WINDOW);
        _within("rulingWindow", terms.rulingWindow, MIN_RULING_WINDOW, MAX_RULING_WINDOW);
    }

    /// @return result The hash of `abi.encode(terms)`: 16 fields of one word, which is how memory holds them.
    function hash(Terms memory terms) internal pure returns (bytes32 result) {
        assembly ("memory-safe") {
            result := keccak256(terms, 0x200)
        }
    }

    function isDirect(Terms calldata terms) internal pure returns (bool) {
        return terms.flags & DIRECT != 0;
    }

    /// @notice Token units that one assignment takes from the requester.
    function unitCost(Terms calldata terms) internal pure returns (uint256) {
        return uint256(terms.reward) + terms.operatorFee;
    }

    /// @notice Token units of the requester that one assignment can put at risk: its cost, and the dispute fee that would be
    /// locked if each went to another worker and were rejected.
    function exposure(Terms calldata terms) internal pure returns (uint256) {
        return unitCost(terms) + terms.disputeFee;
    }

    function _within(bytes32 field, uint256 given, uint256 min, uint256 max) private pure {
        if (given < min || given > max) revert ITaskEscrowErrors.TaskEscrow_WindowOutOfRange(field, given, min, max);
    }
}
