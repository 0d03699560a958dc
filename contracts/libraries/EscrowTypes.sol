// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @notice The rules of a batch. Immutable from `openBatch` on: only their hash (inside the batch id) is kept on chain,
/// they are emitted whole in `BatchOpened`, and every later call passes them back.
struct Terms {
    /// Paid to the worker for each accepted assignment, in token units. Above zero.
    uint96 reward;
    /// Paid to `operator` for each assignment accepted by a reviewer, in token units. At most reward / 20.
    uint96 operatorFee;
    /// Fee of one dispute, in token units. At most maxClaim x reward. Locked from the requester with the first contestable
    /// rejection of a worker, and put up as a bond by whoever disputes it.
    uint96 disputeFee;
    /// Decides submissions: a person, a Safe, or a `ReviewPanel` (EOA or ERC-1271 signer).
    address reviewer;
    /// Signs the tickets without which nobody may claim; the zero address opens claims to everyone.
    address assigner;
    /// Receives `operatorFee`; the zero address only if that fee is zero.
    address operator;
    /// `IGate` that every claim asks; the zero address for none.
    address gate;
    /// Rules on disputes; one of the set fixed when the escrow was deployed.
    address arbitrator;
    /// Unix seconds after which nothing can be claimed.
    uint40 claimBy;
    /// Seconds that a claim without ticket lasts.
    uint32 lease;
    /// Seconds in which the reviewer decides a lot; after them silence pays it.
    uint32 reviewWindow;
    /// Seconds in which a rejection can be contested; after them its money is free again.
    uint32 disputeWindow;
    /// Seconds in which the arbitrator rules; after them the worker is paid.
    uint32 rulingWindow;
    /// Assignments that one worker may hold at a time without a ticket.
    uint16 maxClaim;
    /// Bit 0: the reviewer may pay workers who never claimed (`direct`). Other bits are zero.
    uint8 flags;
    /// sha2-256 of the manifest, version 1.
    bytes32 manifest;
}

/// @notice Names a batch and carries its rules; the batch id is a hash of it, so a wrong field names another batch.
struct BatchKey {
    address requester;
    bytes32 salt;
    Terms terms;
}

/// @notice Counts of one batch, in assignments. funded = the sum of the first seven, always.
struct Batch {
    uint24 free;
    /// Changed by time: claims whose lease is over can be expired by anyone.
    uint24 claimed;
    /// Changed by time: lots whose review window is over can be paid by anyone.
    uint24 submitted;
    /// Changed by time: after the dispute window anyone can return them to `free`.
    uint24 contestable;
    /// Changed by time: after the ruling window anyone can have the worker paid.
    uint24 disputed;
    uint24 accepted;
    uint24 refunded;
    /// Settlements that took effect; the next one must carry this number plus one.
    uint32 settlements;
    /// Manifest versions there are; claims name one of 1..versions.
    uint16 versions;
    /// Unix seconds of `closeBatch`, or zero.
    uint40 closedAt;
}

/// @notice What one worker did in one batch, in assignments.
struct Tally {
    uint16 claimed;
    /// Submitted and undecided, older lot. Verdicts and silence take it first. Zero only if `youngLot` is zero.
    uint16 oldLot;
    /// Submitted and undecided, younger lot. New submissions join it and restart its window.
    uint16 youngLot;
    /// Decided so far, however. Verdicts name this number, so a stale one cannot apply.
    uint16 decided;
    /// Rejected, and open to dispute until `contestEnd`; while a dispute is open, until it ends and one window more.
    uint16 contestable;
    /// Rejected and before the arbitrator, in the one dispute that can be open at a time.
    uint16 disputed;
    /// Unix seconds until which `claimed` may be submitted.
    uint32 leaseEnd;
    /// Unix seconds until which `oldLot` may be decided by the reviewer.
    uint32 oldReviewEnd;
    /// The same for `youngLot`; never earlier than `oldReviewEnd`.
    uint32 youngReviewEnd;
    /// Unix seconds until which `contestable` may be contested.
    uint32 contestEnd;
    /// Sequence number that this worker's next packet or ticket in this batch must carry. Every claim, return, submission and
    /// dispute raises it by one (a claim-and-submit by two), by packet or by call. Never cleared.
    uint24 sequence;
    /// Bit 0: the requester's dispute fee is locked for this worker. Set while anything is contestable or disputed.
    uint8 flags;
}

/// @notice Money and record of one address, in one slot.
struct Account {
    /// Token units that the address can withdraw.
    uint96 owed;
    /// Paid and reviewed assignments, as worker.
    uint32 accepted;
    /// Rejected assignments that are not being contested, as worker.
    uint32 rejected;
    /// Rejections being contested, as worker.
    uint24 contested;
    /// Contested assignments that a ruling accepted (as worker) or upheld (as requester).
    uint16 disputesWon;
    /// Contested assignments that a ruling upheld (as worker) or accepted (as requester).
    uint16 disputesLost;
    /// Number that this account's next signed withdrawal or sweep setting must carry.
    uint32 nonce;
    /// Bit 0: anyone may sweep what is owed to this address.
    uint8 flags;
}

/// @notice One open dispute. It carries what a ruling needs, because an arbitrator knows nothing but its number.
struct Dispute {
    address worker;
    /// Rejections contested: a snapshot.
    uint16 count;
    /// Unix seconds until which the arbitrator may rule.
    uint40 rulingEnd;
    /// Seconds that rejections outside this dispute can be contested after it ended.
    uint32 disputeWindow;
    /// Put up the bond, and gets back what is left of it: the worker or a sponsor.
    address poster;
    /// As in the terms.
    uint96 reward;
    address arbitrator;
    /// The dispute fee of the terms: what the bond is, and what the requester's lock is.
    uint96 fee;
    bytes32 batchId;
    /// As in the terms.
    uint96 operatorFee;
    /// Unix seconds of the dispute's opening.
    uint40 openedAt;
}

/// @notice The assigner's leave to claim; it works once because it carries the worker's next sequence number.
struct Ticket {
    /// Unix seconds until which the claim lasts; at most `MAX_LEASE` from the claim.
    uint40 leaseEnd;
    /// Unix seconds until which the ticket may be used.
    uint40 deadline;
    /// The assigner's EIP-712 signature of `Ticket` (EOA: 65 bytes, or 64 after ERC-2098; contract: ERC-1271). Empty for none.
    bytes signature;
}

/// @notice What a gasless packet asks for.
enum PacketKind {
    /// Take `count` assignments.
    Claim,
    /// Give `count` claimed assignments back.
    ReturnClaim,
    /// Commit to the answers of `count` claimed assignments.
    Submit,
    /// Take `count` assignments and commit to the answers of `submitted` of them at once.
    ClaimAndSubmit,
    /// Switch sweeping on (`count` = 1) or off (`count` = 0).
    SetSweep,
    /// Contest `count` rejections; `workDigest` is the digest of the evidence.
    Dispute
}

/// @notice One signed wish of a worker, brought by anyone.
struct Packet {
    PacketKind kind;
    /// Index into the keys given beside the packets.
    uint16 batchIndex;
    address worker;
    uint24 sequence;
    uint40 deadline;
    uint16 manifestVersion;
    uint16 count;
    uint16 submitted;
    bytes32 tasksDigest;
    bytes32 workDigest;
    Ticket ticket;
    bytes signature;
}

/// @notice The reviewer's decision on some of one worker's submitted assignments, older lot first.
struct Verdict {
    address worker;
    /// Applies only if it equals the tally's `decided`.
    uint16 decidedBefore;
    uint16 accepted;
    uint16 rejected;
}

/// @notice Pay for work done without a claim; only in batches whose terms say `direct`.
struct DirectPayment {
    address worker;
    uint16 count;
}

/// @notice ERC-2612 approval that funds a deposit in the same transaction.
struct Permit {
    uint256 amount;
    uint256 deadline;
    uint8 v;
    bytes32 r;
    bytes32 s;
}

/// @notice What a requester lets an operator do with its balance.
struct OperatorAllowance {
    /// Token units the operator may still put into batches. Counts gross spending; refunds do not restore it.
    uint96 cap;
    /// Token units the operator may still give as bonuses.
    uint96 bonusCap;
    /// Unix seconds until which the allowance lasts.
    uint40 until;
    /// The only reviewer that batches opened by the operator may name.
    address reviewer;
    /// The only arbitrator that batches opened by the operator may name.
    address arbitrator;
}

/// @notice Why work was credited to somebody; part of `Paid`.
enum PaidReason {
    /// A reviewer accepted it.
    Reviewed,
    /// The review window ended without a decision.
    Silence,
    /// A rejection was taken back.
    Overturned,
    /// Paid without a claim, in a `direct` batch.
    Direct,
    /// An arbitrator accepted it.
    Ruled,
    /// The ruling window ended without a ruling, or the arbitrator refused to rule.
    RulingOverdue,
    /// A rejection that the requester could no longer back with a dispute fee.
    FeeShort
}

/// @notice Why a claim, packet or verdict does not apply. Direct calls revert with it, lists skip the entry and emit it.
enum Refusal {
    /// Nothing speaks against it.
    None,
    /// No batch has this key.
    BatchUnknown,
    /// The batch was closed.
    BatchClosed,
    /// `claimBy` is over.
    ClaimPeriodOver,
    /// The batch has no such manifest version.
    ManifestVersionUnknown,
    /// A count or digest that must not be zero is zero.
    NothingAsked,
    /// Fewer assignments are free than were asked for.
    NotEnoughFree,
    /// More assignments than one worker may hold, or than one tally can count.
    TooManyClaimed,
    /// The batch has an assigner and the claim carries no valid ticket of it.
    TicketInvalid,
    /// The ticket's deadline is over.
    TicketExpired,
    /// The ticket's lease is over or longer than allowed.
    TicketLeaseOutOfRange,
    /// The gate said no, failed, or answered too late or too long.
    GateRefused,
    /// Fewer assignments are claimed than the call names.
    NotEnoughClaimed,
    /// The lease is over.
    LeaseOver,
    /// The packet's deadline is over.
    PacketExpired,
    /// The packet's sequence number is not this worker's next in this batch.
    SequenceNotNext,
    /// The signature is not by the worker that the packet names.
    SignatureInvalid,
    /// `batchIndex` is outside the keys.
    BatchIndexOutOfRange,
    /// `decidedBefore` is not what the tally says.
    VerdictStale,
    /// The verdict decides more than is submitted.
    VerdictTooLarge,
    /// The lot's review window is over; it can only be paid.
    ReviewWindowOver,
    /// A direct payment in a batch without that flag.
    DirectNotAllowed,
    /// Neither the requester's account nor the batch's free money covers the dispute fee of a first rejection.
    FeeNotLockable,
    /// This worker has no contestable rejection in this batch.
    NothingContestable,
    /// A dispute of this worker in this batch is open; the next can follow its ruling.
    DisputeOpen,
    /// The dispute window is over.
    DisputeWindowOver,
    /// Whoever puts up the bond is owed less than the dispute fee.
    BondShort
}
