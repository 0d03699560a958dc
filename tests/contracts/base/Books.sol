// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Batch, BatchKey} from "../../../contracts/libraries/EscrowTypes.sol";
import {EscrowTest} from "./EscrowTest.sol";

/// @notice An escrow test that keeps books beside it: whom it watches, what was funded, which disputes it opened.
/// `assertBooks` is laws 1 and 2 with an equals sign.
abstract contract Books is EscrowTest {
    address[] private _watched;
    BatchKey[] private _keys;
    uint256[] private _disputes;
    mapping(address => bool) private _isWatched;
    mapping(bytes32 batchId => uint256) private _funded;

    function setUp() public virtual override {
        super.setUp();
        watch(requester);
        watch(reviewer);
        watch(assigner);
        watch(worker);
        watch(second);
        watch(operator);
        watch(arbitrator);
        watch(stranger);
    }

    function watch(address who) internal {
        if (_isWatched[who]) return;
        _isWatched[who] = true;
        _watched.push(who);
    }

    /// @dev Once for every batch; more funding is added with `moreFunded`.
    function watchBatch(BatchKey memory key, uint256 assignments) internal {
        _keys.push(key);
        _funded[escrow.batchIdOf(key)] = assignments;
    }

    function moreFunded(BatchKey memory key, uint256 assignments) internal {
        _funded[escrow.batchIdOf(key)] += assignments;
    }

    function watchDispute(uint256 disputeId) internal {
        _disputes.push(disputeId);
    }

    /// @dev Tokens held are exactly what is owed, unspent, locked and put up as bonds; every batch's counts add up.
    function assertBooks() internal view {
        uint256 sum = 0;
        for (uint256 i = 0; i < _watched.length; ++i) {
            sum += escrow.owed(_watched[i]);
        }
        for (uint256 i = 0; i < _keys.length; ++i) {
            bytes32 batchId = escrow.batchIdOf(_keys[i]);
            Batch memory b = escrow.batchOf(batchId);
            uint256 unspent = uint256(b.free) + b.claimed + b.submitted + b.contestable + b.disputed;
            assertEq(unspent + b.accepted + b.refunded, _funded[batchId], "what was funded is somewhere, once");
            uint256 unit = uint256(_keys[i].terms.reward) + _keys[i].terms.operatorFee;
            sum += unspent * unit + escrow.lockedOf(batchId);
        }
        for (uint256 i = 0; i < _disputes.length; ++i) {
            sum += escrow.disputeOf(_disputes[i]).fee;
        }
        assertEq(token.balanceOf(address(escrow)), sum, "the escrow holds what it owes, to the unit");
    }

    function assertOwed(address who, uint256 amount, string memory what) internal view {
        assertEq(escrow.owed(who), amount, what);
    }

    /// @dev The counts that hold money, then those that do not.
    function assertCounts(BatchKey memory key, uint256[5] memory unspent, uint256 accepted, uint256 refunded)
        internal
        view
    {
        Batch memory b = batch(key);
        assertEq(b.free, unspent[0], "free");
        assertEq(b.claimed, unspent[1], "claimed");
        assertEq(b.submitted, unspent[2], "submitted");
        assertEq(b.contestable, unspent[3], "contestable");
        assertEq(b.disputed, unspent[4], "disputed");
        assertEq(b.accepted, accepted, "accepted");
        assertEq(b.refunded, refunded, "refunded");
    }

    function assertLocked(BatchKey memory key, uint256 amount) internal view {
        assertEq(escrow.lockedOf(escrow.batchIdOf(key)), amount, "locked");
    }
}
