// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IGate} from "../interfaces/IGate.sol";
import {ITaskEscrow} from "../interfaces/ITaskEscrow.sol";
import {BoundedCalls} from "../libraries/BoundedCalls.sol";
import {BatchKey, DirectPayment, Tally, Verdict} from "../libraries/EscrowTypes.sol";
import {Messages} from "../libraries/Messages.sol";

/// @title Only workers with accepted work under named reviewers
/// @notice Raw counters prove payment, not independence: anyone can accept its own work. This gate counts only what reviewers
/// that it names have signed. Anyone brings a signed settlement once; the gate checks the signature, that the settlement's
/// number took effect, and that the worker's tally has moved past each verdict.
contract AcceptedWorkGate is IGate {
    ITaskEscrow public immutable escrow;
    /// Accepted assignments that a worker needs.
    uint256 public immutable needed;

    mapping(address reviewer => bool) public isNamed;
    mapping(address worker => uint256) public accepted;
    mapping(bytes32 batchId => mapping(uint256 nonce => bool)) public isCounted;
    mapping(bytes32 batchId => mapping(address worker => uint256)) private _countedIn;
    mapping(bytes32 batchId => mapping(address worker => mapping(uint256 decidedBefore => uint256))) private _countedAt;

    /// @notice A worker's accepted assignments of one settlement were counted.
    event Counted(address indexed worker, bytes32 indexed batchId, uint256 accepted);

    /// @notice The batch's reviewer is not one that this gate names.
    error AcceptedWorkGate_ReviewerNotNamed(address reviewer);
    /// @notice The settlement did not take effect, or was counted already.
    error AcceptedWorkGate_NotCountable(bytes32 batchId, uint256 nonce);
    /// @notice The signature is not the reviewer's of this settlement.
    error AcceptedWorkGate_SignatureInvalid(address reviewer);

    constructor(ITaskEscrow escrow_, address[] memory reviewers, uint256 needed_) {
        escrow = escrow_;
        needed = needed_;
        for (uint256 i = 0; i < reviewers.length; ++i) {
            isNamed[reviewers[i]] = true;
        }
    }

    /// @notice Counts a settlement that took effect, with the calldata it was made with; anyone.
    function count(
        BatchKey calldata key,
        uint32 nonce,
        bytes32 resultsDigest,
        Verdict[] calldata verdicts,
        DirectPayment[] calldata direct,
        bytes calldata signature
    ) external {
        // Check
        address reviewer = key.terms.reviewer;
        if (!isNamed[reviewer]) revert AcceptedWorkGate_ReviewerNotNamed(reviewer);
        bytes32 batchId = escrow.batchIdOf(key);
        if (nonce == 0 || escrow.batchOf(batchId).settlements < nonce || isCounted[batchId][nonce]) {
            revert AcceptedWorkGate_NotCountable(batchId, nonce);
        }
        bytes32 message = Messages.settlement(batchId, nonce, resultsDigest, verdicts, direct);
        bytes32 digest = keccak256(abi.encodePacked(hex"1901", escrow.domainSeparator(), message));
        if (!BoundedCalls.isSignedBy(reviewer, digest, signature)) {
            revert AcceptedWorkGate_SignatureInvalid(reviewer);
        }
        // Effect
        isCounted[batchId][nonce] = true;
        for (uint256 i = 0; i < verdicts.length; ++i) {
            Verdict calldata v = verdicts[i];
            Tally memory t = escrow.tallyOf(batchId, v.worker);
            // A verdict that was skipped may not have moved the tally: it does not count.
            if (t.decided < uint256(v.decidedBefore) + v.accepted + v.rejected) continue;
            uint256 more = _notYetCounted(batchId, v, t.decided);
            if (more == 0) continue;
            accepted[v.worker] += more;
            emit Counted(v.worker, batchId, more);
        }
    }

    /// @dev A skipped verdict that was signed again counts once with its twin, and no more counts in a batch than was decided.
    function _notYetCounted(bytes32 batchId, Verdict calldata v, uint256 decided) private returns (uint256 more) {
        uint256 before = _countedAt[batchId][v.worker][v.decidedBefore];
        if (v.accepted <= before) return 0;
        uint256 room = decided - _countedIn[batchId][v.worker];
        more = v.accepted - before < room ? v.accepted - before : room;
        _countedAt[batchId][v.worker][v.decidedBefore] = before + more;
        _countedIn[batchId][v.worker] += more;
    }

    /// @inheritdoc IGate
    function mayClaim(bytes32, address worker, uint256) external view returns (bool) {
        return accepted[worker] >= needed;
    }
}
