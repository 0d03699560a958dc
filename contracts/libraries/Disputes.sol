// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ITaskEscrowErrors} from "../interfaces/ITaskEscrowErrors.sol";
import {ITaskEscrowEvents} from "../interfaces/ITaskEscrowEvents.sol";
import {Dispute, PaidReason, Refusal, Terms} from "./EscrowTypes.sol";
import {FeeLocks} from "./FeeLocks.sol";
import {Ledger, Ledgers} from "./Ledger.sol";
import {OperatorFees} from "./OperatorFees.sol";
import {BatchSlot, BatchSlots, TallySlot, TallySlots} from "./Slots.sol";

/// @title Rejections contested, ruled, and the two fees behind them
/// @dev Linked code: these calls are rare, and the escrow needs the room.
///
/// One dispute fee F per batch and worker is locked from the requester as long as anything of that worker is contestable or
/// disputed; whoever disputes puts up a bond of F. A ruling that accepts `a` of `m` takes floor(F (m - a) / m) from the bond
/// and the rest of F from the lock. If rejections outside the dispute remain, the lock is filled up again; if the requester
/// cannot, they are void and paid: a rejection that nobody could contest at the requester's risk must not stand.
library Disputes {
    using Ledgers for Ledger;

    /// @dev A dispute on its way to its end; keeps the stack small.
    struct Ending {
        address requester;
        BatchSlot batch;
        TallySlot tally;
        uint256 fromBond;
        uint256 fromLock;
    }

    // ----------------------------------------------------------------- open

    /// @notice See `ITaskEscrow.dispute`. Changes nothing if it refuses.
    function open(
        Ledger storage ledger,
        bytes32 batchId,
        Terms calldata terms,
        address worker,
        address poster,
        uint16 count,
        bytes32 evidenceDigest
    ) external returns (Refusal) {
        // Check
        TallySlot t = ledger.tallies[batchId][worker];
        uint256 contestable = t.count(TallySlots.CONTESTABLE);
        if (count == 0) return Refusal.NothingAsked;
        // A number that stands still would give the next dispute the name of one that ended, which no arbitrator rules twice.
        if (t.isExhausted()) return Refusal.SequenceNotNext;
        if (t.count(TallySlots.DISPUTED) > 0) return Refusal.DisputeOpen;
        if (contestable == 0) return Refusal.NothingContestable;
        if (block.timestamp > t.time(TallySlots.CONTEST_END)) return Refusal.DisputeWindowOver;
        if (ledger.owedOf(poster) < terms.disputeFee) return Refusal.BondShort;
        // forge-lint: disable-next-line(unsafe-typecast) a field of 16 bits
        if (count > contestable) count = uint16(contestable);
        // Effect
        uint256 disputeId = uint256(keccak256(abi.encode(batchId, worker, t.sequence())));
        ledger.tallies[batchId][worker] =
            t.minus(TallySlots.CONTESTABLE, count).plus(TallySlots.DISPUTED, count).advanced();
        ledger.batches[batchId] = ledger.batches[batchId].move(BatchSlots.CONTESTABLE, BatchSlots.DISPUTED, count);
        ledger.contest(worker, count);
        _record(ledger, disputeId, batchId, terms, worker, poster, count, evidenceDigest);
        return Refusal.None;
    }

    function _record(
        Ledger storage ledger,
        uint256 disputeId,
        bytes32 batchId,
        Terms calldata terms,
        address worker,
        address poster,
        uint16 count,
        bytes32 evidenceDigest
    ) private {
        Dispute storage d = ledger.disputes[disputeId];
        d.worker = worker;
        d.count = count;
        d.rulingEnd = uint40(block.timestamp + terms.rulingWindow);
        d.disputeWindow = terms.disputeWindow;
        d.poster = poster;
        d.reward = terms.reward;
        d.arbitrator = terms.arbitrator;
        d.fee = terms.disputeFee;
        d.batchId = batchId;
        d.operatorFee = terms.operatorFee;
        d.openedAt = uint40(block.timestamp);
        emit ITaskEscrowEvents.Disputed(batchId, worker, disputeId, count, evidenceDigest, d.rulingEnd, d.arbitrator);
        if (d.fee > 0) {
            ledger.debit(poster, d.fee);
            emit ITaskEscrowEvents.BondPosted(disputeId, poster, d.fee);
        }
    }

    // ------------------------------------------------------------------ end

    /// @notice See `ITaskEscrow.rule`.
    function rule(Ledger storage ledger, uint256 disputeId, uint256 ruling) external {
        Dispute memory d = ledger.disputes[disputeId];
        if (d.arbitrator == address(0)) return; // ended, or never opened: a late ruling is no error
        if (msg.sender != d.arbitrator) revert ITaskEscrowErrors.TaskEscrow_NotAllowed(msg.sender);
        if (ruling == 0 || block.timestamp > d.rulingEnd) {
            _end(ledger, disputeId, d, d.count, false);
        } else {
            uint256 accepted = ruling - 1;
            // forge-lint: disable-next-line(unsafe-typecast) below d.count
            _end(ledger, disputeId, d, accepted < d.count ? uint16(accepted) : d.count, true);
        }
    }

    /// @notice See `ITaskEscrow.ruleOverdue`.
    function ruleOverdue(Ledger storage ledger, uint256 disputeId) external {
        Dispute memory d = ledger.disputes[disputeId];
        if (d.arbitrator == address(0) || block.timestamp <= d.rulingEnd) {
            revert ITaskEscrowErrors.TaskEscrow_RulingNotOverdue(disputeId);
        }
        _end(ledger, disputeId, d, d.count, false);
    }

    function _end(Ledger storage ledger, uint256 disputeId, Dispute memory d, uint16 accepted, bool ruled) private {
        delete ledger.disputes[disputeId];
        Ending memory e;
        e.requester = ledger.funding[d.batchId].requester;
        uint256 upheld = d.count - accepted;
        e.tally = ledger.tallies[d.batchId][d.worker].minus(TallySlots.DISPUTED, d.count);
        if (e.tally.count(TallySlots.CONTESTABLE) > 0) {
            e.tally = e.tally.withTime(TallySlots.CONTEST_END, block.timestamp + d.disputeWindow);
        }
        e.batch = ledger.batches[d.batchId].move(BatchSlots.DISPUTED, BatchSlots.ACCEPTED, accepted);
        e.batch = e.batch.move(BatchSlots.DISPUTED, BatchSlots.FREE, upheld);
        if (ruled) {
            e.fromBond = uint256(d.fee) * upheld / d.count;
            e.fromLock = d.fee - e.fromBond;
        }
        // forge-lint: disable-next-item(unsafe-typecast) a field of 32 bits
        emit ITaskEscrowEvents.Ruled(
            d.batchId,
            d.worker,
            disputeId,
            d.count,
            accepted,
            ruled,
            e.fromBond,
            e.fromLock,
            uint40(e.tally.time(TallySlots.CONTEST_END))
        );
        _payFees(ledger, disputeId, d, e.fromBond, e.fromLock);
        _payWorker(ledger, d, accepted, ruled);
        OperatorFees.giveBack(ledger, d.batchId, e.requester, uint256(d.operatorFee) * accepted);
        if (ruled) ledger.countRuling(e.requester, upheld, accepted);
        if (d.fee > 0) _settleLock(ledger, d, e);
        ledger.tallies[d.batchId][d.worker] = e.tally;
        ledger.batches[d.batchId] = e.batch;
    }

    function _payFees(Ledger storage ledger, uint256 disputeId, Dispute memory d, uint256 fromBond, uint256 fromLock)
        private
    {
        if (d.fee == 0) return;
        if (fromBond + fromLock > 0) {
            ledger.credit(d.arbitrator, d.fee);
            emit ITaskEscrowEvents.FeePaid(d.batchId, d.arbitrator, d.fee);
        }
        if (d.fee > fromBond) {
            ledger.credit(d.poster, d.fee - fromBond);
            emit ITaskEscrowEvents.BondReturned(disputeId, d.poster, d.fee - fromBond);
        }
    }

    function _payWorker(Ledger storage ledger, Dispute memory d, uint256 accepted, bool ruled) private {
        uint256 amount = uint256(d.reward) * accepted;
        if (ruled) ledger.creditRuled(d.worker, amount, d.count, accepted, d.count - accepted);
        else ledger.creditRuled(d.worker, amount, d.count, 0, 0);
        if (accepted == 0) return;
        PaidReason reason = ruled ? PaidReason.Ruled : PaidReason.RulingOverdue;
        // forge-lint: disable-next-line(unsafe-typecast) accepted <= d.count
        emit ITaskEscrowEvents.Paid(d.batchId, d.worker, uint16(accepted), amount, reason);
    }

    // ----------------------------------------------------------------- lock

    /// @dev Takes what the arbitrator got from the lock, and fills it up again for what is still contestable; if that cannot
    /// be, or nothing is, gives back what is left.
    function _settleLock(Ledger storage ledger, Dispute memory d, Ending memory e) private {
        FeeLocks.spend(ledger, d.batchId, e.fromLock);
        if (e.tally.count(TallySlots.CONTESTABLE) > 0) {
            if (e.fromLock == 0) return;
            uint256 unitCost = uint256(d.reward) + d.operatorFee;
            bool filled;
            (filled, e.batch) = FeeLocks.lock(ledger, d.batchId, e.requester, d.worker, e.batch, e.fromLock, unitCost);
            if (filled) return;
            _void(ledger, d, e);
        }
        e.tally = FeeLocks.release(ledger, d.batchId, e.requester, d.worker, e.tally, d.fee - e.fromLock);
    }

    /// @dev Pays rejections that no lock stands behind any more.
    function _void(Ledger storage ledger, Dispute memory d, Ending memory e) private {
        uint256 count = e.tally.count(TallySlots.CONTESTABLE);
        e.tally = e.tally.minus(TallySlots.CONTESTABLE, count);
        e.batch = e.batch.move(BatchSlots.CONTESTABLE, BatchSlots.ACCEPTED, count);
        uint256 amount = uint256(d.reward) * count;
        ledger.creditVoided(d.worker, amount, count);
        // forge-lint: disable-next-line(unsafe-typecast) a field of 16 bits
        emit ITaskEscrowEvents.Paid(d.batchId, d.worker, uint16(count), amount, PaidReason.FeeShort);
        OperatorFees.giveBack(ledger, d.batchId, e.requester, uint256(d.operatorFee) * count);
    }
}
