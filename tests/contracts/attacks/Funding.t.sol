// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ITaskEscrow} from "../../../contracts/interfaces/ITaskEscrow.sol";
import {BatchKey, Permit, Terms} from "../../../contracts/libraries/EscrowTypes.sol";
import {Books} from "../base/Books.sol";
import {OddToken} from "../hostile/OddToken.sol";

/// @notice Calls the sender back before tokens leave it, and in `permit`.
contract CallingToken is OddToken {
    function transferFrom(address from, address to, uint256 amount) external override returns (bool) {
        _spend(from, amount);
        if (from.code.length > 0) Opener(from).called();
        return _move(from, to, amount);
    }

    function permit(address from, address spender, uint256 amount, uint256, uint8, bytes32, bytes32) external override {
        allowance[from][spender] = amount;
        if (from.code.length > 0) Opener(from).called();
    }
}

/// @notice A requester that uses every call back for one more call to the escrow.
contract Opener {
    ITaskEscrow private immutable ESCROW;
    bytes private _again;
    uint256 public succeeded;
    uint256 public refused;

    constructor(ITaskEscrow escrow) {
        ESCROW = escrow;
    }

    function plan(bytes calldata again) external {
        _again = again;
    }

    function called() external {
        (bool ok,) = address(ESCROW).call(_again);
        if (ok) ++succeeded;
        else ++refused;
    }

    function run(bytes calldata call_) external returns (bool ok) {
        (ok,) = address(ESCROW).call(call_);
    }
}

/// Attacks on the one call that takes tokens in and spends them at once.
contract FundingAttacksTest is Books {
    CallingToken internal calling;
    Opener internal opener;
    Terms internal terms;
    uint256 internal cost;

    function setUp() public override {
        super.setUp();
        calling = new CallingToken();
        escrow = deployEscrow(address(calling));
        opener = new Opener(escrow);
        calling.mint(address(opener), 100 * UNIT);
        terms = defaultTerms();
        cost = 10 * UNIT;
    }

    function open_(uint256 amount) internal view returns (bytes memory) {
        return abi.encodeCall(ITaskEscrow.openBatchWithPermit, (terms, "salt", 10, Permit(amount, 0, 27, 0, 0)));
    }

    function assertHolds(uint256 owed, uint24 free) internal view {
        assertEq(escrow.owed(address(opener)), owed, "owed");
        assertEq(batch(BatchKey(address(opener), "salt", terms)).free, free, "free");
        assertEq(calling.real(address(escrow)), owed + free * UNIT, "held to the unit");
    }

    function testFuzz_more_or_less_than_the_cost_is_settled_with_the_account_to_the_unit(uint256 permitted) public {
        permitted = bound(permitted, 1, 2 * cost);
        opener.run(abi.encodeCall(ITaskEscrow.depositWithPermit, (Permit(cost, 0, 27, 0, 0))));
        assertTrue(opener.run(open_(permitted)), "opened");
        assertHolds(permitted, 10); // cost deposited + permitted - cost
    }

    function test_the_account_and_the_permit_together_one_unit_short_open_nothing() public {
        opener.run(abi.encodeCall(ITaskEscrow.depositWithPermit, (Permit(5, 0, 27, 0, 0))));
        assertTrue(!opener.run(open_(cost - 6)), "refused");
        assertHolds(5, 0);
    }

    function test_opening_the_same_batch_from_inside_its_funding_undoes_the_whole() public {
        opener.run(abi.encodeCall(ITaskEscrow.depositWithPermit, (Permit(cost, 0, 27, 0, 0))));
        opener.plan(abi.encodeCall(ITaskEscrow.openBatch, (terms, "salt", 10)));
        assertTrue(!opener.run(open_(cost)), "refused as a second of the same");
        assertHolds(cost, 0);
    }

    function test_depositing_or_withdrawing_from_inside_a_funding_is_refused() public {
        opener.run(abi.encodeCall(ITaskEscrow.depositWithPermit, (Permit(cost, 0, 27, 0, 0))));
        opener.plan(abi.encodeCall(ITaskEscrow.withdraw, (cost, address(0xD1EF))));
        assertTrue(opener.run(open_(cost)), "opened");
        opener.plan(abi.encodeCall(ITaskEscrow.deposit, (1)));
        opener.run(abi.encodeCall(ITaskEscrow.depositWithPermit, (Permit(1, 0, 27, 0, 0))));
        assertEq(opener.succeeded(), 0, "no way in");
        assertTrue(opener.refused() >= 2, "and each was tried");
        assertHolds(cost + 1, 10);
    }

    function test_money_credited_while_a_funding_runs_is_not_counted_as_brought() public {
        // From inside the permit the requester closes an older batch: its refund must not pass for tokens that came in.
        opener.run(open_(cost));
        BatchKey memory old = BatchKey(address(opener), "salt", terms);
        opener.plan(abi.encodeCall(ITaskEscrow.closeBatch, (old)));
        assertTrue(opener.run(abi.encodeCall(ITaskEscrow.depositWithPermit, (Permit(7, 0, 27, 0, 0)))), "carried");
        assertEq(opener.succeeded(), 1, "closed from inside");
        assertHolds(cost + 7, 0);
    }
}
