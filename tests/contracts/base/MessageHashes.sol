// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {DirectPayment, Packet, PacketKind, Verdict} from "../../../contracts/libraries/EscrowTypes.sol";

/// @title Every signed message hashed a second time, from the type strings alone
/// @dev Shares no line with the contracts, so that a field which they forget is not forgotten here too.
library MessageHashes {
    struct TicketMessage {
        bytes32 batchId;
        uint16 manifestVersion;
        address worker;
        uint16 count;
        bytes32 tasksDigest;
        uint40 leaseEnd;
        uint40 deadline;
        uint24 sequence;
    }

    struct SettlementMessage {
        bytes32 batchId;
        uint32 nonce;
        bytes32 resultsDigest;
        Verdict[] verdicts;
        DirectPayment[] direct;
    }

    struct OverturnMessage {
        bytes32 batchId;
        address worker;
        uint16 decidedBefore;
        uint16 contestableBefore;
        uint16 count;
    }

    struct WithdrawMessage {
        address account;
        uint256 amount;
        address to;
        uint256 nonce;
        uint256 deadline;
    }

    struct SweepMessage {
        address account;
        bool enabled;
        uint256 nonce;
        uint256 deadline;
    }

    struct GrantMessage {
        address issuer;
        address holder;
        bytes32 skill;
        uint8 level;
        uint40 expiry;
        uint40 version;
        uint256 deadline;
    }

    struct RefusalMessage {
        address holder;
        address issuer;
        bytes32 skill;
        bool refused;
        uint40 version;
        uint256 deadline;
    }

    string private constant VERDICT = "Verdict(address worker,uint16 decidedBefore,uint16 accepted,uint16 rejected)";
    string private constant DIRECT = "DirectPayment(address worker,uint16 count)";

    function packet(bytes32 batchId, Packet memory p) internal pure returns (bytes32) {
        bytes memory tail = abi.encode(p.sequence, p.deadline);
        return
            keccak256(bytes.concat(keccak256(bytes(packetType(p.kind))), abi.encode(batchId, p.worker), wish(p), tail));
    }

    function packetType(PacketKind kind) internal pure returns (string memory) {
        if (kind == PacketKind.Claim) {
            return "Claim(bytes32 batchId,address worker,uint16 manifestVersion,uint16 count,bytes32 tasksDigest,uint24 sequence,uint40 deadline)";
        }
        if (kind == PacketKind.ReturnClaim) {
            return "ReturnClaim(bytes32 batchId,address worker,uint16 count,uint24 sequence,uint40 deadline)";
        }
        if (kind == PacketKind.Submit) {
            return
                "Submit(bytes32 batchId,address worker,uint16 count,bytes32 workDigest,uint24 sequence,uint40 deadline)";
        }
        if (kind == PacketKind.ClaimAndSubmit) {
            return "ClaimAndSubmit(bytes32 batchId,address worker,uint16 manifestVersion,uint16 count,bytes32 tasksDigest,uint16 submitted,bytes32 workDigest,uint24 sequence,uint40 deadline)";
        }
        if (kind == PacketKind.SetSweep) {
            return "SetSweep(bytes32 batchId,address worker,bool enabled,uint24 sequence,uint40 deadline)";
        }
        return
            "Dispute(bytes32 batchId,address worker,uint16 count,bytes32 evidenceDigest,uint24 sequence,uint40 deadline)";
    }

    function wish(Packet memory p) internal pure returns (bytes memory) {
        if (p.kind == PacketKind.Claim) return abi.encode(p.manifestVersion, p.count, p.tasksDigest);
        if (p.kind == PacketKind.ReturnClaim) return abi.encode(p.count);
        if (p.kind == PacketKind.ClaimAndSubmit) {
            return abi.encode(p.manifestVersion, p.count, p.tasksDigest, p.submitted, p.workDigest);
        }
        if (p.kind == PacketKind.SetSweep) return abi.encode(p.count == 1);
        return abi.encode(p.count, p.workDigest);
    }

    function ticket(TicketMessage memory m) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(
                keccak256(
                    "Ticket(bytes32 batchId,uint16 manifestVersion,address worker,uint16 count,bytes32 tasksDigest,uint40 leaseEnd,uint40 deadline,uint24 sequence)"
                ),
                m
            )
        );
    }

    function settlement(SettlementMessage memory m) internal pure returns (bytes32) {
        bytes memory verdicts;
        for (uint256 i = 0; i < m.verdicts.length; ++i) {
            verdicts = bytes.concat(verdicts, keccak256(abi.encode(keccak256(bytes(VERDICT)), m.verdicts[i])));
        }
        bytes memory direct;
        for (uint256 i = 0; i < m.direct.length; ++i) {
            direct = bytes.concat(direct, keccak256(abi.encode(keccak256(bytes(DIRECT)), m.direct[i])));
        }
        string memory head =
            "Settlement(bytes32 batchId,uint32 nonce,bytes32 resultsDigest,Verdict[] verdicts,DirectPayment[] direct)";
        bytes32 typeHash = keccak256(bytes(string.concat(head, DIRECT, VERDICT)));
        return
            keccak256(abi.encode(typeHash, m.batchId, m.nonce, m.resultsDigest, keccak256(verdicts), keccak256(direct)));
    }

    function overturn(OverturnMessage memory m) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(
                keccak256(
                    "Overturn(bytes32 batchId,address worker,uint16 decidedBefore,uint16 contestableBefore,uint16 count)"
                ),
                m
            )
        );
    }

    function withdrawal(WithdrawMessage memory m) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(
                keccak256("Withdraw(address account,uint256 amount,address to,uint256 nonce,uint256 deadline)"), m
            )
        );
    }

    function sweepSetting(SweepMessage memory m) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(keccak256("SweepSetting(address account,bool enabled,uint256 nonce,uint256 deadline)"), m)
        );
    }

    function grant(GrantMessage memory m) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(
                keccak256(
                    "Grant(address issuer,address holder,bytes32 skill,uint8 level,uint40 expiry,uint40 version,uint256 deadline)"
                ),
                m
            )
        );
    }

    function refusal(RefusalMessage memory m) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(
                keccak256(
                    "Refusal(address holder,address issuer,bytes32 skill,bool refused,uint40 version,uint256 deadline)"
                ),
                m
            )
        );
    }

    function domain(string memory name, uint256 chainId, address verifier) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256(bytes(name)),
                keccak256("1"),
                chainId,
                verifier
            )
        );
    }
}
