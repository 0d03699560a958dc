// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ITaskEscrow} from "../../../../contracts/interfaces/ITaskEscrow.sol";
import {Stage} from "../Stage.sol";
import {GhostDispute} from "../ghosts/GhostTypes.sol";
import {Handler} from "./Handler.sol";

/// @notice The arbitrator: rules, rules too much, refuses, comes late.
contract ArbitratorHandler is Handler {
    constructor(Stage stage_) Handler(stage_) {}

    function arbitrator_rules(uint256 seed, uint256 accepted) external acting {
        uint256 id = stage.findDispute(seed, false);
        if (id == 0 || (seed >> 128) % 2 != 0) return;
        // One more than was contested is clamped.
        uint256 ruling = 1 + bound(accepted, 0, stage.disputeOf(id).count + 1);
        _rule("arbitrator_rules", id, ruling);
    }

    function arbitrator_rules_for_the_worker(uint256 seed) external acting {
        uint256 id = stage.findDispute(seed, false);
        if (id == 0 || (seed >> 128) % 2 != 0) return;
        _rule("arbitrator_rules_for_worker", id, type(uint256).max);
    }

    function arbitrator_refuses(uint256 seed) external acting {
        uint256 id = stage.findDispute(seed, false);
        if (id == 0 || (seed >> 128) % 3 != 0) return;
        _rule("arbitrator_refuses", id, 0);
    }

    function arbitrator_comes_late(uint256 seed, uint256 accepted) external acting {
        uint256 id = stage.findDispute(seed, true);
        if (id == 0) return;
        _rule("arbitrator_comes_late", id, bound(accepted, 0, 4));
    }

    /// @dev A ruling on an open dispute is never refused, and one on an ended dispute does nothing.
    function _rule(string memory action, uint256 id, uint256 ruling) private {
        GhostDispute memory d = stage.disputeOf(id);
        bool done = _call(action, stage.arbitrator(), abi.encodeCall(ITaskEscrow.rule, (id, ruling)));
        if (!done) stage.breach("law7_a_ruling_is_never_refused", "the arbitrator's call reverted");
        if (done && d.isOpen && effects == 0) stage.breach("law7_a_ruling_is_never_refused", "nothing came of it");
    }
}
