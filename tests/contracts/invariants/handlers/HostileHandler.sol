// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ITaskEscrow} from "../../../../contracts/interfaces/ITaskEscrow.sol";
import {BatchKey, DirectPayment, Packet, PacketKind, Verdict} from "../../../../contracts/libraries/EscrowTypes.sol";
import {MessageHashes} from "../../base/MessageHashes.sol";
import {Stage, Wanted} from "../Stage.sol";
import {Handler} from "./Handler.sol";

interface IPaySwept {
    function paySwept(address account, uint256 amount) external;
}

/// @notice A stranger that replays, forges, overreaches and gives away. None of it may take effect.
contract HostileHandler is Handler {
    uint256 private constant CURVE = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;

    constructor(Stage stage_) Handler(stage_) {}

    // -------------------------------------------------------------- replays

    function hostile_replays(uint256 seed) external acting {
        (bytes memory data, address caller) = stage.remembered(seed);
        if (caller == address(0)) return;
        _call("hostile_replays", caller, address(0), address(0), true, data);
        if (effects == 0) return;
        bool ticket = bytes4(data) == ITaskEscrow.claim.selector;
        stage.breach(
            ticket ? "law8_a_ticket_works_once" : "law8_nothing_replayed_takes_effect", "a used one worked again"
        );
    }

    // -------------------------------------------------------------- forgery

    /// @dev A packet signed by another, for another chain, contract or batch, with another content, or with a high s.
    function hostile_forges_a_packet(uint256 seed, uint256 way) external acting {
        (bytes32 id, address worker, BatchKey memory key) = stage.find(Wanted.Claimed, seed);
        if (id == 0) return;
        Packet memory p = _packet(PacketKind.Submit, id, worker, 1);
        uint256 signer = stage.keyOf(worker);
        address self = address(escrow);
        bytes32 domain = MessageHashes.domain("Piecework", block.chainid, self);
        way = way % 6;
        if (way == 0) signer = stage.keyOf(stage.stranger());
        if (way == 1) domain = MessageHashes.domain("Piecework", block.chainid + 1, self);
        if (way == 2) domain = MessageHashes.domain("Piecework", block.chainid, address(token));
        p.signature = _sign(signer, domain, MessageHashes.packet(way == 3 ? bytes32(uint256(id) ^ 1) : id, p));
        if (way == 4) p.workDigest = keccak256("other work");
        if (way == 5) p.signature = _highS(p.signature);
        // The contract wallet of the cast takes high s: that is its own affair.
        if (way == 5 && worker == address(stage.wallet())) return;
        _call("hostile_forges_a_packet", stage.stranger(), address(0), address(0), false, _relayCall(key, p));
        if (effects == 0) return;
        stage.breach(
            way == 5 ? "law8_signatures_have_low_s" : "law8_a_signature_binds_its_whole_message", vm.toString(way)
        );
    }

    function hostile_forges_a_settlement(uint256 seed, uint256 way) external acting {
        (bytes32 id, address worker, BatchKey memory key) = stage.find(Wanted.Submitted, seed);
        if (id == 0) return;
        Verdict[] memory verdicts = new Verdict[](1);
        verdicts[0] = Verdict(worker, uint16(stage.tallyOf(id, worker).decided), 1, 0);
        DirectPayment[] memory direct = new DirectPayment[](way % 3 == 2 ? 1 : 0);
        if (direct.length > 0) direct[0] = DirectPayment(stage.stranger(), 1);
        uint32 nonce = uint32(stage.batchOf(id).settlements + 1);
        bytes memory signature;
        if (way % 3 > 0) {
            // By a stranger; or by the reviewer, but without the direct payment that was slipped in.
            address signer = way % 3 == 1 ? stage.stranger() : key.terms.reviewer;
            DirectPayment[] memory signedDirect = way % 3 == 1 ? direct : new DirectPayment[](0);
            signature = _sign(
                signer,
                MessageHashes.settlement(
                    MessageHashes.SettlementMessage(id, nonce, keccak256("results"), verdicts, signedDirect)
                )
            );
        }
        bytes memory data =
            abi.encodeCall(ITaskEscrow.settle, (key, nonce, keccak256("results"), verdicts, direct, signature));
        _call("hostile_forges_a_settlement", stage.stranger(), address(0), address(0), false, data);
    }

    function hostile_forges_a_withdrawal(uint256 seed, uint256 amount, bool own) external acting {
        address victim = stage.everybody()[seed % 12];
        uint256 owed = stage.accountOf(victim).owed;
        address self = stage.stranger();
        if (owed == 0 || victim == self) return;
        MessageHashes.WithdrawMessage memory message = MessageHashes.WithdrawMessage(
            victim, bound(amount, 1, owed), self, stage.accountOf(victim).nonce, stage.clock() + 1
        );
        // The victim signed another recipient; or the stranger signed.
        bytes memory signature = _sign(self, MessageHashes.withdrawal(message));
        if (!own) {
            message.to = victim;
            signature = _sign(victim, MessageHashes.withdrawal(message));
        }
        bytes memory data = abi.encodeCall(
            ITaskEscrow.withdrawBySig, (victim, message.amount, self, message.nonce, message.deadline, signature)
        );
        _callMoney("hostile_forges_a_withdrawal", self, address(0), data);
    }

    // -------------------------------------------------------------- no right

    function hostile_rules(uint256 seed) external acting {
        uint256 id = stage.findDispute(seed, false);
        if (id == 0) return;
        _call("hostile_rules", stage.stranger(), abi.encodeCall(ITaskEscrow.rule, (id, 1)));
    }

    function hostile_meddles(uint256 seed, uint256 what) external acting {
        (bytes32 id, address worker, BatchKey memory key) = stage.find(Wanted.Contestable, seed);
        if (id == 0) return;
        what = what % 5;
        bytes memory data;
        if (what == 0) data = abi.encodeCall(ITaskEscrow.closeBatch, (key));
        if (what == 1) data = abi.encodeCall(ITaskEscrow.overturn, (key, worker, 1));
        if (what == 2) data = abi.encodeCall(ITaskEscrow.extendBatch, (key, 1, bytes32("m")));
        if (what == 3) data = abi.encodeCall(ITaskEscrow.bonus, (key, stage.stranger(), 1, bytes32("me")));
        if (what == 4) data = abi.encodeCall(IPaySwept.paySwept, (worker, stage.accountOf(worker).owed));
        if (_call("hostile_meddles", stage.stranger(), stage.stranger(), address(0), true, data)) {
            stage.breach("law3_strangers_decide_nothing", vm.toString(what));
        }
    }

    /// @dev Tokens sent unasked are nobody's, and change nothing.
    function hostile_gives_tokens(uint256 amount) external acting {
        amount = bound(amount, 1, 1_000_000);
        token.mint(address(escrow), amount);
        stage.noteGift(amount);
        stage.tick("call: hostile_gives_tokens ok");
    }

    function _highS(bytes memory signature) private pure returns (bytes memory) {
        (bytes32 r, bytes32 s, uint8 v) = abi.decode(
            bytes.concat(_word(signature, 0), _word(signature, 32), bytes32(uint256(uint8(signature[64])))),
            (bytes32, bytes32, uint8)
        );
        return abi.encodePacked(r, bytes32(CURVE - uint256(s)), v == 27 ? uint8(28) : uint8(27));
    }

    function _word(bytes memory data, uint256 offset) private pure returns (bytes32 word) {
        assembly ("memory-safe") {
            word := mload(add(add(data, 0x20), offset))
        }
    }
}
