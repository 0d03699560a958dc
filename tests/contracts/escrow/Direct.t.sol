// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ITaskEscrowEvents as Events} from "../../../contracts/interfaces/ITaskEscrowEvents.sol";
import {
    BatchKey,
    DirectPayment,
    PaidReason,
    Refusal,
    Terms,
    Verdict
} from "../../../contracts/libraries/EscrowTypes.sol";
import {Books} from "../base/Books.sol";

/// Direct payments of a settlement: without a claim, from free money only.
contract DirectTest is Books {
    BatchKey internal key;

    function setUp() public override {
        super.setUp();
        Terms memory terms = defaultTerms();
        terms.flags = 1;
        key = open(terms, 10);
        watchBatch(key, 10);
    }

    function pay(BatchKey memory key_, address to, uint16 count) internal {
        DirectPayment[] memory direct = new DirectPayment[](1);
        direct[0] = DirectPayment(to, count);
        uint32 nonce = batch(key_).settlements + 1;
        vm.prank(reviewer);
        escrow.settle(key_, nonce, "r", new Verdict[](0), direct, "");
    }

    function skipped(BatchKey memory key_, address to, uint16 count, Refusal reason) internal {
        uint256 before = escrow.owed(to);
        bytes32 batchId = escrow.batchIdOf(key_);
        uint32 nonce = batch(key_).settlements + 1;
        vm.expectEmit(address(escrow));
        emit Events.VerdictSkipped(batchId, to, nonce, reason);
        pay(key_, to, count);
        assertOwed(to, before, "nothing");
    }

    // direct > when the terms say so
    function test_a_direct_payment_pays_from_free_money_and_raises_no_record() public {
        vm.expectEmit(address(escrow));
        emit Events.Paid(escrow.batchIdOf(key), worker, 3, 3 * uint256(REWARD), PaidReason.Direct);
        pay(key, worker, 3);
        assertOwed(worker, 3 * REWARD, "paid");
        assertOwed(operator, 3 * OPERATOR_FEE, "reviewed, so the operator's fee too");
        assertEq(account(worker).accepted, 0, "no record");
        assertEq(tally(key, worker).decided, 0, "no tally");
        assertCounts(key, [uint256(7), 0, 0, 0, 0], 3, 0);
        assertBooks();
    }

    function test_a_direct_payment_never_takes_claimed_money() public {
        claim(key, second, 8);
        skipped(key, worker, 3, Refusal.NotEnoughFree);
        pay(key, worker, 2);
        submit(key, second, 8);
        settle(key, second, 8, 0);
        assertOwed(second, 8 * REWARD, "its money was there");
    }

    function testFuzz_direct_payments_are_bounded_by_free_money(uint16 one, uint16 two) public {
        pay(key, worker, one % 14);
        pay(key, second, two % 14);
        uint256 first = one % 14 <= 10 ? one % 14 : 0;
        uint256 then = two % 14 <= 10 - first ? two % 14 : 0;
        assertOwed(worker, first * REWARD, "first");
        assertOwed(second, then * REWARD, "second");
        assertBooks();
    }

    function test_a_direct_payment_of_nothing_or_to_nobody_is_skipped() public {
        skipped(key, worker, 0, Refusal.NothingAsked);
        skipped(key, address(0), 1, Refusal.NothingAsked);
    }

    // direct > when they do not
    function test_without_the_flag_nobody_is_paid_directly() public {
        BatchKey memory plain = open(defaultTerms(), 5);
        watchBatch(plain, 5);
        skipped(plain, worker, 1, Refusal.DirectNotAllowed);
        assertBooks();
    }

    // direct > after closing
    function test_work_already_done_is_paid_within_the_grace_after_closing() public {
        vm.prank(requester);
        escrow.closeBatch(key);
        vm.warp(block.timestamp + key.terms.reviewWindow);
        pay(key, worker, 3);
        vm.warp(block.timestamp + 1);
        escrow.refund(key);
        skipped(key, worker, 1, Refusal.NotEnoughFree);
        assertOwed(requester, 7 * UNIT, "the rest");
        assertBooks();
    }
}
