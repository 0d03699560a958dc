// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ITaskEscrowErrors as Errors} from "../../../contracts/interfaces/ITaskEscrowErrors.sol";
import {ITaskEscrowEvents as Events} from "../../../contracts/interfaces/ITaskEscrowEvents.sol";
import {Packet, PacketKind, Refusal, Terms} from "../../../contracts/libraries/EscrowTypes.sol";
import {Scenario} from "./Scenario.sol";

/// The reviewer, the requester or the arbitrator does wrong.
contract RejectionScenarios is Scenario {
    // the requester
    function test_the_requester_rejects_everything_and_keeps_the_work() public {
        begin(defaultTerms(), 20);
        fund(requester, DISPUTE_FEE);
        fund(worker, DISPUTE_FEE);
        claimAndSubmit(key, worker, 10);
        settle(key, worker, 0, 10);
        assertEnd([uint256(0), DISPUTE_FEE, 0, 0, 0], DISPUTE_FEE, [uint256(10), 0, 0, 10, 0, 0, 0]);
        uint256 id = contest(worker, 10);
        vm.prank(arbitrator);
        escrow.rule(id, 10 + 1);
        // It paid for the work, and for the dispute on top: nothing was gained.
        assertEnd(
            [10 * uint256(OPERATOR_FEE), 10 * uint256(REWARD) + DISPUTE_FEE, 0, 0, DISPUTE_FEE],
            0,
            [uint256(10), 0, 0, 0, 0, 10, 0]
        );
        assertEq(account(requester).disputesLost, 10, "and its record says so");
        assertEq(account(worker).rejected, 0, "the worker's does not");
    }

    function test_the_requester_rejects_everything_and_nobody_disputes() public {
        begin(defaultTerms(), 20);
        fund(requester, DISPUTE_FEE);
        claimAndSubmit(key, worker, 10);
        settle(key, worker, 0, 10);
        later(4 days + 1);
        escrow.releaseRejected(key, workers(worker));
        vm.prank(requester);
        escrow.closeBatch(key);
        assertEnd([20 * UNIT + DISPUTE_FEE, 0, 0, 0, 0], 0, [uint256(0), 0, 0, 0, 0, 0, 20]);
        assertEq(account(worker).rejected, 10, "undisputed wrong rejections can pay; the rate shows");
    }

    function test_the_requesters_account_is_emptied_before_it_can_lock_the_fee() public {
        begin(defaultTerms(), 4);
        fund(requester, DISPUTE_FEE);
        claimAndSubmit(key, worker, 4);
        takeOut(requester);
        vm.expectEmit(address(escrow));
        emit Events.VerdictSkipped(escrow.batchIdOf(key), worker, 1, Refusal.FeeNotLockable);
        settle(key, worker, 1, 3);
        assertEnd([uint256(0), 0, 0, 0, 0], 0, [uint256(0), 0, 4, 0, 0, 0, 0]);
        settle(key, worker, 1, 0);
        assertEnd([uint256(0), REWARD, 0, OPERATOR_FEE, 0], 0, [uint256(0), 0, 3, 0, 0, 1, 0]);
        later(3 days + 1);
        escrow.payOverdue(key, worker);
        assertEnd(
            [3 * uint256(OPERATOR_FEE), 4 * uint256(REWARD), 0, OPERATOR_FEE, 0], 0, [uint256(0), 0, 0, 0, 0, 4, 0]
        );
    }

    function test_the_requester_sweeps_the_worker_right_before_its_dispute() public {
        begin(defaultTerms(), 20);
        fund(requester, DISPUTE_FEE);
        fund(worker, DISPUTE_FEE);
        fund(stranger, DISPUTE_FEE);
        vm.prank(worker);
        escrow.setSweep(true);
        claimAndSubmit(key, worker, 4);
        settle(key, worker, 0, 4);
        uint256 id = nextDisputeId(key, worker);
        watchDispute(id);
        Packet memory p = signedPacket(packet(PacketKind.Dispute, key, 4), key);
        vm.prank(requester);
        escrow.sweep(workers(worker));
        vm.expectEmit(address(escrow));
        emit Events.PacketSkipped(escrow.batchIdOf(key), worker, p.sequence, Refusal.BondShort);
        relay(key, p);
        // The bond is in the worker's wallet now. The packet is not used up: a sponsor can bring it.
        vm.prank(stranger);
        escrow.sponsorDispute(key, p);
        vm.prank(arbitrator);
        escrow.rule(id, 4 + 1);
        assertOwed(stranger, DISPUTE_FEE, "the sponsor's bond is back");
        assertEq(token.balanceOf(worker), DISPUTE_FEE, "swept");
        assertEnd(
            [4 * uint256(OPERATOR_FEE), 4 * uint256(REWARD), 0, 0, DISPUTE_FEE], 0, [uint256(16), 0, 0, 0, 0, 4, 0]
        );
    }

    // the reviewer
    function test_two_workers_collude_with_the_reviewer() public {
        begin(defaultTerms(), 40);
        fund(requester, DISPUTE_FEE);
        address honest = address(0x1045);
        watch(honest);
        fund(honest, DISPUTE_FEE);
        claimAndSubmit(key, worker, 10);
        claimAndSubmit(key, second, 10);
        claimAndSubmit(key, honest, 10);
        settle(key, worker, 10, 0);
        settle(key, second, 10, 0);
        settle(key, honest, 0, 10);
        // They are paid what was set aside for their assignments and not a unit more; the honest one appeals.
        uint256 id = contest(honest, 10);
        vm.prank(arbitrator);
        escrow.rule(id, 10 + 1);
        assertOwed(honest, 10 * REWARD + DISPUTE_FEE, "the honest worker");
        assertEnd(
            [
                10 * uint256(OPERATOR_FEE),
                10 * uint256(REWARD),
                10 * uint256(REWARD),
                20 * uint256(OPERATOR_FEE),
                DISPUTE_FEE
            ],
            0,
            [uint256(10), 0, 0, 0, 0, 30, 0]
        );
    }

    function test_the_reviewers_key_leaks() public {
        begin(defaultTerms(), 20);
        fund(requester, DISPUTE_FEE);
        address thief = address(0x7417F);
        watch(thief);
        claimAndSubmit(key, worker, 4);
        // With the key a thief can have its own work accepted, reject others' and overturn; it cannot move money freely.
        claimAndSubmit(key, thief, 5);
        settle(key, thief, 5, 0);
        settle(key, worker, 0, 4);
        vm.startPrank(reviewer);
        expectError(Errors.TaskEscrow_NotAllowed.selector, reviewer);
        escrow.closeBatch(key);
        vm.expectRevert(abi.encodeWithSelector(Errors.TaskEscrow_OperatorNotApproved.selector, requester, reviewer));
        escrow.bonus(key, thief, 1, "");
        vm.stopPrank();
        // The requester closes at once and takes the worker's rejections back.
        vm.startPrank(requester);
        escrow.closeBatch(key);
        escrow.overturn(key, worker, 4);
        vm.stopPrank();
        assertOwed(thief, 5 * REWARD, "what it claimed and submitted, no more");
        assertEnd(
            [11 * UNIT + DISPUTE_FEE, 4 * uint256(REWARD), 0, 9 * uint256(OPERATOR_FEE), 0],
            0,
            [uint256(0), 0, 0, 0, 0, 9, 11]
        );
    }

    // the arbitrator
    function test_the_arbitrator_never_answers() public {
        begin(defaultTerms(), 20);
        fund(requester, DISPUTE_FEE);
        fund(worker, DISPUTE_FEE);
        claimAndSubmit(key, worker, 10);
        settle(key, worker, 2, 8);
        uint256 id = contest(worker, 8);
        assertEnd([uint256(0), 2 * REWARD, 0, 2 * OPERATOR_FEE, 0], DISPUTE_FEE, [uint256(10), 0, 0, 0, 8, 2, 0]);
        later(5 days + 1);
        escrow.ruleOverdue(id);
        assertEnd(
            [
                8 * uint256(OPERATOR_FEE) + DISPUTE_FEE,
                10 * uint256(REWARD) + DISPUTE_FEE,
                0,
                2 * uint256(OPERATOR_FEE),
                0
            ],
            0,
            [uint256(10), 0, 0, 0, 0, 10, 0]
        );
        assertEq(account(worker).accepted, 2, "no record changes");
        assertEq(account(worker).rejected, 0, "and none is against the worker");
        assertEq(account(requester).disputesLost, 0, "nor against the requester");
    }

    function test_the_arbitrator_rules_99_of_100() public {
        Terms memory terms = defaultTerms();
        terms.maxClaim = 100;
        terms.disputeFee = 100 * REWARD - 1;
        begin(terms, 100);
        fund(requester, terms.disputeFee);
        fund(worker, terms.disputeFee);
        claimAndSubmit(key, worker, 100);
        settle(key, worker, 0, 100);
        uint256 id = contest(worker, 100);
        vm.prank(arbitrator);
        escrow.rule(id, 99 + 1);
        uint256 fee = terms.disputeFee;
        uint256 fromBond = fee / 100;
        assertEnd(
            [99 * uint256(OPERATOR_FEE) + fromBond, 99 * uint256(REWARD) + fee - fromBond, 0, 0, fee],
            0,
            [uint256(1), 0, 0, 0, 0, 99, 0]
        );
        assertEq(account(worker).disputesWon, 99, "won");
        assertEq(account(worker).disputesLost, 1, "lost");
        assertEq(account(requester).disputesLost, 99, "the other way round");
        assertEq(account(requester).disputesWon, 1, "the other way round");
    }

    function test_later_rejections_arrive_during_the_dispute() public {
        begin(defaultTerms(), 20);
        fund(requester, DISPUTE_FEE);
        fund(worker, 2 * uint256(DISPUTE_FEE));
        claim(key, worker, 10);
        submit(key, worker, 4);
        settle(key, worker, 0, 4);
        uint256 id = contest(worker, 4);
        submit(key, worker, 6);
        settle(key, worker, 0, 6);
        assertEnd([uint256(0), DISPUTE_FEE, 0, 0, 0], DISPUTE_FEE, [uint256(10), 0, 0, 6, 4, 0, 0]);
        later(4 days + 1);
        escrow.releaseRejected(key, workers(worker));
        assertEq(tally(key, worker).contestable, 6, "they wait for the ruling");
        vm.prank(arbitrator);
        escrow.rule(id, 4 + 1);
        // The lock went to the arbitrator; operator fees that came back and a free assignment fill it up for the six.
        assertEnd(
            [
                4 * uint256(OPERATOR_FEE) + UNIT - DISPUTE_FEE,
                4 * uint256(REWARD) + 2 * uint256(DISPUTE_FEE),
                0,
                0,
                DISPUTE_FEE
            ],
            DISPUTE_FEE,
            [uint256(9), 0, 0, 6, 0, 4, 1]
        );
        uint256 next = contest(worker, 6);
        vm.prank(arbitrator);
        escrow.rule(next, 1);
        assertEnd(
            [4 * uint256(OPERATOR_FEE) + UNIT, 4 * uint256(REWARD) + DISPUTE_FEE, 0, 0, 2 * uint256(DISPUTE_FEE)],
            0,
            [uint256(15), 0, 0, 0, 0, 4, 1]
        );
    }
}
