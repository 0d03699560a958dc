// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Laws} from "./Laws.sol";

/// @notice Laws watched while each call runs: deadlines: strict, and kept from both sides.
abstract contract TimeLaws is Laws {
    function _checkTimeLaws() internal view {
        law4_running_claims_are_safe();
        law4_verdicts_come_within_the_window();
        law4_silence_pays_no_lot_early();
        law4_silence_pays_whole_lots();
        law4_rejections_stay_open_to_dispute();
        law4_free_money_waits_until_nobody_can_earn_it();
        law7_what_is_due_cannot_be_refused();
        law7_a_ruling_is_never_refused();
        law13_terms_keep_every_bound();
        law13_nothing_is_claimed_or_added_after_the_end();
        law13_leases_end_in_time();
        law13_claims_are_bounded();
        law13_a_claim_never_extends_a_running_lease();
        law13_work_comes_within_its_lease();
        law13_windows_are_as_the_terms_say();
        law13_disputes_come_within_their_window();
        law13_rulings_come_within_their_window();
        law13_the_arbitrator_has_its_whole_window();
        law13_a_later_rejection_has_its_whole_window();
    }

    function law4_running_claims_are_safe() internal view {
        _unbroken("law4_running_claims_are_safe");
    }

    function law4_verdicts_come_within_the_window() internal view {
        _unbroken("law4_verdicts_come_within_the_window");
    }

    function law4_silence_pays_no_lot_early() internal view {
        _unbroken("law4_silence_pays_no_lot_early");
    }

    function law4_silence_pays_whole_lots() internal view {
        _unbroken("law4_silence_pays_whole_lots");
    }

    function law4_rejections_stay_open_to_dispute() internal view {
        _unbroken("law4_rejections_stay_open_to_dispute");
    }

    function law4_free_money_waits_until_nobody_can_earn_it() internal view {
        _unbroken("law4_free_money_waits_until_nobody_can_earn_it");
    }

    function law7_what_is_due_cannot_be_refused() internal view {
        _unbroken("law7_what_is_due_cannot_be_refused");
    }

    function law7_a_ruling_is_never_refused() internal view {
        _unbroken("law7_a_ruling_is_never_refused");
    }

    function law13_terms_keep_every_bound() internal view {
        _unbroken("law13_terms_keep_every_bound");
    }

    function law13_nothing_is_claimed_or_added_after_the_end() internal view {
        _unbroken("law13_nothing_is_claimed_or_added_after_the_end");
    }

    function law13_leases_end_in_time() internal view {
        _unbroken("law13_leases_end_in_time");
    }

    function law13_claims_are_bounded() internal view {
        _unbroken("law13_claims_are_bounded");
    }

    function law13_a_claim_never_extends_a_running_lease() internal view {
        _unbroken("law13_a_claim_never_extends_a_running_lease");
    }

    function law13_work_comes_within_its_lease() internal view {
        _unbroken("law13_work_comes_within_its_lease");
    }

    function law13_windows_are_as_the_terms_say() internal view {
        _unbroken("law13_windows_are_as_the_terms_say");
    }

    function law13_disputes_come_within_their_window() internal view {
        _unbroken("law13_disputes_come_within_their_window");
    }

    function law13_rulings_come_within_their_window() internal view {
        _unbroken("law13_rulings_come_within_their_window");
    }

    function law13_the_arbitrator_has_its_whole_window() internal view {
        _unbroken("law13_the_arbitrator_has_its_whole_window");
    }

    function law13_a_later_rejection_has_its_whole_window() internal view {
        _unbroken("law13_a_later_rejection_has_its_whole_window");
    }
}
