// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title Memory used again in the next round of a loop
/// @dev Solidity never frees memory and the price of more grows with its square, so a list of hundreds would pay for what
/// earlier entries left behind. Only where nothing made between `mark` and `free` is used afterwards.
library Scratch {
    function mark() internal pure returns (uint256 pointer) {
        assembly ("memory-safe") {
            pointer := mload(0x40)
        }
    }

    function free(uint256 pointer) internal pure {
        assembly ("memory-safe") {
            mstore(0x40, pointer)
        }
    }
}
