// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ITaskEscrowErrors as Errors} from "../../../contracts/interfaces/ITaskEscrowErrors.sol";
import {ITaskEscrowEvents as Events} from "../../../contracts/interfaces/ITaskEscrowEvents.sol";
import {Batch, BatchKey, Permit, Terms} from "../../../contracts/libraries/EscrowTypes.sol";
import {Books} from "../base/Books.sol";

/// Tokens in: `deposit`, `depositWithPermit`, `openBatchWithPermit`, and what the constructor refuses.
contract DepositsTest is Books {
    uint256 internal constant MAX = type(uint96).max;

    function approveAndMint(address who, uint256 amount) internal {
        token.mint(who, amount);
        vm.prank(who);
        token.approve(address(escrow), amount);
    }

    function permitOf(uint256 signerKey, uint256 amount) internal view returns (Permit memory p) {
        address from = vm.addr(signerKey);
        p.amount = amount;
        p.deadline = block.timestamp;
        bytes32 message = keccak256(
            abi.encode(
                keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"),
                from,
                address(escrow),
                amount,
                token.nonces(from),
                p.deadline
            )
        );
        (p.v, p.r, p.s) = vm.sign(signerKey, keccak256(abi.encodePacked(hex"1901", token.DOMAIN_SEPARATOR(), message)));
    }

    // constructor
    function test_an_escrow_without_a_token_contract_cannot_be_deployed() public {
        bytes memory code = vm.getCode("TaskEscrow.sol:TaskEscrow");
        address[] memory arbitrators = new address[](0);
        bytes memory creation = bytes.concat(code, abi.encode(address(0xDEAD), arbitrators));
        address made;
        assembly {
            made := create(0, add(creation, 0x20), mload(creation))
        }
        assertEq(made, address(0), "no code, no token");
    }

    function test_the_zero_address_cannot_be_an_arbitrator() public {
        bytes memory code = vm.getCode("TaskEscrow.sol:TaskEscrow");
        address[] memory arbitrators = new address[](1);
        bytes memory creation = bytes.concat(code, abi.encode(address(token), arbitrators));
        address made;
        assembly {
            made := create(0, add(creation, 0x20), mload(creation))
        }
        assertEq(made, address(0), "a dispute could be ruled by nobody");
    }

    function test_token_and_arbitrators_are_those_of_the_deployment() public view {
        assertEq(escrow.token(), address(token), "token");
        assertTrue(escrow.isArbitrator(arbitrator), "listed");
        assertTrue(!escrow.isArbitrator(stranger), "not listed");
        assertTrue(!escrow.isArbitrator(address(0)), "nobody is no arbitrator");
    }

    // deposit > when the amount is zero
    function test_a_deposit_of_nothing_is_refused() public {
        expectError(Errors.TaskEscrow_ZeroAmount.selector);
        escrow.deposit(0);
    }

    // deposit > when the escrow would hold more than 96 bits can say
    function test_a_deposit_past_the_largest_amount_is_refused() public {
        approveAndMint(worker, MAX + 1);
        vm.prank(worker);
        expectError(Errors.TaskEscrow_AmountTooLarge.selector, MAX + 1, MAX);
        escrow.deposit(MAX + 1);
    }

    function test_two_deposits_past_the_largest_amount_are_refused() public {
        fund(worker, MAX);
        approveAndMint(second, 1);
        vm.prank(second);
        expectError(Errors.TaskEscrow_AmountTooLarge.selector, 1, MAX);
        escrow.deposit(1);
    }

    function test_a_deposit_of_the_largest_amount_is_credited() public {
        fund(worker, MAX);
        assertOwed(worker, MAX, "all of it");
        assertBooks();
    }

    // deposit > when the caller did not approve or does not hold the tokens
    function test_a_deposit_without_approval_is_refused() public {
        token.mint(worker, 5);
        vm.prank(worker);
        vm.expectRevert();
        escrow.deposit(5);
    }

    // deposit > when tokens move
    function test_a_deposit_is_credited_and_logged() public {
        approveAndMint(worker, 7);
        vm.expectEmit(address(escrow));
        emit Events.Deposited(worker, 7);
        vm.prank(worker);
        escrow.deposit(7);
        assertOwed(worker, 7, "credited");
        assertEq(token.balanceOf(worker), 0, "moved");
        assertBooks();
    }

    function testFuzz_deposits_add_up(uint96 one, uint96 two) public {
        uint256 first = bound(one, 1, MAX / 2);
        uint256 then = bound(two, 1, MAX / 2);
        fund(worker, first);
        fund(worker, then);
        fund(second, 1);
        assertOwed(worker, first + then, "the sum");
        assertOwed(second, 1, "nobody else's");
        assertBooks();
    }

    function test_tokens_sent_unasked_are_nobodys() public {
        fund(worker, 7);
        token.mint(address(escrow), 100);
        assertOwed(worker, 7, "unchanged");
        vm.prank(worker);
        expectError3(Errors.TaskEscrow_InsufficientBalance.selector, worker, 7, 8);
        escrow.withdraw(8, worker);
    }

    function expectError3(bytes4 selector, address who, uint256 one, uint256 two) internal {
        vm.expectRevert(abi.encodeWithSelector(selector, who, one, two));
    }

    // depositWithPermit > when the permit is good
    function test_a_permit_funds_a_deposit_in_one_call() public {
        token.mint(worker, 9);
        Permit memory p = permitOf(WORKER_KEY, 9);
        vm.prank(worker);
        escrow.depositWithPermit(p);
        assertOwed(worker, 9, "credited");
        assertBooks();
    }

    // depositWithPermit > when somebody used the permit first
    function test_a_permit_that_was_used_first_by_another_still_funds() public {
        token.mint(worker, 9);
        Permit memory p = permitOf(WORKER_KEY, 9);
        vm.prank(stranger);
        token.permit(worker, address(escrow), p.amount, p.deadline, p.v, p.r, p.s);
        vm.prank(worker);
        escrow.depositWithPermit(p);
        assertOwed(worker, 9, "credited");
    }

    // depositWithPermit > when the permit is another's or of another amount
    function test_a_stranger_cannot_deposit_with_anothers_permit() public {
        token.mint(worker, 9);
        Permit memory p = permitOf(WORKER_KEY, 9);
        vm.prank(stranger);
        vm.expectRevert();
        escrow.depositWithPermit(p);
        assertOwed(worker, 0, "nothing moved");
        assertEq(token.balanceOf(worker), 9, "nothing moved");
    }

    function testFuzz_a_permit_of_another_amount_moves_nothing(uint96 signedFor, uint96 asked) public {
        vm.assume(signedFor != asked && asked > 0);
        token.mint(worker, MAX);
        Permit memory p = permitOf(WORKER_KEY, signedFor);
        p.amount = asked;
        vm.prank(worker);
        vm.expectRevert();
        escrow.depositWithPermit(p);
        assertEq(token.balanceOf(worker), MAX, "nothing moved");
    }

    function test_a_permit_past_its_deadline_moves_nothing() public {
        token.mint(worker, 9);
        Permit memory p = permitOf(WORKER_KEY, 9);
        vm.warp(block.timestamp + 1);
        vm.prank(worker);
        vm.expectRevert();
        escrow.depositWithPermit(p);
    }

    // openBatchWithPermit
    function test_a_permit_opens_a_batch_from_a_wallet_in_one_call() public {
        Terms memory terms = defaultTerms();
        token.mint(requester, 3 * UNIT);
        Permit memory p = permitOf(REQUESTER_KEY, 3 * UNIT);
        vm.prank(requester);
        bytes32 batchId = escrow.openBatchWithPermit(terms, "salt", 3, p);
        watchBatch(BatchKey(requester, "salt", terms), 3);
        Batch memory b = escrow.batchOf(batchId);
        assertEq(b.free, 3, "open");
        assertOwed(requester, 0, "spent");
        assertBooks();
    }

    function test_a_permit_that_pays_too_little_opens_nothing() public {
        token.mint(requester, 3 * UNIT);
        Permit memory p = permitOf(REQUESTER_KEY, 3 * UNIT - 1);
        vm.prank(requester);
        expectError3(Errors.TaskEscrow_InsufficientBalance.selector, requester, 0, 1);
        escrow.openBatchWithPermit(defaultTerms(), "salt", 3, p);
        assertEq(token.balanceOf(requester), 3 * UNIT, "the deposit is undone too");
    }
}
