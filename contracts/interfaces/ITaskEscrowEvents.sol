// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {PaidReason, Refusal, Terms} from "../libraries/EscrowTypes.sol";

/// @title What a TaskEscrow writes into the log
/// @notice From these alone anyone rebuilds every balance, tally and record; `piecework audit` does so.
/// Amounts are in the token's smallest unit, counts in assignments, times in unix seconds.
interface ITaskEscrowEvents {
    /// @notice A batch was funded: `amount` left the requester's account for `assignments` assignments.
    event BatchOpened(
        bytes32 indexed batchId,
        address indexed requester,
        address indexed operator,
        bytes32 salt,
        uint24 assignments,
        uint256 amount,
        Terms terms
    );
    /// @notice A further manifest version was appended; `assignments` may be zero.
    event BatchExtended(
        bytes32 indexed batchId,
        address indexed requester,
        uint16 manifestVersion,
        bytes32 manifest,
        uint24 assignments,
        uint256 amount
    );
    /// @notice No further claims; unclaimed money goes back.
    event BatchClosed(bytes32 indexed batchId, address indexed requester);
    /// @notice `count` assignments moved from free to claimed. `sequence` is the number this claim used.
    event Claimed(
        bytes32 indexed batchId,
        address indexed worker,
        uint16 count,
        uint16 manifestVersion,
        bytes32 tasksDigest,
        uint40 leaseEnd,
        uint24 sequence
    );
    /// @notice `count` assignments moved from claimed to free, by the worker.
    event ClaimReturned(bytes32 indexed batchId, address indexed worker, uint16 count);
    /// @notice `count` assignments moved from claimed to free, because the lease is over.
    event ClaimExpired(bytes32 indexed batchId, address indexed worker, uint16 count);
    /// @notice `count` assignments moved from claimed to submitted. The lot they joined is reviewed until `reviewEnd`.
    event Submitted(
        bytes32 indexed batchId, address indexed worker, uint16 count, bytes32 workDigest, uint40 reviewEnd
    );
    /// @notice Settlement number `nonce` took effect; its verdicts and payments are the events around this one.
    event Settled(bytes32 indexed batchId, uint32 indexed nonce, bytes32 resultsDigest);
    /// @notice One verdict or direct payment of a settlement did not apply and changed nothing.
    event VerdictSkipped(bytes32 indexed batchId, address indexed worker, uint32 nonce, Refusal reason);
    /// @notice Work was credited: `amount` for `assignments` assignments. Accompanies every credit for work.
    event Paid(bytes32 indexed batchId, address indexed worker, uint16 assignments, uint256 amount, PaidReason reason);
    /// @notice `count` assignments moved from submitted to contestable; the reasons are in the results file.
    event Rejected(
        bytes32 indexed batchId, address indexed worker, uint16 count, bytes32 resultsDigest, uint40 contestEnd
    );
    /// @notice `count` rejections were taken back and paid.
    event Overturned(bytes32 indexed batchId, address indexed worker, uint16 count, address by);
    /// @notice The review window ended without a decision and `count` assignments were paid.
    event PaidOverdue(bytes32 indexed batchId, address indexed worker, uint16 count);
    /// @notice The requester's dispute fee was locked from its account, with this worker's first contestable rejection. If the
    /// account was short, a `Refunded` right before moved free assignments to it.
    event FeeLocked(bytes32 indexed batchId, address indexed worker, address indexed requester, uint256 amount);
    /// @notice What was left of the lock went back to the requester's account.
    event FeeReleased(bytes32 indexed batchId, address indexed worker, address indexed requester, uint256 amount);
    /// @notice `count` assignments moved from contestable to disputed. The arbitrator may rule until `rulingEnd`.
    event Disputed(
        bytes32 indexed batchId,
        address indexed worker,
        uint256 indexed disputeId,
        uint16 count,
        bytes32 evidenceDigest,
        uint40 rulingEnd,
        address arbitrator
    );
    /// @notice A dispute's bond was taken from `poster`'s account.
    event BondPosted(uint256 indexed disputeId, address indexed poster, uint256 amount);
    /// @notice What was left of the bond went back to `poster`'s account.
    event BondReturned(uint256 indexed disputeId, address indexed poster, uint256 amount);
    /// @notice A dispute over `count` rejections ended: `accepted` of them are paid, the others are free again.
    /// `fromBond` and `fromLock` are the parts of the arbitrator's fee; both are zero if nobody ruled (`ruled` false).
    event Ruled(
        bytes32 indexed batchId,
        address indexed worker,
        uint256 indexed disputeId,
        uint16 count,
        uint16 accepted,
        bool ruled,
        uint256 fromBond,
        uint256 fromLock,
        uint40 contestEnd
    );
    /// @notice `count` rejections were not contested in time; their money is free again.
    event RejectionReleased(bytes32 indexed batchId, address indexed worker, uint16 count);
    /// @notice Free money went back to the requester's account.
    event Refunded(bytes32 indexed batchId, address indexed requester, uint24 assignments, uint256 amount);
    /// @notice A fee was credited: the operator's for reviewed assignments, or the arbitrator's for a ruling (then `Ruled`
    /// comes right before).
    event FeePaid(bytes32 indexed batchId, address indexed receiver, uint256 amount);
    /// @notice The operator's fee for assignments paid by silence or ruling went back to the requester's account.
    event FeeReturned(bytes32 indexed batchId, address indexed requester, uint256 amount);
    /// @notice Tokens came in and were credited.
    event Deposited(address indexed account, uint256 amount);
    /// @notice Tokens went out.
    event Withdrawn(address indexed account, address indexed to, uint256 amount);
    /// @notice The account let anyone push what it is owed to it, or took that back.
    event SweepSet(address indexed account, bool enabled);
    /// @notice The token refused a sweep to this account; its balance is unchanged.
    event SweepFailed(address indexed account, uint256 amount);
    /// @notice A gift beside the work; raises no record.
    event BonusPaid(
        bytes32 indexed batchId, address indexed worker, address indexed requester, uint256 amount, bytes32 reasonDigest
    );
    /// @notice A requester set what an operator may spend.
    event OperatorApproved(
        address indexed requester,
        address indexed operator,
        uint96 cap,
        uint96 bonusCap,
        uint40 until,
        address reviewer,
        address arbitrator
    );
    /// @notice An operator spent from a requester's balance; `bonus` tells which cap was used.
    event OperatorSpent(address indexed requester, address indexed operator, uint256 amount, bool bonus);
    /// @notice A packet without another event of this batch used this sequence number.
    event SequenceUsed(bytes32 indexed batchId, address indexed worker, uint24 sequence);
    /// @notice A packet did not apply and consumed nothing.
    event PacketSkipped(bytes32 indexed batchId, address indexed worker, uint24 sequence, Refusal reason);
}
