// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Packet, PacketKind} from "../../../contracts/libraries/EscrowTypes.sol";
import {MessageHashes} from "../base/MessageHashes.sol";
import {PacketFields} from "./PacketFields.sol";

/// Every field of the signed claim and submission.
contract ClaimAndSubmitFieldsTest is PacketFields {
    function kind() internal pure override returns (PacketKind) {
        return PacketKind.ClaimAndSubmit;
    }

    // ClaimAndSubmit
    function test_the_signed_claim_and_submission_itself_applies() public {
        applies();
    }

    function testFuzz_a_claim_and_submission_signed_for_another_batch_is_refused(bytes32 other) public {
        vm.assume(other != batchId);
        refused(MessageHashes.packet(other, fresh()));
    }

    function testFuzz_a_claim_and_submission_signed_for_another_worker_is_refused(address other) public {
        Packet memory p = fresh();
        vm.assume(other != p.worker);
        p.worker = other;
        refused(MessageHashes.packet(batchId, p));
    }

    function testFuzz_a_claim_and_submission_signed_for_another_manifest_version_is_refused(uint16 other) public {
        Packet memory p = fresh();
        vm.assume(other != p.manifestVersion);
        p.manifestVersion = other;
        refused(MessageHashes.packet(batchId, p));
    }

    function testFuzz_a_claim_and_submission_signed_for_another_count_is_refused(uint16 other) public {
        Packet memory p = fresh();
        vm.assume(other != p.count);
        p.count = other;
        refused(MessageHashes.packet(batchId, p));
    }

    function testFuzz_a_claim_and_submission_signed_for_another_task_list_is_refused(bytes32 other) public {
        Packet memory p = fresh();
        vm.assume(other != p.tasksDigest);
        p.tasksDigest = other;
        refused(MessageHashes.packet(batchId, p));
    }

    function testFuzz_a_claim_and_submission_signed_for_another_submitted_count_is_refused(uint16 other) public {
        Packet memory p = fresh();
        vm.assume(other != p.submitted);
        p.submitted = other;
        refused(MessageHashes.packet(batchId, p));
    }

    function testFuzz_a_claim_and_submission_signed_for_another_digest_is_refused(bytes32 other) public {
        Packet memory p = fresh();
        vm.assume(other != p.workDigest);
        p.workDigest = other;
        refused(MessageHashes.packet(batchId, p));
    }

    function testFuzz_a_claim_and_submission_signed_for_another_sequence_number_is_refused(uint24 other) public {
        Packet memory p = fresh();
        vm.assume(other != p.sequence);
        p.sequence = other;
        refused(MessageHashes.packet(batchId, p));
    }

    function testFuzz_a_claim_and_submission_signed_for_another_deadline_is_refused(uint40 other) public {
        Packet memory p = fresh();
        vm.assume(other != p.deadline);
        p.deadline = other;
        refused(MessageHashes.packet(batchId, p));
    }

    function testFuzz_a_signature_for_another_wish_is_no_claim_and_submission(uint8 other) public {
        Packet memory p = fresh();
        p.kind = PacketKind(other % 6);
        vm.assume(p.kind != kind());
        refused(MessageHashes.packet(batchId, p));
    }

    function testFuzz_a_claim_and_submission_signed_on_another_chain_is_refused(uint64 other) public {
        vm.assume(other != block.chainid);
        refusedUnder(other, address(escrow));
    }

    function testFuzz_a_claim_and_submission_signed_for_another_contract_is_refused(address other) public {
        vm.assume(other != address(escrow));
        refusedUnder(block.chainid, other);
    }
}

/// Every field of the signed sweep setting.
contract SetSweepFieldsTest is PacketFields {
    function kind() internal pure override returns (PacketKind) {
        return PacketKind.SetSweep;
    }

    // SetSweep
    function test_the_signed_sweep_setting_itself_applies() public {
        applies();
    }

    function testFuzz_a_sweep_setting_signed_for_another_batch_is_refused(bytes32 other) public {
        vm.assume(other != batchId);
        refused(MessageHashes.packet(other, fresh()));
    }

    function testFuzz_a_sweep_setting_signed_for_another_worker_is_refused(address other) public {
        Packet memory p = fresh();
        vm.assume(other != p.worker);
        p.worker = other;
        refused(MessageHashes.packet(batchId, p));
    }

    function testFuzz_a_sweep_setting_signed_for_the_opposite_is_refused(uint16 other) public {
        vm.assume(other != 1);
        Packet memory p = fresh();
        p.count = other;
        refused(MessageHashes.packet(batchId, p));
    }

    function testFuzz_a_sweep_setting_signed_for_another_sequence_number_is_refused(uint24 other) public {
        Packet memory p = fresh();
        vm.assume(other != p.sequence);
        p.sequence = other;
        refused(MessageHashes.packet(batchId, p));
    }

    function testFuzz_a_sweep_setting_signed_for_another_deadline_is_refused(uint40 other) public {
        Packet memory p = fresh();
        vm.assume(other != p.deadline);
        p.deadline = other;
        refused(MessageHashes.packet(batchId, p));
    }

    function testFuzz_a_signature_for_another_wish_is_no_sweep_setting(uint8 other) public {
        Packet memory p = fresh();
        p.kind = PacketKind(other % 6);
        vm.assume(p.kind != kind());
        refused(MessageHashes.packet(batchId, p));
    }

    function testFuzz_a_sweep_setting_signed_on_another_chain_is_refused(uint64 other) public {
        vm.assume(other != block.chainid);
        refusedUnder(other, address(escrow));
    }

    function testFuzz_a_sweep_setting_signed_for_another_contract_is_refused(address other) public {
        vm.assume(other != address(escrow));
        refusedUnder(block.chainid, other);
    }
}

/// Every field of the signed dispute.
contract DisputeFieldsTest is PacketFields {
    function kind() internal pure override returns (PacketKind) {
        return PacketKind.Dispute;
    }

    // Dispute
    function test_the_signed_dispute_itself_applies() public {
        applies();
    }

    function testFuzz_a_dispute_signed_for_another_batch_is_refused(bytes32 other) public {
        vm.assume(other != batchId);
        refused(MessageHashes.packet(other, fresh()));
    }

    function testFuzz_a_dispute_signed_for_another_worker_is_refused(address other) public {
        Packet memory p = fresh();
        vm.assume(other != p.worker);
        p.worker = other;
        refused(MessageHashes.packet(batchId, p));
    }

    function testFuzz_a_dispute_signed_for_another_count_is_refused(uint16 other) public {
        Packet memory p = fresh();
        vm.assume(other != p.count);
        p.count = other;
        refused(MessageHashes.packet(batchId, p));
    }

    function testFuzz_a_dispute_signed_for_another_digest_is_refused(bytes32 other) public {
        Packet memory p = fresh();
        vm.assume(other != p.workDigest);
        p.workDigest = other;
        refused(MessageHashes.packet(batchId, p));
    }

    function testFuzz_a_dispute_signed_for_another_sequence_number_is_refused(uint24 other) public {
        Packet memory p = fresh();
        vm.assume(other != p.sequence);
        p.sequence = other;
        refused(MessageHashes.packet(batchId, p));
    }

    function testFuzz_a_dispute_signed_for_another_deadline_is_refused(uint40 other) public {
        Packet memory p = fresh();
        vm.assume(other != p.deadline);
        p.deadline = other;
        refused(MessageHashes.packet(batchId, p));
    }

    function testFuzz_a_signature_for_another_wish_is_no_dispute(uint8 other) public {
        Packet memory p = fresh();
        p.kind = PacketKind(other % 6);
        vm.assume(p.kind != kind());
        refused(MessageHashes.packet(batchId, p));
    }

    function testFuzz_a_dispute_signed_on_another_chain_is_refused(uint64 other) public {
        vm.assume(other != block.chainid);
        refusedUnder(other, address(escrow));
    }

    function testFuzz_a_dispute_signed_for_another_contract_is_refused(address other) public {
        vm.assume(other != address(escrow));
        refusedUnder(block.chainid, other);
    }
}
