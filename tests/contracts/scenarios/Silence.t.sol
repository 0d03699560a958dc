// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ITaskEscrowEvents as Events} from "../../../contracts/interfaces/ITaskEscrowEvents.sol";
import {DirectPayment, Refusal, Terms, Verdict} from "../../../contracts/libraries/EscrowTypes.sol";
import {Scenario} from "./Scenario.sol";

/// Somebody stops answering, or leaves early.
contract SilenceScenarios is Scenario {
    // silence
    function test_the_reviewer_vanishes_after_submissions() public {
        begin(defaultTerms(), 10);
        claimAndSubmit(key, worker, 4);
        claimAndSubmit(key, second, 3);
        later(3 days + 1);
        vm.startPrank(stranger);
        escrow.payOverdue(key, worker);
        escrow.payOverdue(key, second);
        vm.stopPrank();
        assertEnd([7 * OPERATOR_FEE, 4 * uint256(REWARD), 3 * REWARD, 0, 0], 0, [uint256(3), 0, 0, 0, 0, 7, 0]);
        vm.warp(key.terms.claimBy + 1);
        escrow.refund(key);
        takeOut(worker);
        takeOut(second);
        takeOut(requester);
        assertEnd([uint256(0), 0, 0, 0, 0], 0, [uint256(0), 0, 0, 0, 0, 7, 3]);
        assertEq(token.balanceOf(address(escrow)), 0, "nothing is left behind");
        assertEq(account(worker).accepted + account(worker).rejected, 0, "silence makes no record");
    }

    function test_the_requester_closes_while_claims_are_out() public {
        begin(defaultTerms(), 10);
        claim(key, worker, 4);
        claim(key, second, 3);
        vm.prank(requester);
        escrow.closeBatch(key);
        assertEnd([3 * UNIT, uint256(0), 0, 0, 0], 0, [uint256(0), 7, 0, 0, 0, 0, 3]);
        submit(key, worker, 4);
        settle(key, worker, 4, 0);
        later(1 days + 1);
        escrow.expireClaims(key, workers(second));
        escrow.refund(key);
        assertEnd([6 * UNIT, 4 * uint256(REWARD), 0, 4 * OPERATOR_FEE, 0], 0, [uint256(0), 0, 0, 0, 0, 4, 6]);
    }

    function test_a_worker_claims_all_and_never_submits() public {
        begin(defaultTerms(), 20);
        claim(key, worker, 20);
        vm.prank(second);
        expectRefused(Refusal.NotEnoughFree);
        escrow.claim(key, 1, "", 1, noTicket());
        later(1 days + 1);
        escrow.expireClaims(key, workers(worker));
        claimAndSubmit(key, second, 20);
        settle(key, second, 20, 0);
        assertEnd([uint256(0), 0, 20 * uint256(REWARD), 20 * OPERATOR_FEE, 0], 0, [uint256(0), 0, 0, 0, 0, 20, 0]);
    }

    function test_a_worker_submits_a_little_every_day_under_a_silent_reviewer() public {
        begin(defaultTerms(), 20);
        uint256 paid = 0;
        for (uint256 day = 0; day < 10; ++day) {
            claimAndSubmit(key, worker, 1);
            later(1 days);
            try escrow.payOverdue(key, worker) {} catch {}
            uint256 done = escrow.owed(worker) / REWARD;
            assertTrue(done + 7 > day, "no submission waits longer than two windows for new ones behind it");
            assertTrue(done >= paid, "never less");
            paid = done;
        }
        later(3 days + 1);
        escrow.payOverdue(key, worker);
        assertEnd([10 * OPERATOR_FEE, 10 * uint256(REWARD), 0, 0, 0], 0, [uint256(10), 0, 0, 0, 0, 10, 0]);
    }

    // the last second
    function test_the_reviewer_rejects_one_second_after_the_window_in_the_block_of_pay_overdue() public {
        begin(defaultTerms(), 10);
        fund(requester, DISPUTE_FEE);
        claimAndSubmit(key, worker, 4);
        vm.warp(start + 3 days + 1);
        uint256 snapshot = vm.snapshotState();
        settle(key, worker, 0, 4);
        assertEq(tally(key, worker).decided, 0, "the rejection comes too late");
        escrow.payOverdue(key, worker);
        assertEnd([DISPUTE_FEE + 4 * OPERATOR_FEE, 4 * uint256(REWARD), 0, 0, 0], 0, [uint256(6), 0, 0, 0, 0, 4, 0]);
        vm.revertToState(snapshot);
        escrow.payOverdue(key, worker);
        settle(key, worker, 0, 4);
        assertEnd([DISPUTE_FEE + 4 * OPERATOR_FEE, 4 * uint256(REWARD), 0, 0, 0], 0, [uint256(6), 0, 0, 0, 0, 4, 0]);
        settleStale();
        assertEnd([DISPUTE_FEE + 4 * OPERATOR_FEE, 4 * uint256(REWARD), 0, 0, 0], 0, [uint256(6), 0, 0, 0, 0, 4, 0]);
    }

    /// @dev The verdict as it was drafted before silence paid.
    function settleStale() internal {
        Verdict[] memory list = new Verdict[](1);
        list[0] = Verdict(worker, 0, 0, 4);
        vm.expectEmit(address(escrow));
        emit Events.VerdictSkipped(escrow.batchIdOf(key), worker, 2, Refusal.VerdictStale);
        settle(key, list);
    }

    // the token
    function test_the_token_freezes_for_ever_and_everyones_books_still_add_up() public {
        begin(defaultTerms(), 20);
        fund(requester, DISPUTE_FEE);
        fund(worker, DISPUTE_FEE);
        claimAndSubmit(key, worker, 6);
        claimAndSubmit(key, second, 4);
        bytes memory code = address(token).code;
        vm.etch(address(token), hex"fe");
        vm.prank(worker);
        vm.expectRevert();
        escrow.withdraw(1, worker);
        settle(key, worker, 1, 5);
        uint256 id = contest(worker, 4);
        vm.prank(arbitrator);
        escrow.rule(id, 3);
        vm.prank(reviewer);
        escrow.overturn(key, worker, 1);
        later(3 days + 1);
        escrow.payOverdue(key, second);
        vm.prank(requester);
        escrow.closeBatch(key);
        vm.etch(address(token), code); // to look at its books alone
        // one reviewed, two ruled, one overturned; two upheld, so half the fee from the bond
        assertEnd(
            [
                DISPUTE_FEE / 2 + 2 * OPERATOR_FEE + 4 * OPERATOR_FEE + 12 * UNIT,
                4 * uint256(REWARD) + DISPUTE_FEE / 2,
                4 * REWARD,
                2 * OPERATOR_FEE,
                DISPUTE_FEE
            ],
            0,
            [uint256(0), 0, 0, 0, 0, 8, 12]
        );
    }

    // a direct batch
    function test_a_requester_that_closes_a_direct_batch_takes_nothing_back_from_claims() public {
        Terms memory terms = defaultTerms();
        terms.flags = 1;
        begin(terms, 10);
        claim(key, worker, 4);
        vm.prank(requester);
        escrow.closeBatch(key);
        DirectPayment[] memory direct = new DirectPayment[](1);
        direct[0] = DirectPayment(second, 7);
        vm.prank(reviewer);
        escrow.settle(key, 1, "r", new Verdict[](0), direct, "");
        assertOwed(second, 0, "more than is free is skipped");
        submit(key, worker, 4);
        settle(key, worker, 4, 0);
        later(3 days + 1);
        escrow.refund(key);
        assertEnd([6 * UNIT, 4 * uint256(REWARD), 0, 4 * OPERATOR_FEE, 0], 0, [uint256(0), 0, 0, 0, 0, 4, 6]);
    }
}
