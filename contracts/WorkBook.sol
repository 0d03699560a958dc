// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {BatchBook} from "./BatchBook.sol";
import {IGate} from "./interfaces/IGate.sol";
import {ITaskEscrow} from "./interfaces/ITaskEscrow.sol";
import {BoundedCalls} from "./libraries/BoundedCalls.sol";
import {Deadlines} from "./libraries/Deadlines.sol";
import {Disputes} from "./libraries/Disputes.sol";
import {BatchKey, Packet, PacketKind, Refusal, Tally, Terms, Ticket} from "./libraries/EscrowTypes.sol";
import {Messages} from "./libraries/Messages.sol";
import {Scratch} from "./libraries/Scratch.sol";
import {BatchSlot, BatchSlots, TallySlot, TallySlots} from "./libraries/Slots.sol";
import {TermsRules} from "./libraries/TermsRules.sol";

/// @title Work: claimed, returned, submitted, by call or by signed packet
/// @dev Each action is written once, on memory, and answers with a `Refusal`: calls revert with it, `relay` skips the
/// packet. An action that refuses leaves its memory as it was, except where the caller throws it away.
abstract contract WorkBook is BatchBook {
    /// @dev Leaves a step for each half of a claim-and-submit, so that no packet can be replayed at the maximum.
    uint256 private constant LAST_SEQUENCE = type(uint24).max - 1;

    /// @dev One batch under work, with what its terms say about work, and one worker in it.
    struct Work {
        bytes32 batchId;
        BatchSlot batch;
        address worker;
        TallySlot tally;
        address assigner;
        address gate;
        uint256 claimBy;
        uint256 lease;
        uint256 reviewWindow;
        uint256 maxClaim;
    }

    // --------------------------------------------------------- direct calls

    /// @inheritdoc ITaskEscrow
    function claim(
        BatchKey calldata key,
        uint16 count,
        bytes32 tasksDigest,
        uint16 manifestVersion,
        Ticket calldata ticket
    ) external {
        Work memory w = _own(key);
        _require(_claim(w, count, manifestVersion, tasksDigest, ticket));
        _storeBoth(w);
    }

    /// @inheritdoc ITaskEscrow
    function returnClaim(BatchKey calldata key, uint16 count) external {
        Work memory w = _own(key);
        _require(_returnClaim(w, count));
        _storeBoth(w);
    }

    /// @inheritdoc ITaskEscrow
    function submit(BatchKey calldata key, uint16 count, bytes32 workDigest) external {
        Work memory w = _own(key);
        _require(_submit(w, count, workDigest));
        _storeBoth(w);
    }

    /// @inheritdoc ITaskEscrow
    function expireClaims(BatchKey calldata key, address[] calldata workers) external {
        (bytes32 batchId,) = _load(key);
        Deadlines.expireClaims(_ledger, batchId, workers);
    }

    /// @dev The caller's work in an existing batch.
    function _own(BatchKey calldata key) private view returns (Work memory w) {
        (bytes32 batchId,) = _load(key);
        _enter(w, batchId, key.terms);
        w.worker = msg.sender;
        w.tally = _ledger.tallies[batchId][msg.sender];
    }

    // -------------------------------------------------------------- packets

    /// @inheritdoc ITaskEscrow
    function relay(BatchKey[] calldata keys, Packet[] calldata packets) external {
        bytes32[] memory ids = new bytes32[](keys.length);
        Work memory w;
        uint256 mark = Scratch.mark();
        for (uint256 i = 0; i < keys.length; ++i) {
            ids[i] = batchIdOf(keys[i]);
            Scratch.free(mark);
        }
        for (uint256 i = 0; i < packets.length; ++i) {
            Packet calldata p = packets[i];
            if (p.batchIndex >= keys.length) {
                emit PacketSkipped(bytes32(0), p.worker, p.sequence, Refusal.BatchIndexOutOfRange);
                continue;
            }
            Terms calldata terms = keys[p.batchIndex].terms;
            bytes32 batchId = ids[p.batchIndex];
            if (batchId != w.batchId) {
                _leave(w);
                _enter(w, batchId, terms);
            }
            Refusal refusal = _applyPacket(w, terms, p, p.worker);
            if (refusal != Refusal.None) emit PacketSkipped(batchId, p.worker, p.sequence, refusal);
            Scratch.free(mark);
        }
        _leave(w);
    }

    /// @dev Loads a batch into `w`; it stays there until `_leave`, so that packets of one batch share a read and a write.
    function _enter(Work memory w, bytes32 batchId, Terms calldata terms) internal view {
        w.batchId = batchId;
        w.batch = _ledger.batches[batchId];
        w.assigner = terms.assigner;
        w.gate = terms.gate;
        w.claimBy = terms.claimBy;
        w.lease = terms.lease;
        w.reviewWindow = terms.reviewWindow;
        w.maxClaim = terms.maxClaim;
    }

    function _leave(Work memory w) private {
        if (w.batch.exists()) _ledger.batches[w.batchId] = w.batch;
    }

    /// @dev `poster` puts up the bond if the packet is a dispute. Stores the tally; the batch stays in `w`.
    function _applyPacket(Work memory w, Terms calldata terms, Packet calldata p, address poster)
        internal
        returns (Refusal refusal)
    {
        // Check
        if (!w.batch.exists()) return Refusal.BatchUnknown;
        if (block.timestamp > p.deadline) return Refusal.PacketExpired;
        address worker = p.worker;
        TallySlot t = _ledger.tallies[w.batchId][worker];
        if (p.sequence != t.sequence() || t.sequence() >= LAST_SEQUENCE) return Refusal.SequenceNotNext;
        bytes32 digest = _hashTypedDataV4(Messages.packet(w.batchId, p));
        if (!BoundedCalls.isSignedBy(worker, digest, p.signature)) return Refusal.SignatureInvalid;
        // Effect: on memory first; a refusal stores nothing.
        if (p.kind == PacketKind.Dispute) {
            _leave(w);
            refusal = Disputes.open(_ledger, w.batchId, terms, worker, poster, p.count, p.workDigest);
            w.batch = _ledger.batches[w.batchId];
            return refusal;
        }
        w.worker = worker;
        w.tally = t;
        BatchSlot before = w.batch;
        refusal = _act(w, p);
        if (refusal != Refusal.None) {
            w.batch = before;
            return refusal;
        }
        _ledger.tallies[w.batchId][worker] = w.tally;
        // A gate may look at the batch: it sees what happened so far.
        if (w.gate != address(0)) _leave(w);
    }

    function _act(Work memory w, Packet calldata p) private returns (Refusal) {
        PacketKind kind = p.kind;
        if (kind == PacketKind.Submit) return _submit(w, p.count, p.workDigest);
        if (kind == PacketKind.ReturnClaim) return _returnClaim(w, p.count);
        if (kind == PacketKind.SetSweep) {
            _setSweep(w.worker, p.count == 1);
            w.tally = w.tally.advanced();
            emit SequenceUsed(w.batchId, w.worker, p.sequence);
            return Refusal.None;
        }
        if (kind == PacketKind.ClaimAndSubmit) {
            // Whatever could refuse the second half is asked before the first half emits anything.
            if (p.submitted == 0 || p.workDigest == bytes32(0)) return Refusal.NothingAsked;
            if (p.submitted > p.count) return Refusal.NotEnoughClaimed;
        }
        Refusal refusal = _claim(w, p.count, p.manifestVersion, p.tasksDigest, p.ticket);
        if (refusal != Refusal.None || kind == PacketKind.Claim) return refusal;
        // Cannot refuse: the lease was just found to run, the count is claimed, the digest given.
        return _submit(w, p.submitted, p.workDigest);
    }

    // -------------------------------------------------------------- actions

    function _claim(Work memory w, uint16 count, uint16 manifestVersion, bytes32 tasksDigest, Ticket calldata ticket)
        private
        returns (Refusal refusal)
    {
        // Check
        refusal = _claimable(w, count, manifestVersion);
        if (refusal != Refusal.None) return refusal;
        uint256 leaseEnd = block.timestamp + w.lease;
        bool ticketed = w.assigner != address(0);
        if (ticketed) {
            refusal = _checkTicket(w, count, manifestVersion, tasksDigest, ticket);
            if (refusal != Refusal.None) return refusal;
            leaseEnd = ticket.leaseEnd;
        }
        // Effect
        TallySlot t;
        (w.batch, t) = Deadlines.expire(w.batchId, w.batch, w.tally, w.worker);
        if (t.count(TallySlots.CLAIMED) > 0) {
            // A running lease: without a ticket it stays, with one it may only grow.
            uint256 running = t.time(TallySlots.LEASE_END);
            if (!ticketed || leaseEnd < running) leaseEnd = running;
        }
        w.batch = w.batch.move(BatchSlots.FREE, BatchSlots.CLAIMED, count);
        t = t.plus(TallySlots.CLAIMED, count).withTime(TallySlots.LEASE_END, leaseEnd);
        // forge-lint: disable-next-item(unsafe-typecast) fields of these widths
        emit Claimed(
            w.batchId,
            w.worker,
            count,
            manifestVersion,
            tasksDigest,
            uint40(t.time(TallySlots.LEASE_END)),
            uint24(t.sequence())
        );
        w.tally = t.advanced();
    }

    /// @dev Everything that can refuse a claim, tickets aside. Changes nothing.
    function _claimable(Work memory w, uint256 count, uint256 manifestVersion) private view returns (Refusal) {
        BatchSlot b = w.batch;
        TallySlot t = w.tally;
        if (!b.exists()) return Refusal.BatchUnknown;
        if (b.closedAt() != 0) return Refusal.BatchClosed;
        if (block.timestamp > w.claimBy) return Refusal.ClaimPeriodOver;
        if (manifestVersion == 0 || manifestVersion > b.versions()) return Refusal.ManifestVersionUnknown;
        if (count == 0) return Refusal.NothingAsked;
        if (t.sequence() >= LAST_SEQUENCE) return Refusal.SequenceNotNext;
        uint256 claimed = t.count(TallySlots.CLAIMED);
        uint256 outstanding = _leaseIsOver(t) ? 0 : claimed;
        // Expired claims count as free: claiming expires them first.
        if (count > b.count(BatchSlots.FREE) + claimed - outstanding) return Refusal.NotEnoughFree;
        if (w.assigner == address(0) && outstanding + count > w.maxClaim) return Refusal.TooManyClaimed;
        // All that this worker ever had decided and still holds must fit the tally's 16-bit counts.
        uint256 total = outstanding + count + t.undecided() + t.count(TallySlots.DECIDED);
        if (total > type(uint16).max) return Refusal.TooManyClaimed;
        if (w.gate != address(0)) {
            bytes memory question = abi.encodeCall(IGate.mayClaim, (w.batchId, w.worker, count));
            if (BoundedCalls.ask(w.gate, BoundedCalls.GATE_GAS, question) != 1) return Refusal.GateRefused;
        }
        return Refusal.None;
    }

    function _checkTicket(
        Work memory w,
        uint16 count,
        uint16 manifestVersion,
        bytes32 tasksDigest,
        Ticket calldata ticket
    ) private view returns (Refusal) {
        if (block.timestamp > ticket.deadline) return Refusal.TicketExpired;
        if (ticket.leaseEnd < block.timestamp || ticket.leaseEnd > block.timestamp + TermsRules.MAX_LEASE) {
            return Refusal.TicketLeaseOutOfRange;
        }
        bytes32 structHash =
            Messages.ticket(w.batchId, w.worker, manifestVersion, count, tasksDigest, w.tally.sequence(), ticket);
        if (!BoundedCalls.isSignedBy(w.assigner, _hashTypedDataV4(structHash), ticket.signature)) {
            return Refusal.TicketInvalid;
        }
        return Refusal.None;
    }

    function _returnClaim(Work memory w, uint16 count) private returns (Refusal) {
        if (count == 0) return Refusal.NothingAsked;
        if (count > w.tally.count(TallySlots.CLAIMED)) return Refusal.NotEnoughClaimed;
        w.batch = w.batch.move(BatchSlots.CLAIMED, BatchSlots.FREE, count);
        w.tally = w.tally.minus(TallySlots.CLAIMED, count).advanced();
        emit ClaimReturned(w.batchId, w.worker, count);
        return Refusal.None;
    }

    function _submit(Work memory w, uint16 count, bytes32 workDigest) private returns (Refusal) {
        // Check
        TallySlot t = w.tally;
        if (count == 0 || workDigest == bytes32(0)) return Refusal.NothingAsked;
        if (count > t.count(TallySlots.CLAIMED)) return Refusal.NotEnoughClaimed;
        if (_leaseIsOver(t)) return Refusal.LeaseOver;
        // Effect
        w.batch = w.batch.move(BatchSlots.CLAIMED, BatchSlots.SUBMITTED, count);
        // Nothing undecided: the submission is the old lot, whose window no later one restarts.
        bool first = t.count(TallySlots.OLD_LOT) == 0;
        uint256 end = first ? TallySlots.OLD_REVIEW_END : TallySlots.YOUNG_REVIEW_END;
        t = t.minus(TallySlots.CLAIMED, count).plus(first ? TallySlots.OLD_LOT : TallySlots.YOUNG_LOT, count);
        t = t.withTime(end, block.timestamp + w.reviewWindow);
        w.tally = t.advanced();
        // forge-lint: disable-next-line(unsafe-typecast) a field of 32 bits
        emit Submitted(w.batchId, w.worker, count, workDigest, uint40(t.time(end)));
        return Refusal.None;
    }

    // ---------------------------------------------------------------- views

    /// @inheritdoc ITaskEscrow
    function tallyOf(bytes32 batchId, address worker) external view returns (Tally memory) {
        return _ledger.tallies[batchId][worker].unpack();
    }

    /// @inheritdoc ITaskEscrow
    function mayClaim(BatchKey calldata key, address worker, uint16 count, uint16 manifestVersion)
        external
        view
        returns (Refusal)
    {
        Work memory w;
        _enter(w, batchIdOf(key), key.terms);
        w.worker = worker;
        w.tally = _ledger.tallies[w.batchId][worker];
        return _claimable(w, count, manifestVersion);
    }

    function _leaseIsOver(TallySlot t) private view returns (bool) {
        return block.timestamp > t.time(TallySlots.LEASE_END);
    }

    function _require(Refusal refusal) internal pure {
        if (refusal != Refusal.None) revert TaskEscrow_Refused(refusal);
    }

    function _storeBoth(Work memory w) private {
        _ledger.batches[w.batchId] = w.batch;
        _ledger.tallies[w.batchId][w.worker] = w.tally;
    }
}
