// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ITaskEscrowEvents as Events} from "../../../contracts/interfaces/ITaskEscrowEvents.sol";
import {BatchKey, Packet, PacketKind, Refusal} from "../../../contracts/libraries/EscrowTypes.sol";
import {EscrowTest} from "../base/EscrowTest.sol";
import {MessageHashes} from "../base/MessageHashes.sol";

/// @notice A packet that would apply but for its signature, which is over a message with one field changed.
abstract contract PacketFields is EscrowTest {
    BatchKey internal key;
    bytes32 internal batchId;

    /// @dev The worker holds two claimed, one submitted and one rejected assignment, and a bond: every kind can apply.
    function setUp() public virtual override {
        super.setUp();
        key = open(defaultTerms(), 40);
        batchId = escrow.batchIdOf(key);
        fund(requester, DISPUTE_FEE);
        fund(worker, DISPUTE_FEE);
        claim(key, worker, 4);
        submit(key, worker, 2);
        settle(key, worker, 0, 1);
        vm.prank(requester);
        escrow.extendBatch(key, 0, "v2");
    }

    function kind() internal pure virtual returns (PacketKind);

    function fresh() internal view returns (Packet memory) {
        return packet(kind(), key, 1);
    }

    function state() internal view returns (bytes32) {
        return keccak256(abi.encode(tally(key, worker), batch(key), account(worker)));
    }

    /// @dev `structHash` is of a message that differs in one field from the packet that is brought.
    function refused(bytes32 structHash) internal {
        brought(signed(WORKER_KEY, structHash));
    }

    function refusedUnder(uint256 chainId, address verifier) internal {
        bytes32 domain = MessageHashes.domain("Piecework", chainId, verifier);
        bytes32 digest = keccak256(abi.encodePacked(hex"1901", domain, MessageHashes.packet(batchId, fresh())));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(WORKER_KEY, digest);
        brought(abi.encodePacked(r, s, v));
    }

    function brought(bytes memory signature) private {
        Packet memory p = fresh();
        p.signature = signature;
        bytes32 before = state();
        vm.expectEmit(address(escrow));
        emit Events.PacketSkipped(batchId, worker, p.sequence, Refusal.SignatureInvalid);
        relay(key, p);
        assertEq(state(), before, "nothing changed");
    }

    /// @dev So that the refusals above are for the signature alone.
    function applies() internal {
        bytes32 before = state();
        relay(key, signedPacket(fresh(), key));
        assertTrue(state() != before, "applied");
    }
}
