// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ITaskEscrowErrors as Errors} from "../../../contracts/interfaces/ITaskEscrowErrors.sol";
import {BatchKey, DirectPayment, Refusal, Terms, Verdict} from "../../../contracts/libraries/EscrowTypes.sol";
import {Books} from "../base/Books.sol";

/// Numbers at the end of their fields: counters stop, nothing overflows into its neighbour, and money still moves.
contract LimitsTest is Books {
    BatchKey internal key;

    function setUp() public override {
        super.setUp();
        key = open(defaultTerms(), 20);
        watchBatch(key, 20);
        fund(requester, DISPUTE_FEE);
        fund(worker, DISPUTE_FEE);
    }

    /// @dev The ledger is the first thing stored: its first mapping holds the accounts, its second the batches.
    function fill(bytes32 slot, uint256 place, uint256 width) internal {
        uint256 word = uint256(vm.load(address(escrow), slot));
        vm.store(address(escrow), slot, bytes32(word | ((uint256(1) << width) - 1) << place));
    }

    function fillAccount(address of_, uint256 place, uint256 width) internal {
        fill(keccak256(abi.encode(of_, uint256(0))), place, width);
    }

    function fillBatch(uint256 place, uint256 width) internal {
        fill(keccak256(abi.encode(escrow.batchIdOf(key), uint256(1))), place, width);
    }

    // records
    function test_a_full_record_never_blocks_a_payment() public {
        fillAccount(worker, 96, 32);
        fillAccount(worker, 128, 32);
        assertEq(account(worker).accepted, type(uint32).max, "the slot was the account");
        claimAndSubmit(key, worker, 10);
        settle(key, worker, 6, 4);
        assertOwed(worker, 6 * uint256(REWARD) + DISPUTE_FEE, "paid");
        assertEq(account(worker).accepted, type(uint32).max, "stops");
        assertEq(account(worker).rejected, type(uint32).max, "stops");
        assertEq(account(worker).contested, 0, "its neighbour is untouched");
        assertBooks();
    }

    function test_full_dispute_records_never_block_a_ruling() public {
        fillAccount(worker, 160, 24);
        fillAccount(worker, 184, 16);
        fillAccount(worker, 200, 16);
        fillAccount(requester, 184, 16);
        fillAccount(requester, 200, 16);
        claimAndSubmit(key, worker, 4);
        settle(key, worker, 0, 4);
        watchDispute(nextDisputeId(key, worker));
        uint256 id = dispute(key, worker, 4);
        vm.prank(arbitrator);
        escrow.rule(id, 2 + 1);
        assertOwed(worker, 2 * uint256(REWARD) + DISPUTE_FEE / 2, "paid");
        assertEq(account(worker).disputesWon, type(uint16).max, "stops");
        assertEq(account(requester).disputesLost, type(uint16).max, "stops");
        assertEq(account(worker).nonce, 0, "its neighbour is untouched");
        assertBooks();
    }

    // settlements
    function test_at_the_last_settlement_number_silence_still_pays() public {
        claimAndSubmit(key, worker, 4);
        fillBatch(168, 32);
        assertEq(batch(key).settlements, type(uint32).max, "the slot was the batch");
        vm.prank(reviewer);
        vm.expectPartialRevert(Errors.TaskEscrow_SettlementNotNext.selector);
        escrow.settle(key, type(uint32).max, "r", new Verdict[](0), new DirectPayment[](0), "");
        vm.prank(reviewer);
        vm.expectPartialRevert(Errors.TaskEscrow_SettlementNotNext.selector);
        escrow.settle(key, 0, "r", new Verdict[](0), new DirectPayment[](0), "");
        vm.warp(block.timestamp + 3 days + 1);
        escrow.payOverdue(key, worker);
        assertOwed(worker, 4 * uint256(REWARD) + DISPUTE_FEE, "paid");
        assertBooks();
    }

    // manifests
    function test_there_are_at_most_65535_manifest_versions() public {
        fillBatch(200, 16);
        assertEq(batch(key).versions, type(uint16).max, "the slot was the batch");
        vm.prank(requester);
        expectError(Errors.TaskEscrow_AmountTooLarge.selector, uint256(type(uint16).max) + 1, type(uint16).max);
        escrow.extendBatch(key, 0, "one more");
        assertEq(batch(key).closedAt, 0, "its neighbour is untouched");
    }

    // the year 2106
    function test_work_submitted_before_2106_is_paid_after_it() public {
        vm.warp(uint256(type(uint32).max) - 1 hours);
        Terms memory terms = defaultTerms();
        terms.claimBy = uint40(block.timestamp + 30 days);
        key = open(terms, 10);
        watchBatch(key, 10);
        claimAndSubmit(key, worker, 4);
        assertEq(tally(key, worker).oldReviewEnd, type(uint32).max, "stops instead of wrapping");
        claim(key, worker, 3);
        vm.warp(uint256(type(uint32).max) + 1);
        escrow.payOverdue(key, worker);
        assertOwed(worker, 4 * uint256(REWARD) + DISPUTE_FEE, "paid");
        vm.prank(worker);
        expectRefused(Refusal.LeaseOver);
        escrow.submit(key, 1, "w");
        escrow.expireClaims(key, workers(worker));
        vm.prank(requester);
        escrow.closeBatch(key);
        assertCounts(key, [uint256(0), 0, 0, 0, 0], 4, 6);
        assertBooks();
    }

    // the nonce
    function test_the_last_nonce_is_followed_by_the_first() public {
        fillAccount(worker, 216, 32);
        assertEq(account(worker).nonce, type(uint32).max, "the slot was the account");
        assertEq(account(worker).flags, 0, "alone");
        uint256 nonce = type(uint32).max;
        bytes memory signature = withdrawal(nonce);
        escrow.withdrawBySig(worker, 1, worker, nonce, block.timestamp, signature);
        assertEq(account(worker).nonce, 0, "wraps");
        assertEq(account(worker).flags, 0, "its neighbour is untouched");
        assertOwed(worker, DISPUTE_FEE - 1, "paid");
    }

    function withdrawal(uint256 nonce) internal view returns (bytes memory) {
        bytes32 typeHash =
            keccak256("Withdraw(address account,uint256 amount,address to,uint256 nonce,uint256 deadline)");
        return signed(WORKER_KEY, keccak256(abi.encode(typeHash, worker, 1, worker, nonce, block.timestamp)));
    }
}
