// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ITaskEscrowErrors} from "../interfaces/ITaskEscrowErrors.sol";
import {ITaskEscrowEvents} from "../interfaces/ITaskEscrowEvents.sol";
import {BatchKey, Terms} from "./EscrowTypes.sol";
import {Keys} from "./Keys.sol";
import {Ledger, Ledgers} from "./Ledger.sol";
import {BatchSlot, BatchSlots} from "./Slots.sol";
import {TermsRules} from "./TermsRules.sol";

/// @title Batches extended, closed, refunded
/// @dev Linked code: these calls are rare, and the escrow needs the room.
library Batches {
    using Ledgers for Ledger;
    using TermsRules for Terms;

    /// @notice See `ITaskEscrow.extendBatch`; who may call is checked by the escrow.
    function extend(Ledger storage ledger, BatchKey calldata key, uint24 assignments, bytes32 manifest) external {
        // Check
        (bytes32 batchId, BatchSlot b) = Keys.load(ledger, key);
        if (manifest == bytes32(0)) revert ITaskEscrowErrors.TaskEscrow_ZeroAmount();
        if (b.closedAt() != 0) revert ITaskEscrowErrors.TaskEscrow_BatchIsClosed(batchId);
        if (block.timestamp > key.terms.claimBy) {
            revert ITaskEscrowErrors.TaskEscrow_ClaimPeriodOver(batchId, key.terms.claimBy);
        }
        // Bounding the sum here bounds every count later: assignments only move between them.
        uint256 funded = b.funded() + assignments;
        if (funded > BatchSlots.MAX_ASSIGNMENTS) {
            revert ITaskEscrowErrors.TaskEscrow_AmountTooLarge(funded, BatchSlots.MAX_ASSIGNMENTS);
        }
        uint256 version = b.versions() + 1;
        if (version > type(uint16).max) revert ITaskEscrowErrors.TaskEscrow_AmountTooLarge(version, type(uint16).max);
        uint256 amount = key.terms.unitCost() * assignments;
        // Effect
        ledger.debit(key.requester, amount);
        ledger.batches[batchId] = b.extended(assignments);
        // forge-lint: disable-next-item(unsafe-typecast) checked above
        emit ITaskEscrowEvents.BatchExtended(batchId, key.requester, uint16(version), manifest, assignments, amount);
    }

    /// @notice See `ITaskEscrow.closeBatch`.
    function close(Ledger storage ledger, BatchKey calldata key) external {
        // Check
        (bytes32 batchId, BatchSlot b) = Keys.load(ledger, key);
        if (msg.sender != key.requester) revert ITaskEscrowErrors.TaskEscrow_NotAllowed(msg.sender);
        if (b.closedAt() != 0) revert ITaskEscrowErrors.TaskEscrow_BatchIsClosed(batchId);
        // Effect
        b = b.withClosedAt(block.timestamp);
        emit ITaskEscrowEvents.BatchClosed(batchId, key.requester);
        if (_refundable(key.terms, b)) b = _refundFree(ledger, batchId, key, b);
        ledger.batches[batchId] = b;
    }

    /// @notice See `ITaskEscrow.refund`.
    function refund(Ledger storage ledger, BatchKey calldata key) external {
        (bytes32 batchId, BatchSlot b) = Keys.load(ledger, key);
        if (!_refundable(key.terms, b)) revert ITaskEscrowErrors.TaskEscrow_NothingToRefund(batchId);
        ledger.batches[batchId] = _refundFree(ledger, batchId, key, b);
    }

    /// @dev Free money can go back once it can no longer be claimed and, in a direct batch, no longer be paid out.
    function _refundable(Terms calldata terms, BatchSlot b) private view returns (bool) {
        if (b.count(BatchSlots.FREE) == 0) return false;
        uint256 grace = terms.isDirect() ? terms.reviewWindow : 0;
        if (block.timestamp > terms.claimBy + grace) return true;
        if (b.closedAt() == 0) return false;
        return grace == 0 || block.timestamp > b.closedAt() + grace;
    }

    function _refundFree(Ledger storage ledger, bytes32 batchId, BatchKey calldata key, BatchSlot b)
        private
        returns (BatchSlot)
    {
        uint256 count = b.count(BatchSlots.FREE);
        uint256 amount = key.terms.unitCost() * count;
        ledger.credit(key.requester, amount);
        // forge-lint: disable-next-line(unsafe-typecast) a field of 24 bits
        emit ITaskEscrowEvents.Refunded(batchId, key.requester, uint24(count), amount);
        return b.move(BatchSlots.FREE, BatchSlots.REFUNDED, count);
    }
}
