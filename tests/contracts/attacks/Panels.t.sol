// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IArbitrationPanel as Panel} from "../../../contracts/interfaces/IArbitrationPanel.sol";
import {ITaskEscrow} from "../../../contracts/interfaces/ITaskEscrow.sol";
import {Dispute} from "../../../contracts/libraries/EscrowTypes.sol";
import {PanelTest} from "../panels/PanelTest.sol";

/// @notice Poses as an escrow whose `rule` and `withdraw` come back into the panel.
contract ReturningEscrow {
    Panel private immutable PANEL;
    ITaskEscrow private immutable REAL;
    uint256 private immutable REAL_ID;
    uint256 public owed_;
    uint256 public entered;

    constructor(Panel panel, ITaskEscrow real, uint256 realId) {
        (PANEL, REAL, REAL_ID) = (panel, real, realId);
    }

    function disputeOf(uint256) external view returns (Dispute memory d) {
        d.arbitrator = address(PANEL);
        (d.openedAt, d.rulingEnd) = (uint40(block.timestamp), uint40(block.timestamp + 8 days));
        d.fee = type(uint96).max;
    }

    function owed(address) external view returns (uint256) {
        return owed_;
    }

    function rule(uint256 id, uint256) external {
        owed_ += 1_000_000;
        enter(abi.encodeCall(Panel.conclude, (ITaskEscrow(address(this)), id)));
        enter(abi.encodeCall(Panel.conclude, (REAL, REAL_ID)));
    }

    function withdraw(uint256, address) external {
        enter(abi.encodeCall(Panel.withdraw, (ITaskEscrow(address(this)), msg.sender)));
    }

    function enter(bytes memory call_) private {
        (bool ok,) = address(PANEL).call(call_);
        if (ok) ++entered;
    }
}

/// Attacks on the panel: minorities, members who come and go, silence, escrows that are none.
contract PanelAttacksTest is PanelTest {
    function change(uint256 i, address subject, bool add) internal {
        vm.prank(jurors[i]);
        panel.approveChange(subject, add);
    }

    // minorities
    function test_one_juror_does_not_rule_alone_beside_one_who_refuses() public {
        commit(0, 0);
        commit(1, 1); // "nothing is accepted", for the requester
        vm.warp(panel.caseOf(escrow, id).commitEnd + 1);
        reveal(0, 0);
        reveal(1, 1);
        assertEq(batch(key).accepted, 4, "no quorum rules: the worker is paid");
        assertEq(panel.earnedOf(escrow, jurors[1]), 0, "and nobody earns");
    }

    function test_withholding_a_reveal_makes_nothing_worse_for_the_worker_than_silence() public {
        commit(0, 1);
        commit(1, 5);
        vm.warp(panel.caseOf(escrow, id).commitEnd + 1);
        reveal(0, 1);
        vm.warp(panel.caseOf(escrow, id).revealEnd + 1);
        vm.expectRevert(abi.encodeWithSelector(Panel.ArbitrationPanel_NoQuorum.selector, 1, 2));
        panel.conclude(escrow, id);
        vm.warp(escrow.disputeOf(id).rulingEnd + 1);
        escrow.ruleOverdue(id);
        assertEq(batch(key).accepted, 4, "paid");
    }

    function test_the_last_to_reveal_moves_the_ruling_no_further_than_the_other_votes() public {
        // Two honest votes and one who saw them: revealing or not, the ruling stays between theirs.
        commit(0, 3);
        commit(1, 3);
        commit(2, 1);
        reveal(0, 3);
        reveal(1, 3);
        vm.warp(panel.caseOf(escrow, id).revealEnd + 1);
        panel.conclude(escrow, id);
        assertEq(batch(key).accepted, 2, "as the two say");
    }

    // members who come and go
    function test_a_juror_who_left_and_came_back_during_a_case_votes_once() public {
        vm.warp(block.timestamp + 1);
        commit(2, 1);
        change(0, jurors[2], false);
        change(1, jurors[2], false);
        change(0, jurors[2], true);
        change(1, jurors[2], true);
        bytes32 again = panel.commitmentOf(escrow, id, jurors[2], 5, salt(9));
        vm.prank(jurors[2]);
        expectWho(Panel.ArbitrationPanel_NotJuror.selector, jurors[2]);
        panel.commit(escrow, id, again);
        commit(0, 2);
        commit(1, 2);
        reveal(2, 1);
        vm.prank(jurors[2]);
        expectWho(Panel.ArbitrationPanel_CommitmentMismatch.selector, jurors[2]);
        panel.reveal(escrow, id, 1, salt(2));
        reveal(0, 2);
        reveal(1, 2);
        assertEq(batch(key).accepted, 1, "three votes, each once");
    }

    function vote(address juror, bool revealing) internal {
        bytes32 commitment = panel.commitmentOf(escrow, id, juror, 1, "salt");
        vm.prank(juror);
        if (revealing) panel.reveal(escrow, id, 1, "salt");
        else panel.commit(escrow, id, commitment);
    }

    function test_votes_of_jurors_who_left_do_not_shut_out_those_who_sit() public {
        address[] memory seven = new address[](7);
        for (uint256 i = 0; i < 7; ++i) {
            seven[i] = address(uint160(0x201 + i));
        }
        panel = panelOf(seven, 4, FEE);
        address[] memory one = new address[](1);
        one[0] = address(panel);
        escrow = deployEscrow(address(token), one);
        vm.warp(block.timestamp + 1);
        openDispute(DISPUTE_FEE);
        for (uint256 i = 0; i < 5; ++i) {
            vote(seven[i], false);
        }
        for (uint256 i = 0; i < 8; ++i) {
            vm.prank(seven[i % 4 < 3 ? i % 4 : 5]);
            panel.approveChange(seven[3 + i / 4], false);
        }
        assertEq(panel.jurors().length, 5, "as many sit as have committed, but not the same");
        vm.prank(seven[0]);
        expect(Panel.ArbitrationPanel_WrongPhase.selector);
        panel.reveal(escrow, id, 1, "salt");
        vote(seven[5], false);
        vote(seven[6], false);
        for (uint256 i = 0; i < 3; ++i) {
            vote(seven[i], true);
        }
        vote(seven[5], true);
        vote(seven[6], true);
        vm.warp(panel.caseOf(escrow, id).revealEnd + 1);
        panel.conclude(escrow, id);
        assertEq(batch(key).accepted, 0, "the five who sit have ruled");
    }

    function test_one_juror_alone_neither_adds_a_friend_nor_removes_an_honest_one() public {
        change(0, jurors[1], false);
        vm.prank(jurors[0]);
        expectWho(Panel.ArbitrationPanel_AlreadyApproved.selector, jurors[0]);
        panel.approveChange(jurors[1], false);
        vm.prank(jurors[0]);
        expectWho(Panel.ArbitrationPanel_BadChange.selector, address(0xF));
        panel.approveChange(address(0xF), true);
        assertEq(panel.jurors().length, 3, "as before");
    }

    function test_a_panel_of_one_rules_and_cannot_be_emptied() public {
        address[] memory one = new address[](1);
        one[0] = jurors[0];
        panel = panelOf(one, 1, FEE);
        one[0] = address(panel);
        escrow = deployEscrow(address(token), one);
        vm.warp(block.timestamp + 1);
        openDispute(DISPUTE_FEE);
        vm.prank(jurors[0]);
        expectWho(Panel.ArbitrationPanel_BadChange.selector, jurors[0]);
        panel.approveChange(jurors[0], false);
        commit(0, 2);
        reveal(0, 2);
        assertEq(batch(key).accepted, 1, "one of four");
        assertEq(panel.earnedOf(escrow, jurors[0]), DISPUTE_FEE, "the fee is its own");
    }

    // terms that no panel rules for
    function test_a_dispute_fee_below_the_panels_lets_every_contested_rejection_be_paid() public {
        // Whoever may choose terms (the requester, or an operator within its cap) chooses this too.
        openDispute(FEE - 1);
        vm.prank(jurors[0]);
        vm.expectRevert(abi.encodeWithSelector(Panel.ArbitrationPanel_FeeTooLow.selector, FEE - 1, FEE));
        panel.commit(escrow, id, "c");
        vm.warp(escrow.disputeOf(id).rulingEnd + 1);
        escrow.ruleOverdue(id);
        assertEq(batch(key).accepted, 4, "silence pays the worker");
    }

    // escrows that are none
    function test_an_escrow_that_comes_back_during_a_ruling_concludes_nothing_twice() public {
        for (uint256 i = 0; i < 2; ++i) {
            commit(i, 1);
        }
        ReturningEscrow fake = new ReturningEscrow(panel, escrow, id);
        ITaskEscrow as_ = ITaskEscrow(address(fake));
        for (uint256 i = 0; i < 3; ++i) {
            bytes32 commitment = panel.commitmentOf(as_, 7, jurors[i], 2, salt(i));
            vm.prank(jurors[i]);
            panel.commit(as_, 7, commitment);
        }
        for (uint256 i = 0; i < 3; ++i) {
            vm.prank(jurors[i]);
            panel.reveal(as_, 7, 2, salt(i));
        }
        assertEq(fake.entered(), 0, "every way back was shut");
        vm.prank(jurors[1]);
        panel.withdraw(as_, jurors[1]);
        assertEq(fake.entered(), 0, "and so is the one at paying out");
        assertTrue(!panel.caseOf(escrow, id).concluded, "the real case is as it was");
        assertEq(panel.earnedOf(escrow, jurors[0]), 0, "and earned nothing yet");
    }
}
