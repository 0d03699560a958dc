// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ReviewBook} from "./ReviewBook.sol";
import {ITaskEscrow} from "./interfaces/ITaskEscrow.sol";
import {BatchKey, Dispute, Packet, PacketKind} from "./libraries/EscrowTypes.sol";
import {Disputes} from "./libraries/Disputes.sol";

/// @title Disputes: rejections before an arbitrator
/// @dev The rules stand in the linked library `Disputes`. Nothing here calls out: an arbitrator comes to the escrow.
abstract contract DisputeBook is ReviewBook {
    /// @inheritdoc ITaskEscrow
    function dispute(BatchKey calldata key, uint16 count, bytes32 evidenceDigest) external {
        (bytes32 batchId,) = _load(key);
        _require(Disputes.open(_ledger, batchId, key.terms, msg.sender, msg.sender, count, evidenceDigest));
    }

    /// @inheritdoc ITaskEscrow
    function sponsorDispute(BatchKey calldata key, Packet calldata packet) external {
        if (packet.kind != PacketKind.Dispute) revert TaskEscrow_NotAllowed(msg.sender);
        Work memory w;
        _enter(w, batchIdOf(key), key.terms);
        _require(_applyPacket(w, key.terms, packet, msg.sender));
    }

    /// @inheritdoc ITaskEscrow
    function rule(uint256 disputeId, uint256 ruling) external {
        Disputes.rule(_ledger, disputeId, ruling);
    }

    /// @inheritdoc ITaskEscrow
    function ruleOverdue(uint256 disputeId) external {
        Disputes.ruleOverdue(_ledger, disputeId);
    }

    /// @inheritdoc ITaskEscrow
    function disputeOf(uint256 disputeId) external view returns (Dispute memory) {
        return _ledger.disputes[disputeId];
    }

    /// @inheritdoc ITaskEscrow
    function lockedOf(bytes32 batchId) external view returns (uint256) {
        return _ledger.funding[batchId].locked;
    }
}
