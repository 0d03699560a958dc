// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @notice The least that a ledger of payments can do: one slot a worker, one event a payment. No token, no rules, no checks of
/// who calls: nothing to use, only something to compare with.
contract Floor {
    mapping(address worker => uint256) public owed;

    event Paid(address indexed worker, uint256 amount);

    /// @param entries Each the worker's address above 96 bits of amount.
    function pay(uint256[] calldata entries) external {
        for (uint256 i = 0; i < entries.length; ++i) {
            address worker = address(uint160(entries[i] >> 96));
            uint256 amount = uint96(entries[i]);
            owed[worker] += amount;
            emit Paid(worker, amount);
        }
    }
}
