// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ITaskEscrowErrors as Errors} from "../../../contracts/interfaces/ITaskEscrowErrors.sol";
import {ITaskEscrowEvents as Events} from "../../../contracts/interfaces/ITaskEscrowEvents.sol";
import {BatchKey, OperatorAllowance, Terms} from "../../../contracts/libraries/EscrowTypes.sol";
import {Books} from "../base/Books.sol";

/// What a gateway may do with a requester's balance: `approveOperator`, `openBatchFor`, `extendBatch`, `bonus`.
contract OperatorsTest is Books {
    /// What one assignment counts against a cap: its cost, and the dispute fee that it could lock.
    uint256 internal constant RISK = UNIT + DISPUTE_FEE;
    uint96 internal constant CAP = uint96(5 * RISK);
    uint96 internal constant BONUS_CAP = 700;
    uint40 internal until;

    function setUp() public override {
        super.setUp();
        fund(requester, 100 * UNIT);
        until = uint40(block.timestamp + 1 hours);
        approve(CAP, BONUS_CAP, until);
    }

    function approve(uint96 cap, uint96 bonusCap, uint40 until_) internal {
        vm.prank(requester);
        escrow.approveOperator(operator, cap, bonusCap, until_, reviewer, arbitrator);
    }

    function openFor(Terms memory terms, uint24 assignments) internal returns (BatchKey memory key) {
        vm.prank(operator);
        escrow.openBatchFor(requester, terms, "for", assignments);
        key = BatchKey(requester, "for", terms);
        watchBatch(key, assignments);
    }

    function expectNotApproved() internal {
        vm.expectRevert(abi.encodeWithSelector(Errors.TaskEscrow_OperatorNotApproved.selector, requester, operator));
    }

    // approveOperator
    function test_nobody_is_approved_as_the_zero_address() public {
        expectError(Errors.TaskEscrow_ZeroAddress.selector);
        escrow.approveOperator(address(0), 1, 1, 1, reviewer, arbitrator);
    }

    function test_an_approval_is_kept_whole_and_logged() public {
        vm.expectEmit(address(escrow));
        emit Events.OperatorApproved(requester, operator, 1, 2, 3, second, stranger);
        vm.prank(requester);
        escrow.approveOperator(operator, 1, 2, 3, second, stranger);
        OperatorAllowance memory a = escrow.allowanceOf(requester, operator);
        assertEq(a.cap, 1, "cap");
        assertEq(a.bonusCap, 2, "bonus cap");
        assertEq(a.until, 3, "until");
        assertEq(a.reviewer, second, "reviewer");
        assertEq(a.arbitrator, stranger, "arbitrator");
    }

    function test_a_new_approval_replaces_the_old_one() public {
        openFor(defaultTerms(), 2);
        approve(CAP, 0, until);
        assertEq(escrow.allowanceOf(requester, operator).cap, CAP, "not added to what was left");
    }

    // openBatchFor > when the operator is allowed
    function test_an_operator_opens_a_batch_from_the_requesters_balance() public {
        vm.expectEmit(address(escrow));
        emit Events.OperatorSpent(requester, operator, 2 * RISK, false);
        BatchKey memory key = openFor(defaultTerms(), 2);
        assertEq(escrow.requesterOf(escrow.batchIdOf(key)), requester, "the requester's batch");
        assertOwed(requester, 98 * UNIT, "spent");
        assertOwed(operator, 0, "not the operator's money");
        assertEq(escrow.allowanceOf(requester, operator).cap, CAP - 2 * RISK, "counted");
        assertBooks();
    }

    function test_refunds_do_not_restore_the_cap() public {
        BatchKey memory key = openFor(defaultTerms(), 5);
        vm.prank(requester);
        escrow.closeBatch(key);
        vm.prank(operator);
        vm.expectRevert(abi.encodeWithSelector(Errors.TaskEscrow_OperatorCapExceeded.selector, 0, RISK));
        escrow.openBatchFor(requester, defaultTerms(), "again", 1);
    }

    // openBatchFor > when the operator is not allowed
    function test_a_stranger_opens_nothing_from_anothers_balance() public {
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(Errors.TaskEscrow_OperatorNotApproved.selector, requester, stranger));
        escrow.openBatchFor(requester, defaultTerms(), "for", 1);
    }

    function test_a_stranger_opens_nothing_even_under_the_zero_reviewer() public {
        Terms memory terms = defaultTerms();
        (terms.reviewer, terms.arbitrator) = (address(0), address(0));
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(Errors.TaskEscrow_OperatorNotApproved.selector, requester, stranger));
        escrow.openBatchFor(requester, terms, "for", 1);
    }

    function testFuzz_an_operator_cannot_name_another_reviewer(address another) public {
        vm.assume(another != reviewer);
        Terms memory terms = defaultTerms();
        terms.reviewer = another;
        vm.prank(operator);
        expectNotApproved();
        escrow.openBatchFor(requester, terms, "for", 1);
    }

    function testFuzz_an_operator_cannot_name_another_arbitrator(address another) public {
        vm.assume(another != arbitrator);
        Terms memory terms = defaultTerms();
        terms.arbitrator = another;
        vm.prank(operator);
        expectNotApproved();
        escrow.openBatchFor(requester, terms, "for", 1);
    }

    function test_an_operator_cannot_spend_more_than_its_cap() public {
        vm.prank(operator);
        vm.expectRevert(abi.encodeWithSelector(Errors.TaskEscrow_OperatorCapExceeded.selector, CAP, 6 * RISK));
        escrow.openBatchFor(requester, defaultTerms(), "for", 6);
    }

    function testFuzz_an_operator_never_spends_more_than_its_cap(uint96 cap, uint24 one, uint24 two) public {
        cap = uint96(bound(cap, 1, 100 * RISK));
        approve(cap, 0, until);
        uint256 before = escrow.owed(requester);
        uint24[2] memory counts = [uint24(bound(one, 1, 60)), uint24(bound(two, 1, 60))];
        for (uint256 i = 0; i < 2; ++i) {
            vm.prank(operator);
            try escrow.openBatchFor(requester, defaultTerms(), bytes32(i), counts[i]) {} catch {}
        }
        uint256 spent = before - escrow.owed(requester);
        assertTrue(spent <= cap, "within the cap");
        assertEq(escrow.allowanceOf(requester, operator).cap, cap - spent / UNIT * RISK, "all counted");
    }

    function test_the_dispute_fees_that_a_batch_could_lock_count_against_the_cap() public {
        Terms memory terms = defaultTerms();
        terms.disputeFee = uint96(uint256(terms.reward) * terms.maxClaim);
        vm.prank(operator);
        vm.expectRevert(
            abi.encodeWithSelector(Errors.TaskEscrow_OperatorCapExceeded.selector, CAP, UNIT + terms.disputeFee)
        );
        escrow.openBatchFor(requester, terms, "for", 1);
    }

    // extendBatch > by an operator
    function test_an_operator_extends_within_its_cap() public {
        BatchKey memory key = openFor(defaultTerms(), 2);
        vm.prank(operator);
        escrow.extendBatch(key, 3, "more");
        moreFunded(key, 3);
        assertEq(escrow.allowanceOf(requester, operator).cap, 0, "spent");
        assertEq(batch(key).free, 5, "extended");
        assertBooks();
        vm.prank(operator);
        vm.expectRevert(abi.encodeWithSelector(Errors.TaskEscrow_OperatorCapExceeded.selector, 0, RISK));
        escrow.extendBatch(key, 1, "more");
    }

    function test_an_operator_extends_nothing_that_names_another_reviewer() public {
        Terms memory terms = defaultTerms();
        terms.reviewer = second;
        BatchKey memory key = open(terms, 1);
        vm.prank(operator);
        expectNotApproved();
        escrow.extendBatch(key, 1, "more");
    }

    function test_an_operator_whose_cap_is_zero_cannot_append_even_an_empty_manifest() public {
        BatchKey memory key = openFor(defaultTerms(), 2);
        approve(0, 0, until);
        vm.prank(operator);
        expectError(Errors.TaskEscrow_OperatorCapExceeded.selector, 0, 0);
        escrow.extendBatch(key, 0, "other instructions");
        assertEq(batch(key).versions, 1, "zero caps revoke");
    }

    function test_an_operator_cannot_close_the_requesters_batch() public {
        BatchKey memory key = openFor(defaultTerms(), 2);
        vm.prank(operator);
        expectError(Errors.TaskEscrow_NotAllowed.selector, operator);
        escrow.closeBatch(key);
    }

    // bonus > by the requester
    function test_a_requester_gives_a_bonus_that_raises_no_record() public {
        BatchKey memory key = openFor(defaultTerms(), 2);
        vm.expectEmit(address(escrow));
        emit Events.BonusPaid(escrow.batchIdOf(key), worker, requester, 55, "thanks");
        vm.prank(requester);
        escrow.bonus(key, worker, 55, "thanks");
        assertOwed(worker, 55, "given");
        assertEq(account(worker).accepted, 0, "no record");
        assertBooks();
    }

    function test_a_bonus_needs_a_worker_an_amount_and_a_batch() public {
        BatchKey memory key = openFor(defaultTerms(), 2);
        vm.startPrank(requester);
        expectError(Errors.TaskEscrow_ZeroAddress.selector);
        escrow.bonus(key, address(0), 1, "");
        expectError(Errors.TaskEscrow_ZeroAmount.selector);
        escrow.bonus(key, worker, 0, "");
        key.salt = "unknown";
        vm.expectRevert(abi.encodeWithSelector(Errors.TaskEscrow_BatchUnknown.selector, escrow.batchIdOf(key)));
        escrow.bonus(key, worker, 1, "");
    }

    // bonus > by an operator
    function test_an_operator_gives_bonuses_within_its_bonus_cap_alone() public {
        BatchKey memory key = openFor(defaultTerms(), 2);
        vm.expectEmit(address(escrow));
        emit Events.OperatorSpent(requester, operator, 700, true);
        vm.prank(operator);
        escrow.bonus(key, worker, 700, "");
        assertEq(escrow.allowanceOf(requester, operator).cap, CAP - 2 * RISK, "the other cap is untouched");
        vm.prank(operator);
        vm.expectRevert(abi.encodeWithSelector(Errors.TaskEscrow_OperatorCapExceeded.selector, 0, 1));
        escrow.bonus(key, worker, 1, "");
    }

    function test_a_stranger_gives_no_bonus_from_anothers_balance() public {
        BatchKey memory key = openFor(defaultTerms(), 2);
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(Errors.TaskEscrow_OperatorNotApproved.selector, requester, stranger));
        escrow.bonus(key, stranger, 1, "");
    }

    function testFuzz_bonuses_never_pass_the_bonus_cap(uint96 one, uint96 two) public {
        BatchKey memory key = openFor(defaultTerms(), 2);
        uint96[2] memory amounts = [uint96(bound(one, 1, 1400)), uint96(bound(two, 1, 1400))];
        for (uint256 i = 0; i < 2; ++i) {
            vm.prank(operator);
            try escrow.bonus(key, worker, amounts[i], "") {} catch {}
        }
        assertTrue(escrow.owed(worker) <= BONUS_CAP, "within the cap");
        assertBooks();
    }
}
