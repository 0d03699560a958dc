// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ITaskEscrowErrors} from "../interfaces/ITaskEscrowErrors.sol";
import {ITaskEscrowEvents} from "../interfaces/ITaskEscrowEvents.sol";
import {Batch, BatchKey, Terms} from "./EscrowTypes.sol";
import {Keys} from "./Keys.sol";
import {Ledger, Ledgers} from "./Ledger.sol";
import {TermsRules} from "./TermsRules.sol";

/// @title Batches extended, closed, refunded
/// @dev Linked code: these calls are rare, and the escrow needs the room.
library Batches {
    using Ledgers for Ledger;
    using TermsRules for Terms;

    /// @notice See `ITaskEscrow.extendBatch`; who may call is checked by the escrow.
    function extend(Ledger storage ledger, BatchKey calldata key, uint24 assignments, bytes32 manifest) external {
        // Check
        (bytes32 batchId, Batch memory b) = Keys.load(ledger, key);
        if (manifest == bytes32(0)) revert ITaskEscrowErrors.TaskEscrow_ZeroAmount();
        if (b.closedAt != 0) revert ITaskEscrowErrors.TaskEscrow_BatchIsClosed(batchId);
        if (block.timestamp > key.terms.claimBy) {
            revert ITaskEscrowErrors.TaskEscrow_ClaimPeriodOver(batchId, key.terms.claimBy);
        }
        uint256 funded =
            uint256(b.free) + b.claimed + b.submitted + b.contestable + b.disputed + b.accepted + b.refunded;
        // Bounding the sum here bounds every count later: assignments only move between them.
        if (funded + assignments > type(uint24).max) {
            revert ITaskEscrowErrors.TaskEscrow_AmountTooLarge(funded + assignments, type(uint24).max);
        }
        uint256 amount = key.terms.unitCost() * assignments;
        // Effect
        ledger.debit(key.requester, amount);
        b.free += assignments;
        b.versions += 1; // reverts at 65,535 versions
        ledger.store(batchId, b);
        emit ITaskEscrowEvents.BatchExtended(batchId, key.requester, b.versions, manifest, assignments, amount);
    }

    /// @notice See `ITaskEscrow.closeBatch`.
    function close(Ledger storage ledger, BatchKey calldata key) external {
        // Check
        (bytes32 batchId, Batch memory b) = Keys.load(ledger, key);
        if (msg.sender != key.requester) revert ITaskEscrowErrors.TaskEscrow_NotAllowed(msg.sender);
        if (b.closedAt != 0) revert ITaskEscrowErrors.TaskEscrow_BatchIsClosed(batchId);
        // Effect
        // forge-lint: disable-next-line(unsafe-typecast) seconds fit 40 bits for 34,000 years
        b.closedAt = uint40(block.timestamp);
        emit ITaskEscrowEvents.BatchClosed(batchId, key.requester);
        if (_refundable(key.terms, b)) _refundFree(ledger, batchId, key, b);
        ledger.store(batchId, b);
    }

    /// @notice See `ITaskEscrow.refund`.
    function refund(Ledger storage ledger, BatchKey calldata key) external {
        (bytes32 batchId, Batch memory b) = Keys.load(ledger, key);
        if (!_refundable(key.terms, b)) revert ITaskEscrowErrors.TaskEscrow_NothingToRefund(batchId);
        _refundFree(ledger, batchId, key, b);
        ledger.store(batchId, b);
    }

    /// @dev Free money can go back once it can no longer be claimed and, in a direct batch, no longer be paid out.
    function _refundable(Terms calldata terms, Batch memory b) private view returns (bool) {
        if (b.free == 0) return false;
        uint256 grace = terms.isDirect() ? terms.reviewWindow : 0;
        if (block.timestamp > terms.claimBy + grace) return true;
        if (b.closedAt == 0) return false;
        return grace == 0 || block.timestamp > b.closedAt + grace;
    }

    function _refundFree(Ledger storage ledger, bytes32 batchId, BatchKey calldata key, Batch memory b) private {
        uint24 count = b.free;
        uint256 amount = key.terms.unitCost() * count;
        b.free = 0;
        b.refunded += count;
        ledger.credit(key.requester, amount);
        emit ITaskEscrowEvents.Refunded(batchId, key.requester, count, amount);
    }
}
