// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {BatchKey, Terms} from "../../../contracts/libraries/EscrowTypes.sol";
import {Books} from "../base/Books.sol";

/// @notice A story with an end: who is owed what, what is locked, where every assignment is, and that the tokens are there.
abstract contract Scenario is Books {
    BatchKey internal key;
    uint256 internal start;

    function begin(Terms memory terms, uint24 assignments) internal {
        key = open(terms, assignments);
        watchBatch(key, assignments);
        start = block.timestamp;
    }

    /// @dev Everyone's account, the lock and all counts; free, claimed, submitted, contestable, disputed, accepted, refunded.
    function assertEnd(uint256[5] memory owed, uint256 locked, uint256[7] memory counts) internal view {
        assertOwed(requester, owed[0], "requester");
        assertOwed(worker, owed[1], "worker");
        assertOwed(second, owed[2], "second worker");
        assertOwed(operator, owed[3], "operator");
        assertOwed(arbitrator, owed[4], "arbitrator");
        assertOwed(reviewer, 0, "a reviewer is never owed anything");
        assertOwed(assigner, 0, "nor an assigner");
        assertLocked(key, locked);
        assertCounts(key, [counts[0], counts[1], counts[2], counts[3], counts[4]], counts[5], counts[6]);
        assertBooks();
    }

    function later(uint256 seconds_) internal {
        vm.warp(block.timestamp + seconds_);
    }

    function contest(address by, uint16 count) internal returns (uint256 id) {
        id = nextDisputeId(key, by);
        watchDispute(id);
        dispute(key, by, count);
    }

    function takeOut(address who) internal {
        uint256 amount = escrow.owed(who);
        uint256 held = token.balanceOf(who);
        vm.prank(who);
        escrow.withdraw(amount, who);
        assertEq(token.balanceOf(who), held + amount, "what is owed can be taken");
    }
}
