// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ITaskEscrowErrors as Errors} from "../../../contracts/interfaces/ITaskEscrowErrors.sol";
import {ITaskEscrowEvents as Events} from "../../../contracts/interfaces/ITaskEscrowEvents.sol";
import {BatchKey, Refusal, Tally} from "../../../contracts/libraries/EscrowTypes.sol";
import {Books} from "../base/Books.sol";

/// `returnClaim`, `submit`, `expireClaims` and the two lots.
contract WorkTest is Books {
    BatchKey internal key;

    function setUp() public override {
        super.setUp();
        key = open(defaultTerms(), 40);
        watchBatch(key, 40);
        claim(key, worker, 10);
    }

    function lots(uint256 old, uint256 young, uint256 oldEnd, uint256 youngEnd) internal view {
        Tally memory t = tally(key, worker);
        assertEq(t.oldLot, old, "old lot");
        assertEq(t.youngLot, young, "young lot");
        assertEq(t.oldReviewEnd, oldEnd, "old end");
        assertEq(t.youngReviewEnd, youngEnd, "young end");
    }

    // returnClaim
    function test_returned_claims_are_free_again() public {
        vm.expectEmit(address(escrow));
        emit Events.ClaimReturned(escrow.batchIdOf(key), worker, 4);
        vm.prank(worker);
        escrow.returnClaim(key, 4);
        assertCounts(key, [uint256(34), 6, 0, 0, 0], 0, 0);
        assertEq(tally(key, worker).sequence, 2, "a step");
        assertBooks();
    }

    function test_more_than_is_claimed_cannot_be_returned() public {
        vm.startPrank(worker);
        expectRefused(Refusal.NotEnoughClaimed);
        escrow.returnClaim(key, 11);
        expectRefused(Refusal.NothingAsked);
        escrow.returnClaim(key, 0);
        escrow.returnClaim(key, 10);
        expectRefused(Refusal.NotEnoughClaimed);
        escrow.returnClaim(key, 1);
    }

    function test_nobody_returns_anothers_claim() public {
        vm.prank(second);
        expectRefused(Refusal.NotEnoughClaimed);
        escrow.returnClaim(key, 1);
    }

    function test_an_expired_claim_can_still_be_returned() public {
        vm.warp(block.timestamp + 1 days + 1);
        vm.prank(worker);
        escrow.returnClaim(key, 10);
        assertCounts(key, [uint256(40), 0, 0, 0, 0], 0, 0);
    }

    // submit > the first
    function test_a_submission_becomes_the_old_lot() public {
        uint40 end = uint40(block.timestamp + 3 days);
        vm.expectEmit(address(escrow));
        emit Events.Submitted(escrow.batchIdOf(key), worker, 4, keccak256("work"), end);
        submit(key, worker, 4);
        assertCounts(key, [uint256(30), 6, 4, 0, 0], 0, 0);
        lots(4, 0, end, 0);
        assertBooks();
    }

    // submit > later ones
    function test_later_submissions_join_and_restart_the_young_lot_only() public {
        uint256 start = block.timestamp;
        submit(key, worker, 4);
        vm.warp(start + 1 hours);
        submit(key, worker, 1);
        lots(4, 1, start + 3 days, start + 1 hours + 3 days);
        vm.warp(start + 2 hours);
        submit(key, worker, 2);
        lots(4, 3, start + 3 days, start + 2 hours + 3 days);
    }

    function test_the_young_lot_becomes_old_when_the_old_one_is_decided() public {
        uint256 start = block.timestamp;
        submit(key, worker, 4);
        vm.warp(start + 1 hours);
        submit(key, worker, 3);
        settle(key, worker, 4, 0);
        lots(3, 0, start + 1 hours + 3 days, 0);
        vm.warp(start + 2 hours);
        submit(key, worker, 1);
        lots(3, 1, start + 1 hours + 3 days, start + 2 hours + 3 days);
    }

    function test_verdicts_take_the_old_lot_first() public {
        uint256 start = block.timestamp;
        submit(key, worker, 4);
        vm.warp(start + 1 hours);
        submit(key, worker, 3);
        settle(key, worker, 1, 0);
        lots(3, 3, start + 3 days, start + 1 hours + 3 days);
        settle(key, worker, 5, 0);
        lots(1, 0, start + 1 hours + 3 days, 0);
    }

    function testFuzz_lots_keep_every_submission(uint8[6] memory steps) public {
        uint256 submitted = 0;
        uint256 decided = 0;
        for (uint256 i = 0; i < 6; ++i) {
            vm.warp(block.timestamp + 1 minutes);
            uint16 count = uint16(steps[i] % 4);
            if (count == 0) continue;
            if (steps[i] >= 128 && submitted - decided >= count) {
                settle(key, worker, count, 0);
                decided += count;
            } else if (submitted + count <= 10) {
                submit(key, worker, count);
                submitted += count;
            }
        }
        Tally memory t = tally(key, worker);
        assertEq(uint256(t.oldLot) + t.youngLot, submitted - decided, "in the lots");
        assertTrue(t.oldLot > 0 || t.youngLot == 0, "the old lot fills first");
        assertTrue(t.youngLot == 0 || t.youngReviewEnd >= t.oldReviewEnd, "young ends later");
        assertEq(t.decided, decided, "decided");
        assertBooks();
    }

    // submit > when it cannot be
    function test_more_than_is_claimed_cannot_be_submitted() public {
        vm.startPrank(worker);
        expectRefused(Refusal.NotEnoughClaimed);
        escrow.submit(key, 11, "work");
        escrow.submit(key, 10, "work");
        expectRefused(Refusal.NotEnoughClaimed);
        escrow.submit(key, 1, "work");
    }

    function test_a_submission_needs_a_count_and_a_digest() public {
        vm.startPrank(worker);
        expectRefused(Refusal.NothingAsked);
        escrow.submit(key, 0, "work");
        expectRefused(Refusal.NothingAsked);
        escrow.submit(key, 1, "");
    }

    function test_nothing_is_submitted_after_the_lease() public {
        vm.warp(block.timestamp + 1 days + 1);
        vm.prank(worker);
        expectRefused(Refusal.LeaseOver);
        escrow.submit(key, 1, "work");
    }

    function test_a_closed_batch_still_takes_submissions_of_running_leases() public {
        vm.prank(requester);
        escrow.closeBatch(key);
        submit(key, worker, 10);
        settle(key, worker, 10, 0);
        assertOwed(worker, 10 * REWARD, "earned");
        assertBooks();
    }

    // expireClaims
    function test_a_running_claim_cannot_be_expired() public {
        escrow.expireClaims(key, workers(worker));
        assertCounts(key, [uint256(30), 10, 0, 0, 0], 0, 0);
    }

    function test_anyone_expires_claims_whose_lease_is_over_and_passes_over_the_rest() public {
        submit(key, worker, 4);
        vm.warp(block.timestamp + 1 hours);
        claim(key, second, 5);
        vm.warp(block.timestamp + 23 hours + 1);
        address[] memory list = new address[](4);
        (list[0], list[1], list[2], list[3]) = (stranger, worker, second, worker);
        vm.expectEmit(address(escrow));
        emit Events.ClaimExpired(escrow.batchIdOf(key), worker, 6);
        vm.prank(stranger);
        escrow.expireClaims(key, list);
        assertCounts(key, [uint256(31), 5, 4, 0, 0], 0, 0);
        assertEq(tally(key, worker).claimed, 0, "expired");
        assertEq(tally(key, worker).sequence, 2, "no step of the worker's");
        assertBooks();
    }

    function test_work_needs_a_known_batch() public {
        BatchKey memory unknown = BatchKey(stranger, key.salt, key.terms);
        vm.expectPartialRevert(Errors.TaskEscrow_BatchUnknown.selector);
        escrow.submit(unknown, 1, "work");
        vm.expectPartialRevert(Errors.TaskEscrow_BatchUnknown.selector);
        escrow.returnClaim(unknown, 1);
        vm.expectPartialRevert(Errors.TaskEscrow_BatchUnknown.selector);
        escrow.expireClaims(unknown, workers(worker));
    }
}
