// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {WorkBook} from "./WorkBook.sol";
import {ITaskEscrow} from "./interfaces/ITaskEscrow.sol";
import {BoundedCalls} from "./libraries/BoundedCalls.sol";
import {Deadlines} from "./libraries/Deadlines.sol";
import {BatchKey, DirectPayment, Terms, Verdict} from "./libraries/EscrowTypes.sol";
import {Messages} from "./libraries/Messages.sol";
import {BatchSlot, TallySlot, TallySlots} from "./libraries/Slots.sol";
import {Settlements} from "./libraries/Settlements.sol";

/// @title Review: settled, paid by silence, overturned, released
/// @dev Every decision raises the tally's `decided`, and every verdict names it: so nothing is decided twice.
abstract contract ReviewBook is WorkBook {
    /// @inheritdoc ITaskEscrow
    function settle(
        BatchKey calldata key,
        uint32 nonce,
        bytes32 resultsDigest,
        Verdict[] calldata verdicts,
        DirectPayment[] calldata direct,
        bytes calldata signature
    ) external {
        // Check
        (bytes32 batchId, BatchSlot b) = _load(key);
        if (nonce != b.settlements() + 1) revert TaskEscrow_SettlementNotNext(nonce, b.settlements() + 1);
        _checkReviewer(
            key.terms.reviewer, Messages.settlement(batchId, nonce, resultsDigest, verdicts, direct), signature
        );
        // Effect
        Settlements.settle(_ledger, batchId, key, nonce, resultsDigest, verdicts, direct);
    }

    /// @inheritdoc ITaskEscrow
    function payOverdue(BatchKey calldata key, address worker) external {
        (bytes32 batchId,) = _load(key);
        Terms calldata terms = key.terms;
        Deadlines.payOverdue(_ledger, batchId, key.requester, worker, terms.reward, terms.operatorFee);
    }

    /// @inheritdoc ITaskEscrow
    function overturn(BatchKey calldata key, address worker, uint16 count) external {
        (bytes32 batchId,) = _load(key);
        if (msg.sender != key.requester && msg.sender != key.terms.reviewer) revert TaskEscrow_NotAllowed(msg.sender);
        Settlements.overturn(_ledger, batchId, key, worker, count);
    }

    /// @inheritdoc ITaskEscrow
    function overturnBySig(
        BatchKey calldata key,
        address worker,
        uint16 decidedBefore,
        uint16 contestableBefore,
        uint16 count,
        bytes calldata signature
    ) external {
        (bytes32 batchId,) = _load(key);
        TallySlot t = _ledger.tallies[batchId][worker];
        (uint256 decided, uint256 contestable) = (t.count(TallySlots.DECIDED), t.count(TallySlots.CONTESTABLE));
        if (decided != decidedBefore || contestable != contestableBefore) {
            revert TaskEscrow_CountsChanged(decided, contestable);
        }
        _checkReviewer(
            key.terms.reviewer, Messages.overturn(batchId, worker, decidedBefore, contestableBefore, count), signature
        );
        Settlements.overturn(_ledger, batchId, key, worker, count);
    }

    /// @inheritdoc ITaskEscrow
    function releaseRejected(BatchKey calldata key, address[] calldata workers) external {
        (bytes32 batchId,) = _load(key);
        Deadlines.releaseRejected(_ledger, batchId, key.requester, key.terms.disputeFee, workers);
    }

    function _checkReviewer(address reviewer, bytes32 structHash, bytes calldata signature) private view {
        if (msg.sender == reviewer && signature.length == 0) return;
        if (!BoundedCalls.isSignedBy(reviewer, _hashTypedDataV4(structHash), signature)) {
            revert TaskEscrow_SignatureInvalid(reviewer);
        }
    }
}
