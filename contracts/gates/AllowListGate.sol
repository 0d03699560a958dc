// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IGate} from "../interfaces/IGate.sol";

/// @title Only workers whom one address lists
/// @notice For a requester's best workers. The owner can change the list at any time; that blocks or allows new claims only.
contract AllowListGate is IGate {
    address public immutable owner;
    mapping(address worker => bool) public isListed;

    /// @notice A worker was put on the list or taken off.
    event Listed(address indexed worker, bool listed);

    /// @notice Only the owner changes the list.
    error AllowListGate_NotOwner(address caller);

    constructor(address owner_) {
        owner = owner_;
    }

    /// @notice Puts `workers` on the list, or takes them off.
    function list(address[] calldata workers, bool listed) external {
        if (msg.sender != owner) revert AllowListGate_NotOwner(msg.sender);
        for (uint256 i = 0; i < workers.length; ++i) {
            isListed[workers[i]] = listed;
            emit Listed(workers[i], listed);
        }
    }

    /// @inheritdoc IGate
    function mayClaim(bytes32, address worker, uint256) external view returns (bool) {
        return isListed[worker];
    }
}
