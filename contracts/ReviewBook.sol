// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {WorkBook} from "./WorkBook.sol";
import {ITaskEscrow} from "./interfaces/ITaskEscrow.sol";
import {BoundedCalls} from "./libraries/BoundedCalls.sol";
import {Deadlines} from "./libraries/Deadlines.sol";
import {Batch, BatchKey, DirectPayment, PaidReason, Refusal, Tally, Terms, Verdict} from "./libraries/EscrowTypes.sol";
import {Ledger, Ledgers} from "./libraries/Ledger.sol";
import {Messages} from "./libraries/Messages.sol";
import {TermsRules} from "./libraries/TermsRules.sol";

/// @title Review: settled, paid by silence, overturned, released
/// @dev Every decision raises the tally's `decided`, and every verdict names it: so nothing is decided twice.
abstract contract ReviewBook is WorkBook {
    using Ledgers for Ledger;
    using TermsRules for Terms;

    // --------------------------------------------------------------- settle

    /// @inheritdoc ITaskEscrow
    function settle(
        BatchKey calldata key,
        uint32 nonce,
        bytes32 resultsDigest,
        Verdict[] calldata verdicts,
        DirectPayment[] calldata direct,
        bytes calldata signature
    ) external {
        // Check
        (bytes32 batchId, Batch memory b) = _load(key);
        if (nonce != uint256(b.settlements) + 1) {
            revert TaskEscrow_SettlementNotNext(nonce, uint256(b.settlements) + 1);
        }
        _checkReviewer(
            key.terms.reviewer, Messages.settlement(batchId, nonce, resultsDigest, verdicts, direct), signature
        );
        // Effect
        b.settlements = nonce;
        emit Settled(batchId, nonce, resultsDigest);
        uint256 accepted = _applyVerdicts(batchId, key.terms, b, verdicts, resultsDigest);
        accepted += _applyDirect(batchId, key.terms, b, direct);
        _payOperator(batchId, key.terms, accepted);
        _ledger.store(batchId, b);
    }

    function _applyVerdicts(
        bytes32 batchId,
        Terms calldata terms,
        Batch memory b,
        Verdict[] calldata verdicts,
        bytes32 resultsDigest
    ) private returns (uint256 accepted) {
        for (uint256 i = 0; i < verdicts.length; ++i) {
            Verdict calldata v = verdicts[i];
            if (v.rejected > 0 && resultsDigest == bytes32(0)) revert TaskEscrow_ReasonMissing();
            Tally memory t = _ledger.tallyOf(batchId, v.worker);
            Refusal refusal = _decidable(t, v);
            if (refusal != Refusal.None) {
                emit VerdictSkipped(batchId, v.worker, b.settlements, refusal);
                continue;
            }
            Deadlines.decide(t, v.accepted + v.rejected);
            b.submitted -= v.accepted + v.rejected;
            b.accepted += v.accepted;
            b.contestable += v.rejected;
            if (v.rejected > 0) {
                t.contestable += v.rejected;
                t.contestEnd = _seconds(block.timestamp + terms.disputeWindow);
                emit Rejected(batchId, v.worker, v.rejected, resultsDigest, t.contestEnd);
            }
            _ledger.store(batchId, v.worker, t);
            uint256 amount = uint256(terms.reward) * v.accepted;
            _ledger.creditWork(v.worker, amount, v.accepted, v.rejected);
            if (v.accepted > 0) emit Paid(batchId, v.worker, v.accepted, amount, PaidReason.Reviewed);
            accepted += v.accepted;
        }
    }

    /// @dev The young lot's window never ends before the old one's, so the old one's alone is asked.
    function _decidable(Tally memory t, Verdict calldata v) private view returns (Refusal) {
        if (v.decidedBefore != t.decided) return Refusal.VerdictStale;
        uint256 count = uint256(v.accepted) + v.rejected;
        if (count == 0) return Refusal.NothingAsked;
        if (count > uint256(t.oldLot) + t.youngLot) return Refusal.VerdictTooLarge;
        if (block.timestamp > t.oldReviewEnd) return Refusal.ReviewWindowOver;
        return Refusal.None;
    }

    function _applyDirect(bytes32 batchId, Terms calldata terms, Batch memory b, DirectPayment[] calldata direct)
        private
        returns (uint256 paid)
    {
        for (uint256 i = 0; i < direct.length; ++i) {
            DirectPayment calldata d = direct[i];
            Refusal refusal = Refusal.None;
            if (!terms.isDirect()) refusal = Refusal.DirectNotAllowed;
            else if (d.count == 0 || d.worker == address(0)) refusal = Refusal.NothingAsked;
            else if (d.count > b.free) refusal = Refusal.NotEnoughFree;
            if (refusal != Refusal.None) {
                emit VerdictSkipped(batchId, d.worker, b.settlements, refusal);
                continue;
            }
            b.free -= d.count;
            b.accepted += d.count;
            uint256 amount = uint256(terms.reward) * d.count;
            _ledger.credit(d.worker, amount);
            emit Paid(batchId, d.worker, d.count, amount, PaidReason.Direct);
            paid += d.count;
        }
    }

    // -------------------------------------------------------------- silence

    /// @inheritdoc ITaskEscrow
    function payOverdue(BatchKey calldata key, address worker) external {
        (bytes32 batchId,) = _load(key);
        Terms calldata terms = key.terms;
        Deadlines.payOverdue(_ledger, batchId, key.requester, worker, terms.reward, terms.operatorFee);
    }

    // ------------------------------------------------------------- overturn

    /// @inheritdoc ITaskEscrow
    function overturn(BatchKey calldata key, address worker, uint16 count) external {
        if (msg.sender != key.requester && msg.sender != key.terms.reviewer) revert TaskEscrow_NotAllowed(msg.sender);
        (bytes32 batchId, Batch memory b) = _load(key);
        _overturn(batchId, key.terms, b, _ledger.tallyOf(batchId, worker), worker, count);
    }

    /// @inheritdoc ITaskEscrow
    function overturnBySig(
        BatchKey calldata key,
        address worker,
        uint16 decidedBefore,
        uint16 contestableBefore,
        uint16 count,
        bytes calldata signature
    ) external {
        (bytes32 batchId, Batch memory b) = _load(key);
        Tally memory t = _ledger.tallyOf(batchId, worker);
        if (t.decided != decidedBefore || t.contestable != contestableBefore) {
            revert TaskEscrow_CountsChanged(t.decided, t.contestable);
        }
        _checkReviewer(
            key.terms.reviewer, Messages.overturn(batchId, worker, decidedBefore, contestableBefore, count), signature
        );
        _overturn(batchId, key.terms, b, t, worker, count);
    }

    function _overturn(
        bytes32 batchId,
        Terms calldata terms,
        Batch memory b,
        Tally memory t,
        address worker,
        uint16 count
    ) private {
        // Check
        if (count == 0) revert TaskEscrow_ZeroAmount();
        if (count > t.contestable) revert TaskEscrow_NotEnoughContestable(t.contestable, count);
        // Effect
        t.contestable -= count;
        b.contestable -= count;
        b.accepted += count;
        _storeBoth(batchId, b, worker, t);
        uint256 amount = uint256(terms.reward) * count;
        _ledger.creditOverturned(worker, amount, count);
        emit Overturned(batchId, worker, count, msg.sender);
        emit Paid(batchId, worker, count, amount, PaidReason.Overturned);
        _payOperator(batchId, terms, count);
    }

    /// @inheritdoc ITaskEscrow
    function releaseRejected(BatchKey calldata key, address[] calldata workers) external {
        (bytes32 batchId,) = _load(key);
        Deadlines.releaseRejected(_ledger, batchId, workers);
    }

    // --------------------------------------------------------------- shared

    function _payOperator(bytes32 batchId, Terms calldata terms, uint256 count) private {
        uint256 fee = uint256(terms.operatorFee) * count;
        if (fee == 0) return;
        _ledger.credit(terms.operator, fee);
        emit FeePaid(batchId, terms.operator, fee);
    }

    function _checkReviewer(address reviewer, bytes32 structHash, bytes calldata signature) private view {
        if (msg.sender == reviewer && signature.length == 0) return;
        if (!BoundedCalls.isSignedBy(reviewer, _hashTypedDataV4(structHash), signature)) {
            revert TaskEscrow_SignatureInvalid(reviewer);
        }
    }
}
