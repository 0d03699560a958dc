// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ITaskEscrowErrors} from "../interfaces/ITaskEscrowErrors.sol";
import {ITaskEscrowEvents} from "../interfaces/ITaskEscrowEvents.sol";
import {Deadlines} from "./Deadlines.sol";
import {Batch, Dispute, PaidReason, Refusal, Tally, Terms} from "./EscrowTypes.sol";
import {FeeLocks} from "./FeeLocks.sol";
import {Ledger, Ledgers} from "./Ledger.sol";
import {OperatorFees} from "./OperatorFees.sol";

/// @title Rejections contested, ruled, and the two fees behind them
/// @dev Linked code: these calls are rare, and the escrow needs the room.
///
/// One dispute fee F per batch and worker is locked from the requester as long as anything of that worker is contestable or
/// disputed; whoever disputes puts up a bond of F. A ruling that accepts `a` of `m` takes floor(F (m - a) / m) from the bond
/// and the rest of F from the lock. If rejections outside the dispute remain, the lock is filled up again; if the requester
/// cannot, they are void and paid: a rejection that nobody could contest at the requester's risk must not stand.
library Disputes {
    using Ledgers for Ledger;

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
        Tally memory t = ledger.tallyOf(batchId, worker);
        if (count == 0) return Refusal.NothingAsked;
        if (t.disputed > 0) return Refusal.DisputeOpen;
        if (t.contestable == 0) return Refusal.NothingContestable;
        if (block.timestamp > t.contestEnd) return Refusal.DisputeWindowOver;
        if (ledger.accountOf(poster).owed < terms.disputeFee) return Refusal.BondShort;
        if (count > t.contestable) count = t.contestable;
        // Effect
        uint256 disputeId = uint256(keccak256(abi.encode(batchId, worker, t.sequence)));
        t.contestable -= count;
        t.disputed = count;
        if (t.sequence < type(uint24).max) t.sequence += 1;
        ledger.store(batchId, worker, t);
        Batch memory b = ledger.batchOf(batchId);
        b.contestable -= count;
        b.disputed += count;
        ledger.store(batchId, b);
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
        address requester = ledger.funding[d.batchId].requester;
        Tally memory t = ledger.tallyOf(d.batchId, d.worker);
        Batch memory b = ledger.batchOf(d.batchId);
        uint16 upheld = d.count - accepted;
        t.disputed = 0;
        if (t.contestable > 0) t.contestEnd = Deadlines.secondsOf(block.timestamp + d.disputeWindow);
        b.disputed -= d.count;
        b.accepted += accepted;
        b.free += upheld;
        uint256 fromBond = ruled ? uint256(d.fee) * upheld / d.count : 0;
        uint256 fromLock = ruled ? d.fee - fromBond : 0;
        emit ITaskEscrowEvents.Ruled(
            d.batchId, d.worker, disputeId, d.count, accepted, ruled, fromBond, fromLock, t.contestEnd
        );
        _payFees(ledger, disputeId, d, fromBond, fromLock);
        _payWorker(ledger, d, accepted, ruled);
        OperatorFees.giveBack(ledger, d.batchId, requester, uint256(d.operatorFee) * accepted);
        if (ruled) ledger.countRuling(requester, upheld, accepted);
        if (d.fee > 0) _settleLock(ledger, requester, d, b, t, fromLock);
        ledger.store(d.batchId, d.worker, t);
        ledger.store(d.batchId, b);
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
    function _settleLock(
        Ledger storage ledger,
        address requester,
        Dispute memory d,
        Batch memory b,
        Tally memory t,
        uint256 fromLock
    ) private {
        FeeLocks.spend(ledger, d.batchId, fromLock);
        if (t.contestable > 0) {
            if (fromLock == 0) return;
            uint256 unitCost = uint256(d.reward) + d.operatorFee;
            if (FeeLocks.lock(ledger, d.batchId, requester, d.worker, b, fromLock, unitCost)) return;
            _void(ledger, requester, d, b, t);
        }
        FeeLocks.release(ledger, d.batchId, requester, d.worker, t, d.fee - fromLock);
    }

    /// @dev Pays rejections that no lock stands behind any more.
    function _void(Ledger storage ledger, address requester, Dispute memory d, Batch memory b, Tally memory t) private {
        uint16 count = t.contestable;
        t.contestable = 0;
        b.contestable -= count;
        b.accepted += count;
        uint256 amount = uint256(d.reward) * count;
        ledger.creditVoided(d.worker, amount, count);
        emit ITaskEscrowEvents.Paid(d.batchId, d.worker, count, amount, PaidReason.FeeShort);
        OperatorFees.giveBack(ledger, d.batchId, requester, uint256(d.operatorFee) * count);
    }
}
