// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Stage} from "../Stage.sol";
import {HookedToken} from "../cast/HookedToken.sol";
import {MoodyGate} from "../cast/MoodyGate.sol";
import {Handler} from "./Handler.sol";

/// @notice What nobody in the cast decides: time, and the moods of token, gate and wallet.
contract TimeHandler is Handler {
    constructor(Stage stage_) Handler(stage_) {}

    function time_passes(uint256 duration) external {
        stage.setClock(stage.clock() + bound(duration, 1, 10 hours));
        stage.tick("call: time_passes ok");
    }

    /// @dev To somebody's deadline, or one second to either side of it.
    function time_reaches_a_deadline(uint256 seed, uint256 side) external {
        uint256 target = seed % 5 == 0 ? stage.rulingEnd(seed >> 8) : stage.deadline(seed >> 8);
        if (target < stage.clock() || target > stage.clock() + 4 days) {
            stage.tick("call: time_reaches_a_deadline none");
            return;
        }
        target = target + side % 3 - 1;
        if (target < stage.clock()) return;
        stage.setClock(target);
        stage.tick("call: time_reaches_a_deadline ok");
    }

    /// @dev Honest most of the time.
    function token_changes_its_mood(uint256 mood) external {
        token.setMood(mood % 3 == 0 ? HookedToken.Mood((mood >> 8) % 6) : HookedToken.Mood.Honest);
        stage.tick("call: token_changes_its_mood ok");
    }

    function token_blocks(uint256 seed, bool blocked) external {
        token.setBlocked(stage.worker(seed), blocked && seed % 3 == 0);
        stage.tick("call: token_blocks ok");
    }

    function gate_changes_its_mood(uint256 mood) external {
        MoodyGate gate = stage.gate();
        gate.setMood(mood % 2 == 0 ? MoodyGate.Mood((mood >> 8) % 7) : MoodyGate.Mood.Yes);
        stage.tick("call: gate_changes_its_mood ok");
    }

    function wallet_changes_its_mood(uint256 mood) external {
        stage.wallet().setBurnsGas(mood % 4 == 0);
        token.setHook(address(stage.wallet()), mood % 3 != 0);
        stage.tick("call: wallet_changes_its_mood ok");
    }
}
