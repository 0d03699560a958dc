// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ITaskEscrowErrors} from "../interfaces/ITaskEscrowErrors.sol";
import {ITaskEscrowEvents} from "../interfaces/ITaskEscrowEvents.sol";
import {Deadlines} from "./Deadlines.sol";
import {Batch, BatchKey, DirectPayment, PaidReason, Refusal, Tally, Terms, Verdict} from "./EscrowTypes.sol";
import {FeeLocks} from "./FeeLocks.sol";
import {Ledger, Ledgers} from "./Ledger.sol";
import {OperatorFees} from "./OperatorFees.sol";
import {TermsRules} from "./TermsRules.sol";

/// @title Verdicts and direct payments applied, rejections taken back
/// @dev Linked code, because the escrow needs the room. Who may call, and the settlement's number, are checked by the escrow.
library Settlements {
    using Ledgers for Ledger;
    using TermsRules for Terms;

    // --------------------------------------------------------------- settle

    /// @notice See `ITaskEscrow.settle`.
    function settle(
        Ledger storage ledger,
        bytes32 batchId,
        BatchKey calldata key,
        uint32 nonce,
        bytes32 resultsDigest,
        Verdict[] calldata verdicts,
        DirectPayment[] calldata direct
    ) external {
        Batch memory b = ledger.batchOf(batchId);
        b.settlements = nonce;
        emit ITaskEscrowEvents.Settled(batchId, nonce, resultsDigest);
        uint256 accepted = 0;
        for (uint256 i = 0; i < verdicts.length; ++i) {
            if (verdicts[i].rejected > 0 && resultsDigest == bytes32(0)) {
                revert ITaskEscrowErrors.TaskEscrow_ReasonMissing();
            }
            accepted += _applyVerdict(ledger, batchId, key, b, verdicts[i], resultsDigest);
        }
        for (uint256 i = 0; i < direct.length; ++i) {
            accepted += _applyDirect(ledger, batchId, key.terms, b, direct[i]);
        }
        OperatorFees.pay(ledger, batchId, key.terms.operator, uint256(key.terms.operatorFee) * accepted);
        ledger.store(batchId, b);
    }

    function _applyVerdict(
        Ledger storage ledger,
        bytes32 batchId,
        BatchKey calldata key,
        Batch memory b,
        Verdict calldata v,
        bytes32 resultsDigest
    ) private returns (uint256) {
        // Check
        Tally memory t = ledger.tallyOf(batchId, v.worker);
        Refusal refusal = _decidable(t, v);
        if (refusal == Refusal.None && v.rejected > 0 && !_backed(ledger, batchId, key, b, t, v.worker)) {
            refusal = Refusal.FeeNotLockable;
        }
        if (refusal != Refusal.None) {
            emit ITaskEscrowEvents.VerdictSkipped(batchId, v.worker, b.settlements, refusal);
            return 0;
        }
        // Effect
        Deadlines.decide(t, v.accepted + v.rejected);
        b.submitted -= v.accepted + v.rejected;
        b.accepted += v.accepted;
        b.contestable += v.rejected;
        if (v.rejected > 0) {
            t.contestable += v.rejected;
            t.contestEnd = Deadlines.secondsOf(block.timestamp + key.terms.disputeWindow);
            emit ITaskEscrowEvents.Rejected(batchId, v.worker, v.rejected, resultsDigest, t.contestEnd);
        }
        ledger.store(batchId, v.worker, t);
        uint256 amount = uint256(key.terms.reward) * v.accepted;
        ledger.creditWork(v.worker, amount, v.accepted, v.rejected);
        if (v.accepted > 0) {
            emit ITaskEscrowEvents.Paid(batchId, v.worker, v.accepted, amount, PaidReason.Reviewed);
        }
        return v.accepted;
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

    /// @dev Whether the requester's dispute fee stands behind rejections of this worker; locks it with the first.
    function _backed(
        Ledger storage ledger,
        bytes32 batchId,
        BatchKey calldata key,
        Batch memory b,
        Tally memory t,
        address worker
    ) private returns (bool) {
        uint256 fee = key.terms.disputeFee;
        if (fee == 0 || t.flags & FeeLocks.LOCKED != 0) return true;
        if (!FeeLocks.lock(ledger, batchId, key.requester, worker, b, fee, key.terms.unitCost())) return false;
        t.flags |= FeeLocks.LOCKED;
        return true;
    }

    function _applyDirect(
        Ledger storage ledger,
        bytes32 batchId,
        Terms calldata terms,
        Batch memory b,
        DirectPayment calldata d
    ) private returns (uint256) {
        // Check
        Refusal refusal = Refusal.None;
        if (!terms.isDirect()) refusal = Refusal.DirectNotAllowed;
        else if (d.count == 0 || d.worker == address(0)) refusal = Refusal.NothingAsked;
        else if (d.count > b.free) refusal = Refusal.NotEnoughFree;
        if (refusal != Refusal.None) {
            emit ITaskEscrowEvents.VerdictSkipped(batchId, d.worker, b.settlements, refusal);
            return 0;
        }
        // Effect
        b.free -= d.count;
        b.accepted += d.count;
        uint256 amount = uint256(terms.reward) * d.count;
        ledger.credit(d.worker, amount);
        emit ITaskEscrowEvents.Paid(batchId, d.worker, d.count, amount, PaidReason.Direct);
        return d.count;
    }

    // ------------------------------------------------------------- overturn

    /// @notice See `ITaskEscrow.overturn`.
    function overturn(Ledger storage ledger, bytes32 batchId, BatchKey calldata key, address worker, uint16 count)
        external
    {
        // Check
        Batch memory b = ledger.batchOf(batchId);
        Tally memory t = ledger.tallyOf(batchId, worker);
        if (count == 0) revert ITaskEscrowErrors.TaskEscrow_ZeroAmount();
        if (count > t.contestable) {
            revert ITaskEscrowErrors.TaskEscrow_NotEnoughContestable(t.contestable, count);
        }
        // Effect
        t.contestable -= count;
        b.contestable -= count;
        b.accepted += count;
        uint256 amount = uint256(key.terms.reward) * count;
        ledger.creditOverturned(worker, amount, count);
        emit ITaskEscrowEvents.Overturned(batchId, worker, count, msg.sender);
        emit ITaskEscrowEvents.Paid(batchId, worker, count, amount, PaidReason.Overturned);
        OperatorFees.pay(ledger, batchId, key.terms.operator, uint256(key.terms.operatorFee) * count);
        FeeLocks.releaseIfDone(ledger, batchId, key.requester, worker, t, key.terms.disputeFee);
        ledger.store(batchId, b);
        ledger.store(batchId, worker, t);
    }
}
