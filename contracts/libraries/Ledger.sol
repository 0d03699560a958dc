// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ITaskEscrowErrors} from "../interfaces/ITaskEscrowErrors.sol";
import {Account, Batch, Dispute, Tally} from "./EscrowTypes.sol";
import {Slots} from "./Slots.sol";

/// @dev All that the escrow stores about money and work, in one place that its linked libraries can be handed.
struct Ledger {
    /// One slot an address: what it is owed, and its record.
    mapping(address account => uint256) accounts;
    /// One slot a batch: its counts.
    mapping(bytes32 batchId => uint256) batches;
    /// One slot a batch and worker, never cleared.
    mapping(bytes32 batchId => mapping(address worker => uint256)) tallies;
    /// One slot a batch: who funded it, and what its fee locks hold.
    mapping(bytes32 batchId => Funding) funding;
    /// Open disputes; an entry is deleted when its dispute ends.
    mapping(uint256 disputeId => Dispute) disputes;
}

struct Funding {
    address requester;
    /// Token units in the requester's fee locks of this batch.
    uint96 locked;
}

/// @title Reading and writing the ledger
/// @dev A record counter stops at its maximum; it never blocks a payment. `owed` cannot overflow: all that is owed together
/// is at most what the escrow holds, which deposits bound to 2^96 - 1.
library Ledgers {
    function accountOf(Ledger storage ledger, address account) internal view returns (Account memory) {
        return Slots.unpackAccount(ledger.accounts[account]);
    }

    function batchOf(Ledger storage ledger, bytes32 batchId) internal view returns (Batch memory) {
        return Slots.unpackBatch(ledger.batches[batchId]);
    }

    function tallyOf(Ledger storage ledger, bytes32 batchId, address worker) internal view returns (Tally memory) {
        return Slots.unpackTally(ledger.tallies[batchId][worker]);
    }

    function store(Ledger storage ledger, address account, Account memory a) internal {
        ledger.accounts[account] = Slots.pack(a);
    }

    function store(Ledger storage ledger, bytes32 batchId, Batch memory b) internal {
        ledger.batches[batchId] = Slots.pack(b);
    }

    function store(Ledger storage ledger, bytes32 batchId, address worker, Tally memory t) internal {
        ledger.tallies[batchId][worker] = Slots.pack(t);
    }

    function credit(Ledger storage ledger, address account, uint256 amount) internal {
        if (amount == 0) return;
        Account memory a = accountOf(ledger, account);
        a.owed = _sum(a.owed, amount);
        store(ledger, account, a);
    }

    function debit(Ledger storage ledger, address account, uint256 amount) internal {
        Account memory a = accountOf(ledger, account);
        if (a.owed < amount) revert ITaskEscrowErrors.TaskEscrow_InsufficientBalance(account, a.owed, amount);
        // forge-lint: disable-next-line(unsafe-typecast) amount <= a.owed
        a.owed -= uint96(amount);
        store(ledger, account, a);
    }

    /// @dev Pays `amount` and counts `accepted` and `rejected` on the worker's record, in one write.
    function creditWork(Ledger storage ledger, address worker, uint256 amount, uint256 accepted, uint256 rejected)
        internal
    {
        Account memory a = accountOf(ledger, worker);
        a.owed = _sum(a.owed, amount);
        a.accepted = _saturate(uint256(a.accepted) + accepted);
        a.rejected = _saturate(uint256(a.rejected) + rejected);
        store(ledger, worker, a);
    }

    /// @dev Pays `amount` and turns `count` rejections of the record into acceptances.
    function creditOverturned(Ledger storage ledger, address worker, uint256 amount, uint256 count) internal {
        Account memory a = accountOf(ledger, worker);
        a.owed = _sum(a.owed, amount);
        a.accepted = _saturate(uint256(a.accepted) + count);
        a.rejected = _less(a.rejected, count);
        store(ledger, worker, a);
    }

    /// @dev Pays `amount` for `count` rejections that are void: they count neither for nor against the worker.
    function creditVoided(Ledger storage ledger, address worker, uint256 amount, uint256 count) internal {
        Account memory a = accountOf(ledger, worker);
        a.owed = _sum(a.owed, amount);
        a.rejected = _less(a.rejected, count);
        store(ledger, worker, a);
    }

    /// @dev Takes `count` rejections off the record while they are contested.
    function contest(Ledger storage ledger, address worker, uint256 count) internal {
        Account memory a = accountOf(ledger, worker);
        a.rejected = _less(a.rejected, count);
        uint256 contested = a.contested + count;
        // forge-lint: disable-next-line(unsafe-typecast) checked here
        a.contested = contested > type(uint24).max ? type(uint24).max : uint24(contested);
        store(ledger, worker, a);
    }

    /// @dev Ends the contest of `count` rejections: `accepted` are paid `amount` and count for the worker, `upheld` against it.
    /// Both zero if nobody ruled.
    function creditRuled(
        Ledger storage ledger,
        address worker,
        uint256 amount,
        uint256 count,
        uint256 accepted,
        uint256 upheld
    ) internal {
        Account memory a = accountOf(ledger, worker);
        a.owed = _sum(a.owed, amount);
        // forge-lint: disable-next-line(unsafe-typecast) less than a.contested
        a.contested = count < a.contested ? uint24(a.contested - count) : 0;
        a.accepted = _saturate(uint256(a.accepted) + accepted);
        a.rejected = _saturate(uint256(a.rejected) + upheld);
        _countDisputes(a, accepted, upheld);
        store(ledger, worker, a);
    }

    /// @dev Counts a ruling on the requester's record.
    function countRuling(Ledger storage ledger, address requester, uint256 won, uint256 lost) internal {
        Account memory a = accountOf(ledger, requester);
        _countDisputes(a, won, lost);
        store(ledger, requester, a);
    }

    function _countDisputes(Account memory a, uint256 won, uint256 lost) private pure {
        a.disputesWon = _saturate16(a.disputesWon + won);
        a.disputesLost = _saturate16(a.disputesLost + lost);
    }

    function _less(uint32 have, uint256 count) private pure returns (uint32) {
        // forge-lint: disable-next-line(unsafe-typecast) less than have
        return count < have ? uint32(have - count) : 0;
    }

    function _saturate16(uint256 value) private pure returns (uint16) {
        // forge-lint: disable-next-line(unsafe-typecast) checked here
        return value > type(uint16).max ? type(uint16).max : uint16(value);
    }

    function _sum(uint96 have, uint256 amount) private pure returns (uint96) {
        uint256 sum = have + amount;
        if (sum > type(uint96).max) revert ITaskEscrowErrors.TaskEscrow_AmountTooLarge(sum, type(uint96).max);
        // forge-lint: disable-next-line(unsafe-typecast) checked above
        return uint96(sum);
    }

    function _saturate(uint256 value) private pure returns (uint32) {
        // forge-lint: disable-next-line(unsafe-typecast) checked here
        return value > type(uint32).max ? type(uint32).max : uint32(value);
    }
}
