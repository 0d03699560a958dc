// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {BatchKey, Terms} from "../../contracts/libraries/EscrowTypes.sol";
import {EscrowTest} from "./base/EscrowTest.sol";

/// Disputes, with every balance at each end.
contract DisputesTest is EscrowTest {
    BatchKey internal key;

    function setUp() public override {
        super.setUp();
        key = open(defaultTerms(), 10);
        fund(requester, DISPUTE_FEE);
        fund(worker, DISPUTE_FEE);
        claimAndSubmit(key, worker, 4);
        settle(key, worker, 1, 3);
    }

    function test_the_first_rejection_locks_one_fee_of_the_requester() public view {
        assertEq(escrow.owed(requester), 0, "the fee left the account");
        assertEq(escrow.lockedOf(escrow.batchIdOf(key)), DISPUTE_FEE, "it is locked");
        assertEq(tally(key, worker).contestable, 3, "three can be contested");
    }

    function test_a_ruling_splits_the_fee_and_pays_what_it_accepts() public {
        uint256 id = dispute(key, worker, 3);
        assertEq(escrow.owed(worker), REWARD, "the bond was taken");
        vm.prank(arbitrator);
        escrow.rule(id, 2 + 1);
        uint256 fromBond = uint256(DISPUTE_FEE) / 3;
        assertEq(escrow.owed(worker), 3 * REWARD + DISPUTE_FEE - fromBond, "paid, and the rest of the bond back");
        assertEq(escrow.owed(arbitrator), DISPUTE_FEE, "the arbitrator has its fee");
        assertEq(escrow.owed(requester), 2 * OPERATOR_FEE + fromBond, "operator fees and the rest of the lock");
        assertEq(escrow.lockedOf(escrow.batchIdOf(key)), 0, "nothing is locked");
        assertEq(batch(key).free, 6 + 1, "the upheld one is free again");
    }

    function test_silence_of_the_arbitrator_pays_the_worker_and_returns_both_fees() public {
        uint256 id = dispute(key, worker, 3);
        vm.warp(block.timestamp + 5 days + 1);
        escrow.ruleOverdue(id);
        assertEq(escrow.owed(worker), 4 * REWARD + DISPUTE_FEE, "paid and the bond back");
        assertEq(escrow.owed(requester), DISPUTE_FEE + 3 * OPERATOR_FEE, "lock and operator fees back");
        assertEq(escrow.owed(arbitrator), 0, "no ruling, no fee");
        assertEq(account(worker).accepted, 1, "no record changes");
        assertEq(account(worker).rejected, 0, "no record changes");
    }
}
