// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ITaskEscrowErrors as Errors} from "../../../contracts/interfaces/ITaskEscrowErrors.sol";
import {
    BatchKey,
    DirectPayment,
    Packet,
    PacketKind,
    Refusal,
    Terms,
    Ticket,
    Verdict
} from "../../../contracts/libraries/EscrowTypes.sol";
import {EscrowTest} from "../base/EscrowTest.sol";
import {MessageHashes} from "../base/MessageHashes.sol";
import {GoodSigner, OddSigner} from "../hostile/Signers.sol";

/// The forms of a signature: which are taken from a key, which from a contract.
contract SignaturesTest is EscrowTest {
    uint256 internal constant N = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;

    function setUp() public override {
        super.setUp();
        fund(worker, 1000);
    }

    function digest() internal view returns (bytes32) {
        return
            digestOf(MessageHashes.withdrawal(MessageHashes.WithdrawMessage(worker, 100, worker, 0, block.timestamp)));
    }

    function taken(bytes memory signature) internal {
        escrow.withdrawBySig(worker, 100, worker, 0, block.timestamp, signature);
        assertEq(escrow.owed(worker), 900, "taken");
    }

    function refused(bytes memory signature) internal {
        expectError(Errors.TaskEscrow_SignatureInvalid.selector, worker);
        escrow.withdrawBySig(worker, 100, worker, 0, block.timestamp, signature);
    }

    // a key's signature
    function test_65_bytes_with_low_s_are_taken() public {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(WORKER_KEY, digest());
        taken(abi.encodePacked(r, s, v));
    }

    function test_64_bytes_after_erc2098_are_taken() public {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(WORKER_KEY, digest());
        taken(abi.encodePacked(r, bytes32(uint256(s) | uint256(v - 27) << 255)));
    }

    function test_the_twin_with_high_s_is_refused() public {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(WORKER_KEY, digest());
        refused(abi.encodePacked(r, bytes32(N - uint256(s)), v == 27 ? uint8(28) : uint8(27)));
    }

    function testFuzz_every_v_but_the_right_one_is_refused(uint8 other) public {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(WORKER_KEY, digest());
        vm.assume(other != v);
        refused(abi.encodePacked(r, s, other));
    }

    function testFuzz_a_flipped_bit_is_refused(uint16 bit) public {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(WORKER_KEY, digest());
        bytes memory signature = abi.encodePacked(r, s, v);
        uint256 i = bit % 520;
        signature[i / 8] = signature[i / 8] ^ bytes1(uint8(1 << i % 8));
        refused(signature);
    }

    function testFuzz_any_other_length_is_refused(uint8 length) public {
        uint256 size = length % 200;
        vm.assume(size != 64 && size != 65);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(WORKER_KEY, digest());
        bytes memory full = abi.encodePacked(r, s, v);
        bytes memory cut = new bytes(size);
        for (uint256 i = 0; i < size && i < 65; ++i) {
            cut[i] = full[i];
        }
        refused(cut);
    }

    function testFuzz_random_bytes_are_refused(bytes32 one, bytes32 two, uint8 three) public {
        refused(abi.encodePacked(one, two, three));
        refused(abi.encodePacked(one, two));
    }

    function test_an_empty_signature_is_refused() public {
        refused("");
    }

    function test_the_zero_address_signs_nothing() public {
        fund(address(1), 1);
        expectError(Errors.TaskEscrow_SignatureInvalid.selector, address(0));
        escrow.withdrawBySig(address(0), 1, worker, 0, block.timestamp, new bytes(65));
    }

    function test_a_key_whose_account_has_code_still_signs_for_itself() public {
        vm.etch(worker, hex"ef01000000000000000000000000000000000000000000");
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(WORKER_KEY, digest());
        taken(abi.encodePacked(r, s, v));
    }

    // a contract's word
    function test_a_contract_that_says_yes_is_taken() public {
        GoodSigner signer = new GoodSigner();
        vm.etch(worker, address(signer).code);
        GoodSigner(worker).approve(digest());
        taken("anything");
    }

    function test_a_contract_that_says_yes_to_another_digest_is_refused() public {
        GoodSigner signer = new GoodSigner();
        vm.etch(worker, address(signer).code);
        GoodSigner(worker).approve(keccak256("another"));
        refused("anything");
    }

    function test_every_odd_contract_is_refused() public {
        for (uint8 i = 1; i <= uint8(type(OddSigner.Way).max); ++i) {
            OddSigner.Way way = OddSigner.Way(i);
            if (way == OddSigner.Way.Bomb) continue;
            become(worker, way);
            refused("anything");
        }
        assertEq(OddSigner(worker).written(), 0, "nobody could write");
    }

    /// @dev An address whose contract answers that way.
    function become(address who, OddSigner.Way way) internal {
        vm.etch(who, address(new OddSigner(way)).code);
        vm.store(who, bytes32(0), bytes32(uint256(way)));
    }

    function test_a_bomb_that_begins_with_yes_is_a_yes_and_costs_one_word() public {
        become(worker, OddSigner.Way.Bomb);
        uint256 before = gasleft();
        taken("anything");
        assertTrue(before - gasleft() < 600_000, "the rest is never copied");
    }

    // wherever a signature is asked for
    function test_odd_reviewers_block_only_their_own_settlement() public {
        Terms memory terms = defaultTerms();
        for (uint8 i = 1; i <= uint8(type(OddSigner.Way).max); ++i) {
            if (OddSigner.Way(i) == OddSigner.Way.Bomb) continue;
            terms.reviewer = address(new OddSigner(OddSigner.Way(i)));
            terms.manifest = bytes32(uint256(i));
            BatchKey memory key = open(terms, 1);
            claimAndSubmit(key, second, 1);
            expectError(Errors.TaskEscrow_SignatureInvalid.selector, terms.reviewer);
            escrow.settle(key, 1, "r", new Verdict[](0), new DirectPayment[](0), "s");
            vm.warp(block.timestamp + 3 days + 1);
            escrow.payOverdue(key, second);
            vm.warp(block.timestamp - 3 days - 1);
        }
        assertEq(escrow.owed(second), uint256(REWARD) * (uint8(type(OddSigner.Way).max) - 1), "silence pays every one");
    }

    function test_odd_assigners_refuse_claims() public {
        Terms memory terms = defaultTerms();
        for (uint8 i = 1; i <= uint8(type(OddSigner.Way).max); ++i) {
            if (OddSigner.Way(i) == OddSigner.Way.Bomb) continue;
            terms.assigner = address(new OddSigner(OddSigner.Way(i)));
            BatchKey memory key = open(terms, 1);
            vm.prank(worker);
            expectRefused(Refusal.TicketInvalid);
            escrow.claim(key, 1, "", 1, Ticket(uint40(block.timestamp), uint40(block.timestamp), "s"));
        }
    }

    function test_odd_workers_are_skipped_and_the_others_relayed() public {
        BatchKey[] memory keys = new BatchKey[](1);
        keys[0] = open(defaultTerms(), 40);
        Packet[] memory list = new Packet[](4);
        OddSigner.Way[3] memory ways = [OddSigner.Way.BurnGas, OddSigner.Way.RevertBomb, OddSigner.Way.Invalid];
        for (uint256 i = 0; i < 3; ++i) {
            list[i] = packet(PacketKind.Claim, keys[0], 1);
            list[i].worker = address(new OddSigner(ways[i]));
        }
        list[3] = signedPacket(packet(PacketKind.Claim, keys[0], 2), keys[0]);
        uint256 before = gasleft();
        escrow.relay(keys, list);
        assertTrue(before - gasleft() < 3 * 420_000 + 400_000, "each burns its own share at most");
        assertEq(tally(keys[0], worker).claimed, 2, "the honest one");
        assertEq(batch(keys[0]).claimed, 2, "and no other");
    }

    function test_a_contract_worker_claims_submits_and_withdraws_by_signature() public {
        GoodSigner signer = new GoodSigner();
        BatchKey memory key = open(defaultTerms(), 4);
        Packet memory p = packet(PacketKind.ClaimAndSubmit, key, 3);
        p.worker = address(signer);
        signer.approve(digestOf(MessageHashes.packet(escrow.batchIdOf(key), p)));
        relay(key, p);
        settle(key, address(signer), 3, 0);
        signer.approve(
            digestOf(
                MessageHashes.withdrawal(
                    MessageHashes.WithdrawMessage(address(signer), 3 * REWARD, worker, 0, block.timestamp)
                )
            )
        );
        escrow.withdrawBySig(address(signer), 3 * REWARD, worker, 0, block.timestamp, "");
        assertEq(token.balanceOf(worker), 3 * REWARD, "paid");
    }
}
