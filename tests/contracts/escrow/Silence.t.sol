// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ITaskEscrowErrors as Errors} from "../../../contracts/interfaces/ITaskEscrowErrors.sol";
import {ITaskEscrowEvents as Events} from "../../../contracts/interfaces/ITaskEscrowEvents.sol";
import {BatchKey, PaidReason} from "../../../contracts/libraries/EscrowTypes.sol";
import {Books} from "../base/Books.sol";
import {MessageHashes} from "../base/MessageHashes.sol";

/// `payOverdue`, `overturn`, `overturnBySig`, `releaseRejected`.
contract SilenceTest is Books {
    BatchKey internal key;

    function setUp() public override {
        super.setUp();
        key = open(defaultTerms(), 10);
        watchBatch(key, 10);
        claim(key, worker, 8);
        submit(key, worker, 4);
    }

    function rejectAll() internal {
        fund(requester, DISPUTE_FEE);
        settle(key, worker, 0, 4);
    }

    function expectNotOverdue(address of_) internal {
        bytes32 batchId = escrow.batchIdOf(key);
        vm.expectRevert(abi.encodeWithSelector(Errors.TaskEscrow_NotOverdue.selector, batchId, of_));
    }

    function overturnSignature(uint16 decided, uint16 contestable, uint16 count) internal view returns (bytes memory) {
        return signed(
            REVIEWER_KEY,
            MessageHashes.overturn(
                MessageHashes.OverturnMessage(escrow.batchIdOf(key), worker, decided, contestable, count)
            )
        );
    }

    // payOverdue
    function test_silence_pays_the_lot_returns_the_operator_fee_and_raises_no_record() public {
        vm.warp(block.timestamp + 3 days + 1);
        bytes32 batchId = escrow.batchIdOf(key);
        vm.expectEmit(address(escrow));
        emit Events.PaidOverdue(batchId, worker, 4);
        vm.expectEmit(address(escrow));
        emit Events.Paid(batchId, worker, 4, 4 * uint256(REWARD), PaidReason.Silence);
        vm.expectEmit(address(escrow));
        emit Events.FeeReturned(batchId, requester, 4 * uint256(OPERATOR_FEE));
        vm.prank(stranger);
        escrow.payOverdue(key, worker);
        assertOwed(worker, 4 * REWARD, "paid");
        assertOwed(operator, 0, "a silent gateway earns nothing");
        assertOwed(requester, 4 * OPERATOR_FEE, "its fee went back");
        assertEq(account(worker).accepted, 0, "no record");
        assertEq(tally(key, worker).decided, 4, "decided");
        assertBooks();
    }

    function test_silence_pays_old_and_young_lot_each_at_its_time() public {
        vm.warp(block.timestamp + 1 hours);
        submit(key, worker, 3);
        vm.warp(block.timestamp + 3 days - 1 hours + 1);
        escrow.payOverdue(key, worker);
        assertOwed(worker, 4 * REWARD, "the old lot alone");
        expectNotOverdue(worker);
        escrow.payOverdue(key, worker);
        vm.warp(block.timestamp + 1 hours);
        escrow.payOverdue(key, worker);
        assertOwed(worker, 7 * REWARD, "then the young one");
        assertBooks();
    }

    function test_silence_pays_both_lots_at_once_when_both_are_over() public {
        vm.warp(block.timestamp + 1 hours);
        submit(key, worker, 3);
        vm.warp(block.timestamp + 3 days + 1);
        escrow.payOverdue(key, worker);
        assertOwed(worker, 7 * REWARD, "both");
        assertBooks();
    }

    function test_nothing_overdue_cannot_be_paid() public {
        expectNotOverdue(worker);
        escrow.payOverdue(key, worker);
        expectNotOverdue(stranger);
        escrow.payOverdue(key, stranger);
        vm.warp(block.timestamp + 3 days + 1);
        escrow.payOverdue(key, worker);
        expectNotOverdue(worker);
        escrow.payOverdue(key, worker);
    }

    function test_claimed_work_is_never_paid_by_silence() public {
        claim(key, second, 2);
        vm.warp(block.timestamp + 60 days);
        expectNotOverdue(second);
        escrow.payOverdue(key, second);
    }

    // overturn
    function test_reviewer_or_requester_take_rejections_back_and_the_lock_returns_with_the_last() public {
        rejectAll();
        bytes32 batchId = escrow.batchIdOf(key);
        vm.expectEmit(address(escrow));
        emit Events.Overturned(batchId, worker, 3, requester);
        vm.expectEmit(address(escrow));
        emit Events.Paid(batchId, worker, 3, 3 * uint256(REWARD), PaidReason.Overturned);
        vm.prank(requester);
        escrow.overturn(key, worker, 3);
        assertLocked(key, DISPUTE_FEE);
        vm.expectEmit(address(escrow));
        emit Events.FeeReleased(batchId, worker, requester, DISPUTE_FEE);
        vm.prank(reviewer);
        escrow.overturn(key, worker, 1);
        assertLocked(key, 0);
        assertOwed(worker, 4 * REWARD, "paid");
        assertOwed(operator, 4 * OPERATOR_FEE, "and the operator");
        assertOwed(requester, DISPUTE_FEE, "the lock is back");
        assertEq(account(worker).accepted, 4, "record");
        assertEq(account(worker).rejected, 0, "record");
        assertCounts(key, [uint256(2), 4, 0, 0, 0], 4, 0);
        assertBooks();
    }

    function test_more_than_is_contestable_cannot_be_overturned() public {
        rejectAll();
        vm.startPrank(reviewer);
        expectError(Errors.TaskEscrow_NotEnoughContestable.selector, 4, 5);
        escrow.overturn(key, worker, 5);
        expectError(Errors.TaskEscrow_ZeroAmount.selector);
        escrow.overturn(key, worker, 0);
    }

    function test_nobody_else_overturns() public {
        rejectAll();
        address[4] memory list = [worker, operator, arbitrator, stranger];
        for (uint256 i = 0; i < 4; ++i) {
            vm.prank(list[i]);
            expectError(Errors.TaskEscrow_NotAllowed.selector, list[i]);
            escrow.overturn(key, worker, 1);
        }
    }

    function test_an_overturn_never_touches_a_disputed_lot() public {
        rejectAll();
        fund(worker, DISPUTE_FEE);
        watchDispute(nextDisputeId(key, worker));
        dispute(key, worker, 3);
        vm.startPrank(reviewer);
        expectError(Errors.TaskEscrow_NotEnoughContestable.selector, 1, 2);
        escrow.overturn(key, worker, 2);
        escrow.overturn(key, worker, 1);
        assertEq(tally(key, worker).disputed, 3, "untouched");
        assertLocked(key, DISPUTE_FEE);
        assertBooks();
    }

    function test_a_late_overturn_still_pays_until_the_money_is_released() public {
        rejectAll();
        vm.warp(block.timestamp + 30 days);
        vm.prank(requester);
        escrow.overturn(key, worker, 4);
        assertOwed(worker, 4 * REWARD, "paid");
        assertBooks();
    }

    // overturnBySig
    function test_a_signed_overturn_works_once() public {
        rejectAll();
        bytes memory signature = overturnSignature(4, 4, 1);
        vm.startPrank(stranger);
        escrow.overturnBySig(key, worker, 4, 4, 1, signature);
        assertOwed(worker, REWARD, "paid");
        expectError(Errors.TaskEscrow_CountsChanged.selector, 4, 3);
        escrow.overturnBySig(key, worker, 4, 4, 1, signature);
    }

    function test_a_signed_overturn_needs_the_counts_it_names() public {
        rejectAll();
        bytes memory signature = overturnSignature(3, 4, 1);
        expectError(Errors.TaskEscrow_CountsChanged.selector, 4, 4);
        escrow.overturnBySig(key, worker, 3, 4, 1, signature);
        expectError(Errors.TaskEscrow_SignatureInvalid.selector, reviewer);
        escrow.overturnBySig(key, worker, 4, 4, 1, signature);
    }

    // releaseRejected
    function test_uncontested_rejections_are_free_after_the_window_and_the_lock_returns() public {
        rejectAll();
        vm.warp(block.timestamp + 4 days + 1);
        bytes32 batchId = escrow.batchIdOf(key);
        vm.expectEmit(address(escrow));
        emit Events.RejectionReleased(batchId, worker, 4);
        vm.expectEmit(address(escrow));
        emit Events.FeeReleased(batchId, worker, requester, DISPUTE_FEE);
        vm.prank(stranger);
        escrow.releaseRejected(key, workers(worker));
        assertCounts(key, [uint256(6), 4, 0, 0, 0], 0, 0);
        assertOwed(requester, DISPUTE_FEE, "the lock");
        assertEq(account(worker).rejected, 4, "the record stays");
        assertBooks();
    }

    function test_a_release_passes_over_who_has_nothing_or_time_left_or_a_dispute() public {
        rejectAll();
        fund(worker, DISPUTE_FEE);
        address[] memory list = new address[](3);
        (list[0], list[1], list[2]) = (stranger, worker, worker);
        escrow.releaseRejected(key, list);
        assertEq(tally(key, worker).contestable, 4, "in its window");
        watchDispute(nextDisputeId(key, worker));
        dispute(key, worker, 1);
        vm.warp(block.timestamp + 4 days + 1);
        escrow.releaseRejected(key, list);
        assertEq(tally(key, worker).contestable, 3, "waits for the ruling");
        assertBooks();
    }

    function test_a_worker_listed_twice_is_released_once() public {
        rejectAll();
        vm.warp(block.timestamp + 4 days + 1);
        address[] memory list = new address[](2);
        (list[0], list[1]) = (worker, worker);
        escrow.releaseRejected(key, list);
        assertCounts(key, [uint256(6), 4, 0, 0, 0], 0, 0);
        assertBooks();
    }

    function test_these_calls_need_a_known_batch() public {
        key.salt = "none";
        vm.expectPartialRevert(Errors.TaskEscrow_BatchUnknown.selector);
        escrow.payOverdue(key, worker);
        vm.expectPartialRevert(Errors.TaskEscrow_BatchUnknown.selector);
        escrow.overturn(key, worker, 1);
        vm.expectPartialRevert(Errors.TaskEscrow_BatchUnknown.selector);
        escrow.overturnBySig(key, worker, 0, 0, 1, "");
        vm.expectPartialRevert(Errors.TaskEscrow_BatchUnknown.selector);
        escrow.releaseRejected(key, workers(worker));
    }
}
