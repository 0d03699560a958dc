// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ITaskEscrowEvents} from "../interfaces/ITaskEscrowEvents.sol";
import {Ledger, Ledgers} from "./Ledger.sol";
import {BatchSlot, BatchSlots, TallySlot, TallySlots} from "./Slots.sol";

/// @title The requester's dispute fee, locked and given back
/// @dev One fee a batch and worker is locked as long as anything of that worker is contestable or disputed; the flag in the
/// tally says so, the sum of a batch's locks stands beside its requester. Batch and tally are returned, not stored.
library FeeLocks {
    using Ledgers for Ledger;

    /// @dev Locks `amount` from the requester's account, else also from whole free assignments, whose change goes to the
    /// account.
    /// @return Whether both together sufficed; if not, nothing changed.
    function lock(
        Ledger storage ledger,
        bytes32 batchId,
        address requester,
        address worker,
        BatchSlot b,
        uint256 amount,
        uint256 unitCost
    ) internal returns (bool, BatchSlot) {
        // Check
        uint256 available = ledger.owedOf(requester);
        uint256 count = available < amount ? (amount - available + unitCost - 1) / unitCost : 0;
        if (count > b.count(BatchSlots.FREE)) return (false, b);
        // Effect
        if (count > 0) {
            b = b.move(BatchSlots.FREE, BatchSlots.REFUNDED, count);
            ledger.credit(requester, count * unitCost);
            // forge-lint: disable-next-line(unsafe-typecast) at most what is free
            emit ITaskEscrowEvents.Refunded(batchId, requester, uint24(count), count * unitCost);
        }
        ledger.debit(requester, amount);
        // forge-lint: disable-next-line(unsafe-typecast) just debited from 96 bits
        ledger.funding[batchId].locked += uint96(amount);
        emit ITaskEscrowEvents.FeeLocked(batchId, worker, requester, amount);
        return (true, b);
    }

    /// @dev Gives the whole lock back once nothing of the worker is contestable or disputed.
    function releaseIfDone(
        Ledger storage ledger,
        bytes32 batchId,
        address requester,
        address worker,
        TallySlot t,
        uint256 fee
    ) internal returns (TallySlot) {
        if (!t.isFeeLocked() || t.count(TallySlots.CONTESTABLE) > 0 || t.count(TallySlots.DISPUTED) > 0) {
            return t;
        }
        return release(ledger, batchId, requester, worker, t, fee);
    }

    /// @dev Gives `amount`, what is left of the lock, back to the requester.
    function release(
        Ledger storage ledger,
        bytes32 batchId,
        address requester,
        address worker,
        TallySlot t,
        uint256 amount
    ) internal returns (TallySlot) {
        if (amount > 0) {
            spend(ledger, batchId, amount);
            ledger.credit(requester, amount);
            emit ITaskEscrowEvents.FeeReleased(batchId, worker, requester, amount);
        }
        return t.withFeeLocked(false);
    }

    /// @dev Takes `amount` out of the lock; the caller credits it to somebody.
    function spend(Ledger storage ledger, bytes32 batchId, uint256 amount) internal {
        // forge-lint: disable-next-line(unsafe-typecast) part of what was locked
        ledger.funding[batchId].locked -= uint96(amount);
    }
}
