// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IArbitrationPanel as Panel} from "../../../contracts/interfaces/IArbitrationPanel.sol";
import {ITaskEscrow} from "../../../contracts/interfaces/ITaskEscrow.sol";
import {Dispute} from "../../../contracts/libraries/EscrowTypes.sol";
import {PanelTest} from "./PanelTest.sol";

/// @notice Poses as an escrow to rob the panel of what another owes it.
contract FakeEscrow {
    Panel internal immutable PANEL;
    uint256 public owed_;
    uint256 public withdrawn;

    constructor(Panel panel) {
        PANEL = panel;
    }

    function disputeOf(uint256) external view returns (Dispute memory d) {
        d.arbitrator = address(PANEL);
        d.openedAt = uint40(block.timestamp);
        d.rulingEnd = uint40(block.timestamp + 8 days);
        d.fee = type(uint96).max;
    }

    function owed(address) external view returns (uint256) {
        return owed_;
    }

    function rule(uint256, uint256) external {
        owed_ = 1_000_000;
    }

    function withdraw(uint256 amount, address) external {
        withdrawn = amount;
    }
}

/// Members: added and removed by themselves; escrows kept apart.
contract PanelMembersTest is PanelTest {
    address internal fourth = address(0x104);

    function approve(uint256 i, address subject, bool add) internal {
        vm.prank(jurors[i]);
        panel.approveChange(subject, add);
    }

    function expectBadSetup(uint256 n, uint256 threshold) internal {
        address[] memory list = new address[](n);
        for (uint256 i = 0; i < n; ++i) {
            list[i] = address(uint160(i + 1));
        }
        expect(Panel.ArbitrationPanel_BadSetup.selector);
        panelOf(list, threshold, FEE);
    }

    // constructor
    function test_a_panel_needs_a_threshold_that_is_a_majority() public {
        expectBadSetup(3, 0);
        expectBadSetup(3, 4);
        expectBadSetup(4, 2);
        expectBadSetup(32, 20);
        address[] memory list = list3();
        list[1] = list[0];
        expect(Panel.ArbitrationPanel_BadSetup.selector);
        panelOf(list, 2, FEE);
        list[1] = address(0);
        expect(Panel.ArbitrationPanel_BadSetup.selector);
        panelOf(list, 2, FEE);
        assertEq(panel.threshold(), 2, "threshold");
        assertEq(panel.jurors().length, 3, "jurors");
    }

    // approveChange
    function test_a_majority_removes_a_juror_and_adds_another() public {
        approve(0, jurors[2], false);
        assertEq(panel.jurors().length, 3, "one is not enough");
        vm.expectEmit(address(panel));
        emit Panel.ChangeApproved(jurors[1], jurors[2], false, 0);
        vm.expectEmit(address(panel));
        emit Panel.JurorChanged(jurors[2], false);
        approve(1, jurors[2], false);
        assertEq(panel.jurors().length, 2, "removed");
        assertEq(panel.jurorSince(jurors[2]), 0, "none any more");
        approve(0, fourth, true);
        approve(1, fourth, true);
        assertEq(panel.jurorSince(fourth), block.timestamp, "added");
    }

    function test_a_change_that_breaks_quorum_or_majority_or_changes_nothing_is_refused() public {
        expectWho(Panel.ArbitrationPanel_BadChange.selector, fourth);
        approve(0, fourth, true);
        expectWho(Panel.ArbitrationPanel_BadChange.selector, fourth);
        approve(0, fourth, false);
        expectWho(Panel.ArbitrationPanel_BadChange.selector, jurors[1]);
        approve(0, jurors[1], true);
        approve(0, jurors[2], false);
        approve(1, jurors[2], false);
        expectWho(Panel.ArbitrationPanel_BadChange.selector, jurors[1]);
        approve(0, jurors[1], false);
        expectWho(Panel.ArbitrationPanel_BadChange.selector, address(0));
        approve(0, address(0), true);
    }

    function test_a_juror_approves_a_change_once() public {
        approve(0, jurors[2], false);
        expectWho(Panel.ArbitrationPanel_AlreadyApproved.selector, jurors[0]);
        approve(0, jurors[2], false);
    }

    function test_every_change_voids_the_approvals_before_it() public {
        approve(0, jurors[1], false);
        approve(0, jurors[2], false);
        approve(1, jurors[2], false);
        approve(0, fourth, true);
        approve(1, fourth, true);
        jurors[2] = fourth;
        approve(2, jurors[1], false);
        assertEq(panel.jurorSince(jurors[1]) > 0 ? 1 : 0, 1, "the old approval is void");
    }

    function testFuzz_who_is_no_juror_approves_nothing(address who) public {
        vm.assume(who != jurors[0] && who != jurors[1] && who != jurors[2]);
        vm.prank(who);
        expectWho(Panel.ArbitrationPanel_NotJuror.selector, who);
        panel.approveChange(who, true);
    }

    function test_a_juror_added_after_the_dispute_began_cannot_vote_on_it() public {
        vm.warp(block.timestamp + 1);
        approve(0, jurors[2], false);
        approve(1, jurors[2], false);
        approve(0, fourth, true);
        approve(1, fourth, true);
        vm.prank(fourth);
        expectWho(Panel.ArbitrationPanel_NotJuror.selector, fourth);
        panel.commit(escrow, id, "c");
    }

    function test_a_juror_who_left_cannot_reveal_but_keeps_what_it_earned() public {
        commit(0, 2);
        commit(1, 2);
        commit(2, 2);
        reveal(2, 2);
        approve(0, jurors[2], false);
        approve(1, jurors[2], false);
        reveal(0, 2);
        reveal(1, 2);
        assertTrue(panel.caseOf(escrow, id).concluded, "concluded");
        vm.prank(jurors[2]);
        panel.withdraw(escrow, jurors[2]);
        assertEq(token.balanceOf(jurors[2]), DISPUTE_FEE / 3, "its share");
    }

    // escrows kept apart
    function test_a_fake_escrow_robs_nobody() public {
        for (uint256 i = 0; i < 3; ++i) {
            commit(i, 2);
        }
        for (uint256 i = 0; i < 3; ++i) {
            reveal(i, 2);
        }
        uint256 held = escrow.owed(address(panel));
        ITaskEscrow fake = ITaskEscrow(address(new FakeEscrow(panel)));
        for (uint256 i = 0; i < 3; ++i) {
            bytes32 commitment = panel.commitmentOf(fake, 1, jurors[i], 2, salt(i));
            vm.prank(jurors[i]);
            panel.commit(fake, 1, commitment);
        }
        for (uint256 i = 0; i < 3; ++i) {
            vm.prank(jurors[i]);
            panel.reveal(fake, 1, 2, salt(i));
        }
        assertTrue(panel.earnedOf(fake, jurors[0]) > 0, "earned in the fake alone");
        vm.prank(jurors[0]);
        panel.withdraw(fake, jurors[0]);
        assertEq(token.balanceOf(jurors[0]), 0, "no token moved");
        assertEq(escrow.owed(address(panel)), held, "the real one owes the same");
        vm.prank(jurors[0]);
        panel.withdraw(escrow, jurors[0]);
        assertEq(token.balanceOf(jurors[0]), DISPUTE_FEE / 3, "and pays its own");
    }
}
