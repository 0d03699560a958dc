// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ITaskEscrowErrors as Errors} from "../../../contracts/interfaces/ITaskEscrowErrors.sol";
import {ITaskEscrowEvents as Events} from "../../../contracts/interfaces/ITaskEscrowEvents.sol";
import {Batch, BatchKey, Terms} from "../../../contracts/libraries/EscrowTypes.sol";
import {Books} from "../base/Books.sol";

/// `openBatch`, `extendBatch`, `closeBatch`, `refund` and the views of a batch.
contract BatchesTest is Books {
    uint24 internal constant MAX = type(uint24).max;

    function openTen() internal returns (BatchKey memory key) {
        return openWatched(defaultTerms(), 10);
    }

    function openWatched(Terms memory terms, uint24 assignments) internal returns (BatchKey memory key) {
        key = open(terms, assignments);
        watchBatch(key, assignments);
    }

    function expectUnknown(BatchKey memory key) internal {
        bytes32 batchId = escrow.batchIdOf(key);
        vm.expectRevert(abi.encodeWithSelector(Errors.TaskEscrow_BatchUnknown.selector, batchId));
    }

    function expectBatchError(bytes4 selector, BatchKey memory key) internal {
        bytes32 batchId = escrow.batchIdOf(key);
        vm.expectRevert(abi.encodeWithSelector(selector, batchId));
    }

    // openBatch > when the balance covers it
    function test_opening_moves_the_whole_cost_and_logs_every_term() public {
        Terms memory terms = defaultTerms();
        fund(requester, 10 * UNIT + 3);
        BatchKey memory key = BatchKey(requester, "s", terms);
        bytes32 batchId = escrow.batchIdOf(key);
        vm.expectEmit(address(escrow));
        emit Events.BatchOpened(batchId, requester, operator, "s", 10, 10 * UNIT, terms);
        vm.prank(requester);
        assertEq(escrow.openBatch(terms, "s", 10), batchId, "the id");
        watchBatch(key, 10);
        assertOwed(requester, 3, "what is left");
        assertCounts(key, [uint256(10), 0, 0, 0, 0], 0, 0);
        Batch memory b = batch(key);
        assertEq(b.versions, 1, "one manifest");
        assertEq(b.settlements, 0, "no settlement");
        assertEq(b.closedAt, 0, "open");
        assertEq(escrow.requesterOf(batchId), requester, "whose");
        assertBooks();
    }

    function test_the_id_is_the_hash_of_chain_escrow_requester_salt_and_terms() public view {
        Terms memory terms = defaultTerms();
        bytes32 expected = keccak256(
            abi.encode(block.chainid, address(escrow), requester, bytes32("s"), keccak256(abi.encode(terms)))
        );
        assertEq(escrow.batchIdOf(BatchKey(requester, "s", terms)), expected, "no counter in it");
    }

    function testFuzz_the_id_binds_chain_requester_and_salt(uint64 chain, address who, bytes32 salt) public {
        BatchKey memory key = BatchKey(requester, "s", defaultTerms());
        bytes32 batchId = escrow.batchIdOf(key);
        vm.assume(who != requester && salt != key.salt);
        key.requester = who;
        assertTrue(escrow.batchIdOf(key) != batchId, "requester");
        (key.requester, key.salt) = (requester, salt);
        assertTrue(escrow.batchIdOf(key) != batchId, "salt");
        key.salt = "s";
        uint256 other = bound(chain, 1, type(uint64).max - 1);
        vm.assume(other != block.chainid);
        vm.chainId(other);
        assertTrue(escrow.batchIdOf(key) != batchId, "chain");
    }

    // openBatch > when it cannot be
    function test_the_same_batch_cannot_be_opened_twice() public {
        BatchKey memory key = openTen();
        fund(requester, 10 * UNIT);
        expectBatchError(Errors.TaskEscrow_BatchExists.selector, key);
        vm.prank(requester);
        escrow.openBatch(key.terms, key.salt, 10);
    }

    function test_a_batch_that_ended_cannot_be_opened_again() public {
        BatchKey memory key = openTen();
        vm.prank(requester);
        escrow.closeBatch(key);
        expectBatchError(Errors.TaskEscrow_BatchExists.selector, key);
        vm.prank(requester);
        escrow.openBatch(key.terms, key.salt, 10);
    }

    function test_another_requester_opens_the_same_terms_and_salt_as_its_own() public {
        BatchKey memory key = openTen();
        fund(stranger, UNIT);
        vm.prank(stranger);
        bytes32 batchId = escrow.openBatch(key.terms, key.salt, 1);
        assertTrue(batchId != escrow.batchIdOf(key), "another batch");
    }

    function test_a_batch_without_assignments_cannot_be_opened() public {
        expectError(Errors.TaskEscrow_ZeroAmount.selector);
        escrow.openBatch(defaultTerms(), "s", 0);
    }

    function test_a_batch_cannot_be_opened_on_a_short_balance() public {
        fund(requester, 10 * UNIT - 1);
        vm.prank(requester);
        vm.expectRevert(
            abi.encodeWithSelector(Errors.TaskEscrow_InsufficientBalance.selector, requester, 10 * UNIT - 1, 10 * UNIT)
        );
        escrow.openBatch(defaultTerms(), "s", 10);
    }

    function testFuzz_what_a_batch_costs_is_reward_and_fee_times_count(uint64 reward, uint64 fee, uint16 count) public {
        Terms memory terms = defaultTerms();
        terms.reward = uint96(bound(reward, 20, type(uint64).max));
        terms.operatorFee = uint96(bound(fee, 0, terms.reward / 20));
        terms.disputeFee = 0;
        uint24 assignments = uint24(bound(count, 1, type(uint16).max));
        uint256 cost = (uint256(terms.reward) + terms.operatorFee) * assignments;
        fund(requester, cost);
        vm.prank(requester);
        escrow.openBatch(terms, "s", assignments);
        watchBatch(BatchKey(requester, "s", terms), assignments);
        assertOwed(requester, 0, "all of it");
        assertBooks();
    }

    function test_the_largest_batch_can_be_opened_worked_and_refunded() public {
        Terms memory terms = defaultTerms();
        (terms.reward, terms.operatorFee, terms.disputeFee) = (type(uint96).max / MAX, 0, 0);
        BatchKey memory key = openWatched(terms, MAX);
        claimAndSubmit(key, worker, 20);
        settle(key, worker, 20, 0);
        assertOwed(worker, uint256(terms.reward) * 20, "paid");
        vm.prank(requester);
        escrow.closeBatch(key);
        assertBooks();
    }

    // extendBatch > when the requester extends
    function test_an_extension_adds_money_and_a_manifest_version() public {
        BatchKey memory key = openTen();
        fund(requester, 5 * UNIT);
        vm.expectEmit(address(escrow));
        emit Events.BatchExtended(escrow.batchIdOf(key), requester, 2, "v2", 5, 5 * UNIT);
        vm.prank(requester);
        escrow.extendBatch(key, 5, "v2");
        moreFunded(key, 5);
        assertCounts(key, [uint256(15), 0, 0, 0, 0], 0, 0);
        assertEq(batch(key).versions, 2, "two manifests");
        assertBooks();
    }

    function test_an_extension_by_a_manifest_alone_costs_nothing() public {
        BatchKey memory key = openTen();
        vm.prank(requester);
        escrow.extendBatch(key, 0, "v2");
        assertEq(batch(key).versions, 2, "two manifests");
        assertBooks();
    }

    // extendBatch > when it cannot be
    function test_an_extension_needs_a_manifest() public {
        BatchKey memory key = openTen();
        vm.prank(requester);
        expectError(Errors.TaskEscrow_ZeroAmount.selector);
        escrow.extendBatch(key, 1, "");
    }

    function test_a_closed_batch_cannot_be_extended() public {
        BatchKey memory key = openTen();
        vm.startPrank(requester);
        escrow.closeBatch(key);
        expectBatchError(Errors.TaskEscrow_BatchIsClosed.selector, key);
        escrow.extendBatch(key, 1, "v2");
    }

    function test_a_batch_cannot_be_extended_after_its_claim_period() public {
        BatchKey memory key = openTen();
        vm.warp(key.terms.claimBy + 1);
        bytes32 batchId = escrow.batchIdOf(key);
        vm.expectRevert(abi.encodeWithSelector(Errors.TaskEscrow_ClaimPeriodOver.selector, batchId, key.terms.claimBy));
        vm.prank(requester);
        escrow.extendBatch(key, 1, "v2");
    }

    function test_an_unknown_batch_cannot_be_extended() public {
        BatchKey memory key = openTen();
        key.terms.reward += 1;
        expectUnknown(key);
        vm.prank(requester);
        escrow.extendBatch(key, 1, "v2");
    }

    function test_a_stranger_extends_nobodys_batch() public {
        BatchKey memory key = openTen();
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(Errors.TaskEscrow_OperatorNotApproved.selector, requester, stranger));
        escrow.extendBatch(key, 0, "v2");
    }

    function test_a_batch_never_holds_more_than_its_counts_can_say() public {
        Terms memory terms = defaultTerms();
        (terms.reward, terms.operatorFee, terms.disputeFee) = (1, 0, 0);
        BatchKey memory key = openWatched(terms, MAX);
        claimAndSubmit(key, worker, 20);
        settle(key, worker, 20, 0);
        fund(requester, 1);
        vm.prank(requester);
        // What was paid still counts: the sum of all that was ever funded is bounded.
        expectError(Errors.TaskEscrow_AmountTooLarge.selector, uint256(MAX) + 1, MAX);
        escrow.extendBatch(key, 1, "v2");
    }

    // closeBatch
    function test_closing_returns_the_free_money_at_once_and_leaves_claims() public {
        BatchKey memory key = openTen();
        claim(key, worker, 3);
        vm.expectEmit(address(escrow));
        emit Events.BatchClosed(escrow.batchIdOf(key), requester);
        vm.expectEmit(address(escrow));
        emit Events.Refunded(escrow.batchIdOf(key), requester, 7, 7 * UNIT);
        vm.prank(requester);
        escrow.closeBatch(key);
        assertCounts(key, [uint256(0), 3, 0, 0, 0], 0, 7);
        assertOwed(requester, 7 * UNIT, "the free part");
        assertEq(batch(key).closedAt, block.timestamp, "when");
        assertBooks();
    }

    function testFuzz_nobody_but_the_requester_closes(address who) public {
        BatchKey memory key = openTen();
        vm.assume(who != requester);
        vm.prank(who);
        expectError(Errors.TaskEscrow_NotAllowed.selector, who);
        escrow.closeBatch(key);
    }

    function test_a_batch_is_closed_once() public {
        BatchKey memory key = openTen();
        vm.startPrank(requester);
        escrow.closeBatch(key);
        expectBatchError(Errors.TaskEscrow_BatchIsClosed.selector, key);
        escrow.closeBatch(key);
    }

    function test_an_unknown_batch_cannot_be_closed() public {
        BatchKey memory key = openTen();
        key.salt = "other";
        expectUnknown(key);
        vm.prank(requester);
        escrow.closeBatch(key);
    }

    function test_a_direct_batch_keeps_its_money_for_one_review_window_after_closing() public {
        Terms memory terms = defaultTerms();
        terms.flags = 1;
        BatchKey memory key = openWatched(terms, 10);
        vm.prank(requester);
        escrow.closeBatch(key);
        assertCounts(key, [uint256(10), 0, 0, 0, 0], 0, 0);
        expectBatchError(Errors.TaskEscrow_NothingToRefund.selector, key);
        escrow.refund(key);
        vm.warp(block.timestamp + terms.reviewWindow + 1);
        escrow.refund(key);
        assertCounts(key, [uint256(0), 0, 0, 0, 0], 0, 10);
        assertBooks();
    }

    // refund
    function test_nothing_is_refunded_while_it_can_be_claimed() public {
        BatchKey memory key = openTen();
        expectBatchError(Errors.TaskEscrow_NothingToRefund.selector, key);
        vm.prank(requester);
        escrow.refund(key);
    }

    function test_anyone_refunds_to_the_requester_again_and_again() public {
        BatchKey memory key = openTen();
        claim(key, worker, 3);
        vm.warp(key.terms.claimBy + 1);
        vm.startPrank(stranger);
        escrow.refund(key);
        assertOwed(requester, 7 * UNIT, "to the requester");
        expectBatchError(Errors.TaskEscrow_NothingToRefund.selector, key);
        escrow.refund(key);
        escrow.expireClaims(key, workers(worker));
        escrow.refund(key);
        assertOwed(requester, 10 * UNIT, "what came back later too");
        assertOwed(stranger, 0, "not to who asked");
        assertBooks();
    }

    function test_an_unknown_batch_cannot_be_refunded() public {
        BatchKey memory key = openTen();
        key.requester = stranger;
        expectUnknown(key);
        escrow.refund(key);
    }

    // views
    function test_an_unknown_batch_is_all_zero() public view {
        assertEq(escrow.requesterOf("none"), address(0), "no requester");
        Batch memory b = escrow.batchOf("none");
        assertEq(uint256(b.versions) + b.free + b.settlements, 0, "no counts");
        assertEq(escrow.lockedOf("none"), 0, "no locks");
    }
}
