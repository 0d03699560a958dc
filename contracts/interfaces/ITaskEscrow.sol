// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {
    Account,
    Batch,
    BatchKey,
    DirectPayment,
    Dispute,
    OperatorAllowance,
    Packet,
    Permit,
    Refusal,
    Tally,
    Terms,
    Ticket,
    Verdict
} from "../libraries/EscrowTypes.sol";
import {ITaskEscrowErrors} from "./ITaskEscrowErrors.sol";
import {ITaskEscrowEvents} from "./ITaskEscrowEvents.sol";

/// @title Escrow, payment and record of micro-task work in one payment token
/// @notice Money is locked before work starts, silence pays the worker, a rejection needs reasons and can be taken back.
/// There is no owner, no pause, no upgrade, and no role that can move what somebody has earned.
/// @dev Counts are assignments: one worker's paid answer to one task. Each call on a batch carries its `BatchKey`;
/// the batch id is `keccak256(abi.encode(chainid, escrow, requester, salt, keccak256(abi.encode(terms))))`.
/// Deadlines are strict: a call in the second of the deadline is in time.
/// Only `deposit`, `depositWithPermit`, `openBatchWithPermit`, `withdraw`, `withdrawBySig` and `sweep` touch the token.
interface ITaskEscrow is ITaskEscrowEvents, ITaskEscrowErrors {
    // ---------------------------------------------------------------- money

    /// @notice Moves `amount` tokens from the caller into its account. Emits `Deposited`.
    /// Reverts if the token moves anything else than `amount`, or if the escrow would hold more than 2^96 - 1 units.
    function deposit(uint256 amount) external;

    /// @notice `deposit(permit.amount)` with an ERC-2612 approval. A permit that somebody else already used is no error
    /// as long as the allowance is there.
    function depositWithPermit(Permit calldata permit) external;

    /// @notice Sends `amount` of what the caller is owed to `to`. Emits `Withdrawn`.
    /// Reverts if less is owed or the token refuses; nothing else can stop it.
    function withdraw(uint256 amount, address to) external;

    /// @notice Does `withdraw` for `account` with its signature of `Withdraw`; anyone may bring it.
    /// Reverts if the nonce is not the account's next, the deadline is over, or the signature is another's.
    function withdrawBySig(
        address account,
        uint256 amount,
        address to,
        uint256 nonce,
        uint256 deadline,
        bytes calldata signature
    ) external;

    /// @notice Lets anyone push what the caller is owed to the caller's own address, or takes that back. Emits `SweepSet`.
    /// Warning: anyone then chooses when. Whoever keeps money here for dispute fees or bonds leaves sweeping off, or the other
    /// side empties the account right before it is needed.
    function setSweep(bool enabled) external;

    /// @notice Does `setSweep` for `account` with its signature of `SweepSetting`.
    function setSweepBySig(address account, bool enabled, uint256 nonce, uint256 deadline, bytes calldata signature)
        external;

    /// @notice Pays each account that switched sweeping on all it is owed. Others, and those with nothing owed, are passed
    /// over; a transfer that the token refuses leaves the account as it was and emits `SweepFailed`.
    function sweep(address[] calldata accounts) external;

    /// @notice Lets `operator` open and extend batches from the caller's balance up to `cap` token units and give bonuses
    /// up to `bonusCap`, until `until`, only in batches that name `reviewer` and `arbitrator`. Replaces what was allowed
    /// before; zero caps revoke. Caps count gross spending, and the dispute fee once for each assignment, since each could
    /// lock one: whatever terms the operator chooses, no more than `cap` of the account is at risk.
    /// Warning: within `cap` the operator chooses the terms: a silent reviewer pays whoever submits. And while any of `cap` is
    /// left it can append a manifest to every open batch of the caller's that names `reviewer` and `arbitrator`; whoever may
    /// claim there may then claim all that is free under it.
    function approveOperator(
        address operator,
        uint96 cap,
        uint96 bonusCap,
        uint40 until,
        address reviewer,
        address arbitrator
    ) external;

    /// @notice Gives `worker` `amount` from the requester's balance; by the requester, or an operator within its bonus cap.
    /// Raises no record. `reasonDigest` is the sha2-256 of the reason, or zero.
    function bonus(BatchKey calldata key, address worker, uint96 amount, bytes32 reasonDigest) external;

    // -------------------------------------------------------------- batches

    /// @notice Opens a batch of `assignments` from the caller's balance: (reward + operatorFee) x assignments.
    /// Reverts if the terms break a bound, the batch exists, or the balance is short.
    /// @return batchId The id that every message about this batch signs.
    function openBatch(Terms calldata terms, bytes32 salt, uint24 assignments) external returns (bytes32 batchId);

    /// @notice `depositWithPermit` and `openBatch` in one transaction.
    function openBatchWithPermit(Terms calldata terms, bytes32 salt, uint24 assignments, Permit calldata permit)
        external
        returns (bytes32 batchId);

    /// @notice Opens a batch from `requester`'s balance, within what it allowed the caller.
    function openBatchFor(address requester, Terms calldata terms, bytes32 salt, uint24 assignments)
        external
        returns (bytes32 batchId);

    /// @notice Appends a manifest version and `assignments` more; by the requester, or an approved operator within its cap.
    /// Not once closed or after `claimBy`.
    function extendBatch(BatchKey calldata key, uint24 assignments, bytes32 manifest) external;

    /// @notice Stops claims and returns the free money; only the requester. In a `direct` batch the money stays for one
    /// review window, so that work already done can be paid, and `refund` returns it then.
    function closeBatch(BatchKey calldata key) external;

    /// @notice Returns free money that can no longer be claimed to the requester's account; anyone, as often as there is some.
    function refund(BatchKey calldata key) external;

    // ----------------------------------------------------------------- work

    /// @notice Takes `count` assignments of manifest version `manifestVersion` for a lease.
    /// Without an assigner at most `maxClaim` may be outstanding and a running lease is not extended; with one the ticket
    /// carries the lease. `tasksDigest` is the sha2-256 of the task list, and may be zero without an assigner.
    function claim(
        BatchKey calldata key,
        uint16 count,
        bytes32 tasksDigest,
        uint16 manifestVersion,
        Ticket calldata ticket
    ) external;

    /// @notice Gives `count` claimed assignments back.
    function returnClaim(BatchKey calldata key, uint16 count) external;

    /// @notice Commits to the answers of `count` claimed assignments, within the lease. `workDigest` is the sha2-256 of the
    /// answer file. From now on time alone pays them.
    function submit(BatchKey calldata key, uint16 count, bytes32 workDigest) external;

    /// @notice Frees claims whose lease is over; anyone. Workers with nothing to expire are passed over.
    function expireClaims(BatchKey calldata key, address[] calldata workers) external;

    /// @notice Brings signed packets. One that does not apply is skipped with `PacketSkipped` and consumes nothing.
    /// Reverts as a whole only if too little gas is given.
    /// @param keys The batches that the packets name by index.
    function relay(BatchKey[] calldata keys, Packet[] calldata packets) external;

    // --------------------------------------------------------------- review

    /// @notice Applies the reviewer's verdicts and direct payments; by anyone with the reviewer's signature of
    /// `Settlement`, or by the reviewer itself with an empty one. `nonce` is strictly next. A verdict that does not fit is
    /// skipped with `VerdictSkipped`. Reverts if anything is rejected without a results digest.
    function settle(
        BatchKey calldata key,
        uint32 nonce,
        bytes32 resultsDigest,
        Verdict[] calldata verdicts,
        DirectPayment[] calldata direct,
        bytes calldata signature
    ) external;

    /// @notice Pays every lot of `worker` whose review window is over, in full; anyone. The operator fee goes back to the
    /// requester and no record rises. Reverts if nothing is overdue.
    function payOverdue(BatchKey calldata key, address worker) external;

    /// @notice Takes back and pays `count` contestable rejections of `worker`; by the reviewer or the requester.
    function overturn(BatchKey calldata key, address worker, uint16 count) external;

    /// @notice `overturn` with the reviewer's signature of `Overturn`. It names the tally's decided and contestable counts,
    /// so it works once.
    function overturnBySig(
        BatchKey calldata key,
        address worker,
        uint16 decidedBefore,
        uint16 contestableBefore,
        uint16 count,
        bytes calldata signature
    ) external;

    /// @notice Frees the money of rejections that were not contested in time; anyone. Workers with none, or with a dispute
    /// open, are passed over. Gives the requester's fee lock back with the last of a worker's rejections.
    function releaseRejected(BatchKey calldata key, address[] calldata workers) external;

    // ------------------------------------------------------------- disputes

    /// @notice Puts min(`count`, contestable) of the caller's rejections before the arbitrator, within the dispute window.
    /// Takes the dispute fee from the caller's account as a bond. One dispute a batch and worker is open at a time; what is
    /// rejected later, or left out, can be contested for one dispute window after it ends. Emits `Disputed`, `BondPosted`.
    /// @param evidenceDigest sha2-256 of the evidence file, or zero.
    function dispute(BatchKey calldata key, uint16 count, bytes32 evidenceDigest) external;

    /// @notice `dispute` with the worker's signed packet of kind `Dispute`, and the bond from the caller's account. What is
    /// left of the bond comes back to the caller. A relayed dispute takes the bond from the worker's account.
    /// Warning: the worker's signature does not say who puts up the bond, so whoever sees the packet can relay it instead. A
    /// worker that wants a sponsor's bond alone keeps less than the dispute fee in its account.
    function sponsorDispute(BatchKey calldata key, Packet calldata packet) external;

    /// @notice The arbitrator's ruling, in the shape of ERC-792: `ruling` r accepts min(r - 1, contested) assignments; 0 is a
    /// refusal to rule and counts as silence. Accepted ones are paid, upheld ones are free money again. The arbitrator is
    /// credited the dispute fee: floor(fee x upheld / contested) of the bond, the rest of the requester's lock.
    /// Does nothing if no such dispute is open, so that a late arbitrator is not stuck. After the ruling window it counts as
    /// silence. Reverts only for another caller than the arbitrator.
    function rule(uint256 disputeId, uint256 ruling) external;

    /// @notice Ends a dispute whose ruling window is over; anyone. The worker is paid, both fees go back to who posted them,
    /// and no record changes.
    function ruleOverdue(uint256 disputeId) external;

    // ---------------------------------------------------------------- views

    /// @notice Counts of a batch; all zero if it does not exist.
    function batchOf(bytes32 batchId) external view returns (Batch memory);

    /// @notice What `worker` did in a batch.
    function tallyOf(bytes32 batchId, address worker) external view returns (Tally memory);

    /// @notice Money and record of `account`.
    function accountOf(address account) external view returns (Account memory);

    /// @notice Token units that `account` can withdraw.
    function owed(address account) external view returns (uint256);

    /// @notice Who funded a batch; the zero address if it does not exist.
    function requesterOf(bytes32 batchId) external view returns (address);

    /// @notice Whether `worker` could claim `count` now, tickets aside.
    /// @return `Refusal.None` for yes.
    function mayClaim(BatchKey calldata key, address worker, uint16 count, uint16 manifestVersion)
        external
        view
        returns (Refusal);

    /// @notice An open dispute; all zero once it ended.
    function disputeOf(uint256 disputeId) external view returns (Dispute memory);

    /// @notice Token units of the requester's that are locked for disputes of a batch.
    function lockedOf(bytes32 batchId) external view returns (uint256);

    /// @notice What `requester` lets `operator` do.
    function allowanceOf(address requester, address operator) external view returns (OperatorAllowance memory);

    /// @notice Whether terms may name `arbitrator`.
    function isArbitrator(address arbitrator) external view returns (bool);

    /// @notice The id of a batch on this chain and contract, whether it exists or not.
    function batchIdOf(BatchKey calldata key) external view returns (bytes32);

    /// @notice The payment token.
    function token() external view returns (address);

    /// @notice The EIP-712 domain separator of every message.
    function domainSeparator() external view returns (bytes32);
}
