// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ITaskEscrow} from "./interfaces/ITaskEscrow.sol";
import {Account} from "./libraries/EscrowTypes.sol";
import {Ledger} from "./libraries/Ledger.sol";

/// @title The accounts: what each address is owed, and its record
/// @dev Money and record share a slot, so paying somebody and raising the record is one write. The rules of the counters
/// stand in `Ledgers`.
abstract contract Reputation is ITaskEscrow {
    Ledger internal _ledger;

    /// @inheritdoc ITaskEscrow
    function accountOf(address account) external view returns (Account memory) {
        return _ledger.accounts[account].unpack();
    }

    /// @inheritdoc ITaskEscrow
    function owed(address account) external view returns (uint256) {
        return _ledger.accounts[account].owed();
    }
}
