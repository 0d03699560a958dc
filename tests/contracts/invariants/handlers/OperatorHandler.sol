// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ITaskEscrow} from "../../../../contracts/interfaces/ITaskEscrow.sol";
import {BatchKey, OperatorAllowance, Terms} from "../../../../contracts/libraries/EscrowTypes.sol";
import {Stage, Wanted} from "../Stage.sol";
import {Handler} from "./Handler.sol";

/// @notice A gateway that spends a requester's money, sometimes more than it may.
contract OperatorHandler is Handler {
    uint256 private constant MAX_BATCHES = 8;
    uint256 private _salts;

    constructor(Stage stage_) Handler(stage_) {}

    function operator_opens_for(uint256 seed, uint256 size, uint256 wrong) external acting {
        if (stage.batchCount() >= MAX_BATCHES) return;
        Terms memory terms = stage.termsOf(seed);
        address requester = stage.requester(seed >> 8);
        OperatorAllowance memory allowed = stage.allowanceOf(requester, stage.operator());
        if (wrong % 4 != 0) terms.reviewer = allowed.reviewer;
        if (wrong % 16 == 4) terms.reviewer = stage.operator();
        uint256 count = bound(size, 1, 2);
        if (allowed.until >= stage.clock()) _deposit(requester, (uint256(terms.reward) + terms.operatorFee) * count);
        _salts += 1;
        bytes memory data = abi.encodeCall(
            ITaskEscrow.openBatchFor, (requester, terms, keccak256(abi.encode("operator", _salts)), uint24(count))
        );
        _call("operator_opens_for", stage.operator(), data);
    }

    function operator_extends_for(uint256 seed, uint256 size) external acting {
        (bytes32 id,, BatchKey memory key) = stage.find(Wanted.Claimable, seed);
        if (id == 0) return;
        uint24 count = uint24(bound(size, 0, 2));
        bytes memory data = abi.encodeCall(ITaskEscrow.extendBatch, (key, count, keccak256("manifest 3")));
        _call("operator_extends_for", stage.operator(), data);
    }

    function operator_gives_a_bonus(uint256 seed, uint96 amount) external acting {
        (bytes32 id, address worker, BatchKey memory key) = stage.find(Wanted.Anything, seed);
        if (id == 0) return;
        OperatorAllowance memory allowed = stage.allowanceOf(key.requester, stage.operator());
        // Up to one unit more than the cap.
        amount = uint96(bound(amount, 1, uint256(allowed.bonusCap) + 1));
        bytes memory data = abi.encodeCall(ITaskEscrow.bonus, (key, worker, amount, bytes32("well")));
        _call("operator_gives_a_bonus", stage.operator(), data);
    }
}
