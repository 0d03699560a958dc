// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ITaskEscrowErrors as Errors} from "../../../contracts/interfaces/ITaskEscrowErrors.sol";
import {ITaskEscrowEvents as Events} from "../../../contracts/interfaces/ITaskEscrowEvents.sol";
import {Books} from "../base/Books.sol";
import {MessageHashes} from "../base/MessageHashes.sol";

/// Tokens out: `withdraw`, `withdrawBySig`, `setSweep`, `setSweepBySig`, `sweep`.
contract WithdrawalsTest is Books {
    uint256 internal constant HELD = 1000;

    function setUp() public override {
        super.setUp();
        fund(worker, HELD);
        fund(second, HELD);
    }

    function withdrawal(uint256 amount, address to, uint256 nonce) internal view returns (bytes memory) {
        return signed(
            WORKER_KEY,
            MessageHashes.withdrawal(MessageHashes.WithdrawMessage(worker, amount, to, nonce, block.timestamp))
        );
    }

    function setting(bool enabled, uint256 nonce) internal view returns (bytes memory) {
        return signed(
            WORKER_KEY, MessageHashes.sweepSetting(MessageHashes.SweepMessage(worker, enabled, nonce, block.timestamp))
        );
    }

    function both() internal view returns (address[] memory list) {
        list = new address[](2);
        list[0] = worker;
        list[1] = second;
    }

    // withdraw > when the call is wrong
    function test_a_withdrawal_of_nothing_is_refused() public {
        vm.prank(worker);
        expectError(Errors.TaskEscrow_ZeroAmount.selector);
        escrow.withdraw(0, worker);
    }

    function test_a_withdrawal_to_nobody_is_refused() public {
        vm.prank(worker);
        expectError(Errors.TaskEscrow_ZeroAddress.selector);
        escrow.withdraw(1, address(0));
    }

    function test_a_withdrawal_to_the_escrow_itself_is_refused() public {
        vm.prank(worker);
        expectError(Errors.TaskEscrow_ZeroAddress.selector);
        escrow.withdraw(1, address(escrow));
    }

    function test_more_than_is_owed_cannot_be_withdrawn() public {
        vm.prank(worker);
        vm.expectRevert(abi.encodeWithSelector(Errors.TaskEscrow_InsufficientBalance.selector, worker, HELD, HELD + 1));
        escrow.withdraw(HELD + 1, worker);
    }

    // withdraw > when it is right
    function test_a_withdrawal_moves_tokens_to_any_address_and_is_logged() public {
        vm.expectEmit(address(escrow));
        emit Events.Withdrawn(worker, stranger, 400);
        vm.prank(worker);
        escrow.withdraw(400, stranger);
        assertOwed(worker, HELD - 400, "the rest");
        assertOwed(second, HELD, "nobody else's");
        assertEq(token.balanceOf(stranger), 400, "arrived");
        assertBooks();
    }

    function testFuzz_withdrawals_never_give_more_than_was_owed(uint96 one, uint96 two) public {
        uint256 first = bound(one, 1, HELD);
        vm.prank(worker);
        escrow.withdraw(first, worker);
        uint256 then = bound(two, HELD - first + 1, type(uint96).max);
        vm.prank(worker);
        vm.expectPartialRevert(Errors.TaskEscrow_InsufficientBalance.selector);
        escrow.withdraw(then, worker);
        assertEq(token.balanceOf(worker), first, "once");
        assertBooks();
    }

    // withdrawBySig > when anyone brings the account's signature
    function test_a_stranger_carries_a_signed_withdrawal() public {
        bytes memory signature = withdrawal(HELD, worker, 0);
        vm.prank(stranger);
        escrow.withdrawBySig(worker, HELD, worker, 0, block.timestamp, signature);
        assertEq(token.balanceOf(worker), HELD, "arrived");
        assertEq(account(worker).nonce, 1, "used");
        assertBooks();
    }

    function test_a_signed_withdrawal_works_once() public {
        bytes memory signature = withdrawal(100, worker, 0);
        escrow.withdrawBySig(worker, 100, worker, 0, block.timestamp, signature);
        expectError(Errors.TaskEscrow_SignatureInvalid.selector, worker);
        escrow.withdrawBySig(worker, 100, worker, 0, block.timestamp, signature);
    }

    function test_signed_withdrawals_apply_in_the_order_of_their_numbers() public {
        bytes memory later = withdrawal(100, worker, 1);
        expectError(Errors.TaskEscrow_SignatureInvalid.selector, worker);
        escrow.withdrawBySig(worker, 100, worker, 1, block.timestamp, later);
        escrow.withdrawBySig(worker, 100, worker, 0, block.timestamp, withdrawal(100, worker, 0));
        escrow.withdrawBySig(worker, 100, worker, 1, block.timestamp, later);
        assertOwed(worker, HELD - 200, "both");
    }

    function test_a_signed_withdrawal_that_fails_does_not_use_its_number() public {
        bytes memory signature = withdrawal(HELD + 1, worker, 0);
        vm.expectPartialRevert(Errors.TaskEscrow_InsufficientBalance.selector);
        escrow.withdrawBySig(worker, HELD + 1, worker, 0, block.timestamp, signature);
        assertEq(account(worker).nonce, 0, "not used");
    }

    // withdrawBySig > when the deadline is over
    function test_a_signed_withdrawal_past_its_deadline_is_refused() public {
        bytes memory signature = withdrawal(100, worker, 0);
        uint256 deadline = block.timestamp;
        vm.warp(deadline + 1);
        vm.expectRevert(abi.encodeWithSelector(Errors.TaskEscrow_SignatureExpired.selector, deadline));
        escrow.withdrawBySig(worker, 100, worker, 0, deadline, signature);
    }

    // setSweep
    function test_sweeping_is_off_until_the_account_switches_it_on() public {
        escrow.sweep(both());
        assertOwed(worker, HELD, "off");
        vm.expectEmit(address(escrow));
        emit Events.SweepSet(worker, true);
        vm.prank(worker);
        escrow.setSweep(true);
        escrow.sweep(both());
        assertOwed(worker, 0, "on");
        assertOwed(second, HELD, "the other is off");
        assertEq(token.balanceOf(worker), HELD, "to its own address");
        assertBooks();
    }

    function test_sweeping_can_be_switched_off_again() public {
        vm.prank(worker);
        escrow.setSweep(true);
        vm.prank(worker);
        escrow.setSweep(false);
        escrow.sweep(both());
        assertOwed(worker, HELD, "off");
    }

    function test_a_sweep_setting_leaves_money_and_record_alone() public {
        vm.prank(worker);
        escrow.setSweep(true);
        assertOwed(worker, HELD, "money");
        assertEq(account(worker).nonce, 0, "number");
        assertEq(account(worker).flags, 1, "flag");
    }

    // setSweepBySig
    function test_a_signed_sweep_setting_works_once_and_shares_numbers_with_withdrawals() public {
        bytes memory signature = setting(true, 0);
        escrow.setSweepBySig(worker, true, 0, block.timestamp, signature);
        assertEq(account(worker).flags, 1, "on");
        expectError(Errors.TaskEscrow_SignatureInvalid.selector, worker);
        escrow.setSweepBySig(worker, true, 0, block.timestamp, signature);
        escrow.withdrawBySig(worker, 10, worker, 1, block.timestamp, withdrawal(10, worker, 1));
    }

    function test_a_signed_sweep_setting_past_its_deadline_is_refused() public {
        bytes memory signature = setting(true, 0);
        uint256 deadline = block.timestamp;
        vm.warp(deadline + 1);
        vm.expectRevert(abi.encodeWithSelector(Errors.TaskEscrow_SignatureExpired.selector, deadline));
        escrow.setSweepBySig(worker, true, 0, deadline, signature);
    }

    // sweep > when accounts are listed twice, owe nothing, or are unknown
    function test_a_sweep_passes_over_whom_it_cannot_pay() public {
        vm.prank(worker);
        escrow.setSweep(true);
        address[] memory list = new address[](4);
        (list[0], list[1], list[2], list[3]) = (worker, stranger, worker, address(0));
        escrow.sweep(list);
        assertEq(token.balanceOf(worker), HELD, "once");
        assertBooks();
    }

    // sweep > when too little gas is brought
    function test_a_sweep_with_too_little_gas_reverts_instead_of_failing_transfers() public {
        vm.prank(worker);
        escrow.setSweep(true);
        (bool ok, bytes memory why) = address(escrow).call{gas: 200_000}(abi.encodeCall(escrow.sweep, (both())));
        assertTrue(!ok, "refused");
        assertEq(bytes32(bytes4(why)), bytes32(Errors.TaskEscrow_InsufficientGas.selector), "for want of gas");
        assertOwed(worker, HELD, "unchanged");
    }

    // paySwept
    function test_nobody_but_the_escrow_pays_a_sweep() public {
        vm.prank(worker);
        (bool ok, bytes memory why) =
            address(escrow).call(abi.encodeWithSignature("paySwept(address,uint256)", second, HELD));
        assertTrue(!ok, "refused");
        assertEq(
            keccak256(why), keccak256(abi.encodeWithSelector(Errors.TaskEscrow_NotAllowed.selector, worker)), "why"
        );
    }
}
