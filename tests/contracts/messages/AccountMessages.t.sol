// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ITaskEscrowErrors as Errors} from "../../../contracts/interfaces/ITaskEscrowErrors.sol";
import {EscrowTest} from "../base/EscrowTest.sol";
import {MessageHashes} from "../base/MessageHashes.sol";

/// @notice What an account signs about its own money.
abstract contract AccountFields is EscrowTest {
    function setUp() public override {
        super.setUp();
        fund(worker, 1000);
    }

    function under(uint256 chainId, address verifier, bytes32 structHash) internal pure returns (bytes memory) {
        bytes32 domain = MessageHashes.domain("Piecework", chainId, verifier);
        (uint8 v, bytes32 r, bytes32 s) =
            vm.sign(WORKER_KEY, keccak256(abi.encodePacked(hex"1901", domain, structHash)));
        return abi.encodePacked(r, s, v);
    }
}

/// Every field of the signed withdrawal.
contract WithdrawFieldsTest is AccountFields {
    function fresh() internal view returns (MessageHashes.WithdrawMessage memory) {
        return MessageHashes.WithdrawMessage(worker, 400, worker, 0, block.timestamp + 1 hours);
    }

    function bring(bytes memory signature) internal {
        escrow.withdrawBySig(worker, 400, worker, 0, block.timestamp + 1 hours, signature);
    }

    function refused(MessageHashes.WithdrawMessage memory signedInstead) internal {
        refusedWith(signed(WORKER_KEY, MessageHashes.withdrawal(signedInstead)));
    }

    function refusedWith(bytes memory signature) internal {
        expectError(Errors.TaskEscrow_SignatureInvalid.selector, worker);
        bring(signature);
        assertEq(escrow.owed(worker), 1000, "nothing moved");
    }

    // Withdraw
    function test_the_signed_withdrawal_itself_applies() public {
        bring(signed(WORKER_KEY, MessageHashes.withdrawal(fresh())));
        assertEq(token.balanceOf(worker), 400, "moved");
    }

    function testFuzz_a_withdrawal_from_another_account_is_refused(address other) public {
        MessageHashes.WithdrawMessage memory m = fresh();
        vm.assume(other != m.account);
        m.account = other;
        refused(m);
    }

    function testFuzz_a_withdrawal_of_another_amount_is_refused(uint256 other) public {
        MessageHashes.WithdrawMessage memory m = fresh();
        vm.assume(other != m.amount);
        m.amount = other;
        refused(m);
    }

    function testFuzz_a_withdrawal_to_another_address_is_refused(address other) public {
        MessageHashes.WithdrawMessage memory m = fresh();
        vm.assume(other != m.to);
        m.to = other;
        refused(m);
    }

    function testFuzz_a_withdrawal_with_another_number_is_refused(uint256 other) public {
        MessageHashes.WithdrawMessage memory m = fresh();
        vm.assume(other != m.nonce);
        m.nonce = other;
        refused(m);
    }

    function testFuzz_a_withdrawal_with_another_deadline_is_refused(uint256 other) public {
        MessageHashes.WithdrawMessage memory m = fresh();
        vm.assume(other != m.deadline);
        m.deadline = other;
        refused(m);
    }

    function testFuzz_a_withdrawal_signed_on_another_chain_is_refused(uint64 other) public {
        vm.assume(other != block.chainid);
        refusedWith(under(other, address(escrow), MessageHashes.withdrawal(fresh())));
    }

    function testFuzz_a_withdrawal_signed_for_another_contract_is_refused(address other) public {
        vm.assume(other != address(escrow));
        refusedWith(under(block.chainid, other, MessageHashes.withdrawal(fresh())));
    }
}

/// Every field of the signed sweep setting.
contract SweepSettingFieldsTest is AccountFields {
    function fresh() internal view returns (MessageHashes.SweepMessage memory) {
        return MessageHashes.SweepMessage(worker, true, 0, block.timestamp + 1 hours);
    }

    function bring(bytes memory signature) internal {
        escrow.setSweepBySig(worker, true, 0, block.timestamp + 1 hours, signature);
    }

    function refused(MessageHashes.SweepMessage memory signedInstead) internal {
        refusedWith(signed(WORKER_KEY, MessageHashes.sweepSetting(signedInstead)));
    }

    function refusedWith(bytes memory signature) internal {
        expectError(Errors.TaskEscrow_SignatureInvalid.selector, worker);
        bring(signature);
        assertEq(account(worker).flags, 0, "still off");
    }

    // SweepSetting
    function test_the_signed_sweep_setting_itself_applies() public {
        bring(signed(WORKER_KEY, MessageHashes.sweepSetting(fresh())));
        assertEq(account(worker).flags, 1, "on");
    }

    function testFuzz_a_sweep_setting_of_another_account_is_refused(address other) public {
        MessageHashes.SweepMessage memory m = fresh();
        vm.assume(other != m.account);
        m.account = other;
        refused(m);
    }

    function test_a_sweep_setting_for_the_opposite_is_refused() public {
        MessageHashes.SweepMessage memory m = fresh();
        m.enabled = false;
        refused(m);
    }

    function testFuzz_a_sweep_setting_with_another_number_is_refused(uint256 other) public {
        MessageHashes.SweepMessage memory m = fresh();
        vm.assume(other != m.nonce);
        m.nonce = other;
        refused(m);
    }

    function testFuzz_a_sweep_setting_with_another_deadline_is_refused(uint256 other) public {
        MessageHashes.SweepMessage memory m = fresh();
        vm.assume(other != m.deadline);
        m.deadline = other;
        refused(m);
    }

    function testFuzz_a_sweep_setting_signed_on_another_chain_is_refused(uint64 other) public {
        vm.assume(other != block.chainid);
        refusedWith(under(other, address(escrow), MessageHashes.sweepSetting(fresh())));
    }

    function testFuzz_a_sweep_setting_signed_for_another_contract_is_refused(address other) public {
        vm.assume(other != address(escrow));
        refusedWith(under(block.chainid, other, MessageHashes.sweepSetting(fresh())));
    }

    // both
    function test_a_sweep_setting_is_no_withdrawal_and_the_other_way_round() public {
        MessageHashes.SweepMessage memory m = fresh();
        bytes memory sweeping = signed(WORKER_KEY, MessageHashes.sweepSetting(m));
        expectError(Errors.TaskEscrow_SignatureInvalid.selector, worker);
        escrow.withdrawBySig(worker, 1, worker, 0, m.deadline, sweeping);
        bytes memory taking = signed(
            WORKER_KEY, MessageHashes.withdrawal(MessageHashes.WithdrawMessage(worker, 1, worker, 0, m.deadline))
        );
        refusedWith(taking);
    }

    function test_the_domain_is_the_one_wallets_are_told() public view {
        assertEq(
            escrow.domainSeparator(),
            MessageHashes.domain("Piecework", block.chainid, address(escrow)),
            "name, version, chain, contract"
        );
    }

    function testFuzz_the_domain_follows_the_chain(uint64 other) public {
        uint256 chain = bound(other, 1, type(uint64).max - 1);
        vm.chainId(chain);
        assertEq(escrow.domainSeparator(), MessageHashes.domain("Piecework", chain, address(escrow)), "after a fork");
    }
}
