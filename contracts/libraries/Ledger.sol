// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ITaskEscrowErrors} from "../interfaces/ITaskEscrowErrors.sol";
import {Dispute} from "./EscrowTypes.sol";
import {AccountSlot, AccountSlots, BatchSlot, TallySlot} from "./Slots.sol";

/// @dev All that the escrow stores about money and work, in one place that its linked libraries can be handed.
struct Ledger {
    /// One slot an address: what it is owed, and its record.
    mapping(address account => AccountSlot) accounts;
    /// One slot a batch: its counts.
    mapping(bytes32 batchId => BatchSlot) batches;
    /// One slot a batch and worker, never cleared.
    mapping(bytes32 batchId => mapping(address worker => TallySlot)) tallies;
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

/// @title Money and record of an address, changed in one write
/// @dev `owed` cannot overflow: all that is owed together is at most what the escrow holds, which deposits bound to 2^96 - 1.
library Ledgers {
    function owedOf(Ledger storage ledger, address account) internal view returns (uint256) {
        return ledger.accounts[account].owed();
    }

    function credit(Ledger storage ledger, address account, uint256 amount) internal {
        if (amount == 0) return;
        ledger.accounts[account] = _plus(ledger.accounts[account], amount);
    }

    function debit(Ledger storage ledger, address account, uint256 amount) internal {
        AccountSlot a = ledger.accounts[account];
        uint256 available = a.owed();
        if (available < amount) {
            revert ITaskEscrowErrors.TaskEscrow_InsufficientBalance(account, available, amount);
        }
        ledger.accounts[account] = a.withOwed(available - amount);
    }

    /// @dev Pays `amount` and counts `accepted` and `rejected` on the worker's record.
    function creditWork(Ledger storage ledger, address worker, uint256 amount, uint256 accepted, uint256 rejected)
        internal
    {
        AccountSlot a = _plus(ledger.accounts[worker], amount);
        a = a.plus(AccountSlots.ACCEPTED, accepted).plus(AccountSlots.REJECTED, rejected);
        ledger.accounts[worker] = a;
    }

    /// @dev Pays `amount` and turns `count` rejections of the record into acceptances.
    function creditOverturned(Ledger storage ledger, address worker, uint256 amount, uint256 count) internal {
        AccountSlot a = _plus(ledger.accounts[worker], amount);
        ledger.accounts[worker] = a.plus(AccountSlots.ACCEPTED, count).minus(AccountSlots.REJECTED, count);
    }

    /// @dev Pays `amount` for `count` rejections that are void: they count neither for nor against the worker.
    function creditVoided(Ledger storage ledger, address worker, uint256 amount, uint256 count) internal {
        ledger.accounts[worker] = _plus(ledger.accounts[worker], amount).minus(AccountSlots.REJECTED, count);
    }

    /// @dev Takes `count` rejections off the record while they are contested.
    function contest(Ledger storage ledger, address worker, uint256 count) internal {
        AccountSlot a = ledger.accounts[worker].minus(AccountSlots.REJECTED, count);
        ledger.accounts[worker] = a.plus(AccountSlots.CONTESTED, count);
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
        AccountSlot a = _plus(ledger.accounts[worker], amount).minus(AccountSlots.CONTESTED, count);
        a = a.plus(AccountSlots.ACCEPTED, accepted).plus(AccountSlots.REJECTED, upheld);
        ledger.accounts[worker] = _countRuling(a, accepted, upheld);
    }

    /// @dev Counts a ruling on the requester's record.
    function countRuling(Ledger storage ledger, address requester, uint256 won, uint256 lost) internal {
        ledger.accounts[requester] = _countRuling(ledger.accounts[requester], won, lost);
    }

    function _countRuling(AccountSlot a, uint256 won, uint256 lost) private pure returns (AccountSlot) {
        return a.plus(AccountSlots.DISPUTES_WON, won).plus(AccountSlots.DISPUTES_LOST, lost);
    }

    function _plus(AccountSlot a, uint256 amount) private pure returns (AccountSlot) {
        uint256 sum = a.owed() + amount;
        if (sum > type(uint96).max) revert ITaskEscrowErrors.TaskEscrow_AmountTooLarge(sum, type(uint96).max);
        return a.withOwed(sum);
    }
}
