// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IArbitrationPanel as Panel} from "../../../contracts/interfaces/IArbitrationPanel.sol";
import {BatchKey, Terms} from "../../../contracts/libraries/EscrowTypes.sol";
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
