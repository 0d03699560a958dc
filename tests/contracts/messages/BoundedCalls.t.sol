// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ITaskEscrowErrors as Errors} from "../../../contracts/interfaces/ITaskEscrowErrors.sol";
import {BoundedCalls} from "../../../contracts/libraries/BoundedCalls.sol";
import {Checks} from "../base/Checks.sol";
import {OddSigner} from "../hostile/Signers.sol";

/// Questions to contracts: one word of the answer, whatever memory held before.
contract BoundedCallsTest is Checks {
    bytes32 internal constant SELECTOR = bytes32(bytes4(0x1626ba7e));

    /// @dev Asks with `scratch` in the word that the answer is written to.
    function askOver(bytes32 scratch, address target, uint256 gasCap) external view returns (uint256) {
        assembly {
            mstore(0, scratch)
        }
        return BoundedCalls.ask(target, gasCap, "");
    }

    function answer(OddSigner.Way way, bytes32 scratch) internal returns (uint256) {
        return this.askOver(scratch, address(new OddSigner(way)), 100_000);
    }

    // ask
    function testFuzz_a_whole_word_is_the_answer_whatever_memory_held(bytes32 scratch) public {
        assertEq(answer(OddSigner.Way.Selector, scratch), uint256(SELECTOR), "the word");
        assertEq(answer(OddSigner.Way.One, scratch), 1, "the word");
        assertEq(answer(OddSigner.Way.Bomb, scratch), uint256(SELECTOR), "the first word");
    }

    function testFuzz_less_than_a_word_is_no_answer_whatever_memory_held(bytes32 scratch) public {
        assertEq(answer(OddSigner.Way.ShortAnswer, scratch), 0, "31 bytes");
        assertEq(answer(OddSigner.Way.NoAnswer, scratch), 0, "none");
        assertEq(this.askOver(scratch, address(0xDEAD), 100_000), 0, "no contract");
    }

    function testFuzz_a_failed_call_is_no_answer_whatever_it_returned(bytes32 scratch) public {
        assertEq(answer(OddSigner.Way.RevertWithSelector, scratch), 0, "reverted with the right word");
        assertEq(answer(OddSigner.Way.RevertBomb, scratch), 0, "reverted with a bomb");
        assertEq(answer(OddSigner.Way.Invalid, scratch), 0, "invalid");
        assertEq(answer(OddSigner.Way.BurnGas, scratch), 0, "burnt");
        assertEq(answer(OddSigner.Way.Write, scratch), 0, "wrote");
    }

    function test_an_answer_of_true_cannot_be_left_over_from_before() public {
        assertEq(answer(OddSigner.Way.NoAnswer, bytes32(uint256(1))), 0, "a gate's yes");
        assertEq(answer(OddSigner.Way.NoAnswer, SELECTOR), 0, "a signer's yes");
        assertEq(answer(OddSigner.Way.ShortAnswer, 0), 0, "a signer's yes, a byte short");
    }

    function testFuzz_too_little_gas_for_the_whole_cap_reverts(uint32 cap, uint32 gas_) public {
        uint256 gasCap = bound(cap, 1000, 1_000_000);
        address target = address(new OddSigner(OddSigner.Way.One));
        uint256 given = bound(gas_, 10_000, 2_000_000);
        bytes memory call = abi.encodeCall(this.askOver, (0, target, gasCap));
        (bool ok, bytes memory data) = address(this).staticcall{gas: given}(call);
        if (ok) {
            assertTrue(given >= gasCap + gasCap / 63 + 40_000, "it had enough for cap and reserve");
        } else if (data.length >= 4) {
            assertEq(bytes32(bytes4(data)), bytes32(Errors.TaskEscrow_InsufficientGas.selector), "it says so");
        }
    }
}
