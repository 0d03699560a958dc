// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Treasury} from "./Treasury.sol";
import {ITaskEscrow} from "./interfaces/ITaskEscrow.sol";
import {Batch, BatchKey, Permit, Terms} from "./libraries/EscrowTypes.sol";
import {Ledger, Ledgers} from "./libraries/Ledger.sol";
import {TermsRules} from "./libraries/TermsRules.sol";

/// @title Batches: opened, extended, closed, refunded
/// @dev Two slots a batch, whatever its size: the counts, and its requester with the money of fee locks.
abstract contract BatchBook is Treasury {
    using Ledgers for Ledger;
    using TermsRules for Terms;

    // ----------------------------------------------------------------- open

    /// @inheritdoc ITaskEscrow
    function openBatch(Terms calldata terms, bytes32 salt, uint24 assignments) external returns (bytes32) {
        return _open(msg.sender, terms, salt, assignments);
    }

    /// @inheritdoc ITaskEscrow
    function openBatchWithPermit(Terms calldata terms, bytes32 salt, uint24 assignments, Permit calldata permit)
        external
        nonReentrant
        returns (bytes32)
    {
        _pullWithPermit(msg.sender, permit);
        return _open(msg.sender, terms, salt, assignments);
    }

    /// @inheritdoc ITaskEscrow
    function openBatchFor(address requester, Terms calldata terms, bytes32 salt, uint24 assignments)
        external
        returns (bytes32)
    {
        _spendAllowance(requester, terms.reviewer, terms.arbitrator, terms.unitCost() * assignments);
        return _open(requester, terms, salt, assignments);
    }

    function _open(address requester, Terms memory terms, bytes32 salt, uint24 assignments)
        private
        returns (bytes32 batchId)
    {
        // Check
        if (assignments == 0) revert TaskEscrow_ZeroAmount();
        terms.check();
        if (!isArbitrator(terms.arbitrator)) revert TaskEscrow_ArbitratorNotListed(terms.arbitrator);
        batchId = _batchId(requester, salt, terms);
        if (_ledger.funding[batchId].requester != address(0)) revert TaskEscrow_BatchExists(batchId);
        // Effect
        uint256 amount = (uint256(terms.reward) + terms.operatorFee) * assignments;
        _ledger.debit(requester, amount);
        _ledger.funding[batchId].requester = requester;
        Batch memory b;
        b.free = assignments;
        b.versions = 1;
        _ledger.store(batchId, b);
        emit BatchOpened(batchId, requester, terms.operator, salt, assignments, amount, terms);
    }

    // ------------------------------------------------------- extend and end

    /// @inheritdoc ITaskEscrow
    function extendBatch(BatchKey calldata key, uint24 assignments, bytes32 manifest) external {
        // Check
        (bytes32 batchId, Batch memory b) = _load(key);
        if (manifest == bytes32(0)) revert TaskEscrow_ZeroAmount();
        if (b.closedAt != 0) revert TaskEscrow_BatchIsClosed(batchId);
        if (block.timestamp > key.terms.claimBy) revert TaskEscrow_ClaimPeriodOver(batchId, key.terms.claimBy);
        uint256 funded =
            uint256(b.free) + b.claimed + b.submitted + b.contestable + b.disputed + b.accepted + b.refunded;
        // Bounding the sum here bounds every count later: assignments only move between them.
        if (funded + assignments > type(uint24).max) {
            revert TaskEscrow_AmountTooLarge(funded + assignments, type(uint24).max);
        }
        uint256 amount = key.terms.unitCost() * assignments;
        if (msg.sender != key.requester) {
            _spendAllowance(key.requester, key.terms.reviewer, key.terms.arbitrator, amount);
        }
        // Effect
        _ledger.debit(key.requester, amount);
        b.free += assignments;
        b.versions += 1; // reverts at 65,535 versions
        _ledger.store(batchId, b);
        emit BatchExtended(batchId, key.requester, b.versions, manifest, assignments, amount);
    }

    /// @inheritdoc ITaskEscrow
    function closeBatch(BatchKey calldata key) external {
        // Check
        (bytes32 batchId, Batch memory b) = _load(key);
        if (msg.sender != key.requester) revert TaskEscrow_NotAllowed(msg.sender);
        if (b.closedAt != 0) revert TaskEscrow_BatchIsClosed(batchId);
        // Effect
        // forge-lint: disable-next-line(unsafe-typecast) seconds fit 40 bits for 34,000 years
        b.closedAt = uint40(block.timestamp);
        emit BatchClosed(batchId, key.requester);
        if (_refundable(key.terms, b)) _refundFree(batchId, key, b);
        _ledger.store(batchId, b);
    }

    /// @inheritdoc ITaskEscrow
    function refund(BatchKey calldata key) external {
        (bytes32 batchId, Batch memory b) = _load(key);
        if (!_refundable(key.terms, b)) revert TaskEscrow_NothingToRefund(batchId);
        _refundFree(batchId, key, b);
        _ledger.store(batchId, b);
    }

    /// @dev Free money can go back once it can no longer be claimed and, in a direct batch, no longer be paid out.
    function _refundable(Terms calldata terms, Batch memory b) private view returns (bool) {
        if (b.free == 0) return false;
        uint256 grace = terms.isDirect() ? terms.reviewWindow : 0;
        if (block.timestamp > terms.claimBy + grace) return true;
        if (b.closedAt == 0) return false;
        return grace == 0 || block.timestamp > b.closedAt + grace;
    }

    function _refundFree(bytes32 batchId, BatchKey calldata key, Batch memory b) private {
        uint24 count = b.free;
        uint256 amount = key.terms.unitCost() * count;
        b.free = 0;
        b.refunded += count;
        _ledger.credit(key.requester, amount);
        emit Refunded(batchId, key.requester, count, amount);
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
        return _ledger.batchOf(batchId);
    }

    /// @inheritdoc ITaskEscrow
    function requesterOf(bytes32 batchId) external view returns (address) {
        return _ledger.funding[batchId].requester;
    }

    /// @inheritdoc ITaskEscrow
    function batchIdOf(BatchKey calldata key) public view returns (bytes32) {
        Terms memory terms = key.terms;
        return _batchId(key.requester, key.salt, terms);
    }

    function _batchId(address requester, bytes32 salt, Terms memory terms) private view returns (bytes32) {
        return keccak256(abi.encode(block.chainid, address(this), requester, salt, terms.hash()));
    }

    /// @dev The id is a hash of the key, so a stored batch of that id proves every field of it.
    function _load(BatchKey calldata key) internal view returns (bytes32 batchId, Batch memory b) {
        batchId = batchIdOf(key);
        b = _ledger.batchOf(batchId);
        if (b.versions == 0) revert TaskEscrow_BatchUnknown(batchId);
    }
}
