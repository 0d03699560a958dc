// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ITaskEscrow} from "../../../contracts/interfaces/ITaskEscrow.sol";
import {ITaskEscrowErrors as Errors} from "../../../contracts/interfaces/ITaskEscrowErrors.sol";
import {BatchKey, Packet, PacketKind, Refusal, Terms} from "../../../contracts/libraries/EscrowTypes.sol";
import {EscrowTest} from "../base/EscrowTest.sol";
import {CallingGate, FirstComeGate, GasMoodGate, HungryGate, SwitchGate} from "./Gates.sol";
import {Hooks} from "./MoodyTokens.sol";
import {BurningRecipient, BusyRecipient, GreedyRecipient} from "./Recipients.sol";
import {OddSigner} from "./Signers.sol";

/// Hostile gates: each blocks new claims of its own batch and nothing else.
contract HostileGatesTest is EscrowTest {
    function gated(address gate) internal returns (BatchKey memory key) {
        Terms memory terms = defaultTerms();
        (terms.gate, terms.manifest) = (gate, keccak256(abi.encode(gate)));
        return open(terms, 20);
    }

    function expectNo(BatchKey memory key) internal {
        uint256 before = gasleft();
        assertEq(uint256(escrow.mayClaim(key, worker, 1, 1)), uint256(Refusal.GateRefused), "a no");
        assertTrue(before - gasleft() < 260_000, "bounded gas");
        vm.prank(worker);
        expectRefused(Refusal.GateRefused);
        escrow.claim(key, 1, "", 1, noTicket());
    }

    // gates
    function test_a_gate_that_reverts_burns_or_bombs_is_a_no() public {
        OddSigner.Way[6] memory ways = [
            OddSigner.Way.Revert,
            OddSigner.Way.RevertBomb,
            OddSigner.Way.BurnGas,
            OddSigner.Way.Invalid,
            OddSigner.Way.NoAnswer,
            OddSigner.Way.Write
        ];
        for (uint256 i = 0; i < ways.length; ++i) {
            expectNo(gated(address(new OddSigner(ways[i]))));
        }
    }

    function test_a_gate_that_answers_with_anything_but_true_is_a_no() public {
        expectNo(gated(address(new OddSigner(OddSigner.Way.Selector))));
        expectNo(gated(address(new OddSigner(OddSigner.Way.DirtySelector))));
        expectNo(gated(address(new OddSigner(OddSigner.Way.Bomb))));
        expectNo(gated(address(0xDEAD)));
    }

    function test_a_gate_that_answers_one_is_a_yes() public {
        claim(gated(address(new OddSigner(OddSigner.Way.One))), worker, 1);
    }

    function test_a_gate_gets_no_more_than_its_gas() public {
        expectNo(gated(address(new HungryGate(160_000))));
        claim(gated(address(new HungryGate(140_000))), worker, 1);
    }

    function test_a_gate_that_changes_its_mind_blocks_new_claims_alone() public {
        SwitchGate gate = new SwitchGate();
        gate.set(true);
        BatchKey memory key = gated(address(gate));
        fund(requester, DISPUTE_FEE);
        fund(worker, DISPUTE_FEE);
        claim(key, worker, 10);
        gate.set(false);
        expectNo(key);
        vm.prank(worker);
        escrow.returnClaim(key, 1);
        submit(key, worker, 9);
        settle(key, worker, 5, 4);
        uint256 id = dispute(key, worker, 2);
        vm.prank(arbitrator);
        escrow.rule(id, 3);
        vm.prank(reviewer);
        escrow.overturn(key, worker, 2);
        vm.prank(requester);
        escrow.closeBatch(key);
        assertEq(escrow.owed(worker), 9 * REWARD + DISPUTE_FEE, "all paid");
        vm.prank(worker);
        escrow.withdraw(9 * REWARD, worker);
    }

    function test_a_hostile_gate_does_not_hold_up_other_batches_in_one_relay() public {
        BatchKey[] memory keys = new BatchKey[](2);
        keys[0] = gated(address(new OddSigner(OddSigner.Way.BurnGas)));
        keys[1] = gated(address(0));
        Packet[] memory list = new Packet[](2);
        list[0] = signedPacket(packet(PacketKind.Claim, keys[0], 1), keys[0]);
        list[1] = packet(PacketKind.Claim, keys[1], 3);
        list[1].batchIndex = 1;
        list[1] = signedPacket(list[1], keys[1]);
        escrow.relay(keys, list);
        assertEq(tally(keys[0], worker).claimed, 0, "blocked");
        assertEq(tally(keys[1], worker).claimed, 3, "not held up");
    }

    function test_who_brings_little_gas_cannot_turn_a_gates_yes_into_a_no() public {
        BatchKey memory key = gated(address(new GasMoodGate()));
        Packet memory p = signedPacket(packet(PacketKind.Claim, key, 1), key);
        BatchKey[] memory keys = new BatchKey[](1);
        keys[0] = key;
        Packet[] memory list = new Packet[](1);
        list[0] = p;
        bytes memory call = abi.encodeCall(escrow.relay, (keys, list));
        for (uint256 gas_ = 60_000; gas_ < 500_000; gas_ += 10_000) {
            uint256 snapshot = vm.snapshotState();
            (bool ok,) = address(escrow).call{gas: gas_}(call);
            if (ok) assertEq(tally(key, worker).claimed, 1, "applied or reverted, never skipped");
            vm.revertToState(snapshot);
        }
        relay(key, p);
        assertEq(tally(key, worker).claimed, 1, "with enough gas it applies");
    }

    function test_a_gate_that_calls_the_escrow_back_changes_nothing() public {
        BatchKey memory other = gated(address(0));
        bytes memory call = abi.encodeCall(escrow.claim, (other, 1, "", 1, noTicket()));
        BatchKey memory key = gated(address(new CallingGate(address(escrow), call)));
        expectNo(key);
        assertEq(batch(other).claimed, 0, "a static call");
    }

    function test_a_gate_sees_what_happened_earlier_in_the_same_relay() public {
        BatchKey[] memory keys = new BatchKey[](1);
        keys[0] = gated(address(new FirstComeGate(escrow)));
        Packet[] memory list = new Packet[](2);
        list[0] = signedPacket(packet(PacketKind.Claim, keys[0], 1), keys[0]);
        list[1] = packet(PacketKind.Claim, keys[0], 2);
        list[1].worker = second;
        list[1] = signPacket(list[1], escrow.batchIdOf(keys[0]), SECOND_KEY);
        escrow.relay(keys, list);
        assertEq(tally(keys[0], worker).claimed, 1, "the first");
        assertEq(tally(keys[0], second).claimed, 0, "and no second");
    }

    function test_a_gate_may_read_the_escrow() public {
        bytes memory call = abi.encodeCall(escrow.accountOf, (worker));
        claim(gated(address(new CallingGate(address(escrow), call))), worker, 1);
    }
}

/// Hostile recipients, with a token that tells them: no call through the token pays twice, and none holds up the others.
contract HostileRecipientsTest is EscrowTest {
    Hooks internal hooks;

    function setUp() public override {
        super.setUp();
        hooks = new Hooks();
        escrow = deployEscrow(address(hooks));
        hooks.aim(address(escrow));
    }

    /// @dev A bonus is the shortest way to owe somebody something.
    function owe(address who, uint256 amount) internal {
        BatchKey memory key = BatchKey(requester, "s", defaultTerms());
        if (batch(key).versions == 0) {
            fundHooks(requester, UNIT);
            vm.prank(requester);
            escrow.openBatch(key.terms, "s", 1);
        }
        fundHooks(requester, amount);
        vm.prank(requester);
        escrow.bonus(key, who, uint96(amount), "");
    }

    function fundHooks(address who, uint256 amount) internal {
        hooks.mint(who, amount);
        vm.startPrank(who);
        hooks.approve(address(escrow), amount);
        escrow.deposit(amount);
        vm.stopPrank();
    }

    // recipients
    function test_a_recipient_cannot_reenter_a_withdrawal() public {
        GreedyRecipient greedy = new GreedyRecipient(escrow);
        owe(address(greedy), 100);
        owe(worker, 100);
        greedy.withdraw(50);
        assertEq(greedy.asked(), 4, "it tried");
        assertEq(greedy.succeeded(), 0, "in vain");
        assertEq(hooks.real(address(greedy)), 50, "paid once");
        assertEq(escrow.owed(address(greedy)), 50, "the rest is still owed");
        assertEq(hooks.real(address(escrow)), UNIT + 150, "and there");
    }

    function test_a_recipient_cannot_reenter_a_sweep() public {
        GreedyRecipient greedy = new GreedyRecipient(escrow);
        greedy.setSweep();
        owe(address(greedy), 100);
        owe(worker, 100);
        escrow.sweep(workers(address(greedy)));
        assertEq(greedy.succeeded(), 0, "in vain");
        assertEq(hooks.real(address(greedy)), 100, "paid once");
        assertEq(hooks.real(address(escrow)), UNIT + 100, "the others' is there");
    }

    function test_a_recipient_that_burns_gas_does_not_hold_up_a_sweep_of_200() public {
        address[] memory list = new address[](200);
        for (uint256 i = 0; i < 200; ++i) {
            bool burns = i % 50 == 7;
            list[i] = burns ? address(new BurningRecipient(escrow)) : address(uint160(0x20000 + i));
            if (!burns) {
                vm.prank(list[i]);
                escrow.setSweep(true);
            }
            owe(list[i], 10 + i);
        }
        uint256 before = gasleft();
        escrow.sweep(list);
        assertTrue(before - gasleft() < 200 * 90_000 + 4 * 310_000, "each burns its own share at most");
        for (uint256 i = 0; i < 200; ++i) {
            bool burns = i % 50 == 7;
            assertEq(hooks.real(list[i]), burns ? 0 : 10 + i, "paid but for the burners");
            assertEq(escrow.owed(list[i]), burns ? 10 + i : 0, "what failed is still owed");
        }
    }

    function test_a_recipient_may_use_other_functions_while_it_is_paid_and_the_books_stand() public {
        Terms memory terms = defaultTerms();
        terms.manifest = "busy";
        fundHooks(requester, 5 * UNIT);
        vm.prank(requester);
        escrow.openBatch(terms, "b", 5);
        BatchKey memory key = BatchKey(requester, "b", terms);
        bytes memory call = abi.encodeCall(escrow.claim, (key, 2, "", 1, noTicket()));
        BusyRecipient busy = new BusyRecipient(escrow, call);
        owe(address(busy), 100);
        escrow.sweep(workers(address(busy)));
        assertTrue(busy.ok(), "it claimed meanwhile");
        assertEq(batch(key).claimed, 2, "claimed");
        assertEq(hooks.real(address(busy)), 100, "paid once");
        assertEq(hooks.real(address(escrow)), 6 * UNIT, "both batches' money");
    }
}
