// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title A contract that says who may claim in a batch
/// @notice Asked by static call with at most 150,000 gas and 32 bytes of answer; any failure is a no.
/// A gate can block new claims of its own batches and nothing else.
interface IGate {
    /// @notice Whether `worker` may claim `count` assignments of `batchId`.
    /// @return True to allow.
    function mayClaim(bytes32 batchId, address worker, uint256 count) external view returns (bool);
}
