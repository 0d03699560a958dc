// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {BatchBook} from "./BatchBook.sol";
import {IGate} from "./interfaces/IGate.sol";
import {ITaskEscrow} from "./interfaces/ITaskEscrow.sol";
import {BoundedCalls} from "./libraries/BoundedCalls.sol";
import {Deadlines} from "./libraries/Deadlines.sol";
import {Disputes} from "./libraries/Disputes.sol";
import {Batch, BatchKey, Packet, PacketKind, Refusal, Tally, Terms, Ticket} from "./libraries/EscrowTypes.sol";
import {Ledger, Ledgers} from "./libraries/Ledger.sol";
import {Messages} from "./libraries/Messages.sol";
import {TermsRules} from "./libraries/TermsRules.sol";

/// @title Work: claimed, returned, submitted, by call or by signed packet
/// @dev Each action is written once, on memory, and answers with a `Refusal`: calls revert with it, `relay` skips the
/// packet. An action that refuses leaves its memory as it was, except where the caller throws it away.
abstract contract WorkBook is BatchBook {
    using Ledgers for Ledger;

    /// @dev Leaves a step for each half of a claim-and-submit, so that no packet can be replayed at the maximum.
    uint24 private constant LAST_SEQUENCE = type(uint24).max - 1;

    /// @dev The terms that work needs, in memory.
    struct WorkTerms {
        address assigner;
        address gate;
        uint256 claimBy;
        uint256 lease;
        uint256 reviewWindow;
        uint256 maxClaim;
    }

    /// @dev What one claim asks; keeps the stack small.
    struct ClaimRequest {
        address worker;
        uint16 count;
        uint16 manifestVersion;
        bytes32 tasksDigest;
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
        (bytes32 batchId, Batch memory b) = _load(key);
        Tally memory t = _ledger.tallyOf(batchId, msg.sender);
        ClaimRequest memory asked = ClaimRequest(msg.sender, count, manifestVersion, tasksDigest);
        _require(_claim(batchId, _workTerms(key.terms), b, t, asked, ticket));
        _storeBoth(batchId, b, msg.sender, t);
    }

    /// @inheritdoc ITaskEscrow
    function returnClaim(BatchKey calldata key, uint16 count) external {
        (bytes32 batchId, Batch memory b) = _load(key);
        Tally memory t = _ledger.tallyOf(batchId, msg.sender);
        _require(_returnClaim(batchId, b, t, msg.sender, count));
        _storeBoth(batchId, b, msg.sender, t);
    }

    /// @inheritdoc ITaskEscrow
    function submit(BatchKey calldata key, uint16 count, bytes32 workDigest) external {
        (bytes32 batchId, Batch memory b) = _load(key);
        Tally memory t = _ledger.tallyOf(batchId, msg.sender);
        _require(_submit(batchId, _workTerms(key.terms), b, t, msg.sender, count, workDigest));
        _storeBoth(batchId, b, msg.sender, t);
    }

    /// @inheritdoc ITaskEscrow
    function expireClaims(BatchKey calldata key, address[] calldata workers) external {
        (bytes32 batchId,) = _load(key);
        Deadlines.expireClaims(_ledger, batchId, workers);
    }

    // -------------------------------------------------------------- packets

    /// @inheritdoc ITaskEscrow
    function relay(BatchKey[] calldata keys, Packet[] calldata packets) external {
        bytes32[] memory ids = new bytes32[](keys.length);
        for (uint256 i = 0; i < keys.length; ++i) {
            ids[i] = batchIdOf(keys[i]);
        }
        for (uint256 i = 0; i < packets.length; ++i) {
            Packet calldata p = packets[i];
            if (p.batchIndex >= keys.length) {
                emit PacketSkipped(bytes32(0), p.worker, p.sequence, Refusal.BatchIndexOutOfRange);
                continue;
            }
            bytes32 batchId = ids[p.batchIndex];
            Refusal refusal = _applyPacket(batchId, keys[p.batchIndex].terms, p, p.worker);
            if (refusal != Refusal.None) emit PacketSkipped(batchId, p.worker, p.sequence, refusal);
        }
    }

    /// @dev `poster` puts up the bond if the packet is a dispute.
    function _applyPacket(bytes32 batchId, Terms calldata terms, Packet calldata p, address poster)
        internal
        returns (Refusal refusal)
    {
        // Check
        Batch memory b = _ledger.batchOf(batchId);
        if (b.versions == 0) return Refusal.BatchUnknown;
        if (block.timestamp > p.deadline) return Refusal.PacketExpired;
        Tally memory t = _ledger.tallyOf(batchId, p.worker);
        if (p.sequence != t.sequence || t.sequence >= LAST_SEQUENCE) return Refusal.SequenceNotNext;
        bytes32 digest = _hashTypedDataV4(Messages.packet(batchId, p));
        if (!BoundedCalls.isSignedBy(p.worker, digest, p.signature)) return Refusal.SignatureInvalid;
        if (p.kind == PacketKind.Dispute) {
            return Disputes.open(_ledger, batchId, terms, p.worker, poster, p.count, p.workDigest);
        }
        // Effect: on memory first; a refusal stores nothing.
        refusal = _act(batchId, _workTerms(terms), b, t, p);
        if (refusal != Refusal.None) return refusal;
        _storeBoth(batchId, b, p.worker, t);
    }

    function _act(bytes32 batchId, WorkTerms memory terms, Batch memory b, Tally memory t, Packet calldata p)
        private
        returns (Refusal)
    {
        PacketKind kind = p.kind;
        if (kind == PacketKind.Submit) return _submit(batchId, terms, b, t, p.worker, p.count, p.workDigest);
        if (kind == PacketKind.ReturnClaim) return _returnClaim(batchId, b, t, p.worker, p.count);
        if (kind == PacketKind.SetSweep) {
            _setSweep(p.worker, p.count == 1);
            _advance(t);
            emit SequenceUsed(batchId, p.worker, p.sequence);
            return Refusal.None;
        }
        if (kind == PacketKind.ClaimAndSubmit) {
            // Whatever could refuse the second half is asked before the first half emits anything.
            if (p.submitted == 0 || p.workDigest == bytes32(0)) return Refusal.NothingAsked;
            if (p.submitted > p.count) return Refusal.NotEnoughClaimed;
        }
        ClaimRequest memory asked = ClaimRequest(p.worker, p.count, p.manifestVersion, p.tasksDigest);
        Refusal refusal = _claim(batchId, terms, b, t, asked, p.ticket);
        if (refusal != Refusal.None || kind == PacketKind.Claim) return refusal;
        // Cannot refuse: the lease was just found to run, the count is claimed, the digest given.
        return _submit(batchId, terms, b, t, p.worker, p.submitted, p.workDigest);
    }

    // -------------------------------------------------------------- actions

    function _claim(
        bytes32 batchId,
        WorkTerms memory terms,
        Batch memory b,
        Tally memory t,
        ClaimRequest memory asked,
        Ticket calldata ticket
    ) private returns (Refusal refusal) {
        // Check
        bool ticketed = terms.assigner != address(0);
        refusal = _claimable(batchId, terms, b, t, asked);
        if (refusal != Refusal.None) return refusal;
        uint256 leaseEnd = block.timestamp + terms.lease;
        if (ticketed) {
            refusal = _checkTicket(batchId, terms.assigner, t.sequence, asked, ticket);
            if (refusal != Refusal.None) return refusal;
            leaseEnd = ticket.leaseEnd;
        }
        // Effect
        Deadlines.expire(batchId, b, t, asked.worker);
        if (t.claimed > 0) {
            // A running lease: without a ticket it stays, with one it may only grow.
            if (!ticketed || leaseEnd < t.leaseEnd) leaseEnd = t.leaseEnd;
        }
        b.free -= asked.count;
        b.claimed += asked.count;
        t.claimed += asked.count;
        t.leaseEnd = Deadlines.secondsOf(leaseEnd);
        emit Claimed(
            batchId, asked.worker, asked.count, asked.manifestVersion, asked.tasksDigest, t.leaseEnd, t.sequence
        );
        _advance(t);
    }

    /// @dev Everything that can refuse a claim, tickets aside. Changes nothing.
    function _claimable(
        bytes32 batchId,
        WorkTerms memory terms,
        Batch memory b,
        Tally memory t,
        ClaimRequest memory asked
    ) private view returns (Refusal) {
        if (b.versions == 0) return Refusal.BatchUnknown;
        if (b.closedAt != 0) return Refusal.BatchClosed;
        if (block.timestamp > terms.claimBy) return Refusal.ClaimPeriodOver;
        if (asked.manifestVersion == 0 || asked.manifestVersion > b.versions) return Refusal.ManifestVersionUnknown;
        if (asked.count == 0) return Refusal.NothingAsked;
        if (t.sequence >= LAST_SEQUENCE) return Refusal.SequenceNotNext;
        uint256 outstanding = _leaseIsOver(t) ? 0 : t.claimed;
        // Expired claims count as free: claiming expires them first.
        if (asked.count > uint256(b.free) + t.claimed - outstanding) return Refusal.NotEnoughFree;
        if (terms.assigner == address(0) && outstanding + asked.count > terms.maxClaim) return Refusal.TooManyClaimed;
        // All that this worker ever had decided and still holds must fit the tally's 16-bit counts.
        uint256 total = outstanding + asked.count + t.oldLot + t.youngLot + t.decided;
        if (total > type(uint16).max) return Refusal.TooManyClaimed;
        if (terms.gate != address(0)) {
            bytes memory question = abi.encodeCall(IGate.mayClaim, (batchId, asked.worker, asked.count));
            if (BoundedCalls.ask(terms.gate, BoundedCalls.GATE_GAS, question) != 1) return Refusal.GateRefused;
        }
        return Refusal.None;
    }

    function _checkTicket(
        bytes32 batchId,
        address assigner,
        uint24 sequence,
        ClaimRequest memory asked,
        Ticket calldata ticket
    ) private view returns (Refusal) {
        if (block.timestamp > ticket.deadline) return Refusal.TicketExpired;
        if (ticket.leaseEnd < block.timestamp || ticket.leaseEnd > block.timestamp + TermsRules.MAX_LEASE) {
            return Refusal.TicketLeaseOutOfRange;
        }
        bytes32 structHash = Messages.ticket(
            batchId, asked.worker, asked.manifestVersion, asked.count, asked.tasksDigest, sequence, ticket
        );
        if (!BoundedCalls.isSignedBy(assigner, _hashTypedDataV4(structHash), ticket.signature)) {
            return Refusal.TicketInvalid;
        }
        return Refusal.None;
    }

    function _returnClaim(bytes32 batchId, Batch memory b, Tally memory t, address worker, uint16 count)
        private
        returns (Refusal)
    {
        if (count == 0) return Refusal.NothingAsked;
        if (count > t.claimed) return Refusal.NotEnoughClaimed;
        t.claimed -= count;
        b.claimed -= count;
        b.free += count;
        _advance(t);
        emit ClaimReturned(batchId, worker, count);
        return Refusal.None;
    }

    function _submit(
        bytes32 batchId,
        WorkTerms memory terms,
        Batch memory b,
        Tally memory t,
        address worker,
        uint16 count,
        bytes32 workDigest
    ) private returns (Refusal) {
        // Check
        if (count == 0 || workDigest == bytes32(0)) return Refusal.NothingAsked;
        if (count > t.claimed) return Refusal.NotEnoughClaimed;
        if (_leaseIsOver(t)) return Refusal.LeaseOver;
        // Effect
        t.claimed -= count;
        b.claimed -= count;
        b.submitted += count;
        uint32 reviewEnd = Deadlines.secondsOf(block.timestamp + terms.reviewWindow);
        if (t.oldLot == 0) {
            // Nothing is undecided: the submission is the old lot, whose window no later one restarts.
            t.oldLot = count;
            t.oldReviewEnd = reviewEnd;
        } else {
            t.youngLot += count;
            t.youngReviewEnd = reviewEnd;
        }
        _advance(t);
        emit Submitted(batchId, worker, count, workDigest, reviewEnd);
        return Refusal.None;
    }

    // ---------------------------------------------------------------- views

    /// @inheritdoc ITaskEscrow
    function tallyOf(bytes32 batchId, address worker) external view returns (Tally memory) {
        return _ledger.tallyOf(batchId, worker);
    }

    /// @inheritdoc ITaskEscrow
    function mayClaim(BatchKey calldata key, address worker, uint16 count, uint16 manifestVersion)
        external
        view
        returns (Refusal)
    {
        bytes32 batchId = batchIdOf(key);
        ClaimRequest memory asked = ClaimRequest(worker, count, manifestVersion, bytes32(0));
        return
            _claimable(
                batchId, _workTerms(key.terms), _ledger.batchOf(batchId), _ledger.tallyOf(batchId, worker), asked
            );
    }

    function _workTerms(Terms calldata terms) private pure returns (WorkTerms memory) {
        return WorkTerms(terms.assigner, terms.gate, terms.claimBy, terms.lease, terms.reviewWindow, terms.maxClaim);
    }

    /// @dev Every claim, return and submission is one step, however it came, so that logs alone give the number. It stops at
    /// its maximum: then packets and claims are refused, but what is claimed can still be submitted by call.
    function _advance(Tally memory t) private pure {
        if (t.sequence < type(uint24).max) t.sequence += 1;
    }

    function _leaseIsOver(Tally memory t) private view returns (bool) {
        return block.timestamp > t.leaseEnd;
    }

    function _require(Refusal refusal) internal pure {
        if (refusal != Refusal.None) revert TaskEscrow_Refused(refusal);
    }

    function _storeBoth(bytes32 batchId, Batch memory b, address worker, Tally memory t) internal {
        _ledger.store(batchId, b);
        _ledger.store(batchId, worker, t);
    }
}
