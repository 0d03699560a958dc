// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ITaskEscrowEvents} from "../interfaces/ITaskEscrowEvents.sol";
import {Ledger, Ledgers} from "./Ledger.sol";

/// @title The operator's fee: paid for reviewed work, returned for the rest
library OperatorFees {
    using Ledgers for Ledger;

    /// @dev On settlement and overturn. `amount` is for all assignments together.
    function pay(Ledger storage ledger, bytes32 batchId, address operator, uint256 amount) internal {
        if (amount == 0) return;
        ledger.credit(operator, amount);
        emit ITaskEscrowEvents.FeePaid(batchId, operator, amount);
    }

    /// @dev On silence and ruling: a gateway that let it come so far earns nothing.
    function giveBack(Ledger storage ledger, bytes32 batchId, address requester, uint256 amount) internal {
        if (amount == 0) return;
        ledger.credit(requester, amount);
        emit ITaskEscrowEvents.FeeReturned(batchId, requester, amount);
    }
}
