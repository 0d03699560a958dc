// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ITaskEscrow} from "../../../../contracts/interfaces/ITaskEscrow.sol";
import {BatchKey, Terms} from "../../../../contracts/libraries/EscrowTypes.sol";
import {Stage, Wanted} from "../Stage.sol";
import {Handler} from "./Handler.sol";

/// @notice Those who fund, and who would like their money back.
contract RequesterHandler is Handler {
    uint256 private constant MAX_BATCHES = 6;

    constructor(Stage stage_) Handler(stage_) {}

    function requester_deposits(uint256 seed, uint256 amount) external acting {
        _deposit(stage.requester(seed), bound(amount, 1, stage.purse()));
    }

    function requester_opens(uint256 seed, uint256 size) external acting {
        if (stage.batchCount() >= MAX_BATCHES) return;
        Terms memory terms = stage.termsOf(seed);
        address from = stage.requester(seed >> 8);
        uint256 count = bound(size, 1, stage.maxSize());
        _deposit(from, (uint256(terms.reward) + terms.operatorFee) * count);
        bytes32 salt = bytes32(stage.batchCount());
        _call("requester_opens", from, abi.encodeCall(ITaskEscrow.openBatch, (terms, salt, uint24(count))));
    }

    /// @dev Terms with one field out of its bounds must be refused.
    function requester_opens_badly(uint256 seed, uint256 field) external acting {
        Terms memory terms = stage.termsOf(seed);
        address from = stage.requester(seed >> 8);
        string memory law = "law13_terms_keep_every_bound";
        field = field % 16;
        if (field == 0) terms.lease = 59;
        if (field == 1) terms.lease = 30 days + 1;
        if (field == 2) terms.reviewWindow = 1 hours - 1;
        if (field == 3) terms.reviewWindow = 30 days + 1;
        if (field == 4) terms.disputeWindow = 1 days - 1;
        if (field == 5) terms.disputeWindow = 30 days + 1;
        if (field == 6) terms.rulingWindow = 1 days - 1;
        if (field == 7) terms.rulingWindow = 30 days + 1;
        if (field == 8) terms.claimBy = uint40(stage.clock() - 1);
        if (field == 9) terms.claimBy = uint40(stage.clock() + 365 days + 1);
        if (field == 10) terms.reward = 0;
        if (field == 11) terms.maxClaim = 0;
        if (field == 12) terms.disputeFee = terms.reward * terms.maxClaim + 1;
        if (field == 13) terms.arbitrator = stage.stranger();
        if (field == 14) terms.flags = 2;
        if (field == 15) {
            terms.operator = stage.operator();
            terms.operatorFee = terms.reward / 20 + 1;
            law = "law9_the_operator_fee_is_bounded";
        }
        bytes memory data = abi.encodeCall(ITaskEscrow.openBatch, (terms, bytes32("bad"), 1));
        if (stage.accountOf(from).owed < uint256(terms.reward) + terms.operatorFee) return;
        if (_call("requester_opens_badly", from, data)) stage.breach(law, vm.toString(field));
    }

    function requester_extends(uint256 seed, uint256 size) external acting {
        (bytes32 id,, BatchKey memory key) = stage.find(Wanted.Claimable, seed);
        if (id == 0) return;
        uint256 count = bound(size, 0, 2);
        if (count > 0) _deposit(key.requester, stage.unitOf(id) * count);
        bytes memory data = abi.encodeCall(ITaskEscrow.extendBatch, (key, uint24(count), keccak256("manifest 2")));
        _call("requester_extends", key.requester, data);
    }

    /// @dev Rare, or nothing else would happen.
    function requester_closes(uint256 seed) external acting {
        (bytes32 id,, BatchKey memory key) = stage.find(Wanted.Anything, seed);
        if (id == 0 || (seed >> 16) % 8 != 0) return;
        _call("requester_closes", key.requester, abi.encodeCall(ITaskEscrow.closeBatch, (key)));
    }

    /// @dev Takes out everything, so that fees cannot be locked from the account.
    function requester_empties_its_account(uint256 seed) external acting {
        address from = stage.requester(seed);
        uint256 amount = stage.accountOf(from).owed;
        if (amount == 0) return;
        _callMoney("requester_empties", from, from, abi.encodeCall(ITaskEscrow.withdraw, (amount, from)));
    }

    function requester_gives_a_bonus(uint256 seed, uint96 amount) external acting {
        (bytes32 id, address worker, BatchKey memory key) = stage.find(Wanted.Anything, seed);
        if (id == 0) return;
        amount = uint96(bound(amount, 1, 1_000));
        _call(
            "requester_bonus", key.requester, abi.encodeCall(ITaskEscrow.bonus, (key, worker, amount, bytes32("well")))
        );
    }

    function requester_approves_the_operator(uint256 seed, uint256 cap) external acting {
        Terms memory terms = stage.termsOf(seed);
        bytes memory data = abi.encodeCall(
            ITaskEscrow.approveOperator,
            (
                stage.operator(),
                uint96(bound(cap, 0, 4 * stage.purse())),
                uint96(bound(cap >> 96, 0, 500)),
                uint40(stage.clock() + bound(cap >> 200, 0, 9 days)),
                terms.reviewer,
                terms.arbitrator
            )
        );
        _call("requester_approves", stage.requester(seed >> 8), data);
    }

    function requester_overturns(uint256 seed, uint256 count) external acting {
        (bytes32 id, address worker, BatchKey memory key) = stage.find(Wanted.Contestable, seed);
        if (id == 0) return;
        uint16 some = uint16(bound(count, 1, 3));
        _call("requester_overturns", key.requester, abi.encodeCall(ITaskEscrow.overturn, (key, worker, some)));
    }
}
