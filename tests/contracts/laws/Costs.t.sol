// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ITaskEscrow} from "../../../contracts/interfaces/ITaskEscrow.sol";
import {BatchKey, DirectPayment, Terms, Verdict} from "../../../contracts/libraries/EscrowTypes.sol";
import {EscrowTest} from "../base/EscrowTest.sol";

/// Law 11: what a call costs does not depend on how much else exists, nor on how much happened before.
contract CostsTest is EscrowTest {
    /// Gas by which two such calls may differ: warm or cold memory, not one storage read.
    uint256 private constant SLACK = 1_000;

    BatchKey internal key;

    function setUp() public override {
        super.setUp();
        key = open(roomyTerms(), 2_000);
        // The first payment of an account costs a new slot; all that is compared comes later.
        claimAndSubmit(key, worker, 1);
        settle(key, worker, 1, 0);
    }

    /// @dev Before each comparison: what only a first read or write in a transaction costs is left out.
    modifier warm() {
        gasOfClaim();
        gasOfSubmit();
        gasOfSettlement();
        gasOfSilence();
        _;
    }

    function test_law11_a_claim_and_a_submission_cost_the_same_beside_many_batches() public warm {
        uint256 claimBefore = gasOfClaim();
        uint256 submitBefore = gasOfSubmit();
        openMany(200);
        assertNear(gasOfClaim(), claimBefore, "claim");
        assertNear(gasOfSubmit(), submitBefore, "submit");
    }

    function test_law11_a_claim_costs_the_same_beside_many_workers() public warm {
        uint256 before = gasOfClaim();
        for (uint160 i = 1; i <= 200; ++i) {
            claimAndSubmit(key, address(0x10000 + i), 1);
        }
        assertNear(gasOfClaim(), before, "claim");
    }

    function test_law11_a_settlement_costs_the_same_after_many_others() public warm {
        uint256 before = gasOfSettlement();
        this.workALot(200, 1);
        assertNear(gasOfSettlement(), before, "settle");
    }

    function test_law11_silence_costs_the_same_after_much_work() public warm {
        uint256 before = gasOfSilence();
        this.workALot(60, 20);
        assertNear(gasOfSilence(), before, "payOverdue");
    }

    /// @dev A call of its own, so that the memory it takes does not make the next call dearer.
    function workALot(uint256 times, uint16 count) external {
        for (uint256 i = 0; i < times; ++i) {
            claimAndSubmit(key, worker, count);
            settle(key, worker, count, 0);
        }
    }

    function roomyTerms() private view returns (Terms memory terms) {
        terms = defaultTerms();
        terms.claimBy = uint40(block.timestamp + 300 days);
    }

    function openMany(uint256 count) private {
        Terms memory terms = defaultTerms();
        fund(requester, count * UNIT);
        for (uint256 i = 0; i < count; ++i) {
            vm.prank(requester);
            escrow.openBatch(terms, keccak256(abi.encode(i)), 1);
        }
    }

    function gasOfClaim() private returns (uint256) {
        bytes memory data = abi.encodeCall(ITaskEscrow.claim, (key, 1, keccak256("tasks"), 1, noTicket()));
        return gasOf(worker, data);
    }

    function gasOfSubmit() private returns (uint256) {
        return gasOf(worker, abi.encodeCall(ITaskEscrow.submit, (key, 1, keccak256("work"))));
    }

    function gasOfSettlement() private returns (uint256) {
        claimAndSubmit(key, worker, 1);
        Verdict[] memory verdicts = new Verdict[](1);
        verdicts[0] = Verdict(worker, tally(key, worker).decided, 1, 0);
        uint32 nonce = batch(key).settlements + 1;
        bytes memory data = abi.encodeCall(
            ITaskEscrow.settle, (key, nonce, keccak256("results"), verdicts, new DirectPayment[](0), "")
        );
        return gasOf(reviewer, data);
    }

    function gasOfSilence() private returns (uint256) {
        claimAndSubmit(key, worker, 1);
        vm.warp(tally(key, worker).oldReviewEnd + 1);
        return gasOf(stranger, abi.encodeCall(ITaskEscrow.payOverdue, (key, worker)));
    }

    function gasOf(address from, bytes memory data) private returns (uint256 used) {
        vm.prank(from);
        uint256 before = gasleft();
        (bool ok,) = address(escrow).call(data);
        used = before - gasleft();
        assertTrue(ok, "the measured call works");
    }

    function assertNear(uint256 found, uint256 expected, string memory what) private pure {
        uint256 apart = found > expected ? found - expected : expected - found;
        if (apart > SLACK) revert NotEqual(what, found, expected);
    }
}
