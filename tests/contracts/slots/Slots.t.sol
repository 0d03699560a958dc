// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Account, Batch, Tally} from "../../../contracts/libraries/EscrowTypes.sol";
import {
    AccountSlot,
    AccountSlots,
    BatchSlot,
    BatchSlots,
    TallySlot,
    TallySlots
} from "../../../contracts/libraries/Slots.sol";
import {Checks} from "../base/Checks.sol";

/// @notice The drawing in `Slots.sol`, read a second time: where each field begins and how wide it is.
abstract contract Drawing is Checks {
    uint256[] internal places;
    uint256[] internal widths;

    function field(uint256 place, uint256 width) internal {
        places.push(place);
        widths.push(width);
    }

    function mask(uint256 width) internal pure returns (uint256) {
        return width == 256 ? type(uint256).max : (uint256(1) << width) - 1;
    }

    function unpacked(uint256 word) internal pure virtual returns (bytes memory);

    /// @dev The struct's words must be the fields of `word`, in order.
    function assertUnpacks(uint256 word) internal view {
        bytes memory data = unpacked(word);
        assertEq(data.length, places.length * 32, "as many fields as drawn");
        for (uint256 i = 0; i < places.length; ++i) {
            uint256 found;
            assembly {
                found := mload(add(add(data, 0x20), mul(i, 0x20)))
            }
            assertEq(found, word >> places[i] & mask(widths[i]), "field");
        }
    }

    function checkEveryField() internal view {
        uint256 whole = 0;
        for (uint256 i = 0; i < places.length; ++i) {
            uint256 max = mask(widths[i]) << places[i];
            assertEq(whole & max, 0, "fields do not overlap");
            whole |= max;
            assertUnpacks(uint256(1) << places[i]);
            assertUnpacks(max);
            assertUnpacks(type(uint256).max ^ max);
        }
        assertEq(whole, type(uint256).max, "no bit is lost");
        assertUnpacks(0);
        assertUnpacks(type(uint256).max);
    }

    function fieldOf(uint256 word, uint256 i) internal view returns (uint256) {
        return word >> places[i] & mask(widths[i]);
    }

    /// @dev `found` must be `word` with field `i` replaced.
    function assertOnly(uint256 found, uint256 word, uint256 i, uint256 value) internal view {
        uint256 cleared = word & ~(mask(widths[i]) << places[i]);
        assertEq(found, cleared | value << places[i], "this field and no other");
    }
}

/// Money and record of an address.
contract AccountSlotTest is Drawing {
    using AccountSlots for AccountSlot;

    constructor() {
        uint8[8] memory w = [96, 32, 32, 24, 16, 16, 32, 8];
        uint256 place = 0;
        for (uint256 i = 0; i < 8; ++i) {
            field(place, w[i]);
            place += w[i];
        }
    }

    function unpacked(uint256 word) internal pure override returns (bytes memory) {
        return abi.encode(AccountSlot.wrap(word).unpack());
    }

    // AccountSlot
    function test_every_account_field_at_zero_one_and_max_alone_and_together() public view {
        checkEveryField();
    }

    function testFuzz_any_account_word_unpacks(uint256 word) public view {
        assertUnpacks(word);
        assertEq(AccountSlot.wrap(word).owed(), word & type(uint96).max, "owed");
        assertEq(AccountSlot.wrap(word).nonce(), fieldOf(word, 6), "nonce");
        assertTrue(AccountSlot.wrap(word).mayBeSwept() == (word >> 248 & 1 == 1), "sweep");
    }

    function testFuzz_owed_nonce_and_sweep_change_alone(uint256 word, uint96 owed, bool sweep) public view {
        AccountSlot a = AccountSlot.wrap(word);
        assertOnly(AccountSlot.unwrap(a.withOwed(owed)), word, 0, owed);
        uint256 next = uint32(fieldOf(word, 6)) == type(uint32).max ? 0 : fieldOf(word, 6) + 1;
        assertOnly(AccountSlot.unwrap(a.withNextNonce()), word, 6, next);
        uint256 flags = sweep ? fieldOf(word, 7) | 1 : fieldOf(word, 7) & ~uint256(1);
        assertOnly(AccountSlot.unwrap(a.withSweep(sweep)), word, 7, flags);
    }

    function testFuzz_record_counters_stop_at_zero_and_at_their_maximum(uint256 word, uint256 count, uint8 which)
        public
        view
    {
        uint256 i = 1 + which % 5;
        count = bound(count, 0, type(uint64).max);
        uint256 have = fieldOf(word, i);
        uint256 max = mask(widths[i]);
        AccountSlot a = AccountSlot.wrap(word);
        uint256 sum = have + count > max ? max : have + count;
        assertOnly(AccountSlot.unwrap(a.plus(places[i], count)), word, i, sum);
        assertOnly(AccountSlot.unwrap(a.minus(places[i], count)), word, i, have > count ? have - count : 0);
    }

    function test_record_counters_at_their_edges() public view {
        for (uint256 i = 1; i <= 5; ++i) {
            uint256 max = mask(widths[i]);
            AccountSlot full = AccountSlot.wrap(max << places[i]);
            assertOnly(AccountSlot.unwrap(full.plus(places[i], 1)), max << places[i], i, max);
            assertOnly(AccountSlot.unwrap(full.minus(places[i], max)), max << places[i], i, 0);
            assertOnly(AccountSlot.unwrap(full.minus(places[i], max + 1)), max << places[i], i, 0);
            assertOnly(AccountSlot.unwrap(AccountSlot.wrap(0).minus(places[i], 1)), 0, i, 0);
        }
    }
}

/// Counts of a batch.
contract BatchSlotTest is Drawing {
    using BatchSlots for BatchSlot;

    constructor() {
        uint8[10] memory w = [24, 24, 24, 24, 24, 24, 24, 32, 16, 40];
        uint256 place = 0;
        for (uint256 i = 0; i < 10; ++i) {
            field(place, w[i]);
            place += w[i];
        }
    }

    function unpacked(uint256 word) internal pure override returns (bytes memory) {
        return abi.encode(BatchSlot.wrap(word).unpack());
    }

    // BatchSlot
    function test_every_batch_field_at_zero_one_and_max_alone_and_together() public view {
        checkEveryField();
    }

    function testFuzz_any_batch_word_unpacks(uint256 word) public view {
        assertUnpacks(word);
        BatchSlot b = BatchSlot.wrap(word);
        for (uint256 i = 0; i < 7; ++i) {
            assertEq(b.count(places[i]), fieldOf(word, i), "count");
        }
        assertEq(b.settlements(), fieldOf(word, 7), "settlements");
        assertEq(b.versions(), fieldOf(word, 8), "versions");
        assertEq(b.closedAt(), fieldOf(word, 9), "closed");
    }

    function testFuzz_moving_keeps_the_sum_and_every_other_field(uint256 word, uint8 one, uint8 two, uint24 n)
        public
        view
    {
        (uint256 i, uint256 j) = (one % 7, two % 7);
        vm.assume(i != j);
        word &= ~(uint256(1) << (places[j] + 23)); // the bound on the sum leaves room
        uint256 have = fieldOf(word, i);
        uint256 count = bound(n, 0, have < 1 << 22 ? have : 1 << 22);
        BatchSlot moved = BatchSlot.wrap(word).move(places[i], places[j], count);
        assertEq(moved.funded(), BatchSlot.wrap(word).funded(), "the sum");
        uint256 half = word - (count << places[i]);
        assertOnly(BatchSlot.unwrap(moved), half, j, fieldOf(word, j) + count);
    }

    function moveTooMany(uint256 word, uint256 from, uint256 to, uint256 count) external pure returns (BatchSlot) {
        return BatchSlot.wrap(word).move(from, to, count);
    }

    function testFuzz_more_than_there_are_cannot_be_moved(uint24 have, uint24 more) public {
        uint256 count = bound(more, uint256(have) + 1, uint256(type(uint24).max) + 1);
        vm.expectRevert();
        this.moveTooMany(uint256(have) << 24, 24, 48, count);
    }

    function test_extending_settling_and_closing_change_their_field_alone() public view {
        BatchSlot b = BatchSlots.opened(7);
        assertUnpacks(BatchSlot.unwrap(b));
        assertEq(b.count(BatchSlots.FREE), 7, "free");
        assertEq(b.versions(), 1, "versions");
        b = b.extended(5);
        assertEq(b.count(BatchSlots.FREE), 12, "free");
        assertEq(b.versions(), 2, "versions");
        b = b.withNextSettlement().withClosedAt(99);
        assertEq(b.settlements(), 1, "settlements");
        assertEq(b.closedAt(), 99, "closed");
        assertEq(b.funded(), 12, "the rest stays");
        assertTrue(b.exists() && !BatchSlot.wrap(0).exists(), "exists");
    }

    function settleAgain(uint256 word) external pure returns (BatchSlot) {
        return BatchSlot.wrap(word).withNextSettlement();
    }

    function test_settlement_numbers_never_run_into_the_next_field() public {
        uint256 word = uint256(type(uint32).max) << 168;
        vm.expectRevert();
        this.settleAgain(word);
        assertEq(this.settleAgain(word - (1 << 168)).settlements(), type(uint32).max, "the last one");
    }

    function assertEq(BatchSlot found, uint256 expected, string memory what) internal pure {
        assertEq(BatchSlot.unwrap(found), expected, what);
    }
}

/// Counts and times of a worker in a batch.
contract TallySlotTest is Drawing {
    using TallySlots for TallySlot;

    constructor() {
        uint8[12] memory w = [16, 16, 16, 16, 16, 16, 32, 32, 32, 32, 24, 8];
        uint256 place = 0;
        for (uint256 i = 0; i < 12; ++i) {
            field(place, w[i]);
            place += w[i];
        }
    }

    function unpacked(uint256 word) internal pure override returns (bytes memory) {
        return abi.encode(TallySlot.wrap(word).unpack());
    }

    // TallySlot
    function test_every_tally_field_at_zero_one_and_max_alone_and_together() public view {
        checkEveryField();
    }

    function testFuzz_any_tally_word_unpacks(uint256 word) public view {
        assertUnpacks(word);
        TallySlot t = TallySlot.wrap(word);
        for (uint256 i = 0; i < 6; ++i) {
            assertEq(t.count(places[i]), fieldOf(word, i), "count");
        }
        for (uint256 i = 6; i < 10; ++i) {
            assertEq(t.time(places[i]), fieldOf(word, i), "time");
        }
        assertEq(t.sequence(), fieldOf(word, 10), "sequence");
        assertTrue(t.isFeeLocked() == (word >> 248 & 1 == 1), "lock");
    }

    function testFuzz_counts_change_alone(uint256 word, uint8 which, uint16 n) public view {
        uint256 i = which % 6;
        uint256 have = fieldOf(word, i);
        TallySlot t = TallySlot.wrap(word);
        uint256 more = bound(n, 0, type(uint16).max - have);
        assertOnly(TallySlot.unwrap(t.plus(places[i], more)), word, i, have + more);
        uint256 less = bound(n, 0, have);
        assertOnly(TallySlot.unwrap(t.minus(places[i], less)), word, i, have - less);
    }

    function changed(uint256 word, uint256 place, uint256 n, bool more) external pure returns (uint256) {
        TallySlot t = TallySlot.wrap(word);
        return TallySlot.unwrap(more ? t.plus(place, n) : t.minus(place, n));
    }

    function testFuzz_counts_fail_instead_of_running_into_their_neighbours(uint16 have, uint8 which, uint16 n) public {
        uint256 i = which % 6;
        uint256 word = uint256(have) << places[i];
        uint256 tooMany = bound(n, uint256(type(uint16).max) - have + 1, uint256(type(uint16).max) + 1);
        vm.expectRevert();
        this.changed(word, places[i], tooMany, true);
        uint256 tooFew = bound(n, uint256(have) + 1, uint256(type(uint16).max) + 1);
        vm.expectRevert();
        this.changed(word, places[i], tooFew, false);
    }

    function testFuzz_times_change_alone_and_stop_at_2106(uint256 word, uint8 which, uint64 time) public view {
        uint256 i = 6 + which % 4;
        uint256 kept = time > type(uint32).max ? type(uint32).max : time;
        assertOnly(TallySlot.unwrap(TallySlot.wrap(word).withTime(places[i], time)), word, i, kept);
    }

    function testFuzz_sequence_and_lock_change_alone(uint256 word, bool locked) public view {
        uint256 sequence = fieldOf(word, 10);
        uint256 next = sequence == type(uint24).max ? sequence : sequence + 1;
        assertOnly(TallySlot.unwrap(TallySlot.wrap(word).advanced()), word, 10, next);
        uint256 flags = locked ? fieldOf(word, 11) | 1 : fieldOf(word, 11) & ~uint256(1);
        assertOnly(TallySlot.unwrap(TallySlot.wrap(word).withFeeLocked(locked)), word, 11, flags);
    }

    function test_the_sequence_number_stops_at_its_maximum() public view {
        uint256 word = uint256(type(uint24).max) << 224;
        assertOnly(TallySlot.unwrap(TallySlot.wrap(word).advanced()), word, 10, type(uint24).max);
    }

    function testFuzz_deciding_takes_the_old_lot_first(uint16 old, uint16 young, uint16 n, uint32 a, uint32 b)
        public
        pure
    {
        vm.assume(old > 0 && uint256(old) + young <= type(uint16).max);
        uint256 count = bound(n, 1, uint256(old) + young);
        uint256 word = uint256(old) << 16 | uint256(young) << 32 | uint256(a) << 128 | uint256(b) << 160;
        Tally memory t = TallySlot.wrap(word).decide(count).unpack();
        assertEq(t.decided, count, "decided");
        assertEq(uint256(t.oldLot) + t.youngLot, uint256(old) + young - count, "left");
        if (count < old) {
            assertEq(t.oldLot, old - count, "old");
            assertEq(t.oldReviewEnd, a, "its window");
            assertEq(t.youngReviewEnd, b, "the young one's");
        } else {
            assertEq(t.youngLot, 0, "the young lot is the old one now");
            assertEq(t.oldReviewEnd, b, "with its own window");
            assertEq(t.youngReviewEnd, 0, "and none waits");
        }
    }
}
