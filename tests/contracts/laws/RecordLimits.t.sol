// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Account, BatchKey} from "../../../contracts/libraries/EscrowTypes.sol";
import {EscrowTest} from "../base/EscrowTest.sol";

/// Laws 3 and 10 at the end of a long life: a record that is full stops, and pays on.
contract RecordLimitsTest is EscrowTest {
    uint256 private constant ACCEPTED = 96;
    uint256 private constant REJECTED = 128;

    BatchKey internal key;

    function setUp() public override {
        super.setUp();
        key = open(defaultTerms(), 10);
        fund(requester, DISPUTE_FEE);
        claimAndSubmit(key, worker, 4);
        // A slot that holds something, so that a wrong place is noticed.
        settle(key, worker, 1, 0);
    }

    function test_law10_a_full_counter_stops_and_blocks_no_payment() public {
        bytes32 slot = keccak256(abi.encode(worker, uint256(0)));
        uint256 word = uint256(vm.load(address(escrow), slot));
        assertEq(word & type(uint96).max, REWARD, "this is the account's slot");
        uint256 full = uint256(type(uint32).max) << ACCEPTED | uint256(type(uint32).max) << REJECTED;
        vm.store(address(escrow), slot, bytes32(word | full));
        settle(key, worker, 2, 1);
        Account memory a = account(worker);
        assertEq(a.owed, 3 * uint256(REWARD), "paid");
        assertEq(a.accepted, type(uint32).max, "accepted stays full");
        assertEq(a.rejected, type(uint32).max, "rejected stays full");
        assertEq(a.contested, 0, "no neighbour changed");
    }
}
