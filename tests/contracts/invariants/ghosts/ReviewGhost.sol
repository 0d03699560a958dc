// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ITaskEscrowEvents} from "../../../../contracts/interfaces/ITaskEscrowEvents.sol";
import {PaidReason, Refusal} from "../../../../contracts/libraries/EscrowTypes.sol";
import {Vm} from "../../base/Vm.sol";
import {GhostBatch, GhostTally} from "./GhostTypes.sol";
import {WorkGhost} from "./WorkGhost.sol";

/// @notice Decisions rebuilt from the logs: verdicts, silence, overturns, releases.
abstract contract ReviewGhost is WorkGhost {
    function _applyReview(bytes32 topic, Vm.Log memory log) internal returns (bool) {
        if (topic == ITaskEscrowEvents.Settled.selector) {
            GhostBatch storage b = _batches[log.topics[1]];
            _expect(
                uint256(log.topics[2]) == b.settlements + 1,
                "law8_one_settlement_takes_effect_once",
                "a settlement's number was not the next"
            );
            _expect(
                _consenting == _terms[log.topics[1]].reviewer,
                "law8_only_the_reviewer_settles",
                "a settlement without the reviewer's key"
            );
            b.settlements = uint256(log.topics[2]);
        } else if (topic == ITaskEscrowEvents.VerdictSkipped.selector) {
            (, uint8 refusal) = abi.decode(log.data, (uint256, uint8));
            lastRefusal = refusal;
            skipped += 1;
            if (refusal == uint8(Refusal.FeeNotLockable)) _checkShort(log.topics[1]);
        } else if (topic == ITaskEscrowEvents.Rejected.selector) {
            _applyRejected(log.topics[1], _asAddress(log.topics[2]), log.data);
        } else if (topic == ITaskEscrowEvents.Paid.selector) {
            (uint256 count, uint256 amount, uint8 reason) = abi.decode(log.data, (uint256, uint256, uint8));
            _applyPaid(log.topics[1], _asAddress(log.topics[2]), count, amount, PaidReason(reason));
        } else if (topic == ITaskEscrowEvents.Overturned.selector) {
            _applyOverturned(log.topics[1]);
        } else if (topic == ITaskEscrowEvents.RejectionReleased.selector) {
            _applyReleased(log.topics[1], _asAddress(log.topics[2]), abi.decode(log.data, (uint256)));
        } else if (topic == ITaskEscrowEvents.PaidOverdue.selector) {
            tick("reached: paid by silence");
        } else {
            return false;
        }
        return true;
    }

    /// @dev A verdict is skipped for want of a fee only if account and free money together are short.
    function _checkShort(bytes32 id) private {
        tick("reached: a rejection that no fee could back");
        GhostBatch storage b = _batches[id];
        uint256 most = _accounts[b.requester].owed + b.free * unitOf(id);
        _expect(most < _terms[id].disputeFee, "law11_one_bad_entry_blocks_no_other", "the fee could be locked");
    }

    function _applyRejected(bytes32 id, address worker, bytes memory data) private {
        (uint256 count, bytes32 digest, uint256 contestEnd) = abi.decode(data, (uint256, bytes32, uint256));
        GhostTally storage t = _tallies[id][worker];
        _expect(digest != bytes32(0), "law4_every_rejection_has_a_reason", "rejected without a digest");
        _expect(
            block.timestamp <= t.oldReviewEnd,
            "law4_verdicts_come_within_the_window",
            "rejected after the review window"
        );
        _expect(
            contestEnd == block.timestamp + _terms[id].disputeWindow,
            "law13_windows_are_as_the_terms_say",
            "another dispute window"
        );
        if (t.disputed > 0) tick("reached: rejected beside an open dispute");
        _decide(id, t, count);
        t.rejectedEver += count;
        t.contestable += count;
        t.contestEnd = contestEnd;
        _batches[id].contestable += count;
        _accounts[worker].rejected += count;
    }

    function _applyPaid(bytes32 id, address worker, uint256 count, uint256 amount, PaidReason reason) private {
        GhostBatch storage b = _batches[id];
        GhostTally storage t = _tallies[id][worker];
        _expect(amount == uint256(_terms[id].reward) * count, "law2_every_payment_is_the_reward", "paid another amount");
        b.accepted += count;
        b.paidFor[uint256(reason)] += count;
        b.paidWorkers += amount;
        _give(worker, amount);
        if (reason == PaidReason.Reviewed) {
            _expect(block.timestamp <= t.oldReviewEnd, "law4_verdicts_come_within_the_window", "settled too late");
            _decide(id, t, count);
            t.reviewed += count;
            _accounts[worker].accepted += count;
        } else if (reason == PaidReason.Silence) {
            _applySilence(t, count);
            _decide(id, t, count);
            t.silent += count;
        } else if (reason == PaidReason.Direct) {
            _expect(_terms[id].flags & 1 != 0, "law4_direct_pay_only_where_the_terms_say_so", "not a direct batch");
            b.free = count <= b.free ? b.free - count : 0;
            tick("reached: paid directly");
        } else {
            _applyPaidRejection(id, worker, count, reason);
        }
    }

    /// @dev Silence pays a lot in full, once that lot's own window is over.
    function _applySilence(GhostTally storage t, uint256 count) private {
        bool oldDue = t.oldLot > 0 && block.timestamp > t.oldReviewEnd;
        bool youngDue = oldDue && t.youngLot > 0 && block.timestamp > t.youngReviewEnd;
        uint256 due = (oldDue ? t.oldLot : 0) + (youngDue ? t.youngLot : 0);
        _expect(count <= due, "law4_silence_pays_no_lot_early", "a lot was paid before its window ended");
        _expect(count >= due, "law4_silence_pays_whole_lots", "silence paid less than what is overdue");
        if (youngDue) tick("reached: silence paid both lots");
        else if (t.youngLot > 0) tick("reached: silence paid the old lot alone");
    }

    /// @dev Payments of what was rejected before.
    function _applyPaidRejection(bytes32 id, address worker, uint256 count, PaidReason reason) internal virtual;

    function _applyOverturned(bytes32 id) private {
        bool rightful = _consenting == _terms[id].reviewer || _consenting == _batches[id].requester;
        _expect(rightful, "law3_strangers_decide_nothing", "overturned by somebody else");
    }

    function _applyReleased(bytes32 id, address worker, uint256 count) private {
        GhostTally storage t = _tallies[id][worker];
        _expect(block.timestamp > t.contestEnd, "law4_rejections_stay_open_to_dispute", "released too early");
        _expect(t.disputed == 0, "law4_rejections_stay_open_to_dispute", "released beside an open dispute");
        _expect(count == t.contestable, "law4_rejections_stay_open_to_dispute", "released another number");
        tick("reached: a rejection released");
        _dropContestable(id, t, count);
        t.released += count;
        _batches[id].free += count;
    }

    function _dropContestable(bytes32 id, GhostTally storage t, uint256 count) internal {
        GhostBatch storage b = _batches[id];
        _expect(count <= t.contestable, "law4_every_rejection_ends_once_or_waits", "more ended than there are");
        t.contestable = count <= t.contestable ? t.contestable - count : 0;
        b.contestable = count <= b.contestable ? b.contestable - count : 0;
    }

    /// @dev Takes from the older lot first; the younger becomes the older when that one is gone.
    function _decide(bytes32 id, GhostTally storage t, uint256 count) private {
        GhostBatch storage b = _batches[id];
        bool fits = count <= t.oldLot + t.youngLot && count <= b.submitted;
        _expect(fits, "law4_every_answer_is_decided_once_or_waits", "more decided than submitted");
        if (!fits) return;
        b.submitted -= count;
        t.decided += count;
        uint256 fromOld = count < t.oldLot ? count : t.oldLot;
        t.oldLot -= fromOld;
        t.youngLot -= count - fromOld;
        if (t.oldLot == 0 && t.youngLot > 0) {
            tick("reached: the young lot became the old one");
            t.oldLot = t.youngLot;
            t.oldReviewEnd = t.youngReviewEnd;
            t.youngLot = 0;
        }
    }
}
