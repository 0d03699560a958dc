// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Account, Batch, Tally} from "./EscrowTypes.sol";

/// @dev One slot each: account, batch, tally. Value types, so that a call reads and writes each slot once and changes only the
/// fields it means. Lowest bit first:
///
/// AccountSlot
///     0..95  owed    96..127 accepted   128..159 rejected   160..183 contested   184..199 disputesWon
///   200..215 disputesLost   216..247 nonce   248..255 flags
/// BatchSlot
///     0..23  free    24..47  claimed    48..71  submitted    72..95  contestable    96..119 disputed
///   120..143 accepted   144..167 refunded   168..199 settlements   200..215 versions   216..255 closedAt
/// TallySlot
///     0..15  claimed    16..31  oldLot    32..47  youngLot    48..63  decided    64..79  contestable
///    80..95  disputed    96..127 leaseEnd   128..159 oldReviewEnd   160..191 youngReviewEnd
///   192..223 contestEnd   224..247 sequence   248..255 flags
type AccountSlot is uint256;
type BatchSlot is uint256;
type TallySlot is uint256;

using AccountSlots for AccountSlot global;
using BatchSlots for BatchSlot global;
using TallySlots for TallySlot global;

/// @dev A record counter stops at its maximum; it never blocks a payment.
library AccountSlots {
    uint256 internal constant ACCEPTED = 96;
    uint256 internal constant REJECTED = 128;
    uint256 internal constant CONTESTED = 160;
    uint256 internal constant DISPUTES_WON = 184;
    uint256 internal constant DISPUTES_LOST = 200;
    uint256 private constant NONCE = 216;
    uint256 private constant FLAGS = 248;
    uint256 private constant SWEEP = 1;

    function owed(AccountSlot a) internal pure returns (uint256) {
        return AccountSlot.unwrap(a) & type(uint96).max;
    }

    /// @dev The caller has checked that `amount` fits 96 bits.
    function withOwed(AccountSlot a, uint256 amount) internal pure returns (AccountSlot) {
        return AccountSlot.wrap(AccountSlot.unwrap(a) >> 96 << 96 | amount);
    }

    /// @dev Adds to the counter at `place`, which stops at its maximum.
    function plus(AccountSlot a, uint256 place, uint256 count) internal pure returns (AccountSlot) {
        if (count == 0) return a;
        uint256 max = _max(place);
        uint256 sum = _field(a, place, max) + count;
        return _with(a, place, max, sum < max ? sum : max);
    }

    /// @dev Takes from the counter at `place`, which stops at zero: it may have stopped at its maximum before.
    function minus(AccountSlot a, uint256 place, uint256 count) internal pure returns (AccountSlot) {
        uint256 max = _max(place);
        uint256 have = _field(a, place, max);
        return _with(a, place, max, count < have ? have - count : 0);
    }

    function nonce(AccountSlot a) internal pure returns (uint256) {
        return _field(a, NONCE, type(uint32).max);
    }

    /// @dev Wraps after 2^32 signatures by the account itself; each carries a deadline beside.
    function withNextNonce(AccountSlot a) internal pure returns (AccountSlot) {
        return _with(a, NONCE, type(uint32).max, nonce(a) + 1 & type(uint32).max);
    }

    function mayBeSwept(AccountSlot a) internal pure returns (bool) {
        return AccountSlot.unwrap(a) >> FLAGS & SWEEP != 0;
    }

    function withSweep(AccountSlot a, bool enabled) internal pure returns (AccountSlot) {
        return _with(a, FLAGS, SWEEP, enabled ? SWEEP : 0);
    }

    function unpack(AccountSlot a) internal pure returns (Account memory) {
        uint256 word = AccountSlot.unwrap(a);
        return Account({
            owed: uint96(word),
            accepted: uint32(word >> ACCEPTED),
            rejected: uint32(word >> REJECTED),
            contested: uint24(word >> CONTESTED),
            disputesWon: uint16(word >> DISPUTES_WON),
            disputesLost: uint16(word >> DISPUTES_LOST),
            nonce: uint32(word >> NONCE),
            flags: uint8(word >> FLAGS)
        });
    }

    function _max(uint256 place) private pure returns (uint256) {
        if (place < CONTESTED) return type(uint32).max;
        return place == CONTESTED ? type(uint24).max : type(uint16).max;
    }

    function _field(AccountSlot a, uint256 place, uint256 max) private pure returns (uint256) {
        return AccountSlot.unwrap(a) >> place & max;
    }

    function _with(AccountSlot a, uint256 place, uint256 max, uint256 value) private pure returns (AccountSlot) {
        return AccountSlot.wrap(AccountSlot.unwrap(a) & ~(max << place) | value << place);
    }
}

/// @dev Assignments only ever move from one count to another, so their sum stays what was funded, and 24 bits hold each of
/// them because opening and extending bound the sum.
library BatchSlots {
    uint256 internal constant FREE = 0;
    uint256 internal constant CLAIMED = 24;
    uint256 internal constant SUBMITTED = 48;
    uint256 internal constant CONTESTABLE = 72;
    uint256 internal constant DISPUTED = 96;
    uint256 internal constant ACCEPTED = 120;
    uint256 internal constant REFUNDED = 144;
    uint256 internal constant MAX_ASSIGNMENTS = type(uint24).max;
    uint256 private constant SETTLEMENTS = 168;
    uint256 private constant VERSIONS = 200;
    uint256 private constant CLOSED_AT = 216;

    /// @return A batch with `assignments` free and one manifest version.
    function opened(uint256 assignments) internal pure returns (BatchSlot) {
        return BatchSlot.wrap(assignments | 1 << VERSIONS);
    }

    function exists(BatchSlot b) internal pure returns (bool) {
        return BatchSlot.unwrap(b) != 0;
    }

    function count(BatchSlot b, uint256 place) internal pure returns (uint256) {
        return BatchSlot.unwrap(b) >> place & type(uint24).max;
    }

    /// @dev Moves assignments from one count to another. Fails, as nothing should let it, if there are fewer.
    function move(BatchSlot b, uint256 from, uint256 to, uint256 assignments) internal pure returns (BatchSlot) {
        assert(assignments <= count(b, from));
        unchecked {
            return BatchSlot.wrap(BatchSlot.unwrap(b) - (assignments << from) + (assignments << to));
        }
    }

    function funded(BatchSlot b) internal pure returns (uint256 sum) {
        for (uint256 place = FREE; place <= REFUNDED; place += 24) {
            sum += count(b, place);
        }
    }

    /// @dev A further manifest version and `assignments` more; the caller has bounded both.
    function extended(BatchSlot b, uint256 assignments) internal pure returns (BatchSlot) {
        return BatchSlot.wrap(BatchSlot.unwrap(b) + assignments + (1 << VERSIONS));
    }

    function settlements(BatchSlot b) internal pure returns (uint256) {
        return BatchSlot.unwrap(b) >> SETTLEMENTS & type(uint32).max;
    }

    /// @dev Fails after 2^32 - 1 settlements instead of running into the next field.
    function withNextSettlement(BatchSlot b) internal pure returns (BatchSlot) {
        assert(settlements(b) < type(uint32).max);
        return BatchSlot.wrap(BatchSlot.unwrap(b) + (1 << SETTLEMENTS));
    }

    function versions(BatchSlot b) internal pure returns (uint256) {
        return BatchSlot.unwrap(b) >> VERSIONS & type(uint16).max;
    }

    function closedAt(BatchSlot b) internal pure returns (uint256) {
        return BatchSlot.unwrap(b) >> CLOSED_AT;
    }

    /// @dev Only of a batch that is not closed.
    function withClosedAt(BatchSlot b, uint256 time) internal pure returns (BatchSlot) {
        return BatchSlot.wrap(BatchSlot.unwrap(b) | time << CLOSED_AT);
    }

    function unpack(BatchSlot b) internal pure returns (Batch memory) {
        uint256 word = BatchSlot.unwrap(b);
        return Batch({
            free: uint24(word),
            claimed: uint24(word >> CLAIMED),
            submitted: uint24(word >> SUBMITTED),
            contestable: uint24(word >> CONTESTABLE),
            disputed: uint24(word >> DISPUTED),
            accepted: uint24(word >> ACCEPTED),
            refunded: uint24(word >> REFUNDED),
            settlements: uint32(word >> SETTLEMENTS),
            versions: uint16(word >> VERSIONS),
            closedAt: uint40(word >> CLOSED_AT)
        });
    }
}

/// @dev A claim is refused if all that its worker holds and ever had decided in the batch would not fit 16 bits, so no count
/// overflows later.
library TallySlots {
    uint256 internal constant CLAIMED = 0;
    uint256 internal constant OLD_LOT = 16;
    uint256 internal constant YOUNG_LOT = 32;
    uint256 internal constant DECIDED = 48;
    uint256 internal constant CONTESTABLE = 64;
    uint256 internal constant DISPUTED = 80;
    uint256 internal constant LEASE_END = 96;
    uint256 internal constant OLD_REVIEW_END = 128;
    uint256 internal constant YOUNG_REVIEW_END = 160;
    uint256 internal constant CONTEST_END = 192;
    uint256 private constant SEQUENCE = 224;
    uint256 private constant FEE_LOCKED = 1 << 248;
    /// @dev Both fields of the young lot, both of the old one, and how far apart they stand.
    uint256 private constant LOTS = 0xffffffff << 16 | uint256(type(uint64).max) << 128;

    function count(TallySlot t, uint256 place) internal pure returns (uint256) {
        return TallySlot.unwrap(t) >> place & type(uint16).max;
    }

    /// @dev Fails, as nothing should let it, on overflow.
    function plus(TallySlot t, uint256 place, uint256 assignments) internal pure returns (TallySlot) {
        assert(count(t, place) + assignments <= type(uint16).max);
        unchecked {
            return TallySlot.wrap(TallySlot.unwrap(t) + (assignments << place));
        }
    }

    /// @dev Fails, as nothing should let it, if there are fewer.
    function minus(TallySlot t, uint256 place, uint256 assignments) internal pure returns (TallySlot) {
        assert(assignments <= count(t, place));
        unchecked {
            return TallySlot.wrap(TallySlot.unwrap(t) - (assignments << place));
        }
    }

    /// @return Unix seconds.
    function time(TallySlot t, uint256 place) internal pure returns (uint256) {
        return TallySlot.unwrap(t) >> place & type(uint32).max;
    }

    /// @dev Stops at the year 2106 instead of wrapping.
    function withTime(TallySlot t, uint256 place, uint256 seconds_) internal pure returns (TallySlot) {
        uint256 max = type(uint32).max;
        uint256 value = seconds_ < max ? seconds_ : max;
        return TallySlot.wrap(TallySlot.unwrap(t) & ~(max << place) | value << place);
    }

    function undecided(TallySlot t) internal pure returns (uint256) {
        return count(t, OLD_LOT) + count(t, YOUNG_LOT);
    }

    /// @dev Decides `assignments` of what is undecided, older lot first; then what is left of the young lot is the old one.
    function decide(TallySlot t, uint256 assignments) internal pure returns (TallySlot) {
        t = plus(t, DECIDED, assignments);
        uint256 old = count(t, OLD_LOT);
        if (assignments < old) return minus(t, OLD_LOT, assignments);
        uint256 young = count(t, YOUNG_LOT);
        assert(assignments - old <= young);
        uint256 left = young - (assignments - old);
        uint256 lots = left << OLD_LOT | time(t, YOUNG_REVIEW_END) << OLD_REVIEW_END;
        return TallySlot.wrap(TallySlot.unwrap(t) & ~LOTS | lots);
    }

    /// @return The number that the worker's next packet or ticket must carry.
    function sequence(TallySlot t) internal pure returns (uint256) {
        return TallySlot.unwrap(t) >> SEQUENCE & type(uint24).max;
    }

    /// @dev The sequence number has come to its end: it names nothing new any more.
    function isExhausted(TallySlot t) internal pure returns (bool) {
        return sequence(t) == type(uint24).max;
    }

    /// @dev Stops at its maximum: then packets, claims and disputes are refused, but what is claimed can still be submitted by
    /// call.
    function advanced(TallySlot t) internal pure returns (TallySlot) {
        if (isExhausted(t)) return t;
        unchecked {
            return TallySlot.wrap(TallySlot.unwrap(t) + (1 << SEQUENCE));
        }
    }

    function isFeeLocked(TallySlot t) internal pure returns (bool) {
        return TallySlot.unwrap(t) & FEE_LOCKED != 0;
    }

    function withFeeLocked(TallySlot t, bool locked) internal pure returns (TallySlot) {
        uint256 word = TallySlot.unwrap(t);
        return TallySlot.wrap(locked ? word | FEE_LOCKED : word & ~FEE_LOCKED);
    }

    function unpack(TallySlot t) internal pure returns (Tally memory) {
        uint256 word = TallySlot.unwrap(t);
        return Tally({
            claimed: uint16(word),
            oldLot: uint16(word >> OLD_LOT),
            youngLot: uint16(word >> YOUNG_LOT),
            decided: uint16(word >> DECIDED),
            contestable: uint16(word >> CONTESTABLE),
            disputed: uint16(word >> DISPUTED),
            leaseEnd: uint32(word >> LEASE_END),
            oldReviewEnd: uint32(word >> OLD_REVIEW_END),
            youngReviewEnd: uint32(word >> YOUNG_REVIEW_END),
            contestEnd: uint32(word >> CONTEST_END),
            sequence: uint24(word >> SEQUENCE),
            flags: uint8(word >> 248)
        });
    }
}
