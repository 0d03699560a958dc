// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Packet, PacketKind} from "../../../contracts/libraries/EscrowTypes.sol";
import {MessageHashes} from "../base/MessageHashes.sol";
import {PacketFields} from "./PacketFields.sol";

/// Every field of the signed claim.
contract ClaimFieldsTest is PacketFields {
    function kind() internal pure override returns (PacketKind) {
        return PacketKind.Claim;
    }

    // Claim
    function test_the_signed_claim_itself_applies() public {
        applies();
    }

    function testFuzz_a_claim_signed_for_another_batch_is_refused(bytes32 other) public {
        vm.assume(other != batchId);
        refused(MessageHashes.packet(other, fresh()));
    }

    function testFuzz_a_claim_signed_for_another_worker_is_refused(address other) public {
        Packet memory p = fresh();
        vm.assume(other != p.worker);
        p.worker = other;
        refused(MessageHashes.packet(batchId, p));
    }

    function testFuzz_a_claim_signed_for_another_manifest_version_is_refused(uint16 other) public {
        Packet memory p = fresh();
        vm.assume(other != p.manifestVersion);
        p.manifestVersion = other;
        refused(MessageHashes.packet(batchId, p));
    }

    function testFuzz_a_claim_signed_for_another_count_is_refused(uint16 other) public {
        Packet memory p = fresh();
        vm.assume(other != p.count);
        p.count = other;
        refused(MessageHashes.packet(batchId, p));
    }

    function testFuzz_a_claim_signed_for_another_task_list_is_refused(bytes32 other) public {
        Packet memory p = fresh();
        vm.assume(other != p.tasksDigest);
        p.tasksDigest = other;
        refused(MessageHashes.packet(batchId, p));
    }

    function testFuzz_a_claim_signed_for_another_sequence_number_is_refused(uint24 other) public {
        Packet memory p = fresh();
        vm.assume(other != p.sequence);
        p.sequence = other;
        refused(MessageHashes.packet(batchId, p));
    }

    function testFuzz_a_claim_signed_for_another_deadline_is_refused(uint40 other) public {
        Packet memory p = fresh();
        vm.assume(other != p.deadline);
        p.deadline = other;
        refused(MessageHashes.packet(batchId, p));
    }

    function testFuzz_a_signature_for_another_wish_is_no_claim(uint8 other) public {
        Packet memory p = fresh();
        p.kind = PacketKind(other % 6);
        vm.assume(p.kind != kind());
        refused(MessageHashes.packet(batchId, p));
    }

    function testFuzz_a_claim_signed_on_another_chain_is_refused(uint64 other) public {
        vm.assume(other != block.chainid);
        refusedUnder(other, address(escrow));
    }

    function testFuzz_a_claim_signed_for_another_contract_is_refused(address other) public {
        vm.assume(other != address(escrow));
        refusedUnder(block.chainid, other);
    }
}

/// Every field of the signed return.
contract ReturnClaimFieldsTest is PacketFields {
    function kind() internal pure override returns (PacketKind) {
        return PacketKind.ReturnClaim;
    }

    // ReturnClaim
    function test_the_signed_return_itself_applies() public {
        applies();
    }

    function testFuzz_a_return_signed_for_another_batch_is_refused(bytes32 other) public {
        vm.assume(other != batchId);
        refused(MessageHashes.packet(other, fresh()));
    }

    function testFuzz_a_return_signed_for_another_worker_is_refused(address other) public {
        Packet memory p = fresh();
        vm.assume(other != p.worker);
        p.worker = other;
        refused(MessageHashes.packet(batchId, p));
    }

    function testFuzz_a_return_signed_for_another_count_is_refused(uint16 other) public {
        Packet memory p = fresh();
        vm.assume(other != p.count);
        p.count = other;
        refused(MessageHashes.packet(batchId, p));
    }

    function testFuzz_a_return_signed_for_another_sequence_number_is_refused(uint24 other) public {
        Packet memory p = fresh();
        vm.assume(other != p.sequence);
        p.sequence = other;
        refused(MessageHashes.packet(batchId, p));
    }

    function testFuzz_a_return_signed_for_another_deadline_is_refused(uint40 other) public {
        Packet memory p = fresh();
        vm.assume(other != p.deadline);
        p.deadline = other;
        refused(MessageHashes.packet(batchId, p));
    }

    function testFuzz_a_signature_for_another_wish_is_no_return(uint8 other) public {
        Packet memory p = fresh();
        p.kind = PacketKind(other % 6);
        vm.assume(p.kind != kind());
        refused(MessageHashes.packet(batchId, p));
    }

    function testFuzz_a_return_signed_on_another_chain_is_refused(uint64 other) public {
        vm.assume(other != block.chainid);
        refusedUnder(other, address(escrow));
    }

    function testFuzz_a_return_signed_for_another_contract_is_refused(address other) public {
        vm.assume(other != address(escrow));
        refusedUnder(block.chainid, other);
    }
}

/// Every field of the signed submission.
contract SubmitFieldsTest is PacketFields {
    function kind() internal pure override returns (PacketKind) {
        return PacketKind.Submit;
    }

    // Submit
    function test_the_signed_submission_itself_applies() public {
        applies();
    }

    function testFuzz_a_submission_signed_for_another_batch_is_refused(bytes32 other) public {
        vm.assume(other != batchId);
        refused(MessageHashes.packet(other, fresh()));
    }

    function testFuzz_a_submission_signed_for_another_worker_is_refused(address other) public {
        Packet memory p = fresh();
        vm.assume(other != p.worker);
        p.worker = other;
        refused(MessageHashes.packet(batchId, p));
    }

    function testFuzz_a_submission_signed_for_another_count_is_refused(uint16 other) public {
        Packet memory p = fresh();
        vm.assume(other != p.count);
        p.count = other;
        refused(MessageHashes.packet(batchId, p));
    }

    function testFuzz_a_submission_signed_for_another_digest_is_refused(bytes32 other) public {
        Packet memory p = fresh();
        vm.assume(other != p.workDigest);
        p.workDigest = other;
        refused(MessageHashes.packet(batchId, p));
    }

    function testFuzz_a_submission_signed_for_another_sequence_number_is_refused(uint24 other) public {
        Packet memory p = fresh();
        vm.assume(other != p.sequence);
        p.sequence = other;
        refused(MessageHashes.packet(batchId, p));
    }

    function testFuzz_a_submission_signed_for_another_deadline_is_refused(uint40 other) public {
        Packet memory p = fresh();
        vm.assume(other != p.deadline);
        p.deadline = other;
        refused(MessageHashes.packet(batchId, p));
    }

    function testFuzz_a_signature_for_another_wish_is_no_submission(uint8 other) public {
        Packet memory p = fresh();
        p.kind = PacketKind(other % 6);
        vm.assume(p.kind != kind());
        refused(MessageHashes.packet(batchId, p));
    }

    function testFuzz_a_submission_signed_on_another_chain_is_refused(uint64 other) public {
        vm.assume(other != block.chainid);
        refusedUnder(other, address(escrow));
    }

    function testFuzz_a_submission_signed_for_another_contract_is_refused(address other) public {
        vm.assume(other != address(escrow));
        refusedUnder(block.chainid, other);
    }
}
