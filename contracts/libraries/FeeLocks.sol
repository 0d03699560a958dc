// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ITaskEscrowEvents} from "../interfaces/ITaskEscrowEvents.sol";
import {Batch, Tally} from "./EscrowTypes.sol";
import {Ledger, Ledgers} from "./Ledger.sol";

/// @title The requester's dispute fee, locked and given back
/// @dev One fee a batch and worker is locked as long as anything of that worker is contestable or disputed; the flag in the
/// tally says so, the sum of a batch's locks stands beside its requester. All functions keep `b` and `t` in memory alone:
/// the caller stores them.
library FeeLocks {
    using Ledgers for Ledger;

    uint8 internal constant LOCKED = 1;

    /// @dev Locks `amount` from the requester's account, else also from whole free assignments, whose change goes to the
    /// account.
    /// @return Whether both together sufficed; if not, nothing changed.
    function lock(
        Ledger storage ledger,
        bytes32 batchId,
        address requester,
        address worker,
        Batch memory b,
        uint256 amount,
        uint256 unitCost
    ) internal returns (bool) {
        // Check
        uint256 available = ledger.accountOf(requester).owed;
        uint256 count = available < amount ? (amount - available + unitCost - 1) / unitCost : 0;
        if (count > b.free) return false;
        // Effect
        if (count > 0) {
            // forge-lint: disable-next-line(unsafe-typecast) at most b.free
            b.free -= uint24(count);
            // forge-lint: disable-next-line(unsafe-typecast) the same
            b.refunded += uint24(count);
            ledger.credit(requester, count * unitCost);
            // forge-lint: disable-next-line(unsafe-typecast) the same
            emit ITaskEscrowEvents.Refunded(batchId, requester, uint24(count), count * unitCost);
        }
        ledger.debit(requester, amount);
        // forge-lint: disable-next-line(unsafe-typecast) just debited from 96 bits
        ledger.funding[batchId].locked += uint96(amount);
        emit ITaskEscrowEvents.FeeLocked(batchId, worker, requester, amount);
        return true;
    }

    /// @dev Gives the whole lock back once nothing of the worker is contestable or disputed.
    function releaseIfDone(
        Ledger storage ledger,
        bytes32 batchId,
        address requester,
        address worker,
        Tally memory t,
        uint256 fee
    ) internal {
        if (t.flags & LOCKED == 0 || t.contestable > 0 || t.disputed > 0) return;
        release(ledger, batchId, requester, worker, t, fee);
    }

    /// @dev Gives `amount`, what is left of the lock, back to the requester.
    function release(
        Ledger storage ledger,
        bytes32 batchId,
        address requester,
        address worker,
        Tally memory t,
        uint256 amount
    ) internal {
        t.flags &= ~LOCKED;
        if (amount == 0) return;
        spend(ledger, batchId, amount);
        ledger.credit(requester, amount);
        emit ITaskEscrowEvents.FeeReleased(batchId, worker, requester, amount);
    }

    /// @dev Takes `amount` out of the lock; the caller credits it to somebody.
    function spend(Ledger storage ledger, bytes32 batchId, uint256 amount) internal {
        // forge-lint: disable-next-line(unsafe-typecast) part of what was locked
        ledger.funding[batchId].locked -= uint96(amount);
    }
}
