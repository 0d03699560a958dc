// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ITaskEscrow} from "../../../../contracts/interfaces/ITaskEscrow.sol";
import {BatchKey, Packet, PacketKind, Ticket} from "../../../../contracts/libraries/EscrowTypes.sol";
import {MessageHashes} from "../../base/MessageHashes.sol";
import {Stage, Wanted} from "../Stage.sol";
import {HookedToken} from "../cast/HookedToken.sol";
import {Handler} from "./Handler.sol";

/// @notice Workers: by their own calls, and by signed packets that a stranger brings.
contract WorkerHandler is Handler {
    constructor(Stage stage_) Handler(stage_) {}

    // --------------------------------------------------------------- claims

    function worker_claims(uint256 seed, uint256 count) external acting {
        (bytes32 id, address worker, BatchKey memory key) = stage.find(Wanted.Claimable, seed);
        if (id == 0) return;
        uint16 some = uint16(bound(count, 1, 4));
        Ticket memory ticket = _ticket(key, id, worker, some, _lease(count), stage.tallyOf(id, worker).sequence);
        bytes memory data =
            abi.encodeCall(ITaskEscrow.claim, (key, some, keccak256("tasks"), _version(key, id, count), ticket));
        if (_call("worker_claims", worker, data) && ticket.signature.length > 0) stage.remember(data, worker);
    }

    function worker_claims_by_packet(uint256 seed, uint256 count) external acting {
        (bytes32 id, address worker, BatchKey memory key) = stage.find(Wanted.Claimable, seed);
        if (id == 0) return;
        Packet memory p = _packet(PacketKind.Claim, id, worker, uint16(bound(count, 1, 3)));
        p.ticket = _ticket(key, id, worker, p.count, _lease(count), p.sequence);
        bytes memory data = _relayCall(key, id, p);
        if (_bring("worker_claims_by_packet", worker, data)) stage.remember(data, stage.stranger());
    }

    function worker_claims_and_submits(uint256 seed, uint256 count, uint256 less) external acting {
        (bool done, bytes memory data) = _work("worker_claims_and_submits", seed, count, less, _lease(count));
        if (done) stage.remember(data, stage.stranger());
    }

    function worker_returns(uint256 seed, uint256 count, bool byPacket) external acting {
        if (stage.none(Wanted.Claimed)) _work("groundwork_claims", seed, 3, 1, 1 hours);
        (bytes32 id, address worker, BatchKey memory key) = stage.find(Wanted.Claimed, seed);
        if (id == 0) return;
        uint16 some = uint16(bound(count, 1, 2));
        if (byPacket) {
            bytes memory data = _relayCall(key, id, _packet(PacketKind.ReturnClaim, id, worker, some));
            if (_bring("worker_returns_by_packet", worker, data)) stage.remember(data, stage.stranger());
        } else {
            _call("worker_returns", worker, abi.encodeCall(ITaskEscrow.returnClaim, (key, some)));
        }
    }

    // ---------------------------------------------------------- submissions

    function worker_submits(uint256 seed, uint256 count) external acting {
        if (stage.none(Wanted.Claimed)) _work("groundwork_claims", seed, 3, 1, 1 hours);
        (bytes32 id, address worker, BatchKey memory key) = stage.find(Wanted.Claimed, seed);
        if (id == 0) return;
        uint16 some = uint16(bound(count, 1, 3));
        _call("worker_submits", worker, abi.encodeCall(ITaskEscrow.submit, (key, some, keccak256("work"))));
    }

    function worker_submits_by_packet(uint256 seed, uint256 count) external acting {
        if (stage.none(Wanted.Claimed)) _work("groundwork_claims", seed, 3, 1, 1 hours);
        (bytes32 id, address worker, BatchKey memory key) = stage.find(Wanted.Claimed, seed);
        if (id == 0) return;
        bytes memory data = _relayCall(key, id, _packet(PacketKind.Submit, id, worker, uint16(bound(count, 1, 2))));
        if (_bring("worker_submits_by_packet", worker, data)) stage.remember(data, stage.stranger());
    }

    /// @dev Signs the step after the next, to be brought out of order.
    function worker_signs_ahead(uint256 seed, uint256 count) external acting {
        if (stage.none(Wanted.Claimed)) _work("groundwork_claims", seed, 3, 1, 1 hours);
        (bytes32 id, address worker, BatchKey memory key) = stage.find(Wanted.Claimed, seed);
        if (id == 0) return;
        Packet memory p = _packet(PacketKind.Submit, id, worker, uint16(bound(count, 1, 2)));
        p.sequence += 1;
        stage.hold(_relayCall(key, id, p), worker);
    }

    // ------------------------------------------------------------- disputes

    function worker_disputes(uint256 seed, uint256 count) external acting {
        if (stage.none(Wanted.Disputable)) _reject(seed);
        (bytes32 id, address worker, BatchKey memory key) = stage.find(Wanted.Disputable, seed);
        if (id == 0) return;
        uint16 some = uint16(bound(count, 1, 3));
        _call("worker_disputes", worker, abi.encodeCall(ITaskEscrow.dispute, (key, some, bytes32("evidence"))));
    }

    function worker_disputes_by_packet(uint256 seed, uint256 count) external acting {
        if (stage.none(Wanted.Disputable)) _reject(seed);
        (bytes32 id, address worker, BatchKey memory key) = stage.find(Wanted.Disputable, seed);
        if (id == 0) return;
        bytes memory data = _relayCall(key, id, _packet(PacketKind.Dispute, id, worker, uint16(bound(count, 1, 3))));
        if (_bring("worker_disputes_by_packet", worker, data)) stage.remember(data, stage.stranger());
    }

    function sponsor_posts_the_bond(uint256 seed, uint256 count) external acting {
        if (stage.none(Wanted.Disputable)) _reject(seed);
        (bytes32 id, address worker, BatchKey memory key) = stage.find(Wanted.Disputable, seed);
        if (id == 0) return;
        address sponsor = stage.stranger();
        uint256 fee = key.terms.disputeFee;
        if (fee > 0 && stage.accountOf(sponsor).owed < fee) _deposit(sponsor, fee);
        Packet memory p = _packet(PacketKind.Dispute, id, worker, uint16(bound(count, 1, 3)));
        p.signature = _sign(worker, MessageHashes.packet(id, p));
        bytes memory data = abi.encodeCall(ITaskEscrow.sponsorDispute, (key, p));
        bool done = _call("sponsor_posts_the_bond", sponsor, worker, sponsor, false, data);
        if (done) stage.remember(data, sponsor);
    }

    // ---------------------------------------------------------------- money

    function worker_withdraws(uint256 seed, uint256 amount) external acting {
        address worker = stage.worker(seed);
        uint256 owed = stage.accountOf(worker).owed;
        if (owed == 0) return;
        bytes memory data = abi.encodeCall(ITaskEscrow.withdraw, (bound(amount, 1, owed), worker));
        bool done = _callMoney("worker_withdraws", worker, worker, data);
        _expectPaid(done, worker);
    }

    function worker_withdraws_by_signature(uint256 seed, uint256 amount) external acting {
        address worker = stage.worker(seed);
        uint256 owed = stage.accountOf(worker).owed;
        if (owed == 0) return;
        amount = bound(amount, 1, owed);
        uint256 nonce = stage.accountOf(worker).nonce;
        uint256 until = stage.clock() + 1 hours;
        bytes memory signature = _sign(
            worker, MessageHashes.withdrawal(MessageHashes.WithdrawMessage(worker, amount, worker, nonce, until))
        );
        bytes memory data = abi.encodeCall(ITaskEscrow.withdrawBySig, (worker, amount, worker, nonce, until, signature));
        bool done = _callMoney("worker_withdraws_by_signature", stage.stranger(), worker, data);
        // A contract that answers no question cannot sign; its own call still works.
        if (!(worker == address(stage.wallet()) && stage.wallet().burnsGas())) _expectPaid(done, worker);
        if (!done) return;
        stage.noteNonce(worker);
        stage.remember(data, stage.stranger());
    }

    function worker_sets_sweep(uint256 seed, bool enabled, uint256 how) external acting {
        (bytes32 id, address worker, BatchKey memory key) = stage.find(Wanted.Anything, seed);
        if (id == 0) return;
        bytes memory data;
        if (how % 3 == 0) {
            _call("worker_sets_sweep", worker, abi.encodeCall(ITaskEscrow.setSweep, (enabled)));
        } else if (how % 3 == 1) {
            data = _relayCall(key, id, _packet(PacketKind.SetSweep, id, worker, enabled ? 1 : 0));
            if (_bring("worker_sets_sweep_by_packet", worker, data)) stage.remember(data, stage.stranger());
        } else {
            uint256 nonce = stage.accountOf(worker).nonce;
            uint256 until = stage.clock() + 1 hours;
            bytes memory signature =
                _sign(worker, MessageHashes.sweepSetting(MessageHashes.SweepMessage(worker, enabled, nonce, until)));
            data = abi.encodeCall(ITaskEscrow.setSweepBySig, (worker, enabled, nonce, until, signature));
            if (!_bring("worker_sets_sweep_by_signature", worker, data)) return;
            stage.noteNonce(worker);
            stage.remember(data, stage.stranger());
        }
    }

    /// @dev Nothing but the token may stand between a worker and its money.
    function _expectPaid(bool done, address worker) private {
        bool tokenWorks = token.mood() == HookedToken.Mood.Honest || token.mood() == HookedToken.Mood.SkimsRecipient;
        if (!done && tokenWorks && !token.isBlocked(worker)) {
            stage.breach("law3_a_withdrawal_is_never_refused", "a rightful withdrawal was refused");
        }
    }

    /// @dev One version more than there are, now and then; a ticket is for the first.
    function _version(BatchKey memory key, bytes32 id, uint256 seed) private view returns (uint16) {
        if (key.terms.assigner != address(0)) return 1;
        return uint16(1 + (seed >> 96) % (stage.batchOf(id).versions + 1));
    }

    function _lease(uint256 seed) private pure returns (uint256) {
        return (seed >> 32) % 10 == 0 ? 30 days + 1 : 1 + (seed >> 64) % 3 days;
    }
}
