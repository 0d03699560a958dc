// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ITaskEscrowErrors} from "../interfaces/ITaskEscrowErrors.sol";
import {ITaskEscrowEvents} from "../interfaces/ITaskEscrowEvents.sol";
import {PaidReason} from "./EscrowTypes.sol";
import {FeeLocks} from "./FeeLocks.sol";
import {Ledger, Ledgers} from "./Ledger.sol";
import {OperatorFees} from "./OperatorFees.sol";
import {BatchSlot, BatchSlots, TallySlot, TallySlots} from "./Slots.sol";

/// @title What anyone may do when a window is over
/// @dev Linked code: these calls are rare, and the escrow needs the room.
library Deadlines {
    using Ledgers for Ledger;

    /// @notice See `ITaskEscrow.expireClaims`.
    function expireClaims(Ledger storage ledger, bytes32 batchId, address[] calldata workers) external {
        BatchSlot b = ledger.batches[batchId];
        for (uint256 i = 0; i < workers.length; ++i) {
            (b, ledger.tallies[batchId][workers[i]]) =
                expire(batchId, b, ledger.tallies[batchId][workers[i]], workers[i]);
        }
        ledger.batches[batchId] = b;
    }

    /// @dev In memory only. Leaves both as they are if there is nothing to expire.
    function expire(bytes32 batchId, BatchSlot b, TallySlot t, address worker) internal returns (BatchSlot, TallySlot) {
        uint256 count = t.count(TallySlots.CLAIMED);
        if (count == 0 || block.timestamp <= t.time(TallySlots.LEASE_END)) return (b, t);
        // forge-lint: disable-next-line(unsafe-typecast) a field of 16 bits
        emit ITaskEscrowEvents.ClaimExpired(batchId, worker, uint16(count));
        return (b.move(BatchSlots.CLAIMED, BatchSlots.FREE, count), t.minus(TallySlots.CLAIMED, count));
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
        TallySlot t = ledger.tallies[batchId][worker];
        uint256 count = 0;
        if (t.count(TallySlots.OLD_LOT) > 0 && block.timestamp > t.time(TallySlots.OLD_REVIEW_END)) {
            count = t.count(TallySlots.OLD_LOT);
            if (block.timestamp > t.time(TallySlots.YOUNG_REVIEW_END)) count += t.count(TallySlots.YOUNG_LOT);
        }
        if (count == 0) revert ITaskEscrowErrors.TaskEscrow_NotOverdue(batchId, worker);
        // Effect
        ledger.tallies[batchId][worker] = t.decide(count);
        ledger.batches[batchId] = ledger.batches[batchId].move(BatchSlots.SUBMITTED, BatchSlots.ACCEPTED, count);
        ledger.credit(worker, reward * count);
        // forge-lint: disable-next-item(unsafe-typecast) both lots fit 16 bits together
        emit ITaskEscrowEvents.PaidOverdue(batchId, worker, uint16(count));
        // forge-lint: disable-next-item(unsafe-typecast) the same
        emit ITaskEscrowEvents.Paid(batchId, worker, uint16(count), reward * count, PaidReason.Silence);
        OperatorFees.giveBack(ledger, batchId, requester, operatorFee * count);
    }

    /// @notice See `ITaskEscrow.releaseRejected`.
    function releaseRejected(
        Ledger storage ledger,
        bytes32 batchId,
        address requester,
        uint256 disputeFee,
        address[] calldata workers
    ) external {
        BatchSlot b = ledger.batches[batchId];
        for (uint256 i = 0; i < workers.length; ++i) {
            TallySlot t = ledger.tallies[batchId][workers[i]];
            uint256 count = t.count(TallySlots.CONTESTABLE);
            // While a dispute is open its worker's other rejections wait: their window begins at the ruling.
            if (count == 0 || t.count(TallySlots.DISPUTED) > 0) continue;
            if (block.timestamp <= t.time(TallySlots.CONTEST_END)) continue;
            b = b.move(BatchSlots.CONTESTABLE, BatchSlots.FREE, count);
            t = t.minus(TallySlots.CONTESTABLE, count);
            // forge-lint: disable-next-line(unsafe-typecast) a field of 16 bits
            emit ITaskEscrowEvents.RejectionReleased(batchId, workers[i], uint16(count));
            ledger.tallies[batchId][workers[i]] =
                FeeLocks.releaseIfDone(ledger, batchId, requester, workers[i], t, disputeFee);
        }
        ledger.batches[batchId] = b;
    }
}
