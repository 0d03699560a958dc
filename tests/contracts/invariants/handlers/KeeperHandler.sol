// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ITaskEscrow} from "../../../../contracts/interfaces/ITaskEscrow.sol";
import {BatchKey} from "../../../../contracts/libraries/EscrowTypes.sol";
import {Stage, Wanted} from "../Stage.sol";
import {HookedToken} from "../cast/HookedToken.sol";
import {GhostAccount, GhostBatch, GhostDispute, GhostTally} from "../ghosts/GhostTypes.sol";
import {Handler} from "./Handler.sol";

/// @notice Anyone: what time alone has earned is brought about by whoever calls, and never before its time.
contract KeeperHandler is Handler {
    constructor(Stage stage_) Handler(stage_) {}

    function keeper_pays_overdue(uint256 seed) external acting {
        (bytes32 id, address worker, BatchKey memory key) = stage.find(Wanted.Overdue, seed);
        if (id == 0) return;
        GhostTally memory t = stage.tallyOf(id, worker);
        bool due = t.oldLot > 0 && stage.clock() > t.oldReviewEnd;
        bool done =
            _call("keeper_pays_overdue", stage.stranger(), abi.encodeCall(ITaskEscrow.payOverdue, (key, worker)));
        _due(due, done, "overdue work was not paid");
    }

    /// @dev A list of everyone, so that workers with nothing to expire stand beside those with something.
    function keeper_expires_claims(uint256 seed) external acting {
        (bytes32 id, address worker, BatchKey memory key) = stage.find(Wanted.LapsedClaim, seed);
        if (id == 0) return;
        GhostTally memory t = stage.tallyOf(id, worker);
        bool due = t.claimed > 0 && stage.clock() > t.leaseEnd;
        address[] memory list = stage.everybody();
        _call("keeper_expires_claims", stage.stranger(), abi.encodeCall(ITaskEscrow.expireClaims, (key, list)));
        _due(due, stage.tallyOf(id, worker).claimed == 0, "a lapsed claim was not expired");
    }

    function keeper_releases_rejections(uint256 seed) external acting {
        (bytes32 id, address worker, BatchKey memory key) = stage.find(Wanted.Releasable, seed);
        if (id == 0) return;
        GhostTally memory t = stage.tallyOf(id, worker);
        bool due = t.contestable > 0 && t.disputed == 0 && stage.clock() > t.contestEnd;
        address[] memory list = stage.everybody();
        _call("keeper_releases_rejections", stage.stranger(), abi.encodeCall(ITaskEscrow.releaseRejected, (key, list)));
        _due(due, stage.tallyOf(id, worker).contestable == 0, "an uncontested rejection was not released");
    }

    function keeper_rules_overdue(uint256 seed) external acting {
        uint256 disputeId = stage.findDispute(seed, seed % 8 != 0);
        if (disputeId == 0) return;
        GhostDispute memory d = stage.disputeOf(disputeId);
        bool due = d.isOpen && stage.clock() > d.rulingEnd;
        bool done =
            _call("keeper_rules_overdue", stage.stranger(), abi.encodeCall(ITaskEscrow.ruleOverdue, (disputeId)));
        _due(due, done, "an overdue dispute was not ended");
    }

    function keeper_refunds(uint256 seed) external acting {
        (bytes32 id,, BatchKey memory key) = stage.find(Wanted.Refundable, seed);
        if (id == 0) return;
        GhostBatch memory b = stage.batchOf(id);
        uint256 grace = key.terms.flags == 1 ? key.terms.reviewWindow : 0;
        bool due = b.free > 0 && stage.clock() > key.terms.claimBy + grace;
        bool done = _call("keeper_refunds", stage.stranger(), abi.encodeCall(ITaskEscrow.refund, (key)));
        _due(due, done, "free money that nobody can claim was not refunded");
    }

    /// @dev The whole list at once: one that the token refuses blocks nobody else.
    function keeper_sweeps(uint256) external acting {
        address[] memory list = stage.everybody();
        uint256[] memory before = new uint256[](list.length);
        for (uint256 i = 0; i < list.length; ++i) {
            before[i] = stage.accountOf(list[i]).owed;
        }
        _callMoney("keeper_sweeps", stage.stranger(), address(0), abi.encodeCall(ITaskEscrow.sweep, (list)));
        if (token.mood() != HookedToken.Mood.Honest) return;
        for (uint256 i = 0; i < list.length; ++i) {
            GhostAccount memory a = stage.accountOf(list[i]);
            bool paid = a.owed == 0;
            if (a.sweeps && before[i] > 0 && !token.isBlocked(list[i]) && !paid) {
                stage.breach("law12_a_refused_recipient_harms_only_itself", "a sweep passed over somebody");
            }
        }
    }

    /// @dev Brings what was signed ahead: in its turn it works, out of turn it consumes nothing.
    function keeper_brings_held_packets(uint256 seed) external acting {
        (bytes memory data, address signer) = stage.release(seed);
        if (signer == address(0)) return;
        if (_bring("keeper_brings_held_packets", signer, data)) stage.remember(data, stage.stranger());
    }

    function _due(bool due, bool done, string memory detail) private {
        if (due && !done) stage.breach("law7_what_is_due_cannot_be_refused", detail);
    }
}
