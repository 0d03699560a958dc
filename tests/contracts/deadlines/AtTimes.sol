// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {BatchKey} from "../../../contracts/libraries/EscrowTypes.sol";
import {EscrowTest} from "../base/EscrowTest.sol";

/// @notice A call tried at different times, each time on the same state.
abstract contract AtTimes is EscrowTest {
    BatchKey internal key;

    /// @dev What any of the calls here changes.
    function state() internal view returns (bytes32) {
        return keccak256(abi.encode(tally(key, worker), account(worker), account(requester)));
    }

    /// @return Whether `call` by `from` at `time` succeeds and changes something. Leaves no trace.
    function works(uint256 time, address from, bytes memory call) internal returns (bool) {
        uint256 snapshot = vm.snapshotState();
        bytes32 before = state();
        vm.warp(time);
        vm.prank(from);
        (bool ok,) = address(escrow).call(call);
        ok = ok && state() != before;
        vm.revertToState(snapshot);
        return ok;
    }

    /// @dev The second of the deadline is in time, the next is not.
    function until(uint256 deadline, address from, bytes memory call) internal {
        assertTrue(works(deadline - 1, from, call), "a second before");
        assertTrue(works(deadline, from, call), "in the second of the deadline");
        assertTrue(!works(deadline + 1, from, call), "a second after");
    }

    /// @dev The other way round: only once the deadline is over.
    function after_(uint256 deadline, address from, bytes memory call) internal {
        assertTrue(!works(deadline - 1, from, call), "a second before");
        assertTrue(!works(deadline, from, call), "in the second of the deadline");
        assertTrue(works(deadline + 1, from, call), "a second after");
    }

    function untilAt(uint256 deadline, uint256 time, address from, bytes memory call) internal {
        time = bound(time, block.timestamp, deadline + 400 days);
        assertTrue(works(time, from, call) == (time <= deadline), "until the deadline");
    }

    function afterAt(uint256 deadline, uint256 time, address from, bytes memory call) internal {
        time = bound(time, block.timestamp, deadline + 400 days);
        assertTrue(works(time, from, call) == (time > deadline), "after the deadline");
    }
}
