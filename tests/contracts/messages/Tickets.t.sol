// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {BatchKey, Refusal, Terms, Ticket} from "../../../contracts/libraries/EscrowTypes.sol";
import {EscrowTest} from "../base/EscrowTest.sol";
import {MessageHashes} from "../base/MessageHashes.sol";

/// Every field of the assigner's ticket.
contract TicketFieldsTest is EscrowTest {
    BatchKey internal key;
    bytes32 internal batchId;
    uint40 internal leaseEnd;

    function setUp() public override {
        super.setUp();
        Terms memory terms = defaultTerms();
        terms.assigner = assigner;
        key = open(terms, 40);
        batchId = escrow.batchIdOf(key);
        leaseEnd = uint40(block.timestamp + 2 days);
        vm.prank(requester);
        escrow.extendBatch(key, 0, "v2");
    }

    function fresh() internal view returns (MessageHashes.TicketMessage memory) {
        return MessageHashes.TicketMessage(
            batchId, 1, worker, 3, keccak256("tasks"), leaseEnd, uint40(block.timestamp + 1 hours), 0
        );
    }

    function bring(bytes memory signature) internal {
        Ticket memory ticket = Ticket(leaseEnd, uint40(block.timestamp + 1 hours), signature);
        vm.prank(worker);
        escrow.claim(key, 3, keccak256("tasks"), 1, ticket);
    }

    function refused(MessageHashes.TicketMessage memory signedInstead) internal {
        bytes memory signature = signed(ASSIGNER_KEY, MessageHashes.ticket(signedInstead));
        expectRefused(Refusal.TicketInvalid);
        bring(signature);
        assertEq(tally(key, worker).claimed, 0, "nothing claimed");
    }

    function refusedUnder(uint256 chainId, address verifier) internal {
        bytes32 domain = MessageHashes.domain("Piecework", chainId, verifier);
        bytes32 digest = keccak256(abi.encodePacked(hex"1901", domain, MessageHashes.ticket(fresh())));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(ASSIGNER_KEY, digest);
        expectRefused(Refusal.TicketInvalid);
        bring(abi.encodePacked(r, s, v));
    }

    // Ticket
    function test_the_signed_ticket_itself_applies() public {
        bring(signed(ASSIGNER_KEY, MessageHashes.ticket(fresh())));
        assertEq(tally(key, worker).claimed, 3, "claimed");
    }

    function testFuzz_a_ticket_for_another_batch_is_refused(bytes32 other) public {
        MessageHashes.TicketMessage memory m = fresh();
        vm.assume(other != m.batchId);
        m.batchId = other;
        refused(m);
    }

    function testFuzz_a_ticket_for_another_manifest_version_is_refused(uint16 other) public {
        MessageHashes.TicketMessage memory m = fresh();
        vm.assume(other != m.manifestVersion);
        m.manifestVersion = other;
        refused(m);
    }

    function testFuzz_a_ticket_for_another_worker_is_refused(address other) public {
        MessageHashes.TicketMessage memory m = fresh();
        vm.assume(other != m.worker);
        m.worker = other;
        refused(m);
    }

    function testFuzz_a_ticket_for_another_count_is_refused(uint16 other) public {
        MessageHashes.TicketMessage memory m = fresh();
        vm.assume(other != m.count);
        m.count = other;
        refused(m);
    }

    function testFuzz_a_ticket_for_another_task_list_is_refused(bytes32 other) public {
        MessageHashes.TicketMessage memory m = fresh();
        vm.assume(other != m.tasksDigest);
        m.tasksDigest = other;
        refused(m);
    }

    function testFuzz_a_ticket_for_another_lease_is_refused(uint40 other) public {
        MessageHashes.TicketMessage memory m = fresh();
        vm.assume(other != m.leaseEnd);
        m.leaseEnd = other;
        refused(m);
    }

    function testFuzz_a_ticket_with_another_deadline_is_refused(uint40 other) public {
        MessageHashes.TicketMessage memory m = fresh();
        vm.assume(other != m.deadline);
        m.deadline = other;
        refused(m);
    }

    function testFuzz_a_ticket_with_another_sequence_number_is_refused(uint24 other) public {
        MessageHashes.TicketMessage memory m = fresh();
        vm.assume(other != m.sequence);
        m.sequence = other;
        refused(m);
    }

    function testFuzz_a_ticket_signed_on_another_chain_is_refused(uint64 other) public {
        vm.assume(other != block.chainid);
        refusedUnder(other, address(escrow));
    }

    function testFuzz_a_ticket_signed_for_another_contract_is_refused(address other) public {
        vm.assume(other != address(escrow));
        refusedUnder(block.chainid, other);
    }
}
