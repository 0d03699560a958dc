// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {DirectPayment, Terms, Verdict} from "../../../contracts/libraries/EscrowTypes.sol";
import {AtTimes} from "./AtTimes.sol";

/// Every deadline of review, dispute and direct pay.
contract ReviewDeadlinesTest is AtTimes {
    uint256 internal start;

    function setUp() public override {
        super.setUp();
        key = open(defaultTerms(), 40);
        fund(requester, DISPUTE_FEE);
        fund(worker, DISPUTE_FEE);
        start = block.timestamp;
        claim(key, worker, 10);
        submit(key, worker, 4);
    }

    function verdict(uint16 before, uint16 accepted, uint16 rejected) internal view returns (bytes memory) {
        Verdict[] memory list = new Verdict[](1);
        list[0] = Verdict(worker, before, accepted, rejected);
        uint32 nonce = batch(key).settlements + 1;
        return abi.encodeCall(escrow.settle, (key, nonce, keccak256("r"), list, new DirectPayment[](0), ""));
    }

    function overdue() internal view returns (bytes memory) {
        return abi.encodeCall(escrow.payOverdue, (key, worker));
    }

    // the old lot's review window
    function test_the_old_lot_can_be_decided_until_its_window_ends() public {
        until(start + 3 days, reviewer, verdict(0, 4, 0));
        until(start + 3 days, reviewer, verdict(0, 0, 4));
        after_(start + 3 days, stranger, overdue());
    }

    function testFuzz_the_old_lot_can_be_decided_until_its_window_ends(uint40 time) public {
        untilAt(start + 3 days, time, reviewer, verdict(0, 1, 3));
    }

    function testFuzz_silence_pays_after_the_window_of_the_old_lot(uint40 time) public {
        afterAt(start + 3 days, time, stranger, overdue());
    }

    function testFuzz_at_every_time_exactly_one_of_verdict_and_silence_applies(uint40 time) public {
        time = uint40(bound(time, start, start + 100 days));
        bool decided = works(time, reviewer, verdict(0, 0, 4));
        bool silent = works(time, stranger, overdue());
        assertTrue(decided != silent, "one of them");
    }

    // the young lot's review window
    function test_the_young_lot_has_its_own_window() public {
        vm.warp(start + 5 hours);
        submit(key, worker, 3);
        vm.warp(start + 3 days + 1);
        escrow.payOverdue(key, worker);
        until(start + 5 hours + 3 days, reviewer, verdict(4, 3, 0));
        until(start + 5 hours + 3 days, reviewer, verdict(4, 0, 3));
        after_(start + 5 hours + 3 days, stranger, overdue());
    }

    function testFuzz_the_young_lot_is_decided_until_its_window_ends(uint40 time) public {
        vm.warp(start + 5 hours);
        submit(key, worker, 3);
        vm.warp(start + 3 days + 1);
        escrow.payOverdue(key, worker);
        untilAt(start + 5 hours + 3 days, time, reviewer, verdict(4, 0, 3));
    }

    function testFuzz_silence_pays_the_young_lot_after_its_window(uint40 time) public {
        vm.warp(start + 5 hours);
        submit(key, worker, 3);
        settle(key, worker, 4, 0);
        afterAt(start + 5 hours + 3 days, time, stranger, overdue());
    }

    function test_an_overdue_old_lot_shuts_the_verdict_on_the_young_one_until_it_is_paid() public {
        vm.warp(start + 5 hours);
        submit(key, worker, 3);
        until(start + 3 days, reviewer, verdict(0, 4, 3));
    }

    // the dispute window
    function disputeCall() internal view returns (bytes memory) {
        return abi.encodeCall(escrow.dispute, (key, 1, keccak256("evidence")));
    }

    function release() internal view returns (bytes memory) {
        return abi.encodeCall(escrow.releaseRejected, (key, workers(worker)));
    }

    function test_rejections_are_contested_until_their_window_ends_and_released_after() public {
        settle(key, worker, 0, 4);
        until(start + 4 days, worker, disputeCall());
        after_(start + 4 days, stranger, release());
    }

    function testFuzz_rejections_are_contested_until_their_window_ends(uint40 time) public {
        settle(key, worker, 0, 4);
        untilAt(start + 4 days, time, worker, disputeCall());
    }

    function testFuzz_rejections_are_released_after_their_window(uint40 time) public {
        settle(key, worker, 0, 4);
        afterAt(start + 4 days, time, stranger, release());
    }

    function test_what_is_left_out_of_a_dispute_has_a_window_from_its_ruling() public {
        settle(key, worker, 0, 4);
        uint256 id = dispute(key, worker, 2);
        vm.warp(start + 5 days);
        vm.prank(arbitrator);
        escrow.rule(id, 3);
        until(start + 9 days, worker, disputeCall());
        after_(start + 9 days, stranger, release());
    }

    // the ruling window
    function test_the_arbitrator_rules_until_its_window_ends_and_silence_follows() public {
        settle(key, worker, 0, 4);
        uint256 id = dispute(key, worker, 4);
        uint256 end = start + 5 days;
        after_(end, stranger, abi.encodeCall(escrow.ruleOverdue, (id)));
        assertEq(ruledAt(end - 1, id), REWARD + DISPUTE_FEE - uint256(DISPUTE_FEE) * 3 / 4, "a second before");
        assertEq(ruledAt(end, id), REWARD + DISPUTE_FEE - uint256(DISPUTE_FEE) * 3 / 4, "in its second");
        assertEq(ruledAt(end + 1, id), 4 * REWARD + DISPUTE_FEE, "a second after it counts as silence");
    }

    function testFuzz_a_ruling_counts_until_its_window_ends(uint40 time) public {
        settle(key, worker, 0, 4);
        uint256 id = dispute(key, worker, 4);
        uint256 moment = bound(time, start, start + 100 days);
        uint256 ruled = REWARD + DISPUTE_FEE - uint256(DISPUTE_FEE) * 3 / 4;
        assertEq(ruledAt(moment, id), moment <= start + 5 days ? ruled : 4 * REWARD + DISPUTE_FEE, "ruled or silent");
    }

    /// @return What the worker is owed after a ruling for one of four.
    function ruledAt(uint256 time, uint256 id) internal returns (uint256) {
        uint256 snapshot = vm.snapshotState();
        vm.warp(time);
        vm.prank(arbitrator);
        escrow.rule(id, 1 + 1);
        uint256 owed = escrow.owed(worker);
        vm.revertToState(snapshot);
        return owed;
    }

    function testFuzz_silence_of_the_arbitrator_after_its_window(uint40 time) public {
        settle(key, worker, 0, 4);
        uint256 id = dispute(key, worker, 4);
        afterAt(start + 5 days, time, stranger, abi.encodeCall(escrow.ruleOverdue, (id)));
    }

    // the grace of direct pay
    function direct() internal {
        Terms memory terms = defaultTerms();
        (terms.flags, terms.manifest) = (1, "direct");
        key = open(terms, 10);
    }

    function pay() internal view returns (bytes memory) {
        DirectPayment[] memory list = new DirectPayment[](1);
        list[0] = DirectPayment(worker, 1);
        uint32 nonce = batch(key).settlements + 1;
        return abi.encodeCall(escrow.settle, (key, nonce, keccak256("r"), new Verdict[](0), list, ""));
    }

    function test_direct_money_goes_back_one_review_window_after_closing() public {
        direct();
        vm.prank(requester);
        escrow.closeBatch(key);
        after_(start + 3 days, stranger, abi.encodeCall(escrow.refund, (key)));
        assertTrue(works(start + 3 days, reviewer, pay()), "until then work is paid");
    }

    function testFuzz_direct_money_goes_back_one_review_window_after_closing(uint40 time) public {
        direct();
        vm.prank(requester);
        escrow.closeBatch(key);
        afterAt(start + 3 days, time, stranger, abi.encodeCall(escrow.refund, (key)));
    }

    function test_direct_money_goes_back_one_review_window_after_claim_by() public {
        direct();
        after_(uint256(key.terms.claimBy) + 3 days, stranger, abi.encodeCall(escrow.refund, (key)));
    }

    function testFuzz_direct_money_goes_back_one_review_window_after_claim_by(uint40 time) public {
        direct();
        afterAt(uint256(key.terms.claimBy) + 3 days, time, stranger, abi.encodeCall(escrow.refund, (key)));
    }

    function test_closing_late_does_not_lengthen_the_grace_after_claim_by() public {
        direct();
        vm.warp(uint256(key.terms.claimBy) + 1 days);
        vm.prank(requester);
        escrow.closeBatch(key);
        after_(uint256(key.terms.claimBy) + 3 days, stranger, abi.encodeCall(escrow.refund, (key)));
    }
}
