// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @notice What the logs say of one address.
struct GhostAccount {
    uint256 owed;
    uint256 accepted;
    uint256 rejected;
    uint256 contested;
    uint256 disputesWon;
    uint256 disputesLost;
    /// Signed withdrawals and settings that took effect; the handlers count them.
    uint256 nonce;
    bool sweeps;
}

/// @notice What the logs say of one batch: counts in assignments, money in token units.
struct GhostBatch {
    address requester;
    uint256 funded;
    uint256 free;
    uint256 claimed;
    uint256 submitted;
    uint256 contestable;
    uint256 disputed;
    uint256 accepted;
    uint256 refunded;
    uint256 settlements;
    uint256 versions;
    uint256 closedAt;
    uint256 locked;
    /// Assignments by `PaidReason`.
    uint256[7] paidFor;
    uint256 paidWorkers;
    uint256 paidOperator;
    uint256 returnedFees;
    uint256 refundedMoney;
}

/// @notice What the logs say of one worker in one batch: the tally, and below it what ever happened.
struct GhostTally {
    uint256 claimed;
    uint256 oldLot;
    uint256 youngLot;
    uint256 decided;
    uint256 contestable;
    uint256 disputed;
    uint256 leaseEnd;
    uint256 oldReviewEnd;
    uint256 youngReviewEnd;
    uint256 contestEnd;
    uint256 sequence;
    bool locked;
    uint256 submittedEver;
    uint256 reviewed;
    uint256 silent;
    uint256 rejectedEver;
    uint256 overturned;
    uint256 ruledFor;
    uint256 ruledAgainst;
    uint256 rulingOverdue;
    uint256 voided;
    uint256 released;
}

struct GhostDispute {
    bytes32 batchId;
    address worker;
    address poster;
    uint256 count;
    /// What is left of the bond; zero once it is split.
    uint256 bond;
    uint256 rulingEnd;
    bool isOpen;
}

/// @notice Token units that one assignment, and one dispute, of a batch costs.
struct Prices {
    uint256 reward;
    uint256 operatorFee;
    uint256 disputeFee;
}
