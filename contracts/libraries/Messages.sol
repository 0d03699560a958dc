// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {DirectPayment, Packet, PacketKind, Ticket, Verdict} from "./EscrowTypes.sol";
import {Scratch} from "./Scratch.sol";

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

    /// @dev Every packet message begins with batch and worker and ends with sequence and deadline. The words are laid out in
    /// memory that nothing owns yet.
    function packet(bytes32 batchId, Packet calldata p) internal pure returns (bytes32) {
        uint256 start = Scratch.mark();
        uint256 end = start + 0x60;
        bytes32 typeHash;
        if (p.kind == PacketKind.Claim) {
            typeHash = CLAIM;
            end = _put(end, p.manifestVersion);
            end = _put(end, p.count);
            end = _put(end, uint256(p.tasksDigest));
        } else if (p.kind == PacketKind.Submit) {
            typeHash = SUBMIT;
            end = _put(end, p.count);
            end = _put(end, uint256(p.workDigest));
        } else if (p.kind == PacketKind.ClaimAndSubmit) {
            typeHash = CLAIM_AND_SUBMIT;
            end = _put(end, p.manifestVersion);
            end = _put(end, p.count);
            end = _put(end, uint256(p.tasksDigest));
            end = _put(end, p.submitted);
            end = _put(end, uint256(p.workDigest));
        } else if (p.kind == PacketKind.Dispute) {
            typeHash = DISPUTE;
            end = _put(end, p.count);
            end = _put(end, uint256(p.workDigest));
        } else if (p.kind == PacketKind.ReturnClaim) {
            typeHash = RETURN_CLAIM;
            end = _put(end, p.count);
        } else {
            typeHash = SET_SWEEP;
            end = _put(end, p.count == 1 ? 1 : 0);
        }
        _put(start, uint256(typeHash));
        _put(start + 0x20, uint256(batchId));
        _put(start + 0x40, uint160(p.worker));
        end = _put(end, p.sequence);
        end = _put(end, p.deadline);
        return _hash(start, end);
    }

    function ticket(
        bytes32 batchId,
        address worker,
        uint256 manifestVersion,
        uint256 count,
        bytes32 tasksDigest,
        uint256 sequence,
        Ticket calldata t
    ) internal pure returns (bytes32) {
        uint256 start = Scratch.mark();
        uint256 end = _put(start, uint256(TICKET));
        end = _put(end, uint256(batchId));
        end = _put(end, manifestVersion);
        end = _put(end, uint160(worker));
        end = _put(end, count);
        end = _put(end, uint256(tasksDigest));
        end = _put(end, t.leaseEnd);
        end = _put(end, t.deadline);
        end = _put(end, sequence);
        return _hash(start, end);
    }

    function _put(uint256 pointer, uint256 word) private pure returns (uint256) {
        assembly ("memory-safe") {
            mstore(pointer, word)
        }
        return pointer + 0x20;
    }

    function _hash(uint256 start, uint256 end) private pure returns (bytes32 result) {
        assembly ("memory-safe") {
            result := keccak256(start, sub(end, start))
        }
    }

    function settlement(
        bytes32 batchId,
        uint32 nonce,
        bytes32 resultsDigest,
        Verdict[] calldata verdicts,
        DirectPayment[] calldata direct
    ) internal pure returns (bytes32) {
        bytes32 verdictsHash = _hashVerdicts(verdicts);
        bytes32 directHash = _hashDirect(direct);
        return keccak256(abi.encode(SETTLEMENT, batchId, nonce, resultsDigest, verdictsHash, directHash));
    }

    /// @dev The hashes stand side by side in memory that nothing owns, each entry's words behind them.
    function _hashVerdicts(Verdict[] calldata verdicts) private pure returns (bytes32) {
        uint256 start = Scratch.mark();
        uint256 end = start;
        for (uint256 i = 0; i < verdicts.length; ++i) {
            Verdict calldata v = verdicts[i];
            uint256 last = _put(end, uint256(VERDICT));
            last = _put(last, uint160(v.worker));
            last = _put(last, v.decidedBefore);
            last = _put(last, v.accepted);
            last = _put(last, v.rejected);
            end = _put(end, uint256(_hash(end, last)));
        }
        return _hash(start, end);
    }

    function _hashDirect(DirectPayment[] calldata direct) private pure returns (bytes32) {
        uint256 start = Scratch.mark();
        uint256 end = start;
        for (uint256 i = 0; i < direct.length; ++i) {
            uint256 last = _put(end, uint256(DIRECT_PAYMENT));
            last = _put(last, uint160(direct[i].worker));
            last = _put(last, direct[i].count);
            end = _put(end, uint256(_hash(end, last)));
        }
        return _hash(start, end);
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
