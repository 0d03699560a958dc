// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {DirectPayment, Packet, PacketKind, Ticket, Verdict} from "./EscrowTypes.sol";

/// @title EIP-712 struct hashes of every signed message
/// @dev The same types are declared in `piecework/domain/messages.py`; a test compares every hash.
/// Each message names the batch (which binds chain and contract) and the domain binds them again.
library Messages {
    bytes32 internal constant CLAIM = keccak256(
        "Claim(bytes32 batchId,address worker,uint16 manifestVersion,uint16 count,bytes32 tasksDigest,uint24 sequence,uint40 deadline)"
    );
    bytes32 internal constant RETURN_CLAIM =
        keccak256("ReturnClaim(bytes32 batchId,address worker,uint16 count,uint24 sequence,uint40 deadline)");
    bytes32 internal constant SUBMIT = keccak256(
        "Submit(bytes32 batchId,address worker,uint16 count,bytes32 workDigest,uint24 sequence,uint40 deadline)"
    );
    bytes32 internal constant CLAIM_AND_SUBMIT = keccak256(
        "ClaimAndSubmit(bytes32 batchId,address worker,uint16 manifestVersion,uint16 count,bytes32 tasksDigest,uint16 submitted,bytes32 workDigest,uint24 sequence,uint40 deadline)"
    );
    bytes32 internal constant SET_SWEEP =
        keccak256("SetSweep(bytes32 batchId,address worker,bool enabled,uint24 sequence,uint40 deadline)");
    bytes32 internal constant DISPUTE = keccak256(
        "Dispute(bytes32 batchId,address worker,uint16 count,bytes32 evidenceDigest,uint24 sequence,uint40 deadline)"
    );
    bytes32 internal constant TICKET = keccak256(
        "Ticket(bytes32 batchId,uint16 manifestVersion,address worker,uint16 count,bytes32 tasksDigest,uint40 leaseEnd,uint40 deadline,uint24 sequence)"
    );
    bytes32 internal constant DIRECT_PAYMENT = keccak256("DirectPayment(address worker,uint16 count)");
    bytes32 internal constant VERDICT =
        keccak256("Verdict(address worker,uint16 decidedBefore,uint16 accepted,uint16 rejected)");
    bytes32 internal constant SETTLEMENT = keccak256(
        "Settlement(bytes32 batchId,uint32 nonce,bytes32 resultsDigest,Verdict[] verdicts,DirectPayment[] direct)DirectPayment(address worker,uint16 count)Verdict(address worker,uint16 decidedBefore,uint16 accepted,uint16 rejected)"
    );
    bytes32 internal constant OVERTURN = keccak256(
        "Overturn(bytes32 batchId,address worker,uint16 decidedBefore,uint16 contestableBefore,uint16 count)"
    );
    bytes32 internal constant WITHDRAW =
        keccak256("Withdraw(address account,uint256 amount,address to,uint256 nonce,uint256 deadline)");
    bytes32 internal constant SWEEP_SETTING =
        keccak256("SweepSetting(address account,bool enabled,uint256 nonce,uint256 deadline)");

    /// @dev Every packet message begins with batch and worker and ends with sequence and deadline.
    function packet(bytes32 batchId, Packet calldata p) internal pure returns (bytes32) {
        bytes32 typeHash;
        bytes memory wish;
        if (p.kind == PacketKind.Claim) {
            typeHash = CLAIM;
            wish = abi.encode(p.manifestVersion, p.count, p.tasksDigest);
        } else if (p.kind == PacketKind.Submit) {
            typeHash = SUBMIT;
            wish = abi.encode(p.count, p.workDigest);
        } else if (p.kind == PacketKind.ClaimAndSubmit) {
            typeHash = CLAIM_AND_SUBMIT;
            wish = abi.encode(p.manifestVersion, p.count, p.tasksDigest, p.submitted, p.workDigest);
        } else if (p.kind == PacketKind.Dispute) {
            typeHash = DISPUTE;
            wish = abi.encode(p.count, p.workDigest);
        } else if (p.kind == PacketKind.ReturnClaim) {
            typeHash = RETURN_CLAIM;
            wish = abi.encode(p.count);
        } else {
            typeHash = SET_SWEEP;
            wish = abi.encode(p.count == 1);
        }
        return
            keccak256(bytes.concat(abi.encode(typeHash, batchId, p.worker), wish, abi.encode(p.sequence, p.deadline)));
    }

    function ticket(
        bytes32 batchId,
        address worker,
        uint16 manifestVersion,
        uint16 count,
        bytes32 tasksDigest,
        uint24 sequence,
        Ticket calldata t
    ) internal pure returns (bytes32) {
        return keccak256(
            bytes.concat(
                abi.encode(TICKET, batchId, manifestVersion, worker, count),
                abi.encode(tasksDigest, t.leaseEnd, t.deadline, sequence)
            )
        );
    }

    function settlement(
        bytes32 batchId,
        uint32 nonce,
        bytes32 resultsDigest,
        Verdict[] calldata verdicts,
        DirectPayment[] calldata direct
    ) internal pure returns (bytes32) {
        bytes32[] memory verdictHashes = new bytes32[](verdicts.length);
        for (uint256 i = 0; i < verdicts.length; ++i) {
            Verdict calldata v = verdicts[i];
            verdictHashes[i] = keccak256(abi.encode(VERDICT, v.worker, v.decidedBefore, v.accepted, v.rejected));
        }
        bytes32[] memory directHashes = new bytes32[](direct.length);
        for (uint256 i = 0; i < direct.length; ++i) {
            directHashes[i] = keccak256(abi.encode(DIRECT_PAYMENT, direct[i].worker, direct[i].count));
        }
        return keccak256(
            abi.encode(
                SETTLEMENT,
                batchId,
                nonce,
                resultsDigest,
                keccak256(abi.encodePacked(verdictHashes)),
                keccak256(abi.encodePacked(directHashes))
            )
        );
    }

    function overturn(bytes32 batchId, address worker, uint16 decidedBefore, uint16 contestableBefore, uint16 count)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(OVERTURN, batchId, worker, decidedBefore, contestableBefore, count));
    }

    function withdrawal(address account, uint256 amount, address to, uint256 nonce, uint256 deadline)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(WITHDRAW, account, amount, to, nonce, deadline));
    }

    function sweepSetting(address account, bool enabled, uint256 nonce, uint256 deadline)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(SWEEP_SETTING, account, enabled, nonce, deadline));
    }
}
