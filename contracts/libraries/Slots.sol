// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Account, Batch, Tally} from "./EscrowTypes.sol";

/// @title One slot each: account, batch, tally
/// @dev Packed by hand, so that every call reads and writes each slot once. Lowest bit first:
///
/// Account
///     0..95  owed    96..127 accepted   128..159 rejected   160..183 contested   184..199 disputesWon
///   200..215 disputesLost   216..247 nonce   248..255 flags
/// Batch
///     0..23  free    24..47  claimed    48..71  submitted    72..95  contestable    96..119 disputed
///   120..143 accepted   144..167 refunded   168..199 settlements   200..215 versions   216..255 closedAt
/// Tally
///     0..15  claimed    16..31  oldLot    32..47  youngLot    48..63  decided    64..79  contestable
///    80..95  disputed    96..127 leaseEnd   128..159 oldReviewEnd   160..191 youngReviewEnd
///   192..223 contestEnd   224..247 sequence   248..255 flags
library Slots {
    function unpackAccount(uint256 word) internal pure returns (Account memory a) {
        a.owed = uint96(word);
        a.accepted = uint32(word >> 96);
        a.rejected = uint32(word >> 128);
        a.contested = uint24(word >> 160);
        a.disputesWon = uint16(word >> 184);
        a.disputesLost = uint16(word >> 200);
        a.nonce = uint32(word >> 216);
        a.flags = uint8(word >> 248);
    }

    function pack(Account memory a) internal pure returns (uint256 word) {
        word = a.owed;
        word |= uint256(a.accepted) << 96;
        word |= uint256(a.rejected) << 128;
        word |= uint256(a.contested) << 160;
        word |= uint256(a.disputesWon) << 184;
        word |= uint256(a.disputesLost) << 200;
        word |= uint256(a.nonce) << 216;
        word |= uint256(a.flags) << 248;
    }

    function unpackBatch(uint256 word) internal pure returns (Batch memory b) {
        b.free = uint24(word);
        b.claimed = uint24(word >> 24);
        b.submitted = uint24(word >> 48);
        b.contestable = uint24(word >> 72);
        b.disputed = uint24(word >> 96);
        b.accepted = uint24(word >> 120);
        b.refunded = uint24(word >> 144);
        b.settlements = uint32(word >> 168);
        b.versions = uint16(word >> 200);
        b.closedAt = uint40(word >> 216);
    }

    function pack(Batch memory b) internal pure returns (uint256 word) {
        word = b.free;
        word |= uint256(b.claimed) << 24;
        word |= uint256(b.submitted) << 48;
        word |= uint256(b.contestable) << 72;
        word |= uint256(b.disputed) << 96;
        word |= uint256(b.accepted) << 120;
        word |= uint256(b.refunded) << 144;
        word |= uint256(b.settlements) << 168;
        word |= uint256(b.versions) << 200;
        word |= uint256(b.closedAt) << 216;
    }

    function unpackTally(uint256 word) internal pure returns (Tally memory t) {
        t.claimed = uint16(word);
        t.oldLot = uint16(word >> 16);
        t.youngLot = uint16(word >> 32);
        t.decided = uint16(word >> 48);
        t.contestable = uint16(word >> 64);
        t.disputed = uint16(word >> 80);
        t.leaseEnd = uint32(word >> 96);
        t.oldReviewEnd = uint32(word >> 128);
        t.youngReviewEnd = uint32(word >> 160);
        t.contestEnd = uint32(word >> 192);
        t.sequence = uint24(word >> 224);
        t.flags = uint8(word >> 248);
    }

    function pack(Tally memory t) internal pure returns (uint256 word) {
        word = t.claimed;
        word |= uint256(t.oldLot) << 16;
        word |= uint256(t.youngLot) << 32;
        word |= uint256(t.decided) << 48;
        word |= uint256(t.contestable) << 64;
        word |= uint256(t.disputed) << 80;
        word |= uint256(t.leaseEnd) << 96;
        word |= uint256(t.oldReviewEnd) << 128;
        word |= uint256(t.youngReviewEnd) << 160;
        word |= uint256(t.contestEnd) << 192;
        word |= uint256(t.sequence) << 224;
        word |= uint256(t.flags) << 248;
    }
}
