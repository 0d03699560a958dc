// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ITaskEscrowErrors as Errors} from "../../../contracts/interfaces/ITaskEscrowErrors.sol";
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
import {MessageHashes} from "../base/MessageHashes.sol";

/// `settle`: verdicts, direct payments, fees, fee locks, numbers.
contract ReviewsTest is Books {
    BatchKey internal key;
    DirectPayment[] internal noDirect;

    function setUp() public override {
        super.setUp();
        key = open(defaultTerms(), 10);
        watchBatch(key, 10);
        claimAndSubmit(key, worker, 4);
    }

    function verdict(address of_, uint16 before, uint16 accepted, uint16 rejected)
        internal
        pure
        returns (Verdict[] memory list)
    {
        list = new Verdict[](1);
        list[0] = Verdict(of_, before, accepted, rejected);
    }

    /// @dev The next settlement's only verdict must be skipped for `reason`, and money stay where it was.
    function skipped(Verdict memory v, Refusal reason) internal {
        bytes32 before = keccak256(abi.encode(tally(key, v.worker), account(v.worker), account(requester)));
        bytes32 batchId = escrow.batchIdOf(key);
        uint32 nonce = batch(key).settlements + 1;
        vm.expectEmit(address(escrow));
        emit Events.VerdictSkipped(batchId, v.worker, nonce, reason);
        settle(key, verdict(v.worker, v.decidedBefore, v.accepted, v.rejected));
        assertEq(
            keccak256(abi.encode(tally(key, v.worker), account(v.worker), account(requester))), before, "unchanged"
        );
        assertBooks();
    }

    // settle > when the reviewer accepts
    function test_acceptance_pays_worker_and_operator_and_raises_the_record() public {
        bytes32 batchId = escrow.batchIdOf(key);
        vm.expectEmit(address(escrow));
        emit Events.Settled(batchId, 1, keccak256("results"));
        vm.expectEmit(address(escrow));
        emit Events.Paid(batchId, worker, 4, 4 * uint256(REWARD), PaidReason.Reviewed);
        vm.expectEmit(address(escrow));
        emit Events.FeePaid(batchId, operator, 4 * uint256(OPERATOR_FEE));
        settle(key, worker, 4, 0);
        assertOwed(worker, 4 * REWARD, "reward");
        assertOwed(operator, 4 * OPERATOR_FEE, "fee");
        assertEq(account(worker).accepted, 4, "record");
        assertEq(account(worker).rejected, 0, "record");
        assertCounts(key, [uint256(6), 0, 0, 0, 0], 4, 0);
        assertEq(tally(key, worker).decided, 4, "decided");
        assertBooks();
    }

    // settle > when the reviewer rejects
    function test_rejection_locks_one_fee_and_opens_the_dispute_window() public {
        fund(requester, DISPUTE_FEE + 1);
        bytes32 batchId = escrow.batchIdOf(key);
        vm.expectEmit(address(escrow));
        emit Events.FeeLocked(batchId, worker, requester, DISPUTE_FEE);
        vm.expectEmit(address(escrow));
        emit Events.Rejected(batchId, worker, 3, keccak256("results"), uint40(block.timestamp + 4 days));
        settle(key, worker, 1, 3);
        assertOwed(requester, 1, "the lock came from the account");
        assertLocked(key, DISPUTE_FEE);
        assertEq(account(worker).rejected, 3, "record");
        assertEq(tally(key, worker).contestable, 3, "contestable");
        assertEq(tally(key, worker).contestEnd, block.timestamp + 4 days, "window");
        assertCounts(key, [uint256(6), 0, 0, 3, 0], 1, 0);
        assertBooks();
    }

    function test_one_fee_is_locked_for_each_worker_however_many_rejections() public {
        fund(requester, 2 * DISPUTE_FEE);
        settle(key, worker, 0, 1);
        settle(key, worker, 0, 1);
        assertLocked(key, DISPUTE_FEE);
        claimAndSubmit(key, second, 2);
        settle(key, second, 0, 2);
        assertLocked(key, 2 * DISPUTE_FEE);
        assertOwed(requester, 0, "two");
        assertBooks();
    }

    function test_a_short_account_is_filled_from_whole_free_assignments_with_change() public {
        fund(requester, 10);
        bytes32 batchId = escrow.batchIdOf(key);
        vm.expectEmit(address(escrow));
        emit Events.Refunded(batchId, requester, 1, UNIT);
        settle(key, worker, 0, 4);
        assertCounts(key, [uint256(5), 0, 0, 4, 0], 0, 1);
        assertOwed(requester, 10 + UNIT - DISPUTE_FEE, "change");
        assertLocked(key, DISPUTE_FEE);
        assertBooks();
    }

    function test_a_lock_of_exactly_two_assignments_takes_exactly_two() public {
        Terms memory terms = defaultTerms();
        (terms.disputeFee, terms.manifest) = (uint96(2 * UNIT), "exact");
        key = open(terms, 10);
        watchBatch(key, 10);
        claimAndSubmit(key, worker, 4);
        settle(key, worker, 0, 4);
        assertCounts(key, [uint256(4), 0, 0, 4, 0], 0, 2);
        assertOwed(requester, 0, "no change");
        assertLocked(key, 2 * UNIT);
        assertBooks();
    }

    function test_a_lock_of_one_unit_more_takes_one_more_and_needs_it() public {
        Terms memory terms = defaultTerms();
        (terms.disputeFee, terms.manifest) = (uint96(2 * UNIT + 1), "one more");
        key = open(terms, 6);
        watchBatch(key, 6);
        claimAndSubmit(key, worker, 4);
        skipped(Verdict(worker, 0, 0, 4), Refusal.FeeNotLockable);
        fund(requester, 1);
        settle(key, worker, 0, 4);
        assertCounts(key, [uint256(0), 0, 0, 4, 0], 0, 2);
        assertOwed(requester, 0, "all of it");
        assertBooks();
    }

    function testFuzz_a_lock_takes_no_more_free_assignments_than_it_needs(uint96 held, uint96 fee) public {
        Terms memory terms = defaultTerms();
        terms.disputeFee = uint96(bound(fee, 1, 20 * REWARD));
        terms.manifest = "lock";
        key = open(terms, 30);
        watchBatch(key, 30);
        fund(requester, bound(held, 1, 25 * REWARD));
        uint256 before = escrow.owed(requester);
        claimAndSubmit(key, worker, 4);
        settle(key, worker, 0, 4);
        uint256 refunded = batch(key).refunded;
        assertLocked(key, terms.disputeFee);
        assertOwed(requester, before + refunded * UNIT - terms.disputeFee, "what is left");
        if (refunded > 0) assertTrue(escrow.owed(requester) < UNIT, "not one too many");
        else assertTrue(before >= terms.disputeFee, "the account alone");
        assertBooks();
    }

    function test_when_account_and_free_money_are_short_the_verdict_alone_is_skipped() public {
        claimAndSubmit(key, second, 6);
        Verdict[] memory list = new Verdict[](2);
        list[0] = Verdict(worker, 0, 1, 3);
        list[1] = Verdict(second, 0, 6, 0);
        vm.expectEmit(address(escrow));
        emit Events.VerdictSkipped(escrow.batchIdOf(key), worker, 1, Refusal.FeeNotLockable);
        settle(key, list);
        assertEq(tally(key, worker).decided, 0, "skipped whole");
        assertOwed(second, 6 * REWARD, "the other applies");
        assertLocked(key, 0);
        vm.warp(block.timestamp + 3 days + 1);
        escrow.payOverdue(key, worker);
        assertOwed(worker, 4 * REWARD, "silence pays it");
        assertBooks();
    }

    function test_without_a_dispute_fee_nothing_is_locked() public {
        Terms memory terms = defaultTerms();
        (terms.disputeFee, terms.manifest) = (0, "free");
        key = open(terms, 4);
        watchBatch(key, 4);
        claimAndSubmit(key, worker, 4);
        settle(key, worker, 0, 4);
        assertLocked(key, 0);
        assertEq(tally(key, worker).flags, 0, "no lock");
        assertBooks();
    }

    // settle > when a verdict does not fit
    function test_a_stale_verdict_is_skipped() public {
        settle(key, worker, 1, 0);
        skipped(Verdict(worker, 0, 1, 0), Refusal.VerdictStale);
        skipped(Verdict(worker, 2, 1, 0), Refusal.VerdictStale);
    }

    function testFuzz_a_verdict_applies_only_to_the_decided_count_it_names(uint16 before) public {
        vm.assume(before != 0);
        skipped(Verdict(worker, before, 1, 0), Refusal.VerdictStale);
    }

    function test_a_verdict_on_nothing_is_skipped() public {
        skipped(Verdict(worker, 0, 0, 0), Refusal.NothingAsked);
    }

    function testFuzz_a_verdict_larger_than_what_is_submitted_is_skipped(uint16 accepted, uint16 rejected) public {
        vm.assume(uint256(accepted) + rejected > 4);
        fund(requester, DISPUTE_FEE);
        skipped(Verdict(worker, 0, accepted, rejected), Refusal.VerdictTooLarge);
    }

    function test_claimed_but_unsubmitted_work_is_never_settled() public {
        claim(key, second, 3);
        skipped(Verdict(second, 0, 3, 0), Refusal.VerdictTooLarge);
    }

    function test_after_the_review_window_nothing_can_be_decided() public {
        vm.warp(block.timestamp + 3 days + 1);
        skipped(Verdict(worker, 0, 4, 0), Refusal.ReviewWindowOver);
        fund(requester, DISPUTE_FEE);
        skipped(Verdict(worker, 0, 0, 4), Refusal.ReviewWindowOver);
    }

    function test_the_same_worker_twice_in_one_settlement_counts_from_where_it_stands() public {
        Verdict[] memory list = new Verdict[](3);
        list[0] = Verdict(worker, 0, 1, 0);
        list[1] = Verdict(worker, 1, 2, 0);
        list[2] = Verdict(worker, 1, 1, 0);
        vm.expectEmit(address(escrow));
        emit Events.VerdictSkipped(escrow.batchIdOf(key), worker, 1, Refusal.VerdictStale);
        settle(key, list);
        assertOwed(worker, 3 * REWARD, "once each");
        assertBooks();
    }

    function testFuzz_verdicts_split_what_is_submitted(uint16 accepted, uint16 rejected) public {
        fund(requester, DISPUTE_FEE);
        (uint16 a, uint16 r) = (accepted % 6, rejected % 6);
        settle(key, worker, a, r);
        bool applies = a + r > 0 && a + r <= 4;
        assertEq(batch(key).submitted, applies ? 4 - a - r : 4, "submitted");
        assertEq(batch(key).accepted, applies ? a : 0, "accepted");
        assertEq(batch(key).contestable, applies ? r : 0, "contestable");
        assertOwed(worker, applies ? uint256(REWARD) * a : 0, "paid");
        assertOwed(operator, applies ? uint256(OPERATOR_FEE) * a : 0, "fee");
        assertBooks();
    }

    function test_a_rejection_without_a_results_digest_reverts_the_settlement() public {
        Verdict[] memory list = verdict(worker, 0, 0, 1);
        vm.startPrank(reviewer);
        expectError(Errors.TaskEscrow_ReasonMissing.selector);
        escrow.settle(key, 1, "", list, noDirect, "");
        list[0] = Verdict(worker, 0, 1, 0);
        escrow.settle(key, 1, "", list, noDirect, "");
        assertOwed(worker, REWARD, "acceptance needs none");
    }

    // settle > numbers
    function testFuzz_a_settlement_must_carry_the_next_number(uint32 nonce) public {
        settle(key, worker, 1, 0);
        vm.assume(nonce != 2);
        vm.prank(reviewer);
        expectError(Errors.TaskEscrow_SettlementNotNext.selector, nonce, 2);
        escrow.settle(key, nonce, "r", verdict(worker, 1, 1, 0), noDirect, "");
    }

    function test_a_settlement_of_an_unknown_batch_is_refused() public {
        key.salt = "none";
        vm.prank(reviewer);
        vm.expectPartialRevert(Errors.TaskEscrow_BatchUnknown.selector);
        escrow.settle(key, 1, "r", verdict(worker, 0, 1, 0), noDirect, "");
    }

    // settle > who
    function test_a_stranger_settles_nothing_without_the_reviewers_signature() public {
        vm.prank(stranger);
        expectError(Errors.TaskEscrow_SignatureInvalid.selector, reviewer);
        escrow.settle(key, 1, "r", verdict(worker, 0, 1, 0), noDirect, "");
    }

    function test_neither_requester_nor_operator_nor_arbitrator_settles() public {
        address[4] memory list = [requester, operator, arbitrator, worker];
        for (uint256 i = 0; i < 4; ++i) {
            vm.prank(list[i]);
            expectError(Errors.TaskEscrow_SignatureInvalid.selector, reviewer);
            escrow.settle(key, 1, "r", verdict(worker, 0, 1, 0), noDirect, "");
        }
    }

    function test_anyone_brings_the_reviewers_signature_once() public {
        Verdict[] memory list = verdict(worker, 0, 4, 0);
        bytes memory signature = signed(
            REVIEWER_KEY,
            MessageHashes.settlement(
                MessageHashes.SettlementMessage(escrow.batchIdOf(key), 1, "r", list, new DirectPayment[](0))
            )
        );
        vm.startPrank(stranger);
        escrow.settle(key, 1, "r", list, noDirect, signature);
        assertOwed(worker, 4 * REWARD, "paid");
        expectError(Errors.TaskEscrow_SettlementNotNext.selector, 1, 2);
        escrow.settle(key, 1, "r", list, noDirect, signature);
        expectError(Errors.TaskEscrow_SignatureInvalid.selector, reviewer);
        escrow.settle(key, 2, "r", list, noDirect, signature);
    }

    function test_a_reviewer_that_sends_a_wrong_signature_is_refused() public {
        vm.prank(reviewer);
        expectError(Errors.TaskEscrow_SignatureInvalid.selector, reviewer);
        escrow.settle(key, 1, "r", verdict(worker, 0, 1, 0), noDirect, "x");
    }
}
