// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Treasury} from "./Treasury.sol";
import {ITaskEscrow} from "./interfaces/ITaskEscrow.sol";
import {Batches} from "./libraries/Batches.sol";
import {Batch, BatchKey, Permit, Terms} from "./libraries/EscrowTypes.sol";
import {Keys} from "./libraries/Keys.sol";
import {Ledger, Ledgers} from "./libraries/Ledger.sol";
import {BatchSlot, BatchSlots} from "./libraries/Slots.sol";
import {TermsRules} from "./libraries/TermsRules.sol";

/// @title Batches: opened, extended, closed, refunded
/// @dev Two slots a batch, whatever its size: the counts, and its requester with the money of fee locks.
abstract contract BatchBook is Treasury {
    using Ledgers for Ledger;
    using TermsRules for Terms;

    // ----------------------------------------------------------------- open

    /// @inheritdoc ITaskEscrow
    function openBatch(Terms calldata terms, bytes32 salt, uint24 assignments) external returns (bytes32) {
        return _open(msg.sender, terms, salt, assignments, 0);
    }

    /// @inheritdoc ITaskEscrow
    function openBatchWithPermit(Terms calldata terms, bytes32 salt, uint24 assignments, Permit calldata permit)
        external
        nonReentrant
        returns (bytes32)
    {
        _pullWithPermit(msg.sender, permit);
        return _open(msg.sender, terms, salt, assignments, permit.amount);
    }

    /// @inheritdoc ITaskEscrow
    function openBatchFor(address requester, Terms calldata terms, bytes32 salt, uint24 assignments)
        external
        returns (bytes32)
    {
        _spendAllowance(requester, terms.reviewer, terms.arbitrator, terms.exposure() * assignments);
        return _open(requester, terms, salt, assignments, 0);
    }

    /// @dev `prepaid` token units came in with this call and are in nobody's account yet.
    function _open(address requester, Terms memory terms, bytes32 salt, uint24 assignments, uint256 prepaid)
        private
        returns (bytes32 batchId)
    {
        // Check
        if (assignments == 0) revert TaskEscrow_ZeroAmount();
        terms.check();
        if (!isArbitrator(terms.arbitrator)) revert TaskEscrow_ArbitratorNotListed(terms.arbitrator);
        batchId = Keys.id(requester, salt, terms);
        if (_ledger.funding[batchId].requester != address(0)) revert TaskEscrow_BatchExists(batchId);
        // Effect
        uint256 amount = (uint256(terms.reward) + terms.operatorFee) * assignments;
        if (prepaid > amount) _ledger.credit(requester, prepaid - amount);
        else if (prepaid < amount) _ledger.debit(requester, amount - prepaid);
        _ledger.funding[batchId].requester = requester;
        _ledger.batches[batchId] = BatchSlots.opened(assignments);
        emit BatchOpened(batchId, requester, terms.operator, salt, assignments, amount, terms);
    }

    // ------------------------------------------------------- extend and end

    /// @inheritdoc ITaskEscrow
    function extendBatch(BatchKey calldata key, uint24 assignments, bytes32 manifest) external {
        if (msg.sender != key.requester) {
            _spendAllowance(key.requester, key.terms.reviewer, key.terms.arbitrator, key.terms.exposure() * assignments);
        }
        Batches.extend(_ledger, key, assignments, manifest);
    }

    /// @inheritdoc ITaskEscrow
    function closeBatch(BatchKey calldata key) external {
        Batches.close(_ledger, key);
    }

    /// @inheritdoc ITaskEscrow
    function refund(BatchKey calldata key) external {
        Batches.refund(_ledger, key);
    }

    // ---------------------------------------------------------------- bonus

    /// @inheritdoc ITaskEscrow
    function bonus(BatchKey calldata key, address worker, uint96 amount, bytes32 reasonDigest) external {
        // Check
        (bytes32 batchId,) = _load(key);
        if (worker == address(0)) revert TaskEscrow_ZeroAddress();
        if (amount == 0) revert TaskEscrow_ZeroAmount();
        if (msg.sender != key.requester) _spendBonusAllowance(key.requester, amount);
        // Effect
        _ledger.debit(key.requester, amount);
        _ledger.credit(worker, amount);
        emit BonusPaid(batchId, worker, key.requester, amount, reasonDigest);
    }

    // ---------------------------------------------------------------- views

    /// @inheritdoc ITaskEscrow
    function batchOf(bytes32 batchId) external view returns (Batch memory) {
        return _ledger.batches[batchId].unpack();
    }

    /// @inheritdoc ITaskEscrow
    function requesterOf(bytes32 batchId) external view returns (address) {
        return _ledger.funding[batchId].requester;
    }

    /// @inheritdoc ITaskEscrow
    function batchIdOf(BatchKey calldata key) public view returns (bytes32) {
        return Keys.id(key);
    }

    function _load(BatchKey calldata key) internal view returns (bytes32 batchId, BatchSlot b) {
        return Keys.load(_ledger, key);
    }
}
