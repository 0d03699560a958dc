// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IGate} from "../interfaces/IGate.sol";
import {BoundedCalls} from "../libraries/BoundedCalls.sol";

/// @title Only workers whom every one of up to four gates lets in
/// @dev Each gate gets a part of what the escrow gives all of them; one that needs more is a no.
contract AllOfGate is IGate {
    uint256 private constant MAX_GATES = 4;
    uint256 private constant GAS_EACH = 24_000;

    address[] private _gates;

    /// @notice There must be one to four gates.
    error AllOfGate_BadSetup(uint256 gates);

    constructor(address[] memory gates_) {
        if (gates_.length == 0 || gates_.length > MAX_GATES) revert AllOfGate_BadSetup(gates_.length);
        _gates = gates_;
    }

    /// @inheritdoc IGate
    function mayClaim(bytes32 batchId, address worker, uint256 count) external view returns (bool) {
        bytes memory question = abi.encodeCall(IGate.mayClaim, (batchId, worker, count));
        for (uint256 i = 0; i < _gates.length; ++i) {
            if (BoundedCalls.ask(_gates[i], GAS_EACH, question) != 1) return false;
        }
        return true;
    }

    /// @notice The gates that are asked.
    function gates() external view returns (address[] memory) {
        return _gates;
    }
}
