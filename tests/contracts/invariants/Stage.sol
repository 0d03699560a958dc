// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ITaskEscrow} from "../../../contracts/interfaces/ITaskEscrow.sol";
import {ITaskEscrowEvents} from "../../../contracts/interfaces/ITaskEscrowEvents.sol";
import {BatchKey, Terms} from "../../../contracts/libraries/EscrowTypes.sol";
import {Vm} from "../base/Vm.sol";
import {HookedToken} from "./cast/HookedToken.sol";
import {MoodyGate} from "./cast/MoodyGate.sol";
import {ReentrantWallet} from "./cast/ReentrantWallet.sol";
import {DisputeGhost} from "./ghosts/DisputeGhost.sol";
import {GhostBatch, GhostDispute, GhostTally} from "./ghosts/GhostTypes.sol";

/// @notice What a handler looks for.
enum Wanted {
    Anything,
    Claimable,
    /// Claimable by somebody who has rejections to fight.
    ClaimableInDispute,
    Claimed,
    LapsedClaim,
    Submitted,
    Overdue,
    Contestable,
    Disputable,
    Releasable,
    Refundable
}

/// @notice The cast, the clock and the ghosts that all handlers share.
contract Stage is DisputeGhost {
    uint256 public constant REQUESTERS = 2;
    uint256 public constant WORKERS = 4;
    uint256 public constant KINDS = 4;
    uint256 public constant START = 1_800_000_000;
    uint256 private constant REMEMBERED = 24;

    ITaskEscrow public immutable escrow;
    HookedToken public immutable token;
    MoodyGate public immutable gate;
    ReentrantWallet public immutable wallet;
    /// Units that each requester deposits at once.
    uint256 public immutable purse;
    /// The largest number of assignments that a batch is opened with.
    uint256 public immutable maxSize;

    uint256 public clock = START;
    /// Handlers' calls that may have changed the escrow, and calls to the escrow.
    uint256 public entered;
    uint256 public calls;
    mapping(address => uint256) private _keyOf;
    address[13] private _addresses;
    address[] private _everybody;
    bytes[] private _rememberedCalls;
    address[] private _rememberedCallers;
    bytes[] private _heldCalls;
    address[] private _heldSigners;
    uint256 private _touches;
    bool private _mayTouch;

    constructor(ITaskEscrow escrow_, HookedToken token_, MoodyGate gate_, uint256 purse_, uint256 maxSize_) {
        escrow = escrow_;
        escrowAddress = address(escrow_);
        token = token_;
        gate = gate_;
        purse = purse_;
        maxSize = maxSize_;
        // Keys 1 and 2 are requesters, 3 to 6 workers, 7 and 8 reviewers, then operator, assigner, arbitrator, stranger.
        wallet = new ReentrantWallet(vm.addr(6));
        wallet.setEscrow(address(escrow_));
        for (uint256 key = 1; key <= 12; ++key) {
            _addresses[key] = key == 6 ? address(wallet) : vm.addr(key);
            _keyOf[_addresses[key]] = key;
            _everybody.push(_addresses[key]);
        }
    }

    // ------------------------------------------------------------- the cast

    function requester(uint256 seed) public view returns (address) {
        return _addresses[1 + seed % REQUESTERS];
    }

    /// @dev The last one is the contract wallet.
    function worker(uint256 seed) public view returns (address) {
        return _addresses[3 + seed % WORKERS];
    }

    function reviewer(uint256 seed) public view returns (address) {
        return _addresses[7 + seed % 2];
    }

    function operator() public view returns (address) {
        return _addresses[9];
    }

    function assigner() public view returns (address) {
        return _addresses[10];
    }

    function arbitrator() public view returns (address) {
        return _addresses[11];
    }

    /// @notice Sponsors, keeps, replays and attacks: an address that has no right but its own money.
    function stranger() public view returns (address) {
        return _addresses[12];
    }

    function keyOf(address who) external view returns (uint256) {
        return _keyOf[who];
    }

    function everybody() external view returns (address[] memory) {
        return _everybody;
    }

    /// @notice Four kinds of batch: open, ticketed, direct and free of fees, gated.
    function termsOf(uint256 kind) external view returns (Terms memory terms) {
        kind = kind % KINDS;
        terms.reward = 1_000_000;
        terms.operatorFee = kind == 0 ? 50_000 : kind == 2 ? 0 : 7;
        terms.disputeFee = kind == 0 ? 300_001 : kind == 1 ? 2_500_000 : kind == 2 ? 0 : 1_700_000;
        terms.reviewer = reviewer(kind);
        terms.assigner = kind == 1 ? assigner() : address(0);
        terms.operator = kind == 2 ? address(0) : operator();
        terms.gate = kind == 3 ? address(gate) : address(0);
        terms.arbitrator = arbitrator();
        terms.claimBy = uint40(clock + 5 days);
        terms.lease = 12 hours;
        terms.reviewWindow = 1 days;
        terms.disputeWindow = 1 days;
        terms.rulingWindow = 1 days;
        terms.maxClaim = 4;
        terms.flags = kind == 2 ? 1 : 0;
        terms.manifest = keccak256("manifest");
    }

    // ------------------------------------------------------------ the clock

    function setClock(uint256 time) external {
        clock = time;
        vm.warp(time);
    }

    /// @notice Called at the beginning of each handler's call. Returns the time.
    function enter() external returns (uint256) {
        entered += 1;
        return clock;
    }

    // ------------------------------------------------------------ the calls

    /// @param consenting Whose key stands behind the call.
    /// @param sponsor Who pays a bond for somebody else with it, or zero.
    /// @param mayTouch Whether the call is one of the few that may touch the token.
    function begin(address consenting, address sponsor, bool mayTouch) external {
        _consenting = consenting;
        _sponsor = sponsor;
        _mayTouch = mayTouch;
        _touches = token.touches();
        lastRefusal = 0;
        skipped = 0;
        vm.recordLogs();
    }

    /// @notice Books what a call logged, and counts how it ended.
    /// @return effects Logs of the call that changed anything.
    function end(string memory action, bool ok, bytes memory answer) external returns (uint256 effects) {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        // The recorder keeps what a revert undid.
        uint256 count = ok ? _keepEscrows(logs) : 0;
        for (uint256 i = 0; i < count; ++i) {
            uint256 skippedBefore = skipped;
            _apply(
                logs[i], i == 0 ? bytes32(0) : logs[i - 1].topics[0], i + 1 < count ? logs[i + 1].topics[0] : bytes32(0)
            );
            if (skipped == skippedBefore) effects += 1;
        }
        _endDispute();
        if (!_mayTouch) {
            _expect(_touches == token.touches(), "law12_only_money_calls_touch_the_token", action);
        }
        _spentFor = address(0);
        calls += 1;
        _count(action, ok, answer);
    }

    /// @dev Moves the escrow's own logs to the front, without withdrawals that a failing sweep undid.
    function _keepEscrows(Vm.Log[] memory logs) private view returns (uint256 count) {
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].emitter != address(escrow)) continue;
            bool failed = count > 0 && logs[i].topics[0] == ITaskEscrowEvents.SweepFailed.selector
                && logs[count - 1].topics[0] == ITaskEscrowEvents.Withdrawn.selector
                && logs[count - 1].topics[1] == logs[i].topics[1];
            if (failed) count -= 1;
            logs[count] = logs[i];
            count += 1;
        }
    }

    function _apply(Vm.Log memory log, bytes32 previous, bytes32 next) private {
        bytes32 topic = log.topics[0];
        if (_applyWork(topic, log) || _applyReview(topic, log) || _applyMoney(topic, log)) return;
        if (_applyDispute(topic, log) || _applyBatch(topic, log, previous, next)) return;
        revert("an event that no ghost knows");
    }

    function _count(string memory action, bool ok, bytes memory answer) private {
        if (ok && skipped == 0) {
            tick(string.concat("call: ", action, " ok"));
        } else if (ok) {
            tick(string.concat("call: ", action, " skipped ", vm.toString(uint256(lastRefusal))));
        } else {
            string memory reason = vm.toString(uint256(uint32(bytes4(answer))));
            if (bytes4(answer) == bytes4(keccak256("TaskEscrow_Refused(uint8)"))) {
                reason = string.concat("refused ", vm.toString(uint256(uint8(answer[35]))));
            }
            tick(string.concat("call: ", action, " revert ", reason));
        }
    }

    // ---------------------------------------------------------- replay, hold

    /// @notice Keeps a signed call that took effect, to be replayed.
    function remember(bytes memory data, address caller) external {
        if (_rememberedCalls.length < REMEMBERED) {
            _rememberedCalls.push(data);
            _rememberedCallers.push(caller);
        } else {
            _rememberedCalls[calls % REMEMBERED] = data;
            _rememberedCallers[calls % REMEMBERED] = caller;
        }
    }

    function remembered(uint256 seed) external view returns (bytes memory data, address caller) {
        if (_rememberedCalls.length == 0) return ("", address(0));
        seed = seed % _rememberedCalls.length;
        return (_rememberedCalls[seed], _rememberedCallers[seed]);
    }

    /// @notice Keeps a signed call that was not brought yet.
    function hold(bytes memory data, address signer) external {
        _heldCalls.push(data);
        _heldSigners.push(signer);
    }

    /// @notice Takes one held call out.
    function release(uint256 seed) external returns (bytes memory data, address signer) {
        uint256 length = _heldCalls.length;
        if (length == 0) return ("", address(0));
        seed = seed % length;
        (data, signer) = (_heldCalls[seed], _heldSigners[seed]);
        (_heldCalls[seed], _heldSigners[seed]) = (_heldCalls[length - 1], _heldSigners[length - 1]);
        _heldCalls.pop();
        _heldSigners.pop();
    }

    // --------------------------------------------------------------- search

    /// @notice Looks from a random place on for a batch and worker where `wanted` holds.
    /// @return id The batch; zero only if there is none at all.
    /// @return who The worker.
    /// @return key The batch's key.
    function find(Wanted wanted, uint256 seed) external view returns (bytes32 id, address who, BatchKey memory key) {
        uint256 total = _ids.length * WORKERS;
        if (total == 0) return (id, who, key);
        // One in eight is blind, so that refusals are tried too.
        if (seed % 8 == 0) wanted = Wanted.Anything;
        uint256 place = (seed >> 8) % total;
        for (uint256 i = 0; i < total; ++i) {
            uint256 spot = (place + i) % total;
            if (!_holds(wanted, _ids[spot / WORKERS], worker(spot))) continue;
            place = spot;
            break;
        }
        return (_ids[place / WORKERS], worker(place), _keys[place / WORKERS]);
    }

    /// @notice Whether `wanted` holds nowhere.
    function none(Wanted wanted) external view returns (bool) {
        for (uint256 i = 0; i < _ids.length * WORKERS; ++i) {
            if (_holds(wanted, _ids[i / WORKERS], worker(i))) return false;
        }
        return true;
    }

    function _holds(Wanted wanted, bytes32 id, address who) private view returns (bool) {
        GhostTally storage t = _tallies[id][who];
        GhostBatch storage b = _batches[id];
        if (wanted == Wanted.Claimable || wanted == Wanted.ClaimableInDispute) {
            bool may = b.closedAt == 0 && b.free > 0 && clock <= _terms[id].claimBy && t.claimed < 3;
            return may && (wanted == Wanted.Claimable || t.contestable + t.disputed > 0);
        }
        if (wanted == Wanted.Refundable) {
            uint256 grace = _terms[id].flags == 1 ? _terms[id].reviewWindow : 0;
            bool over = clock > _terms[id].claimBy + grace || (b.closedAt > 0 && clock > b.closedAt + grace);
            return b.free > 0 && over;
        }
        if (wanted == Wanted.Claimed) return t.claimed > 0 && clock <= t.leaseEnd;
        if (wanted == Wanted.LapsedClaim) return t.claimed > 0 && clock > t.leaseEnd;
        if (wanted == Wanted.Submitted) return t.oldLot > 0 && clock <= t.oldReviewEnd;
        if (wanted == Wanted.Overdue) return t.oldLot > 0 && clock > t.oldReviewEnd;
        if (wanted == Wanted.Contestable) return t.contestable > 0;
        if (wanted == Wanted.Disputable) return t.contestable > 0 && t.disputed == 0 && clock <= t.contestEnd;
        if (wanted == Wanted.Releasable) return t.contestable > 0 && t.disputed == 0 && clock > t.contestEnd;
        return true;
    }

    /// @notice Looks for an open dispute; zero if there is none.
    function findDispute(uint256 seed, bool overdue) external view returns (uint256) {
        uint256 total = _disputeIds.length;
        for (uint256 i = 0; i < total; ++i) {
            uint256 id = _disputeIds[(seed % total + i) % total];
            if (_disputes[id].isOpen && (clock > _disputes[id].rulingEnd) == overdue) return id;
        }
        return total == 0 ? 0 : _disputeIds[seed % total];
    }

    /// @notice A deadline of somebody's that lies ahead, to jump to; zero if none was found.
    function deadline(uint256 seed) external view returns (uint256) {
        uint256 total = _ids.length * WORKERS;
        for (uint256 i = 0; i < total; ++i) {
            uint256 spot = (seed % total + i) % total;
            for (uint256 j = 0; j < 4; ++j) {
                uint256 time = _deadlineOf(_tallies[_ids[spot / WORKERS]][worker(spot)], ((seed >> 16) + j) % 4);
                if (time >= clock) return time;
            }
        }
        return total == 0 ? 0 : _terms[_ids[seed % _ids.length]].claimBy;
    }

    /// @notice When a random dispute's arbitrator is late; zero if none is open.
    function rulingEnd(uint256 seed) external view returns (uint256) {
        if (_disputeIds.length == 0) return 0;
        GhostDispute storage d = _disputes[_disputeIds[seed % _disputeIds.length]];
        return d.isOpen ? d.rulingEnd : 0;
    }

    function _deadlineOf(GhostTally storage t, uint256 which) private view returns (uint256) {
        if (which == 0) return t.claimed > 0 ? t.leaseEnd : 0;
        if (which == 1) return t.oldLot > 0 ? t.oldReviewEnd : 0;
        if (which == 2) return t.youngLot > 0 ? t.youngReviewEnd : 0;
        return t.contestable > 0 ? t.contestEnd : 0;
    }
}
