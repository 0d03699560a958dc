// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ITaskEscrow} from "../../../../contracts/interfaces/ITaskEscrow.sol";
import {
    BatchKey,
    DirectPayment,
    Packet,
    PacketKind,
    Ticket,
    Verdict
} from "../../../../contracts/libraries/EscrowTypes.sol";
import {Checks} from "../../base/Checks.sol";
import {MessageHashes} from "../../base/MessageHashes.sol";
import {Stage, Wanted} from "../Stage.sol";
import {HookedToken} from "../cast/HookedToken.sol";
import {GhostTally} from "../ghosts/GhostTypes.sol";

/// @notice One role's actions. Each tries one call, lets the stage book what came of it, and never reverts itself.
abstract contract Handler is Checks {
    Stage internal immutable stage;
    ITaskEscrow internal immutable escrow;
    HookedToken internal immutable token;
    bytes32 private immutable _domain;
    /// Logs with an effect that the last call left.
    uint256 internal effects;
    /// Whether the last call went through, whatever it skipped.
    bool internal ok;

    constructor(Stage stage_) {
        stage = stage_;
        escrow = stage_.escrow();
        token = stage_.token();
        _domain = MessageHashes.domain("Piecework", block.chainid, address(stage_.escrow()));
    }

    /// @dev Time set by one call is not kept for the next; the stage keeps it.
    modifier acting() {
        vm.warp(stage.enter());
        _;
    }

    // ---------------------------------------------------------------- calls

    /// @dev A call by `from`, with its own key alone behind it.
    function _call(string memory action, address from, bytes memory data) internal returns (bool) {
        return _call(action, from, from, address(0), false, data);
    }

    /// @dev A call that may touch the token.
    function _callMoney(string memory action, address from, address consenting, bytes memory data)
        internal
        returns (bool)
    {
        return _call(action, from, consenting, address(0), true, data);
    }

    /// @dev A signed message of `signer`, brought by a stranger.
    function _bring(string memory action, address signer, bytes memory data) internal returns (bool) {
        return _call(action, stage.stranger(), signer, address(0), false, data);
    }

    /// @return Whether the call went through and skipped nothing.
    function _call(
        string memory action,
        address from,
        address consenting,
        address sponsor,
        bool mayTouch,
        bytes memory data
    ) internal returns (bool) {
        stage.begin(consenting, sponsor, mayTouch);
        vm.prank(from);
        uint256 before = gasleft();
        bytes memory answer;
        (ok, answer) = address(escrow).call(data);
        before -= gasleft();
        effects = stage.end(action, ok, answer);
        // A claim asks one gate; a packet or settlement one contract signer. Nothing may cost more than both and the work.
        if (before > 1_500_000) stage.breach("law11_every_call_has_a_ceiling", action);
        return ok && stage.skipped() == 0;
    }

    // ----------------------------------------------------------- signatures

    function _sign(address signer, bytes32 structHash) internal view returns (bytes memory) {
        return _sign(stage.keyOf(signer), _domain, structHash);
    }

    function _sign(uint256 key, bytes32 domain, bytes32 structHash) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, keccak256(abi.encodePacked(hex"1901", domain, structHash)));
        return abi.encodePacked(r, s, v);
    }

    function _ticket(BatchKey memory key, bytes32 id, address worker, uint16 count, uint256 lease, uint256 sequence)
        internal
        view
        returns (Ticket memory ticket)
    {
        if (key.terms.assigner == address(0)) return ticket;
        ticket.leaseEnd = uint40(stage.clock() + lease);
        ticket.deadline = uint40(stage.clock() + 1 days);
        ticket.signature = _sign(
            key.terms.assigner,
            MessageHashes.ticket(
                MessageHashes.TicketMessage(
                    id, 1, worker, count, keccak256("tasks"), ticket.leaseEnd, ticket.deadline, uint24(sequence)
                )
            )
        );
    }

    function _packet(PacketKind kind, bytes32 id, address worker, uint16 count)
        internal
        view
        returns (Packet memory p)
    {
        p.kind = kind;
        p.worker = worker;
        p.sequence = uint24(stage.tallyOf(id, worker).sequence);
        p.deadline = uint40(stage.clock() + 2 days);
        p.manifestVersion = 1;
        p.count = count;
        p.submitted = kind == PacketKind.ClaimAndSubmit ? count : 0;
        p.tasksDigest = keccak256("tasks");
        p.workDigest = keccak256("work");
    }

    function _relayCall(BatchKey memory key, bytes32 id, Packet memory p) internal view returns (bytes memory) {
        p.signature = _sign(p.worker, MessageHashes.packet(id, p));
        return _relayCall(key, p);
    }

    function _relayCall(BatchKey memory key, Packet memory p) internal pure returns (bytes memory) {
        BatchKey[] memory keys = new BatchKey[](1);
        keys[0] = key;
        Packet[] memory packets = new Packet[](1);
        packets[0] = p;
        return abi.encodeCall(ITaskEscrow.relay, (keys, packets));
    }

    // ---------------------------------------------------------- groundwork
    // Most calls find nothing to do unless somebody else acted first; these act first.

    /// @dev Somebody claims and submits, if anything can be claimed; often one who has a dispute already.
    function _work(string memory action, uint256 seed, uint256 count, uint256 submitted, uint256 lease)
        internal
        returns (bool done, bytes memory data)
    {
        bool busy = (seed >> 3) % 2 == 0 && !stage.none(Wanted.ClaimableInDispute);
        (bytes32 id, address worker, BatchKey memory key) =
            stage.find(busy ? Wanted.ClaimableInDispute : Wanted.Claimable, seed);
        Packet memory p = _packet(PacketKind.ClaimAndSubmit, id, worker, uint16(bound(count, 1, 3)));
        p.submitted = uint16(bound(submitted, 1, p.count));
        p.ticket = _ticket(key, id, worker, p.count, lease, p.sequence);
        data = _relayCall(key, id, p);
        done = _bring(action, worker, data);
    }

    /// @dev Somebody's work is rejected, after it was done if need be.
    function _reject(uint256 seed) internal {
        if (stage.none(Wanted.Submitted)) _work("groundwork_works", seed, 3, 1 + seed % 3, 1 hours);
        (bytes32 id, address worker, BatchKey memory key) = stage.find(Wanted.Submitted, seed | 1);
        GhostTally memory t = stage.tallyOf(id, worker);
        Verdict[] memory verdicts = new Verdict[](1);
        verdicts[0] = Verdict(worker, uint16(t.decided), 0, uint16(t.oldLot));
        bytes memory data = abi.encodeCall(
            ITaskEscrow.settle,
            (key, uint32(stage.batchOf(id).settlements + 1), keccak256("results"), verdicts, new DirectPayment[](0), "")
        );
        _call("groundwork_rejects", key.terms.reviewer, data);
    }

    function _deposit(address from, uint256 amount) internal {
        token.mint(from, amount + 1);
        vm.prank(from);
        token.approve(address(escrow), amount);
        _callMoney("somebody_deposits", from, from, abi.encodeCall(ITaskEscrow.deposit, (amount)));
    }
}
