// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ITaskEscrowErrors} from "../interfaces/ITaskEscrowErrors.sol";
import {ITaskEscrowEvents} from "../interfaces/ITaskEscrowEvents.sol";
import {BatchKey, DirectPayment, PaidReason, Refusal, Terms, Verdict} from "./EscrowTypes.sol";
import {FeeLocks} from "./FeeLocks.sol";
import {Ledger, Ledgers} from "./Ledger.sol";
import {OperatorFees} from "./OperatorFees.sol";
import {Scratch} from "./Scratch.sol";
import {BatchSlot, BatchSlots, TallySlot, TallySlots} from "./Slots.sol";
import {TermsRules} from "./TermsRules.sol";

/// @title Verdicts and direct payments applied, rejections taken back
/// @dev Linked code, because the escrow needs the room. Who may call, and the settlement's number, are checked by the escrow.
library Settlements {
    using Ledgers for Ledger;
    using TermsRules for Terms;

    /// @dev One settlement on its way; keeps the stack small.
    struct Run {
        bytes32 batchId;
        BatchSlot batch;
        uint32 nonce;
        bytes32 resultsDigest;
        uint256 reward;
        uint256 accepted;
    }

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
        BatchSlot b = ledger.batches[batchId].withNextSettlement();
        emit ITaskEscrowEvents.Settled(batchId, nonce, resultsDigest);
        Run memory run = Run(batchId, b, nonce, resultsDigest, key.terms.reward, 0);
        uint256 mark = Scratch.mark();
        for (uint256 i = 0; i < verdicts.length; ++i) {
            if (verdicts[i].rejected > 0 && resultsDigest == bytes32(0)) {
                revert ITaskEscrowErrors.TaskEscrow_ReasonMissing();
            }
            _applyVerdict(ledger, key, run, verdicts[i]);
            Scratch.free(mark);
        }
        bool isDirect = key.terms.isDirect();
        for (uint256 i = 0; i < direct.length; ++i) {
            _applyDirect(ledger, run, direct[i].worker, direct[i].count, isDirect);
            Scratch.free(mark);
        }
        OperatorFees.pay(ledger, batchId, key.terms.operator, uint256(key.terms.operatorFee) * run.accepted);
        ledger.batches[batchId] = run.batch;
    }

    function _applyVerdict(Ledger storage ledger, BatchKey calldata key, Run memory run, Verdict calldata v) private {
        // Check
        address worker = v.worker;
        uint16 accepted = v.accepted;
        uint16 rejected = v.rejected;
        TallySlot t = ledger.tallies[run.batchId][worker];
        Refusal refusal = _decidable(t, v.decidedBefore, uint256(accepted) + rejected);
        if (refusal == Refusal.None && rejected > 0) (refusal, t) = _backed(ledger, key, run, t, worker);
        if (refusal != Refusal.None) {
            emit ITaskEscrowEvents.VerdictSkipped(run.batchId, worker, run.nonce, refusal);
            return;
        }
        // Effect
        t = t.decide(uint256(accepted) + rejected);
        if (rejected > 0) {
            run.batch = run.batch.move(BatchSlots.SUBMITTED, BatchSlots.CONTESTABLE, rejected);
            t = t.plus(TallySlots.CONTESTABLE, rejected);
            t = t.withTime(TallySlots.CONTEST_END, block.timestamp + key.terms.disputeWindow);
            // forge-lint: disable-next-item(unsafe-typecast) a field of 32 bits
            emit ITaskEscrowEvents.Rejected(
                run.batchId, worker, rejected, run.resultsDigest, uint40(t.time(TallySlots.CONTEST_END))
            );
        }
        ledger.tallies[run.batchId][worker] = t;
        uint256 amount = run.reward * accepted;
        ledger.creditWork(worker, amount, accepted, rejected);
        if (accepted > 0) {
            run.batch = run.batch.move(BatchSlots.SUBMITTED, BatchSlots.ACCEPTED, accepted);
            run.accepted += accepted;
            emit ITaskEscrowEvents.Paid(run.batchId, worker, accepted, amount, PaidReason.Reviewed);
        }
    }

    /// @dev The young lot's window never ends before the old one's, so the old one's alone is asked.
    function _decidable(TallySlot t, uint256 decidedBefore, uint256 count) private view returns (Refusal) {
        if (decidedBefore != t.count(TallySlots.DECIDED)) return Refusal.VerdictStale;
        if (count == 0) return Refusal.NothingAsked;
        if (count > t.undecided()) return Refusal.VerdictTooLarge;
        if (block.timestamp > t.time(TallySlots.OLD_REVIEW_END)) return Refusal.ReviewWindowOver;
        return Refusal.None;
    }

    /// @dev Whether the requester's dispute fee stands behind rejections of this worker; locks it with the first.
    function _backed(Ledger storage ledger, BatchKey calldata key, Run memory run, TallySlot t, address worker)
        private
        returns (Refusal, TallySlot)
    {
        uint256 fee = key.terms.disputeFee;
        if (fee == 0 || t.isFeeLocked()) return (Refusal.None, t);
        bool locked;
        (locked, run.batch) =
            FeeLocks.lock(ledger, run.batchId, key.requester, worker, run.batch, fee, key.terms.unitCost());
        return locked ? (Refusal.None, t.withFeeLocked(true)) : (Refusal.FeeNotLockable, t);
    }

    function _applyDirect(Ledger storage ledger, Run memory run, address worker, uint16 count, bool isDirect) private {
        // Check
        Refusal refusal = Refusal.None;
        if (!isDirect) refusal = Refusal.DirectNotAllowed;
        else if (count == 0 || worker == address(0)) refusal = Refusal.NothingAsked;
        else if (count > run.batch.count(BatchSlots.FREE)) refusal = Refusal.NotEnoughFree;
        if (refusal != Refusal.None) {
            emit ITaskEscrowEvents.VerdictSkipped(run.batchId, worker, run.nonce, refusal);
            return;
        }
        // Effect
        run.batch = run.batch.move(BatchSlots.FREE, BatchSlots.ACCEPTED, count);
        run.accepted += count;
        uint256 amount = run.reward * count;
        ledger.credit(worker, amount);
        emit ITaskEscrowEvents.Paid(run.batchId, worker, count, amount, PaidReason.Direct);
    }

    // ------------------------------------------------------------- overturn

    /// @notice See `ITaskEscrow.overturn`.
    function overturn(Ledger storage ledger, bytes32 batchId, BatchKey calldata key, address worker, uint16 count)
        external
    {
        // Check
        TallySlot t = ledger.tallies[batchId][worker];
        uint256 contestable = t.count(TallySlots.CONTESTABLE);
        if (count == 0) revert ITaskEscrowErrors.TaskEscrow_ZeroAmount();
        if (count > contestable) revert ITaskEscrowErrors.TaskEscrow_NotEnoughContestable(contestable, count);
        // Effect
        ledger.batches[batchId] = ledger.batches[batchId].move(BatchSlots.CONTESTABLE, BatchSlots.ACCEPTED, count);
        uint256 amount = uint256(key.terms.reward) * count;
        ledger.creditOverturned(worker, amount, count);
        emit ITaskEscrowEvents.Overturned(batchId, worker, count, msg.sender);
        emit ITaskEscrowEvents.Paid(batchId, worker, count, amount, PaidReason.Overturned);
        OperatorFees.pay(ledger, batchId, key.terms.operator, uint256(key.terms.operatorFee) * count);
        t = t.minus(TallySlots.CONTESTABLE, count);
        ledger.tallies[batchId][worker] =
            FeeLocks.releaseIfDone(ledger, batchId, key.requester, worker, t, key.terms.disputeFee);
    }
}
