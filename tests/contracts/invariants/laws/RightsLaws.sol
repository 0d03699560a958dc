// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Laws} from "./Laws.sol";

/// @notice Laws watched while each call runs: whose key may do what, and what a signature binds.
abstract contract RightsLaws is Laws {
    function _checkRightsLaws() internal view {
        // A replay breaks other laws too: it is told first.
        law8_one_settlement_takes_effect_once();
        law8_a_ticket_works_once();
        law8_nothing_replayed_takes_effect();
        law3_money_leaves_only_by_its_owners_key();
        law3_a_withdrawal_is_never_refused();
        law3_strangers_decide_nothing();
        law4_direct_pay_only_where_the_terms_say_so();
        law4_every_rejection_has_a_reason();
        law5_only_the_named_arbitrator_rules();
        law8_signatures_have_low_s();
        law8_a_signature_binds_its_whole_message();
        law8_batch_ids_bind_chain_contract_and_terms();
        law8_only_the_reviewer_settles();
        law8_stale_verdicts_change_nothing();
        law8_claims_name_a_manifest_that_exists();
        law8_every_number_advances_by_one();
        law9_operators_spend_within_their_allowance();
        law9_operators_choose_neither_reviewer_nor_arbitrator();
        law9_the_operator_fee_is_bounded();
        law11_one_bad_entry_blocks_no_other();
        law11_every_call_has_a_ceiling();
        law12_only_money_calls_touch_the_token();
        law12_a_refused_recipient_harms_only_itself();
    }

    function law3_money_leaves_only_by_its_owners_key() internal view {
        _unbroken("law3_money_leaves_only_by_its_owners_key");
    }

    function law3_a_withdrawal_is_never_refused() internal view {
        _unbroken("law3_a_withdrawal_is_never_refused");
    }

    function law3_strangers_decide_nothing() internal view {
        _unbroken("law3_strangers_decide_nothing");
    }

    function law4_direct_pay_only_where_the_terms_say_so() internal view {
        _unbroken("law4_direct_pay_only_where_the_terms_say_so");
    }

    function law4_every_rejection_has_a_reason() internal view {
        _unbroken("law4_every_rejection_has_a_reason");
    }

    function law5_only_the_named_arbitrator_rules() internal view {
        _unbroken("law5_only_the_named_arbitrator_rules");
    }

    function law8_signatures_have_low_s() internal view {
        _unbroken("law8_signatures_have_low_s");
    }

    function law8_a_signature_binds_its_whole_message() internal view {
        _unbroken("law8_a_signature_binds_its_whole_message");
    }

    function law8_batch_ids_bind_chain_contract_and_terms() internal view {
        _unbroken("law8_batch_ids_bind_chain_contract_and_terms");
    }

    function law8_only_the_reviewer_settles() internal view {
        _unbroken("law8_only_the_reviewer_settles");
    }

    function law8_a_ticket_works_once() internal view {
        _unbroken("law8_a_ticket_works_once");
    }

    function law8_nothing_replayed_takes_effect() internal view {
        _unbroken("law8_nothing_replayed_takes_effect");
    }

    function law8_one_settlement_takes_effect_once() internal view {
        _unbroken("law8_one_settlement_takes_effect_once");
    }

    function law8_stale_verdicts_change_nothing() internal view {
        _unbroken("law8_stale_verdicts_change_nothing");
    }

    function law8_claims_name_a_manifest_that_exists() internal view {
        _unbroken("law8_claims_name_a_manifest_that_exists");
    }

    function law8_every_number_advances_by_one() internal view {
        _unbroken("law8_every_number_advances_by_one");
    }

    function law9_operators_spend_within_their_allowance() internal view {
        _unbroken("law9_operators_spend_within_their_allowance");
    }

    function law9_operators_choose_neither_reviewer_nor_arbitrator() internal view {
        _unbroken("law9_operators_choose_neither_reviewer_nor_arbitrator");
    }

    function law9_the_operator_fee_is_bounded() internal view {
        _unbroken("law9_the_operator_fee_is_bounded");
    }

    function law11_one_bad_entry_blocks_no_other() internal view {
        _unbroken("law11_one_bad_entry_blocks_no_other");
    }

    function law11_every_call_has_a_ceiling() internal view {
        _unbroken("law11_every_call_has_a_ceiling");
    }

    function law12_only_money_calls_touch_the_token() internal view {
        _unbroken("law12_only_money_calls_touch_the_token");
    }

    function law12_a_refused_recipient_harms_only_itself() internal view {
        _unbroken("law12_a_refused_recipient_harms_only_itself");
    }
}
