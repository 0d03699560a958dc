// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ITaskEscrow} from "../../../../contracts/interfaces/ITaskEscrow.sol";
import {Batch, BatchKey} from "../../../../contracts/libraries/EscrowTypes.sol";
import {MessageHashes} from "../../base/MessageHashes.sol";
import {HookedToken} from "../cast/HookedToken.sol";
import {Laws} from "./Laws.sol";

/// @notice What must be possible from every reached state. Each trial is made on the real contracts and undone by its own
/// revert, which carries what was found.
abstract contract EndLaws is Laws {
    /// @notice A trial is over; `law` is empty if nothing was wrong.
    error TrialOver(string law, string detail, uint256 found);

    function _checkEndLaws() internal {
        _run(abi.encodeCall(this.tryLeavingByOwnKey, ()));
        _run(abi.encodeCall(this.tryLeavingBySignature, ()));
        _run(abi.encodeCall(this.tryEnding, ()));
        vm.warp(stage.clock());
    }

    function _run(bytes memory trial) private {
        vm.warp(stage.clock());
        (bool ok, bytes memory answer) = address(this).call(trial);
        if (ok || bytes4(answer) != TrialOver.selector) revert LawBroken("a trial broke off", string(answer), 0, 0);
        bytes memory rest = new bytes(answer.length - 4);
        for (uint256 i = 0; i < rest.length; ++i) {
            rest[i] = answer[i + 4];
        }
        (string memory law, string memory detail, uint256 found) = abi.decode(rest, (string, string, uint256));
        if (bytes(law).length > 0) revert LawBroken(law, detail, found, 0);
    }

    // --------------------------------------------------------------- law 3

    /// @notice Everybody withdraws all it is owed by its own call; then the escrow holds what is not yet anybody's, exactly.
    function tryLeavingByOwnKey() external {
        stage.token().setMood(HookedToken.Mood.Honest);
        address[] memory everybody = stage.everybody();
        for (uint256 i = 0; i < everybody.length; ++i) {
            uint256 owed = escrow.owed(everybody[i]);
            if (owed == 0) continue;
            vm.prank(everybody[i]);
            (bool ok,) = address(escrow).call(abi.encodeCall(ITaskEscrow.withdraw, (owed, address(0xFEED))));
            if (!ok) revert TrialOver("law3_everybody_can_leave_by_own_key", "a withdrawal failed", owed);
        }
        revert TrialOver("", "", 0);
    }

    /// @notice The same by signatures that a stranger brings, each for another address than the signer's.
    function tryLeavingBySignature() external {
        stage.token().setMood(HookedToken.Mood.Honest);
        stage.wallet().setBurnsGas(false);
        bytes32 domain = MessageHashes.domain("Piecework", block.chainid, address(escrow));
        address[] memory everybody = stage.everybody();
        for (uint256 i = 0; i < everybody.length; ++i) {
            uint256 owed = escrow.owed(everybody[i]);
            if (owed == 0) continue;
            MessageHashes.WithdrawMessage memory m = MessageHashes.WithdrawMessage(
                everybody[i], owed, address(0xFEED), escrow.accountOf(everybody[i]).nonce, block.timestamp
            );
            bytes32 digest = keccak256(abi.encodePacked(hex"1901", domain, MessageHashes.withdrawal(m)));
            (uint8 v, bytes32 r, bytes32 s) = vm.sign(stage.keyOf(everybody[i]), digest);
            bytes memory data = abi.encodeCall(
                ITaskEscrow.withdrawBySig, (m.account, m.amount, m.to, m.nonce, m.deadline, abi.encodePacked(r, s, v))
            );
            vm.prank(address(0xCAFE));
            (bool ok,) = address(escrow).call(data);
            if (!ok) revert TrialOver("law3_everybody_can_leave_by_signature", "a withdrawal failed", owed);
        }
        revert TrialOver("", "", 0);
    }

    // --------------------------------------------------------------- law 7

    /// @notice With the token frozen and nobody acting but a passer-by, time alone brings every assignment to paid or
    /// refunded, and every lock and bond back.
    function tryEnding() external {
        stage.token().setMood(HookedToken.Mood.Frozen);
        // Beyond the longest of all windows, twice: rejections outside a dispute get their window at its end.
        uint256 time = block.timestamp + 400 days;
        for (uint256 round = 0; round < 2; ++round) {
            vm.warp(time + round * 31 days);
            _endDisputes();
            for (uint256 i = 0; i < stage.batchCount(); ++i) {
                _endBatch(stage.keyAt(i));
            }
        }
        for (uint256 i = 0; i < stage.batchCount(); ++i) {
            _expectEnded(stage.idAt(i));
        }
        revert TrialOver("", "", 0);
    }

    function _endDisputes() private {
        for (uint256 i = 0; i < stage.disputeCount(); ++i) {
            uint256 id = stage.disputeIdAt(i);
            if (escrow.disputeOf(id).arbitrator != address(0)) _try(abi.encodeCall(ITaskEscrow.ruleOverdue, (id)));
        }
    }

    function _endBatch(BatchKey memory key) private {
        address[] memory everybody = stage.everybody();
        _try(abi.encodeCall(ITaskEscrow.expireClaims, (key, everybody)));
        for (uint256 i = 0; i < stage.WORKERS(); ++i) {
            // As often as it pays: whoever calls may call again.
            while (_try(abi.encodeCall(ITaskEscrow.payOverdue, (key, stage.worker(i))))) {}
        }
        _try(abi.encodeCall(ITaskEscrow.releaseRejected, (key, everybody)));
        _try(abi.encodeCall(ITaskEscrow.refund, (key)));
    }

    function _try(bytes memory data) private returns (bool ok) {
        vm.prank(address(0xCAFE));
        (ok,) = address(escrow).call(data);
    }

    function _expectEnded(bytes32 id) private view {
        Batch memory b = escrow.batchOf(id);
        uint256 open = uint256(b.free) + b.claimed + b.submitted + b.contestable + b.disputed;
        if (open > 0) revert TrialOver("law7_time_finishes_every_assignment", "assignments are stuck", open);
        uint256 locked = escrow.lockedOf(id);
        if (locked > 0) revert TrialOver("law7_time_frees_every_lock", "a lock is stuck", locked);
    }
}
