// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ITaskEscrow} from "../../../contracts/interfaces/ITaskEscrow.sol";
import {Stage} from "./Stage.sol";
import {HookedToken} from "./cast/HookedToken.sol";
import {MoodyGate} from "./cast/MoodyGate.sol";
import {ArbitratorHandler} from "./handlers/ArbitratorHandler.sol";
import {HostileHandler} from "./handlers/HostileHandler.sol";
import {KeeperHandler} from "./handlers/KeeperHandler.sol";
import {OperatorHandler} from "./handlers/OperatorHandler.sol";
import {RequesterHandler} from "./handlers/RequesterHandler.sol";
import {ReviewerHandler} from "./handlers/ReviewerHandler.sol";
import {TimeHandler} from "./handlers/TimeHandler.sol";
import {WorkerHandler} from "./handlers/WorkerHandler.sol";
import {EndLaws} from "./laws/EndLaws.sol";
import {FlowLaws} from "./laws/FlowLaws.sol";
import {RightsLaws} from "./laws/RightsLaws.sol";
import {StateLaws} from "./laws/StateLaws.sol";
import {TimeLaws} from "./laws/TimeLaws.sol";

interface FileVm {
    function createDir(string calldata path, bool recursive) external;
    function writeLine(string calldata path, string calldata line) external;
}

/// @notice All laws of the protocol in one campaign: every role acts, the ghosts book what the logs say, and after every
/// call each named check is asked.
abstract contract Campaign is RightsLaws, TimeLaws, FlowLaws, StateLaws, EndLaws {
    string private constant REPORT = ".cache/campaign";
    uint256 private constant STATE_INTERVAL = 4;
    string private _name;
    address[] private _handlers;

    /// @param name Under which the report is written.
    /// @param purse Units that each requester deposits at once.
    /// @param maxSize The largest batch.
    function _raise(string memory name, uint256 purse, uint256 maxSize) internal {
        _name = name;
        vm.warp(1_800_000_000);
        // From artifacts, because one creation code that held them all would be too long.
        address token = _deploy(type(HookedToken).name, "");
        address gate = _deploy(type(MoodyGate).name, "");
        address[] memory arbitrators = new address[](1);
        arbitrators[0] = vm.addr(11);
        escrow = ITaskEscrow(vm.deployCode("TaskEscrow.sol:TaskEscrow", abi.encode(token, arbitrators)));
        MoodyGate(gate).setEscrow(address(escrow));
        stage = Stage(_deploy(type(Stage).name, abi.encode(escrow, token, gate, purse, maxSize)));
        _cast(type(RequesterHandler).name);
        _cast(type(WorkerHandler).name);
        _cast(type(ReviewerHandler).name);
        _cast(type(OperatorHandler).name);
        _cast(type(ArbitratorHandler).name);
        _cast(type(KeeperHandler).name);
        _cast(type(HostileHandler).name);
        _cast(type(TimeHandler).name);
        // One batch of each kind stands at the beginning, whoever comes first.
        for (uint256 kind = 0; kind < 4; ++kind) {
            RequesterHandler(_handlers[0]).requester_opens(kind | (kind << 8), maxSize);
        }
    }

    function _cast(string memory role) private {
        _handlers.push(_deploy(role, abi.encode(stage)));
    }

    function _deploy(string memory name, bytes memory arguments) private returns (address) {
        return vm.deployCode(string.concat(name, ".sol:", name), arguments);
    }

    function targetContracts() external view returns (address[] memory) {
        return _handlers;
    }

    function invariant_every_law_holds() public view {
        if (stage.breaches() > 0) {
            _checkRightsLaws();
            _checkTimeLaws();
            _checkFlowLaws();
            _unbroken("law4_every_answer_is_decided_once_or_waits");
            _unbroken("law4_every_rejection_ends_once_or_waits");
            revert LawBroken("a law without a check was broken", "", 0, 0);
        }
        // The whole state costs five times the call before it. Books that differ once differ for good, so a look now and then
        // and one at the end miss nothing.
        if (stage.entered() % STATE_INTERVAL == 0) _checkStateLaws();
    }

    /// @dev At the end of each run: can everybody leave, and does time end everything? And what happened, for the report.
    function afterInvariant() external {
        FileVm(address(vm)).createDir(REPORT, true);
        FileVm(address(vm)).writeLine(string.concat(REPORT, "/", _name, ".jsonl"), stage.counters());
        _checkStateLaws();
        _checkEndLaws();
    }
}
