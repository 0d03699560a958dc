// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ITaskEscrowEvents} from "../../../../contracts/interfaces/ITaskEscrowEvents.sol";
import {PaidReason} from "../../../../contracts/libraries/EscrowTypes.sol";
import {Vm} from "../../base/Vm.sol";
import {GhostAccount, GhostBatch, GhostDispute, GhostTally} from "./GhostTypes.sol";
import {ReviewGhost} from "./ReviewGhost.sol";

/// @notice Disputes rebuilt from the logs: bonds, locks, rulings and who pays for them.
abstract contract DisputeGhost is ReviewGhost {
    struct RulingData {
        uint256 count;
        uint256 accepted;
        bool ruled;
        uint256 fromBond;
        uint256 fromLock;
        uint256 contestEnd;
    }

    uint256[] internal _disputeIds;
    mapping(uint256 disputeId => GhostDispute) internal _disputes;
    /// Token units in bonds.
    uint256 public bonds;
    /// The dispute that the running call ended.
    uint256 private _ending;

    function disputeCount() external view returns (uint256) {
        return _disputeIds.length;
    }

    function disputeIdAt(uint256 index) external view returns (uint256) {
        return _disputeIds[index];
    }

    function disputeOf(uint256 disputeId) external view returns (GhostDispute memory) {
        return _disputes[disputeId];
    }

    function _applyDispute(bytes32 topic, Vm.Log memory log) internal returns (bool) {
        if (topic == ITaskEscrowEvents.Disputed.selector) {
            _applyDisputed(log.topics[1], _asAddress(log.topics[2]), uint256(log.topics[3]), log.data);
        } else if (topic == ITaskEscrowEvents.BondPosted.selector) {
            uint256 amount = abi.decode(log.data, (uint256));
            GhostDispute storage d = _disputes[uint256(log.topics[1])];
            d.poster = _asAddress(log.topics[2]);
            d.bond = amount;
            bonds += amount;
            // A relayed dispute takes its bond from the worker whose key signed it, a sponsored one from its caller.
            if (d.poster != _sponsor) _takeWithConsent(d.poster, amount, 0);
            else _take(d.poster, amount);
            _expect(
                amount == _terms[d.batchId].disputeFee, "law5_a_ruling_splits_the_fee_fairly", "a bond of another size"
            );
        } else if (topic == ITaskEscrowEvents.BondReturned.selector) {
            _applyBondReturned(uint256(log.topics[1]), _asAddress(log.topics[2]), abi.decode(log.data, (uint256)));
        } else if (topic == ITaskEscrowEvents.Ruled.selector) {
            RulingData memory r = abi.decode(log.data, (RulingData));
            _applyRuled(log.topics[1], _asAddress(log.topics[2]), uint256(log.topics[3]), r);
        } else if (topic == ITaskEscrowEvents.FeeLocked.selector) {
            _applyFeeLocked(log);
        } else {
            return false;
        }
        return true;
    }

    /// Who called `sponsorDispute`, if that is the running call.
    address internal _sponsor;

    function _applyDisputed(bytes32 id, address worker, uint256 disputeId, bytes memory data) private {
        (uint256 count,, uint256 rulingEnd,) = abi.decode(data, (uint256, bytes32, uint256, address));
        GhostTally storage t = _tallies[id][worker];
        _expectWorker(worker);
        _expect(block.timestamp <= t.contestEnd, "law13_disputes_come_within_their_window", "disputed too late");
        _expect(t.disputed == 0, "law5_one_dispute_at_a_time", "a second dispute was opened");
        _expect(
            rulingEnd == block.timestamp + _terms[id].rulingWindow,
            "law13_windows_are_as_the_terms_say",
            "another ruling window"
        );
        _dropContestable(id, t, count);
        t.disputed += count;
        t.sequence += 1;
        _batches[id].disputed += count;
        GhostAccount storage a = _accounts[worker];
        a.rejected = count <= a.rejected ? a.rejected - count : 0;
        a.contested += count;
        _disputes[disputeId] = GhostDispute(id, worker, worker, count, 0, rulingEnd, true);
        _disputeIds.push(disputeId);
        if (t.contestable > 0) tick("reached: some contested, some not");
    }

    function _applyRuled(bytes32 id, address worker, uint256 disputeId, RulingData memory r) private {
        GhostDispute storage d = _disputes[disputeId];
        _ending = disputeId;
        bool known = d.isOpen && d.batchId == id && d.worker == worker && d.count == r.count;
        _expect(known, "law4_every_rejection_ends_once_or_waits", "ruled what is not before the arbitrator");
        if (!known || r.accepted > r.count) return;
        _checkRuling(id, d, r);
        d.isOpen = false;
        bonds -= r.fromBond;
        d.bond -= r.fromBond;
        GhostBatch storage b = _batches[id];
        GhostTally storage t = _tallies[id][worker];
        b.locked -= r.fromLock;
        b.disputed -= r.count;
        b.free += r.count - r.accepted;
        t.disputed = 0;
        t.contestEnd = r.contestEnd;
        if (t.contestable > 0) {
            _expect(
                r.contestEnd == block.timestamp + _terms[id].disputeWindow,
                "law13_a_later_rejection_has_its_whole_window",
                "the window does not start at the ruling"
            );
        }
        GhostAccount storage a = _accounts[worker];
        a.contested = r.count <= a.contested ? a.contested - r.count : 0;
        if (r.ruled) _recordRuling(t, a, _accounts[b.requester], r);
        else t.rulingOverdue += r.count;
    }

    function _recordRuling(
        GhostTally storage t,
        GhostAccount storage a,
        GhostAccount storage requester,
        RulingData memory r
    ) private {
        uint256 upheld = r.count - r.accepted;
        a.accepted += r.accepted;
        a.rejected += upheld;
        a.disputesWon += r.accepted;
        a.disputesLost += upheld;
        requester.disputesLost += r.accepted;
        requester.disputesWon += upheld;
        t.ruledFor += r.accepted;
        t.ruledAgainst += upheld;
        if (upheld > 0 && r.accepted > 0) tick("reached: a ruling that splits");
        else if (upheld > 0) tick("reached: a ruling for the requester");
        else tick("reached: a ruling for the worker");
    }

    function _checkRuling(bytes32 id, GhostDispute storage d, RulingData memory r) private {
        uint256 fee = _terms[id].disputeFee;
        if (!r.ruled) {
            bool due = block.timestamp > d.rulingEnd || _consenting == _terms[id].arbitrator;
            _expect(due, "law13_the_arbitrator_has_its_whole_window", "ended before the ruling window");
            _expect(
                r.accepted == r.count,
                "law7_without_a_ruling_the_worker_is_paid_and_no_fee_is_taken",
                "not all was accepted"
            );
            _expect(
                r.fromBond + r.fromLock == 0,
                "law7_without_a_ruling_the_worker_is_paid_and_no_fee_is_taken",
                "a fee was taken without a ruling"
            );
            tick("reached: nobody ruled");
            return;
        }
        _expect(block.timestamp <= d.rulingEnd, "law13_rulings_come_within_their_window", "ruled too late");
        _expect(_consenting == _terms[id].arbitrator, "law5_only_the_named_arbitrator_rules", "ruled by somebody else");
        uint256 fromBond = fee * (r.count - r.accepted) / r.count;
        if (r.accepted == r.count) {
            _expect(r.fromBond == 0, "law5_a_wholly_accepted_worker_loses_nothing", "its bond was taken");
        }
        _expect(
            r.fromBond == fromBond && r.fromLock == fee - fromBond,
            "law5_a_ruling_splits_the_fee_fairly",
            "the fee was split otherwise"
        );
    }

    function _applyBondReturned(uint256 disputeId, address to, uint256 amount) private {
        GhostDispute storage d = _disputes[disputeId];
        _expect(to == d.poster && amount <= d.bond, "law5_bonds_go_back_to_who_posted_them", "to another, or too much");
        bonds = amount <= bonds ? bonds - amount : 0;
        d.bond = amount <= d.bond ? d.bond - amount : 0;
        _give(to, amount);
    }

    /// @dev After `Ruled` it fills a lock up again, else it is a first rejection's.
    function _applyFeeLocked(Vm.Log memory log) private {
        bytes32 id = log.topics[1];
        uint256 amount = abi.decode(log.data, (uint256));
        GhostTally storage t = _tallies[id][_asAddress(log.topics[2])];
        if (_ending != 0) tick("reached: a lock filled up at a ruling");
        else _expect(!t.locked, "law5_one_fee_backs_each_workers_rejections", "locked a second time");
        t.locked = true;
        _batches[id].locked += amount;
        _take(_asAddress(log.topics[3]), amount);
    }

    function _applyFeeReleased(Vm.Log memory log) internal override {
        bytes32 id = log.topics[1];
        uint256 amount = abi.decode(log.data, (uint256));
        GhostBatch storage b = _batches[id];
        _tallies[id][_asAddress(log.topics[2])].locked = false;
        _expect(amount <= b.locked, "law5_one_fee_backs_each_workers_rejections", "released more than is locked");
        b.locked = amount <= b.locked ? b.locked - amount : 0;
        _give(_asAddress(log.topics[3]), amount);
    }

    function _applyPaidRejection(bytes32 id, address worker, uint256 count, PaidReason reason) internal override {
        GhostTally storage t = _tallies[id][worker];
        GhostAccount storage a = _accounts[worker];
        if (reason == PaidReason.Overturned) {
            _dropContestable(id, t, count);
            t.overturned += count;
            a.rejected = count <= a.rejected ? a.rejected - count : 0;
            a.accepted += count;
            if (t.disputed > 0) tick("reached: overturned beside an open dispute");
        } else if (reason == PaidReason.FeeShort) {
            tick("reached: rejections void for want of a fee");
            _dropContestable(id, t, count);
            t.voided += count;
            a.rejected = count <= a.rejected ? a.rejected - count : 0;
        }
        // What a ruling pays was booked with `Ruled`.
    }

    function _endDispute() internal {
        if (_ending == 0) return;
        GhostDispute storage d = _disputes[_ending];
        GhostTally storage t = _tallies[d.batchId][d.worker];
        _expect(d.bond == 0, "law5_bonds_go_back_to_who_posted_them", "part of a bond stayed behind");
        // A lock wholly spent by the ruling is gone without a release.
        if (t.contestable == 0) t.locked = false;
        _ending = 0;
    }
}
