// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IArbitrationPanel as Panel} from "../../../contracts/interfaces/IArbitrationPanel.sol";
import {ITaskEscrow} from "../../../contracts/interfaces/ITaskEscrow.sol";
import {PanelTest} from "./PanelTest.sol";

/// Votes: committed, revealed, concluded, paid.
contract PanelVotesTest is PanelTest {
    // commit
    function test_jurors_commit_and_reveal_and_the_last_reveal_of_all_concludes() public {
        vm.expectEmit(address(panel));
        emit Panel.VoteCommitted(address(escrow), id, jurors[0]);
        commit(0, 3);
        commit(1, 4);
        commit(2, 2);
        vm.expectEmit(address(panel));
        emit Panel.VoteRevealed(address(escrow), id, jurors[0], 3);
        reveal(0, 3);
        reveal(1, 4);
        vm.expectEmit(address(panel));
        emit Panel.CaseConcluded(address(escrow), id, 3, DISPUTE_FEE);
        reveal(2, 2);
        Panel.Case memory c = panel.caseOf(escrow, id);
        assertTrue(c.concluded, "concluded");
        assertEq(c.commits, 3, "commits");
        assertEq(c.reveals, 3, "reveals");
        assertEq(escrow.owed(worker), 2 * REWARD + DISPUTE_FEE / 2, "two of four, half the bond back");
        assertEq(escrow.disputeOf(id).count, 0, "ended");
    }

    function test_a_vote_copied_from_another_juror_cannot_be_revealed() public {
        bytes32 copied = panel.commitmentOf(escrow, id, jurors[0], 3, salt(0));
        vm.prank(jurors[0]);
        panel.commit(escrow, id, copied);
        vm.prank(jurors[1]);
        panel.commit(escrow, id, copied);
        commit(2, 1);
        reveal(0, 3);
        vm.prank(jurors[1]);
        expectWho(Panel.ArbitrationPanel_CommitmentMismatch.selector, jurors[1]);
        panel.reveal(escrow, id, 3, salt(0));
    }

    function testFuzz_a_commitment_binds_escrow_dispute_juror_ruling_and_salt(
        address otherEscrow,
        uint256 otherId,
        address otherJuror,
        uint256 otherRuling,
        bytes32 otherSalt
    ) public view {
        bytes32 c = panel.commitmentOf(escrow, id, jurors[0], 3, salt(0));
        vm.assume(otherEscrow != address(escrow) && otherId != id && otherJuror != jurors[0]);
        vm.assume(otherRuling != 3 && otherSalt != salt(0));
        assertTrue(panel.commitmentOf(ITaskEscrow(otherEscrow), id, jurors[0], 3, salt(0)) != c, "escrow");
        assertTrue(panel.commitmentOf(escrow, otherId, jurors[0], 3, salt(0)) != c, "dispute");
        assertTrue(panel.commitmentOf(escrow, id, otherJuror, 3, salt(0)) != c, "juror");
        assertTrue(panel.commitmentOf(escrow, id, jurors[0], otherRuling, salt(0)) != c, "ruling");
        assertTrue(panel.commitmentOf(escrow, id, jurors[0], 3, otherSalt) != c, "salt");
    }

    function testFuzz_who_is_no_juror_cannot_commit_or_reveal(address who) public {
        vm.assume(who != jurors[0] && who != jurors[1] && who != jurors[2]);
        vm.startPrank(who);
        expectWho(Panel.ArbitrationPanel_NotJuror.selector, who);
        panel.commit(escrow, id, "c");
        expectWho(Panel.ArbitrationPanel_NotJuror.selector, who);
        panel.reveal(escrow, id, 1, "s");
    }

    function test_a_juror_commits_once_and_to_something() public {
        vm.startPrank(jurors[0]);
        expectWho(Panel.ArbitrationPanel_CommitmentMismatch.selector, jurors[0]);
        panel.commit(escrow, id, 0);
        panel.commit(escrow, id, "c");
        expectWho(Panel.ArbitrationPanel_AlreadyCommitted.selector, jurors[0]);
        panel.commit(escrow, id, "d");
    }

    function test_an_unknown_dispute_and_one_before_another_arbitrator_are_no_case() public {
        vm.startPrank(jurors[0]);
        vm.expectRevert(abi.encodeWithSelector(Panel.ArbitrationPanel_NoSuchCase.selector, address(escrow), id + 1));
        panel.commit(escrow, id + 1, "c");
        Panel other = panelOf(list3(), 2, FEE);
        vm.expectRevert(abi.encodeWithSelector(Panel.ArbitrationPanel_NoSuchCase.selector, address(escrow), id));
        other.commit(escrow, id, "c");
    }

    function test_the_panel_does_not_rule_for_less_than_its_fee() public {
        assertEq(panel.arbitrationCost(""), FEE, "its price");
        vm.warp(block.timestamp + 1);
        openDispute(FEE - 1);
        vm.prank(jurors[0]);
        vm.expectRevert(abi.encodeWithSelector(Panel.ArbitrationPanel_FeeTooLow.selector, FEE - 1, FEE));
        panel.commit(escrow, id, "c");
        vm.warp(block.timestamp + 1);
        openDispute(FEE);
        commit(0, 1);
    }

    // phases
    function test_commit_phase_boundaries() public {
        vm.warp(opened + 4 days - 1);
        commit(0, 1);
        vm.warp(opened + 4 days);
        commit(1, 1);
        vm.prank(jurors[0]);
        expect(Panel.ArbitrationPanel_WrongPhase.selector);
        panel.reveal(escrow, id, 1, salt(0));
        vm.warp(opened + 4 days + 1);
        vm.prank(jurors[2]);
        expect(Panel.ArbitrationPanel_WrongPhase.selector);
        panel.commit(escrow, id, "c");
        reveal(0, 1);
    }

    function test_reveal_phase_boundaries() public {
        commit(0, 2);
        commit(1, 2);
        vm.warp(opened + 6 days - 1);
        reveal(0, 2);
        vm.warp(opened + 6 days + 1);
        vm.prank(jurors[1]);
        expect(Panel.ArbitrationPanel_WrongPhase.selector);
        panel.reveal(escrow, id, 2, salt(1));
        vm.warp(opened + 6 days);
        reveal(1, 2);
        assertTrue(panel.caseOf(escrow, id).concluded, "both of both");
    }

    function test_conclude_phase_boundaries() public {
        commit(0, 2);
        commit(1, 2);
        commit(2, 2);
        vm.warp(opened + 5 days);
        reveal(0, 2);
        reveal(1, 2);
        vm.warp(opened + 6 days);
        expect(Panel.ArbitrationPanel_WrongPhase.selector);
        panel.conclude(escrow, id);
        vm.warp(opened + 6 days + 1);
        vm.prank(stranger);
        panel.conclude(escrow, id);
        assertEq(escrow.owed(worker), REWARD + DISPUTE_FEE / 4, "one of four");
        expect(Panel.ArbitrationPanel_WrongPhase.selector);
        panel.conclude(escrow, id);
    }

    function test_once_somebody_revealed_nobody_commits_any_more() public {
        commit(0, 1);
        commit(1, 1);
        commit(2, 1);
        reveal(0, 1);
        vm.prank(jurors[1]);
        expect(Panel.ArbitrationPanel_WrongPhase.selector);
        panel.commit(escrow, id, "another");
    }

    function test_a_vote_is_revealed_once_and_as_committed() public {
        commit(0, 1);
        commit(1, 1);
        commit(2, 1);
        vm.prank(jurors[0]);
        expectWho(Panel.ArbitrationPanel_CommitmentMismatch.selector, jurors[0]);
        panel.reveal(escrow, id, 2, salt(0));
        reveal(0, 1);
        vm.prank(jurors[0]);
        expectWho(Panel.ArbitrationPanel_CommitmentMismatch.selector, jurors[0]);
        panel.reveal(escrow, id, 1, salt(0));
    }

    function test_a_case_that_nobody_opened_has_no_phases() public {
        expect(Panel.ArbitrationPanel_WrongPhase.selector);
        panel.conclude(escrow, id);
        vm.prank(jurors[0]);
        expect(Panel.ArbitrationPanel_WrongPhase.selector);
        panel.reveal(escrow, id, 1, salt(0));
    }

    // without a quorum
    function test_without_a_quorum_nobody_rules_and_the_escrow_pays_the_worker() public {
        commit(0, 1);
        commit(1, 1);
        vm.warp(opened + 5 days);
        reveal(0, 1);
        vm.warp(opened + 7 days);
        vm.expectRevert(abi.encodeWithSelector(Panel.ArbitrationPanel_NoQuorum.selector, 1, 2));
        panel.conclude(escrow, id);
        vm.warp(opened + 8 days + 1);
        escrow.ruleOverdue(id);
        assertEq(escrow.owed(worker), 4 * REWARD + DISPUTE_FEE, "paid");
    }

    // the median
    function rule3(uint256 a, uint256 b, uint256 c) internal returns (uint256 paid) {
        commit(0, a);
        commit(1, b);
        commit(2, c);
        reveal(0, a);
        reveal(1, b);
        reveal(2, c);
        return batch(key).accepted;
    }

    function testFuzz_the_ruling_is_the_median(uint8 a, uint8 b, uint8 c) public {
        (uint256 x, uint256 y, uint256 z) = (1 + a % 6, 1 + b % 6, 1 + c % 6);
        uint256 low = x < y ? x : y;
        uint256 high = x < y ? y : x;
        uint256 median = z < low ? low : z > high ? high : z;
        assertEq(rule3(x, y, z), median - 1 < 4 ? median - 1 : 4, "the middle vote");
    }

    function test_one_bribed_juror_does_not_move_the_ruling_past_its_neighbours() public {
        assertEq(rule3(type(uint256).max, 2, 2), 1, "as the two say");
    }

    function test_a_minority_of_refusals_is_left_out() public {
        // Of the two that rule, the lower median.
        assertEq(rule3(0, 2, 4), 1, "two rule");
    }

    function test_a_majority_of_refusals_counts_as_silence() public {
        assertEq(rule3(0, 0, 1), 4, "the worker is paid");
        assertEq(escrow.owed(address(panel)), 0, "no fee for a refusal");
        assertEq(panel.earnedOf(escrow, jurors[0]), 0, "nor for a juror");
    }

    // fees
    function test_the_fee_is_shared_among_those_who_revealed() public {
        commit(0, 2);
        commit(1, 2);
        commit(2, 2);
        vm.warp(opened + 5 days);
        reveal(2, 2);
        reveal(1, 2);
        vm.warp(opened + 7 days);
        panel.conclude(escrow, id);
        assertEq(panel.earnedOf(escrow, jurors[0]), 0, "did not reveal");
        uint256 sum = panel.earnedOf(escrow, jurors[1]) + panel.earnedOf(escrow, jurors[2]);
        assertEq(sum, DISPUTE_FEE, "the whole fee");
        vm.expectEmit(address(panel));
        emit Panel.FeesWithdrawn(address(escrow), jurors[1], stranger, DISPUTE_FEE / 2);
        vm.startPrank(jurors[1]);
        panel.withdraw(escrow, stranger);
        assertEq(token.balanceOf(stranger), DISPUTE_FEE / 2, "arrived");
        expectWho(Panel.ArbitrationPanel_NothingEarned.selector, jurors[1]);
        panel.withdraw(escrow, stranger);
    }

    function test_shares_add_up_to_an_odd_fee() public {
        vm.warp(block.timestamp + 1);
        openDispute(FEE + 1);
        rule3(2, 2, 2);
        uint256 sum = 0;
        for (uint256 i = 0; i < 3; ++i) {
            sum += panel.earnedOf(escrow, jurors[i]);
        }
        assertEq(sum, FEE + 1, "to the unit");
        assertEq(escrow.owed(address(panel)), sum, "and it is there");
    }

    function test_a_case_that_was_ended_by_silence_pays_no_fee() public {
        commit(0, 1);
        commit(1, 1);
        vm.warp(opened + 5 days);
        reveal(0, 1);
        vm.warp(opened + 6 days);
        vm.warp(opened + 8 days + 1);
        escrow.ruleOverdue(id);
        assertEq(panel.earnedOf(escrow, jurors[0]), 0, "nothing");
    }

    function test_concluding_after_the_ruling_window_is_silence() public {
        commit(0, 1);
        commit(1, 1);
        commit(2, 1);
        vm.warp(opened + 5 days);
        reveal(0, 1);
        reveal(1, 1);
        vm.warp(opened + 8 days + 1);
        panel.conclude(escrow, id);
        assertEq(escrow.owed(worker), 4 * REWARD + DISPUTE_FEE, "the worker is paid");
        assertEq(panel.earnedOf(escrow, jurors[0]), 0, "too late for a fee");
    }
}
