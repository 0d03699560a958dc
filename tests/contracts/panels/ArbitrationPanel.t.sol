// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IArbitrationPanel as Panel} from "../../../contracts/interfaces/IArbitrationPanel.sol";
import {BatchKey, Dispute, Terms} from "../../../contracts/libraries/EscrowTypes.sol";
import {ITaskEscrow} from "../../../contracts/interfaces/ITaskEscrow.sol";
import {EscrowTest} from "../base/EscrowTest.sol";

/// @notice A dispute over four rejections before a 2-of-3 panel.
abstract contract PanelTest is EscrowTest {
    uint96 internal constant FEE = 200_000;

    Panel internal panel;
    BatchKey internal key;
    uint256 internal id;
    uint256 internal opened;
    address[3] internal jurors = [address(0x101), address(0x102), address(0x103)];

    function setUp() public virtual override {
        super.setUp();
        panel = panelOf(list3(), 2, FEE);
        address[] memory arbitrators = new address[](1);
        arbitrators[0] = address(panel);
        escrow = deployEscrow(address(token), arbitrators);
        vm.warp(block.timestamp + 1 days);
        openDispute(DISPUTE_FEE);
    }

    function openDispute(uint96 fee) internal {
        Terms memory terms = defaultTerms();
        (terms.arbitrator, terms.disputeFee, terms.rulingWindow) = (address(panel), fee, 8 days);
        terms.manifest = keccak256(abi.encode(block.timestamp));
        key = open(terms, 20);
        fund(requester, fee);
        fund(worker, fee);
        claimAndSubmit(key, worker, 4);
        settle(key, worker, 0, 4);
        id = dispute(key, worker, 4);
        opened = block.timestamp;
    }

    function list3() internal view returns (address[] memory list) {
        list = new address[](3);
        (list[0], list[1], list[2]) = (jurors[0], jurors[1], jurors[2]);
    }

    function panelOf(address[] memory list, uint256 threshold, uint256 fee) internal returns (Panel) {
        return Panel(vm.deployCode("ArbitrationPanel.sol:ArbitrationPanel", abi.encode(list, threshold, fee)));
    }

    function salt(uint256 i) internal pure returns (bytes32) {
        return keccak256(abi.encode("salt", i));
    }

    function commit(uint256 i, uint256 ruling) internal {
        bytes32 commitment = panel.commitmentOf(escrow, id, jurors[i], ruling, salt(i));
        vm.prank(jurors[i]);
        panel.commit(escrow, id, commitment);
    }

    function reveal(uint256 i, uint256 ruling) internal {
        vm.prank(jurors[i]);
        panel.reveal(escrow, id, ruling, salt(i));
    }

    function expect(bytes4 selector) internal {
        vm.expectRevert(abi.encodeWithSelector(selector));
    }

    function expectWho(bytes4 selector, address who) internal {
        vm.expectRevert(abi.encodeWithSelector(selector, who));
    }
}

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
