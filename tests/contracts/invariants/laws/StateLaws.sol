// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Account, Batch, Tally} from "../../../../contracts/libraries/EscrowTypes.sol";
import {GhostAccount, GhostBatch, GhostTally, Prices} from "../ghosts/GhostTypes.sol";
import {Laws} from "./Laws.sol";

/// @notice Laws of the state: what the escrow's own books say, held against its tokens and against what ever happened.
abstract contract StateLaws is Laws {
    function _checkStateLaws() internal view {
        law12_tokens_that_cheat_are_refused();
        Record[] memory records = new Record[](stage.WORKERS());
        uint256 books = _bonds();
        uint256 count = stage.batchCount();
        Held[] memory held = new Held[](count);
        for (uint256 i = 0; i < count; ++i) {
            books += _checkWork(stage.idAt(i), held[i], records);
        }
        (Account[] memory found, GhostAccount[] memory ghosts, uint256 owed) = _accounts();
        law1_tokens_cover_all_that_is_owed(books + owed);
        law1_tokens_equal_the_books(books + owed);
        for (uint256 i = 0; i < count; ++i) {
            _checkBatch(held[i]);
        }
        _checkAccounts(found, ghosts, records);
    }

    // --------------------------------------------------------------- tokens

    /// @dev What came in less what went out is there: no transfer was booked that did not happen as asked.
    function law12_tokens_that_cheat_are_refused() internal view {
        uint256 expected = stage.tokensIn() + stage.gifts() - stage.tokensOut();
        uint256 found = stage.token().balanceOf(address(escrow));
        _same("law12_tokens_that_cheat_are_refused", "the balance is not what was booked", found, expected);
    }

    function law1_tokens_cover_all_that_is_owed(uint256 books) internal view {
        uint256 held = stage.token().balanceOf(address(escrow));
        _atLeast("law1_tokens_cover_all_that_is_owed", "the escrow owes more than it holds", held, books);
    }

    function law1_tokens_equal_the_books(uint256 books) internal view {
        uint256 held = stage.token().balanceOf(address(escrow)) - stage.gifts();
        _same("law1_tokens_equal_the_books", "money is nobody's", held, books);
    }

    function _bonds() private view returns (uint256 sum) {
        for (uint256 i = 0; i < stage.disputeCount(); ++i) {
            sum += escrow.disputeOf(stage.disputeIdAt(i)).fee;
        }
    }

    // ------------------------------------------------------------- accounts

    /// @dev What one worker's record must say, from all that ever happened to it in any batch.
    struct Record {
        uint256 accepted;
        /// Standing against it: rejected and not contested, or upheld by a ruling.
        uint256 rejected;
        uint256 contested;
    }

    function _accounts() private view returns (Account[] memory found, GhostAccount[] memory ghosts, uint256 owed) {
        address[] memory everybody = stage.everybody();
        found = new Account[](everybody.length);
        ghosts = new GhostAccount[](everybody.length);
        for (uint256 i = 0; i < everybody.length; ++i) {
            found[i] = escrow.accountOf(everybody[i]);
            ghosts[i] = stage.accountOf(everybody[i]);
            owed += found[i].owed;
        }
    }

    function _checkAccounts(Account[] memory found, GhostAccount[] memory ghosts, Record[] memory records)
        private
        pure
    {
        for (uint256 i = 0; i < found.length; ++i) {
            law3_nobody_lowers_what_another_is_owed(found[i], ghosts[i]);
        }
        for (uint256 i = 0; i < found.length; ++i) {
            Record memory record;
            // The workers come third.
            if (i >= 2 && i < 2 + records.length) record = records[i - 2];
            law10_only_reviewed_pay_raises_a_record(found[i], record);
            law6_contested_rejections_do_not_count(found[i], record);
            law6_appeals_count_on_both_records(found[i], ghosts[i]);
            law8_every_signed_withdrawal_uses_a_number(found[i], ghosts[i]);
            law1_logs_rebuild_every_account(found[i], ghosts[i]);
        }
    }

    /// @dev Every debit that the owner's key, its own dispute, its own rejection or its opt-in explains is in the ghost.
    function law3_nobody_lowers_what_another_is_owed(Account memory found, GhostAccount memory ghost) internal pure {
        _atLeast("law3_nobody_lowers_what_another_is_owed", "an account shrank", found.owed, ghost.owed);
    }

    function law10_only_reviewed_pay_raises_a_record(Account memory found, Record memory record) internal pure {
        _same("law10_only_reviewed_pay_raises_a_record", "accepted", found.accepted, record.accepted);
    }

    function law6_contested_rejections_do_not_count(Account memory found, Record memory record) internal pure {
        _same("law6_contested_rejections_do_not_count", "rejected", found.rejected, record.rejected);
        _same("law6_contested_rejections_do_not_count", "contested", found.contested, record.contested);
    }

    function law6_appeals_count_on_both_records(Account memory found, GhostAccount memory ghost) internal pure {
        _same("law6_appeals_count_on_both_records", "won", found.disputesWon, ghost.disputesWon);
        _same("law6_appeals_count_on_both_records", "lost", found.disputesLost, ghost.disputesLost);
    }

    function law8_every_signed_withdrawal_uses_a_number(Account memory found, GhostAccount memory ghost) internal pure {
        _same("law8_every_signed_withdrawal_uses_a_number", "nonce", found.nonce, ghost.nonce);
    }

    function law1_logs_rebuild_every_account(Account memory found, GhostAccount memory ghost) internal pure {
        _same("law1_logs_rebuild_every_account", "owed", found.owed, ghost.owed);
        _same("law1_logs_rebuild_every_account", "sweeping", found.flags, ghost.sweeps ? 1 : 0);
    }

    // -------------------------------------------------------------- batches

    /// @dev What a batch's tallies come to together.
    struct Sums {
        uint256 claimed;
        uint256 submitted;
        uint256 contestable;
        uint256 disputed;
        uint256 backed;
    }

    /// @dev One batch as the escrow and the ghosts hold it.
    struct Held {
        Batch batch;
        GhostBatch ghost;
        Prices prices;
        Sums sums;
        uint256 locked;
        Tally[] tallies;
        GhostTally[] ghostTallies;
    }

    /// @return books Token units that the batch still holds, locks included.
    function _checkWork(bytes32 id, Held memory h, Record[] memory records) private view returns (uint256 books) {
        Batch memory b = escrow.batchOf(id);
        h.batch = b;
        (h.ghost, h.prices) = stage.booksOf(id);
        h.locked = escrow.lockedOf(id);
        law2_each_batch_adds_up(b, h.ghost);
        h.tallies = new Tally[](records.length);
        h.ghostTallies = new GhostTally[](records.length);
        for (uint256 i = 0; i < records.length; ++i) {
            address who = stage.worker(i);
            h.tallies[i] = escrow.tallyOf(id, who);
            h.ghostTallies[i] = stage.tallyOf(id, who);
            _checkTally(h.tallies[i], h.ghostTallies[i], h.sums, records[i]);
        }
        uint256 unspent = uint256(b.free) + b.claimed + b.submitted + b.contestable + b.disputed;
        books = unspent * (h.prices.reward + h.prices.operatorFee) + h.locked;
    }

    function _checkBatch(Held memory h) private pure {
        law2_a_batch_is_the_sum_of_its_workers(h.batch, h.sums);
        law5_one_fee_backs_every_open_rejection(h.locked, h.prices.disputeFee * h.sums.backed);
        law9_reviewed_work_earns_the_operator_its_fee(h.ghost, h.prices.operatorFee);
        law4_every_paid_assignment_has_one_reason(h.batch, h.ghost);
        law2_logs_rebuild_every_batch(h.batch, h.ghost);
        law5_logs_rebuild_every_lock(h);
        for (uint256 i = 0; i < h.tallies.length; ++i) {
            law8_logs_rebuild_every_tally(h.tallies[i], h.ghostTallies[i]);
        }
    }

    function law5_logs_rebuild_every_lock(Held memory h) internal pure {
        _same("law5_logs_rebuild_every_lock", "locked", h.locked, h.ghost.locked);
        for (uint256 i = 0; i < h.tallies.length; ++i) {
            uint256 flag = h.ghostTallies[i].locked ? 1 : 0;
            _same("law5_logs_rebuild_every_lock", "the worker's flag", h.tallies[i].flags, flag);
        }
    }

    function law2_each_batch_adds_up(Batch memory b, GhostBatch memory ghost) internal pure {
        uint256 sum = uint256(b.free) + b.claimed + b.submitted + b.contestable + b.disputed + b.accepted + b.refunded;
        _same("law2_each_batch_adds_up", "assignments", sum, ghost.funded);
    }

    function law2_a_batch_is_the_sum_of_its_workers(Batch memory b, Sums memory sums) internal pure {
        _same("law2_a_batch_is_the_sum_of_its_workers", "claimed", b.claimed, sums.claimed);
        _same("law2_a_batch_is_the_sum_of_its_workers", "submitted", b.submitted, sums.submitted);
        _same("law2_a_batch_is_the_sum_of_its_workers", "contestable", b.contestable, sums.contestable);
        _same("law2_a_batch_is_the_sum_of_its_workers", "disputed", b.disputed, sums.disputed);
    }

    function law5_one_fee_backs_every_open_rejection(uint256 locked, uint256 expected) internal pure {
        _same("law5_one_fee_backs_every_open_rejection", "locked", locked, expected);
    }

    /// @dev Reviewed, overturned and direct work earns the fee; silence and rulings give it back.
    function law9_reviewed_work_earns_the_operator_its_fee(GhostBatch memory ghost, uint256 fee) internal pure {
        string memory law = "law9_reviewed_work_earns_the_operator_its_fee";
        uint256 reviewed = ghost.paidFor[0] + ghost.paidFor[2] + ghost.paidFor[3];
        uint256 others = ghost.paidFor[1] + ghost.paidFor[4] + ghost.paidFor[5] + ghost.paidFor[6];
        _same(law, "paid to the operator", ghost.paidOperator, reviewed * fee);
        _same(law, "given back to the requester", ghost.returnedFees, others * fee);
    }

    function law4_every_paid_assignment_has_one_reason(Batch memory b, GhostBatch memory ghost) internal pure {
        uint256 paid = 0;
        for (uint256 i = 0; i < ghost.paidFor.length; ++i) {
            paid += ghost.paidFor[i];
        }
        _same("law4_every_paid_assignment_has_one_reason", "accepted", b.accepted, paid);
    }

    function law2_logs_rebuild_every_batch(Batch memory b, GhostBatch memory ghost) internal pure {
        string memory law = "law2_logs_rebuild_every_batch";
        _same(law, "free", b.free, ghost.free);
        _same(law, "accepted", b.accepted, ghost.accepted);
        _same(law, "refunded", b.refunded, ghost.refunded);
        _same(law, "settlements", b.settlements, ghost.settlements);
        _same(law, "versions", b.versions, ghost.versions);
        _same(law, "closed", b.closedAt, ghost.closedAt);
    }

    // -------------------------------------------------------------- tallies

    function _checkTally(Tally memory t, GhostTally memory ghost, Sums memory sums, Record memory record) private pure {
        law4_every_answer_is_decided_once_or_waits(t, ghost);
        law4_every_rejection_ends_once_or_waits(t, ghost);
        law4_lots_keep_their_order_and_windows(t, ghost);
        sums.claimed += t.claimed;
        sums.submitted += uint256(t.oldLot) + t.youngLot;
        sums.contestable += t.contestable;
        sums.disputed += t.disputed;
        if (uint256(t.contestable) + t.disputed > 0) sums.backed += 1;
        record.accepted += ghost.reviewed + ghost.overturned + ghost.ruledFor;
        record.rejected += ghost.contestable + ghost.released + ghost.ruledAgainst;
        record.contested += ghost.disputed;
    }

    function law4_every_answer_is_decided_once_or_waits(Tally memory t, GhostTally memory ghost) internal pure {
        string memory law = "law4_every_answer_is_decided_once_or_waits";
        _same(law, "submitted", uint256(t.oldLot) + t.youngLot + t.decided, ghost.submittedEver);
        _same(law, "decided", t.decided, ghost.reviewed + ghost.silent + ghost.rejectedEver);
    }

    function law4_every_rejection_ends_once_or_waits(Tally memory t, GhostTally memory ghost) internal pure {
        uint256 ended = ghost.overturned + ghost.ruledFor + ghost.ruledAgainst + ghost.rulingOverdue + ghost.voided
            + ghost.released;
        uint256 sum = uint256(t.contestable) + t.disputed + ended;
        _same("law4_every_rejection_ends_once_or_waits", "rejected", sum, ghost.rejectedEver);
    }

    function law4_lots_keep_their_order_and_windows(Tally memory t, GhostTally memory ghost) internal pure {
        string memory law = "law4_lots_keep_their_order_and_windows";
        _same(law, "old lot", t.oldLot, ghost.oldLot);
        _same(law, "young lot", t.youngLot, ghost.youngLot);
        if (t.oldLot > 0) _same(law, "end of the old lot", t.oldReviewEnd, ghost.oldReviewEnd);
        if (t.youngLot > 0) _same(law, "end of the young lot", t.youngReviewEnd, ghost.youngReviewEnd);
    }

    function law8_logs_rebuild_every_tally(Tally memory t, GhostTally memory ghost) internal pure {
        string memory law = "law8_logs_rebuild_every_tally";
        _same(law, "claimed", t.claimed, ghost.claimed);
        _same(law, "contestable", t.contestable, ghost.contestable);
        _same(law, "disputed", t.disputed, ghost.disputed);
        _same(law, "sequence", t.sequence, ghost.sequence);
        if (t.claimed > 0) _same(law, "lease", t.leaseEnd, ghost.leaseEnd);
        if (t.contestable > 0) _same(law, "dispute window", t.contestEnd, ghost.contestEnd);
    }
}
