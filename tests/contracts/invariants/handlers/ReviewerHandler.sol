// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ITaskEscrow} from "../../../../contracts/interfaces/ITaskEscrow.sol";
import {BatchKey, DirectPayment, Verdict} from "../../../../contracts/libraries/EscrowTypes.sol";
import {MessageHashes} from "../../base/MessageHashes.sol";
import {Stage, Wanted} from "../Stage.sol";
import {GhostTally} from "../ghosts/GhostTypes.sol";
import {Handler} from "./Handler.sol";

/// @notice The reviewers: verdicts good and bad in one settlement, direct pay, rejections taken back.
contract ReviewerHandler is Handler {
    /// @dev What should become of one verdict.
    struct Expected {
        uint256 decided;
        bool fits;
        bool inTime;
        bool needsFee;
    }

    constructor(Stage stage_) Handler(stage_) {}

    function reviewer_accepts(uint256 seed, uint256 shape) external acting {
        _settle("reviewer_accepts", seed, shape, 0);
    }

    function reviewer_rejects(uint256 seed, uint256 shape) external acting {
        _settle("reviewer_rejects", seed, shape, type(uint256).max);
    }

    function reviewer_decides_both_ways(uint256 seed, uint256 shape) external acting {
        _settle("reviewer_decides_both_ways", seed, shape, shape >> 128);
    }

    function reviewer_pays_directly(uint256 seed, uint256 count) external acting {
        (bytes32 id, address worker, BatchKey memory key) = stage.find(Wanted.Anything, seed);
        // Most often the direct batch.
        for (uint256 i = 0; i < stage.batchCount() && key.terms.flags == 0 && seed % 5 != 0; ++i) {
            (id, key) = (stage.idAt(i), stage.keyAt(i));
        }
        if (id == 0) return;
        DirectPayment[] memory direct = new DirectPayment[](1);
        direct[0] = DirectPayment(worker, uint16(bound(count, 1, 2)));
        bytes memory data = _settlement(key, id, new Verdict[](0), direct, true);
        _call("reviewer_pays_directly", key.terms.reviewer, data);
    }

    /// @dev A rejection without a results digest must be refused.
    function reviewer_rejects_without_a_reason(uint256 seed) external acting {
        (bytes32 id, address worker, BatchKey memory key) = stage.find(Wanted.Submitted, seed);
        if (id == 0) return;
        Verdict[] memory verdicts = new Verdict[](1);
        verdicts[0] = Verdict(worker, uint16(stage.tallyOf(id, worker).decided), 0, 1);
        uint32 nonce = uint32(stage.batchOf(id).settlements + 1);
        bytes memory data =
            abi.encodeCall(ITaskEscrow.settle, (key, nonce, bytes32(0), verdicts, new DirectPayment[](0), ""));
        _call("reviewer_rejects_without_a_reason", key.terms.reviewer, data);
    }

    function reviewer_overturns_by_signature(uint256 seed, uint256 count) external acting {
        (bytes32 id, address worker, BatchKey memory key) = stage.find(Wanted.Contestable, seed);
        if (id == 0) return;
        GhostTally memory t = stage.tallyOf(id, worker);
        uint16 some = uint16(bound(count, 1, 2));
        MessageHashes.OverturnMessage memory message =
            MessageHashes.OverturnMessage(id, worker, uint16(t.decided), uint16(t.contestable), some);
        bytes memory signature = _sign(key.terms.reviewer, MessageHashes.overturn(message));
        bytes memory data = abi.encodeCall(
            ITaskEscrow.overturnBySig, (key, worker, uint16(t.decided), uint16(t.contestable), some, signature)
        );
        if (_bring("reviewer_overturns_by_signature", key.terms.reviewer, data)) {
            stage.remember(data, stage.stranger());
        }
    }

    // ------------------------------------------------------------ the shape

    /// @param shape Bits that say how many workers, how many each, and which of them are wrong.
    /// @param rejects Bits that say how many of each are rejected.
    function _settle(string memory action, uint256 seed, uint256 shape, uint256 rejects) private {
        if (stage.none(Wanted.Submitted)) _work("groundwork_works", seed, seed >> 16, 3, 1 hours);
        (bytes32 id, address first, BatchKey memory key) = stage.find(Wanted.Submitted, seed);
        address[] memory judged = _pick(id, first, shape);
        Verdict[] memory verdicts = new Verdict[](judged.length);
        Expected[] memory expected = new Expected[](judged.length);
        for (uint256 i = 0; i < judged.length; ++i) {
            (verdicts[i], expected[i]) = _verdict(id, judged[i], shape >> (16 + 32 * i), rejects >> (8 * i));
            if (key.terms.disputeFee == 0) expected[i].needsFee = false;
        }
        bool signed = (shape >> 4) % 2 == 0;
        bytes memory data = _settlement(key, id, verdicts, new DirectPayment[](0), signed);
        address from = signed ? stage.stranger() : key.terms.reviewer;
        _call(action, from, key.terms.reviewer, address(0), false, data);
        if (signed) stage.remember(data, from);
        if (!ok) stage.breach("law11_one_bad_entry_blocks_no_other", "a whole settlement was refused");
        if (!ok) return;
        for (uint256 i = 0; i < verdicts.length; ++i) {
            _compare(id, verdicts[i], expected[i]);
        }
    }

    /// @dev `first`, and up to two others: who has something to be decided, and now and then who has not.
    function _pick(bytes32 id, address first, uint256 shape) private view returns (address[] memory judged) {
        address[] memory found = new address[](3);
        uint256 count = 0;
        uint256 start = _indexOf(first);
        for (uint256 i = 0; i < 1 + shape % 3; ++i) {
            address worker = stage.worker(start + i);
            if (i > 0 && (shape >> 8) % 6 > 0 && stage.tallyOf(id, worker).oldLot == 0) continue;
            found[count++] = worker;
        }
        judged = new address[](count);
        for (uint256 i = 0; i < count; ++i) {
            judged[i] = found[i];
        }
    }

    function _verdict(bytes32 id, address worker, uint256 bits, uint256 rejects)
        private
        view
        returns (Verdict memory v, Expected memory e)
    {
        GhostTally memory t = stage.tallyOf(id, worker);
        uint256 pending = t.oldLot + t.youngLot;
        uint256 count = bound(bits, 1, pending == 0 ? 1 : pending);
        uint256 fault = (bits >> 8) % 12;
        if (fault == 0) count = pending + 1;
        v.worker = worker;
        v.decidedBefore = uint16(fault == 1 ? t.decided + 1 : fault == 2 && t.decided > 0 ? t.decided - 1 : t.decided);
        v.rejected = uint16(rejects > type(uint128).max ? count : rejects % (count + 1));
        v.accepted = uint16(count - v.rejected);
        e.decided = t.decided;
        e.needsFee = v.rejected > 0 && !t.locked;
        e.fits = v.decidedBefore == t.decided && count <= pending;
        e.inTime = stage.clock() <= t.oldReviewEnd;
    }

    /// @dev What fits is applied, whatever stands beside it; what does not changes nothing.
    function _compare(bytes32 id, Verdict memory v, Expected memory e) private {
        uint256 moved = stage.tallyOf(id, v.worker).decided - e.decided;
        if (!e.fits) {
            if (moved > 0) {
                stage.breach("law8_stale_verdicts_change_nothing", "a verdict that does not fit was applied");
            }
        } else if (moved == 0 && e.inTime && !e.needsFee) {
            stage.breach("law11_one_bad_entry_blocks_no_other", "a verdict that fits was skipped");
        }
    }

    function _settlement(
        BatchKey memory key,
        bytes32 id,
        Verdict[] memory verdicts,
        DirectPayment[] memory direct,
        bool signed
    ) private view returns (bytes memory) {
        uint32 nonce = uint32(stage.batchOf(id).settlements + 1);
        bytes32 digest = keccak256("results");
        bytes memory signature;
        if (signed) {
            signature = _sign(
                key.terms.reviewer,
                MessageHashes.settlement(MessageHashes.SettlementMessage(id, nonce, digest, verdicts, direct))
            );
        }
        return abi.encodeCall(ITaskEscrow.settle, (key, nonce, digest, verdicts, direct, signature));
    }

    function _indexOf(address worker) private view returns (uint256 index) {
        while (stage.worker(index) != worker) ++index;
    }
}
