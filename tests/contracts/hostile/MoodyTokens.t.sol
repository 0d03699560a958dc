// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Permit} from "../../../contracts/libraries/EscrowTypes.sol";
import {Console} from "../base/Console.sol";
import {HostileTokens} from "./HostileTokens.sol";
import "./MoodyTokens.sol" as Moody;

interface ICallsBack {
    function succeeded() external view returns (uint256);
}

/// Tokens that refuse, call back, change their mind, or waste what they are given.
contract MoodyTokensTest is HostileTokens {
    // tokens that refuse, call back, change their mind
    function test_a_blocklist_holds_up_nobody_but_the_blocked() public {
        row("blocklist", new Moody.Blocklist(), "CCCRR");
        assertEq(escrow.owed(second), 0, "the other was swept");
        assertTrue(send(worker, abi.encodeCall(escrow.withdraw, (3 * REWARD, stranger))), "to another address it goes");
        assertEq(odd.real(stranger), 3 * REWARD, "arrived");
    }

    function test_freezing_the_escrow_stops_paying_out_alone() public {
        row("freezes the escrow", new Moody.FreezesEscrow(), "CCCRR");
    }

    function test_a_pause_stops_paying_out_alone() public {
        row("pausable", new Moody.Pausable(), "CCCRR");
    }

    function test_an_upgrade_that_moves_nothing_is_refused_at_paying_out() public {
        row("upgradable", new Moody.Upgradable(), "CCCRR");
    }

    function test_reverting_on_zero_is_carried() public {
        row("reverts on zero", new Moody.RevertsOnZero(), "CCCCC");
    }

    function test_an_approval_race_is_carried() public {
        row("approval race", new Moody.ApprovalRace(), "CCCCC");
    }

    function test_hooks_are_carried() public {
        row("ERC-777 hooks", new Moody.Hooks(), "CCCCC");
    }

    function test_calling_back_on_transfer_gains_nothing() public {
        row("reenters on transfer", new Moody.ReentersOnTransfer(), "CCCCC");
        assertEq(ICallsBack(address(odd)).succeeded(), 0, "no call back went through");
    }

    function test_calling_back_on_transfer_from_gains_nothing() public {
        row("reenters on transferFrom", new Moody.ReentersOnTransferFrom(), "CCCCC");
        assertEq(ICallsBack(address(odd)).succeeded(), 0, "no call back went through");
    }

    function test_reading_back_on_balance_is_carried() public {
        row("reads back on balanceOf", new Moody.ReentersOnBalance(), "CCCCC");
    }

    function test_a_permit_that_lies_is_refused_at_funding() public {
        byPermit = true;
        row("permit lies", new Moody.PermitLies(), "RRRRR");
    }

    function test_a_permit_that_was_used_first_is_carried() public {
        byPermit = true;
        use(new Moody.PermitFrontRun());
        vm.prank(requester);
        odd.approve(address(escrow), amount);
        odd.mint(requester, amount);
        assertTrue(send(requester, abi.encodeCall(escrow.depositWithPermit, (Permit(amount, 0, 27, 0, 0)))), "carried");
        Console.log("| permit front-run | CARRIED | CARRIED | CARRIED | CARRIED | CARRIED |");
        funded = escrow.owed(requester);
        assertTrue(payStep() && refundStep() && withdrawStep() && sweepStep(), "all carried");
        assertBooks();
    }

    function test_an_answer_of_a_hundred_kilobytes_is_carried() public {
        row("returns a bomb", new Moody.ReturnsBomb(), "CCCCC");
    }

    function test_a_revert_of_a_hundred_kilobytes_stops_paying_out_alone() public {
        row("reverts with a bomb", new Moody.RevertsWithBomb(), "CCCRR");
    }

    function test_burning_gas_stops_paying_out_alone() public {
        row("burns gas", new Moody.BurnsGas(), "CCCRR");
    }
}
