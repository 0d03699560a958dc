// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IReviewPanel} from "../../../contracts/interfaces/IReviewPanel.sol";
import {BatchKey, DirectPayment, Terms, Verdict} from "../../../contracts/libraries/EscrowTypes.sol";
import {EscrowTest} from "../base/EscrowTest.sol";
import {MessageHashes} from "../base/MessageHashes.sol";

/// M of N reviewers as one signer.
contract ReviewPanelTest is EscrowTest {
    bytes4 internal constant YES = 0x1626ba7e;
    bytes32 internal constant DIGEST = keccak256("what is signed");

    function keys(uint256 n) internal pure returns (uint256[] memory list) {
        list = new uint256[](n);
        for (uint256 i = 0; i < n; ++i) {
            list[i] = 0x9000 + i;
            for (uint256 j = i; j > 0 && vm.addr(list[j]) < vm.addr(list[j - 1]); --j) {
                (list[j], list[j - 1]) = (list[j - 1], list[j]);
            }
        }
    }

    function membersOf(uint256[] memory list) internal pure returns (address[] memory members) {
        members = new address[](list.length);
        for (uint256 i = 0; i < list.length; ++i) {
            members[i] = vm.addr(list[i]);
        }
    }

    function panelOf(address[] memory members, uint256 threshold) internal returns (IReviewPanel) {
        return IReviewPanel(vm.deployCode("ReviewPanel.sol:ReviewPanel", abi.encode(members, threshold)));
    }

    function panel(uint256 n, uint256 threshold) internal returns (IReviewPanel) {
        return panelOf(membersOf(keys(n)), threshold);
    }

    function signature(uint256 key, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    function joined(uint256[] memory list, uint256 from, uint256 to, bytes32 digest)
        internal
        pure
        returns (bytes memory all)
    {
        for (uint256 i = from; i < to; ++i) {
            all = bytes.concat(all, signature(list[i], digest));
        }
    }

    function says(IReviewPanel p, bytes memory signatures) internal view returns (bool) {
        bytes4 answer = p.isValidSignature(DIGEST, signatures);
        assertTrue(answer == YES || answer == bytes4(0xffffffff), "yes or no, never a revert");
        return answer == YES;
    }

    // constructor
    function expectBadSetup(address[] memory members, uint256 threshold) internal {
        vm.expectRevert(abi.encodeWithSelector(IReviewPanel.ReviewPanel_BadSetup.selector));
        panelOf(members, threshold);
    }

    function test_a_panel_needs_distinct_members_and_a_reachable_threshold() public {
        address[] memory three = membersOf(keys(3));
        expectBadSetup(three, 0);
        expectBadSetup(three, 4);
        expectBadSetup(new address[](0), 0);
        expectBadSetup(membersOf(keys(33)), 1);
        (address kept, address other) = (three[1], three[0]);
        three[1] = other;
        expectBadSetup(three, 2);
        three[1] = address(0);
        expectBadSetup(three, 2);
        three[1] = kept;
        panelOf(three, 3);
        panelOf(membersOf(keys(32)), 32);
    }

    function test_members_and_threshold_are_public() public {
        IReviewPanel p = panel(3, 2);
        assertEq(p.threshold(), 2, "threshold");
        assertEq(p.members().length, 3, "members");
        assertTrue(p.isMember(vm.addr(0x9000)), "a member");
        assertTrue(!p.isMember(stranger), "a stranger");
    }

    // isValidSignature
    function testFuzz_exactly_the_threshold_or_more_make_a_signature(uint8 n, uint8 m, uint8 k) public {
        uint256 size = bound(n, 1, 8);
        uint256 threshold = bound(m, 1, size);
        uint256 signers = bound(k, 0, size);
        assertTrue(
            says(panel(size, threshold), joined(keys(size), 0, signers, DIGEST)) == (signers >= threshold), "enough"
        );
    }

    function test_nobody_counts_twice_and_order_matters() public {
        uint256[] memory list = keys(3);
        IReviewPanel p = panel(3, 2);
        bytes memory one = signature(list[0], DIGEST);
        bytes memory two = signature(list[1], DIGEST);
        assertTrue(says(p, bytes.concat(one, two)), "ascending");
        assertTrue(!says(p, bytes.concat(two, one)), "descending");
        assertTrue(!says(p, bytes.concat(one, one)), "twice");
    }

    function test_one_by_anybody_else_makes_the_whole_invalid() public {
        uint256[] memory list = keys(3);
        IReviewPanel p = panel(3, 2);
        bytes memory all = joined(list, 0, 3, DIGEST);
        assertTrue(says(p, all), "three of three");
        uint256 foreign = 0xF00;
        while (vm.addr(foreign) < vm.addr(list[2])) foreign += 1;
        assertTrue(!says(p, bytes.concat(all, signature(foreign, DIGEST))), "and a stranger");
        assertTrue(!says(p, bytes.concat(joined(list, 0, 2, DIGEST), signature(list[2], "another"))), "another digest");
    }

    function test_malformed_lengths_are_a_no() public {
        uint256[] memory list = keys(3);
        IReviewPanel p = panel(3, 2);
        bytes memory good = joined(list, 0, 2, DIGEST);
        assertTrue(!says(p, ""), "empty");
        assertTrue(!says(p, bytes.concat(good, hex"00")), "one byte more");
        assertTrue(!says(p, new bytes(130)), "zeroes");
        assertTrue(!says(p, new bytes(65 * 33)), "more than there can be");
    }

    function testFuzz_garbage_is_a_no(bytes memory garbage) public {
        assertTrue(!says(panel(3, 2), garbage), "no");
    }

    // as a batch's reviewer
    function test_the_largest_panel_settles_within_the_gas_of_a_signature() public {
        uint256[] memory list = keys(32);
        Terms memory terms = defaultTerms();
        terms.reviewer = address(panel(32, 32));
        BatchKey memory key = open(terms, 5);
        claimAndSubmit(key, worker, 5);
        Verdict[] memory verdicts = new Verdict[](1);
        verdicts[0] = Verdict(worker, 0, 5, 0);
        bytes32 message = MessageHashes.settlement(
            MessageHashes.SettlementMessage(escrow.batchIdOf(key), 1, "r", verdicts, new DirectPayment[](0))
        );
        bytes memory all = joined(list, 0, 32, digestOf(message));
        vm.prank(stranger);
        escrow.settle(key, 1, "r", verdicts, new DirectPayment[](0), all);
        assertEq(escrow.owed(worker), 5 * REWARD, "paid");
    }
}
