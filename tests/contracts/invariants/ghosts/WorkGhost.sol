// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ITaskEscrowEvents} from "../../../../contracts/interfaces/ITaskEscrowEvents.sol";
import {Terms} from "../../../../contracts/libraries/EscrowTypes.sol";
import {Vm} from "../../base/Vm.sol";
import {BatchGhost} from "./BatchGhost.sol";
import {GhostBatch, GhostTally} from "./GhostTypes.sol";

/// @notice Claims and submissions rebuilt from the logs, each held against its deadline.
abstract contract WorkGhost is BatchGhost {
    uint256 private constant MAX_LEASE = 30 days;

    mapping(bytes32 batchId => mapping(address worker => GhostTally)) internal _tallies;
    /// Why a packet or verdict of the running call was skipped; zero if none was. The last one counts.
    uint8 public lastRefusal;
    /// Packets and verdicts of the running call that were skipped.
    uint256 public skipped;

    function tallyOf(bytes32 batchId, address worker) external view returns (GhostTally memory) {
        return _tallies[batchId][worker];
    }

    function _applyWork(bytes32 topic, Vm.Log memory log) internal returns (bool) {
        if (topic == ITaskEscrowEvents.Claimed.selector) {
            _applyClaimed(log.topics[1], _asAddress(log.topics[2]), log.data);
        } else if (topic == ITaskEscrowEvents.ClaimReturned.selector) {
            uint256 count = abi.decode(log.data, (uint256));
            _unclaim(log.topics[1], _asAddress(log.topics[2]), count);
            _tallies[log.topics[1]][_asAddress(log.topics[2])].sequence += 1;
            _expectWorker(_asAddress(log.topics[2]));
        } else if (topic == ITaskEscrowEvents.ClaimExpired.selector) {
            uint256 count = abi.decode(log.data, (uint256));
            uint256 leaseEnd = _tallies[log.topics[1]][_asAddress(log.topics[2])].leaseEnd;
            _expect(block.timestamp > leaseEnd, "law4_running_claims_are_safe", "expired within its lease");
            _unclaim(log.topics[1], _asAddress(log.topics[2]), count);
            tick("reached: a claim expired");
        } else if (topic == ITaskEscrowEvents.Submitted.selector) {
            _applySubmitted(log.topics[1], _asAddress(log.topics[2]), log.data);
        } else if (topic == ITaskEscrowEvents.SequenceUsed.selector) {
            _tallies[log.topics[1]][_asAddress(log.topics[2])].sequence += 1;
        } else if (topic == ITaskEscrowEvents.PacketSkipped.selector) {
            (, uint8 refusal) = abi.decode(log.data, (uint256, uint8));
            lastRefusal = refusal;
            skipped += 1;
        } else {
            return false;
        }
        return true;
    }

    function _applyClaimed(bytes32 id, address worker, bytes memory data) private {
        (uint256 count, uint256 version,, uint256 leaseEnd, uint256 sequence) =
            abi.decode(data, (uint256, uint256, bytes32, uint256, uint256));
        GhostBatch storage b = _batches[id];
        GhostTally storage t = _tallies[id][worker];
        Terms storage terms = _terms[id];
        _expectWorker(worker);
        _expect(
            b.closedAt == 0 && block.timestamp <= terms.claimBy,
            "law13_nothing_is_claimed_or_added_after_the_end",
            "claimed after the end"
        );
        _expect(version >= 1 && version <= b.versions, "law8_claims_name_a_manifest_that_exists", "no such manifest");
        _expect(
            leaseEnd >= block.timestamp && leaseEnd <= block.timestamp + MAX_LEASE,
            "law13_leases_end_in_time",
            "a lease in the past, or above the longest"
        );
        if (terms.assigner == address(0)) {
            _expect(t.claimed + count <= terms.maxClaim, "law13_claims_are_bounded", "more than maxClaim outstanding");
            uint256 expected = t.claimed > 0 ? t.leaseEnd : block.timestamp + terms.lease;
            _expect(leaseEnd == expected, "law13_a_claim_never_extends_a_running_lease", "the lease moved");
        }
        _expect(sequence == t.sequence, "law8_every_number_advances_by_one", "a claim used another number");
        b.free = count <= b.free ? b.free - count : 0;
        b.claimed += count;
        t.claimed += count;
        t.leaseEnd = leaseEnd;
        t.sequence += 1;
    }

    function _applySubmitted(bytes32 id, address worker, bytes memory data) private {
        (uint256 count,, uint256 reviewEnd) = abi.decode(data, (uint256, bytes32, uint256));
        GhostBatch storage b = _batches[id];
        GhostTally storage t = _tallies[id][worker];
        _expectWorker(worker);
        _expect(block.timestamp <= t.leaseEnd, "law13_work_comes_within_its_lease", "submitted after the lease");
        _expect(
            reviewEnd == block.timestamp + _terms[id].reviewWindow,
            "law13_windows_are_as_the_terms_say",
            "another review window"
        );
        t.claimed = count <= t.claimed ? t.claimed - count : 0;
        b.claimed = count <= b.claimed ? b.claimed - count : 0;
        b.submitted += count;
        t.sequence += 1;
        t.submittedEver += count;
        if (t.oldLot == 0) {
            t.oldLot = count;
            t.oldReviewEnd = reviewEnd;
        } else {
            if (t.youngLot > 0) tick("reached: a young lot restarted");
            else tick("reached: both lots");
            t.youngLot += count;
            t.youngReviewEnd = reviewEnd;
        }
    }

    function _unclaim(bytes32 id, address worker, uint256 count) private {
        GhostTally storage t = _tallies[id][worker];
        t.claimed = count <= t.claimed ? t.claimed - count : 0;
        _batches[id].claimed = count <= _batches[id].claimed ? _batches[id].claimed - count : 0;
        _batches[id].free += count;
    }

    /// @dev Claims, returns, submissions and disputes are the worker's alone.
    function _expectWorker(address worker) internal {
        _expect(worker == _consenting, "law8_a_signature_binds_its_whole_message", "a step without the worker's key");
    }
}
