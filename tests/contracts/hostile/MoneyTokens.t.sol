// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ITaskEscrowErrors as Errors} from "../../../contracts/interfaces/ITaskEscrowErrors.sol";
import {HostileTokens} from "./HostileTokens.sol";
import "./MoneyTokens.sol" as Money;

/// Tokens that move something else than they are asked to, or say so.
contract MoneyTokensTest is HostileTokens {
    // tokens that move something else, or say so
    function test_a_fee_on_transfer_is_refused_at_funding() public {
        row("fee on transfer", new Money.FeeOnTransfer(), "RRRRR");
    }

    function test_a_fee_from_the_sender_stops_at_paying_out() public {
        row("fee from sender", new Money.FeeFromSender(), "CCCRR");
    }

    function test_the_refusal_names_what_was_asked_and_what_moved() public {
        use(new Money.FeeOnTransfer());
        odd.mint(worker, 1000);
        vm.startPrank(worker);
        odd.approve(address(escrow), 1000);
        expectError(Errors.TaskEscrow_TokenMovedWrongAmount.selector, 1000, 990);
        escrow.deposit(1000);
        vm.stopPrank();
        use(new Money.FeeFromSender());
        odd.mint(worker, 1100);
        odd.mint(address(escrow), 100);
        vm.startPrank(worker);
        odd.approve(address(escrow), 1000);
        escrow.deposit(1000);
        expectError(Errors.TaskEscrow_TokenMovedWrongAmount.selector, 1000, 1010);
        escrow.withdraw(1000, worker);
        assertEq(escrow.owed(worker), 1000, "still owed");
    }

    function test_returning_false_is_refused_at_funding() public {
        row("returns false", new Money.ReturnsFalse(), "RRRRR");
    }

    function test_moving_but_returning_false_is_refused_at_funding() public {
        row("moves, returns false", new Money.MovesButReturnsFalse(), "RRRRR");
    }

    function test_returning_nothing_is_carried() public {
        row("returns nothing", new Money.ReturnsNothing(), "CCCCC");
    }

    function test_returning_two_is_refused_at_funding() public {
        row("returns two", new Money.ReturnsTwo(), "RRRRR");
    }

    function test_moving_nothing_is_refused_at_funding() public {
        row("moves nothing", new Money.MovesNothing(), "RRRRR");
    }

    function test_moving_twice_is_refused_at_funding() public {
        row("moves twice", new Money.MovesTwice(), "RRRRR");
    }

    function test_a_balance_of_everything_is_refused_at_funding() public {
        row("lies: balance is max", new Money.BalanceIsAlwaysMax(), "RRRRR");
    }

    function test_a_balance_of_nothing_is_refused_at_funding() public {
        row("lies: balance is zero", new Money.BalanceIsAlwaysZero(), "RRRRR");
    }

    function test_a_doubled_balance_is_refused_at_funding() public {
        row("lies: balance doubled", new Money.BalanceIsDoubled(), "RRRRR");
    }

    function test_rebasing_up_is_carried() public {
        row("rebases up", new Money.RebasesUp(), "CCCCC");
    }

    function test_rebasing_down_pays_while_it_lasts_and_the_books_stand() public {
        lowersBalance = true;
        row("rebases down", new Money.RebasesDown(), "CCCCC");
    }

    function test_a_seizure_stops_at_paying_out_and_the_books_stand() public {
        lowersBalance = true;
        row("seizes", new Money.Seizes(), "CCCRR");
    }

    function test_a_flash_mint_to_the_escrow_is_refused_at_funding() public {
        row("flash mints", new Money.FlashMints(), "RRRRR");
    }

    function test_amounts_of_255_decimals_are_refused_at_funding() public {
        amount = type(uint256).max;
        row("255 decimals, huge", new Money.HugeDecimals(), "RRRRR");
    }

    function test_small_amounts_of_255_decimals_are_carried() public {
        row("255 decimals, small", new Money.HugeDecimals(), "CCCCC");
    }

    function test_zero_decimals_are_carried() public {
        row("0 decimals", new Money.ZeroDecimals(), "CCCCC");
    }

    function test_ignored_allowances_are_carried() public {
        row("ignores allowances", new Money.IgnoresAllowances(), "CCCCC");
    }
}
