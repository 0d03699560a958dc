// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ITaskEscrowErrors} from "../interfaces/ITaskEscrowErrors.sol";
import {ITaskEscrowEvents} from "../interfaces/ITaskEscrowEvents.sol";
import {Batch, PaidReason, Tally} from "./EscrowTypes.sol";
import {FeeLocks} from "./FeeLocks.sol";
import {Ledger, Ledgers} from "./Ledger.sol";
import {OperatorFees} from "./OperatorFees.sol";

/// @title What anyone may do when a window is over
/// @dev Linked code: these calls are rare, and the escrow needs the room.
library Deadlines {
    using Ledgers for Ledger;

    /// @notice See `ITaskEscrow.expireClaims`.
    function expireClaims(Ledger storage ledger, bytes32 batchId, address[] calldata workers) external {
        Batch memory b = ledger.batchOf(batchId);
        for (uint256 i = 0; i < workers.length; ++i) {
            Tally memory t = ledger.tallyOf(batchId, workers[i]);
            if (expire(batchId, b, t, workers[i])) ledger.store(batchId, workers[i], t);
        }
        ledger.store(batchId, b);
    }

    /// @dev In memory only. Returns whether there was something to expire.
    function expire(bytes32 batchId, Batch memory b, Tally memory t, address worker) internal returns (bool) {
        uint16 count = t.claimed;
        if (count == 0 || block.timestamp <= t.leaseEnd) return false;
        t.claimed = 0;
        b.claimed -= count;
        b.free += count;
        emit ITaskEscrowEvents.ClaimExpired(batchId, worker, count);
        return true;
    }

    /// @notice See `ITaskEscrow.payOverdue`.
    function payOverdue(
        Ledger storage ledger,
        bytes32 batchId,
        address requester,
        address worker,
        uint256 reward,
        uint256 operatorFee
    ) external {
        // Check
        Batch memory b = ledger.batchOf(batchId);
        Tally memory t = ledger.tallyOf(batchId, worker);
        uint16 count = 0;
        if (t.oldLot > 0 && block.timestamp > t.oldReviewEnd) {
            count = t.oldLot;
            if (block.timestamp > t.youngReviewEnd) count += t.youngLot;
        }
        if (count == 0) revert ITaskEscrowErrors.TaskEscrow_NotOverdue(batchId, worker);
        // Effect
        decide(t, count);
        b.submitted -= count;
        b.accepted += count;
        ledger.store(batchId, b);
        ledger.store(batchId, worker, t);
        ledger.credit(worker, reward * count);
        emit ITaskEscrowEvents.PaidOverdue(batchId, worker, count);
        emit ITaskEscrowEvents.Paid(batchId, worker, count, reward * count, PaidReason.Silence);
        OperatorFees.giveBack(ledger, batchId, requester, operatorFee * count);
    }

    /// @dev Decides `count` undecided assignments, older lot first; then what is left of the young lot is the old one.
    function decide(Tally memory t, uint16 count) internal pure {
        t.decided += count;
        if (count < t.oldLot) {
            t.oldLot -= count;
            return;
        }
        t.oldLot = t.youngLot - (count - t.oldLot);
        t.oldReviewEnd = t.youngReviewEnd;
        t.youngLot = 0;
        t.youngReviewEnd = 0;
    }

    /// @dev A time as the tally keeps it; stops at the year 2106 instead of wrapping.
    function secondsOf(uint256 time) internal pure returns (uint32) {
        // forge-lint: disable-next-line(unsafe-typecast) checked here
        return time > type(uint32).max ? type(uint32).max : uint32(time);
    }

    /// @notice See `ITaskEscrow.releaseRejected`.
    function releaseRejected(
        Ledger storage ledger,
        bytes32 batchId,
        address requester,
        uint256 disputeFee,
        address[] calldata workers
    ) external {
        Batch memory b = ledger.batchOf(batchId);
        for (uint256 i = 0; i < workers.length; ++i) {
            Tally memory t = ledger.tallyOf(batchId, workers[i]);
            uint16 count = t.contestable;
            // While a dispute is open its worker's other rejections wait: their window begins at the ruling.
            if (count == 0 || t.disputed > 0 || block.timestamp <= t.contestEnd) continue;
            t.contestable = 0;
            b.contestable -= count;
            b.free += count;
            emit ITaskEscrowEvents.RejectionReleased(batchId, workers[i], count);
            FeeLocks.releaseIfDone(ledger, batchId, requester, workers[i], t, disputeFee);
            ledger.store(batchId, workers[i], t);
        }
        ledger.store(batchId, b);
    }
}
