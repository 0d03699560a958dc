// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Laws} from "./Laws.sol";

/// @notice Laws watched while each call runs: what may move where, and for how much.
abstract contract FlowLaws is Laws {
    function _checkFlowLaws() internal view {
        law1_nothing_is_spent_twice();
        law2_nothing_is_claimed_twice();
        law2_funding_costs_what_it_says();
        law2_every_payment_is_the_reward();
        law4_only_free_money_goes_back();
        law4_every_answer_ends_once();
        law5_one_dispute_at_a_time();
        law5_rulings_are_clamped();
        law5_a_wholly_accepted_worker_loses_nothing();
        law5_a_ruling_splits_the_fee_fairly();
        law5_bonds_go_back_to_who_posted_them();
        law5_one_fee_backs_each_workers_rejections();
        law7_without_a_ruling_the_worker_is_paid_and_no_fee_is_taken();
        law9_the_operator_earns_only_on_reviewed_work();
    }

    function law1_nothing_is_spent_twice() internal view {
        _unbroken("law1_nothing_is_spent_twice");
    }

    function law2_nothing_is_claimed_twice() internal view {
        _unbroken("law2_nothing_is_claimed_twice");
    }

    function law2_funding_costs_what_it_says() internal view {
        _unbroken("law2_funding_costs_what_it_says");
    }

    function law2_every_payment_is_the_reward() internal view {
        _unbroken("law2_every_payment_is_the_reward");
    }

    function law4_only_free_money_goes_back() internal view {
        _unbroken("law4_only_free_money_goes_back");
    }

    function law4_every_answer_ends_once() internal view {
        _unbroken("law4_every_answer_ends_once");
    }

    function law5_one_dispute_at_a_time() internal view {
        _unbroken("law5_one_dispute_at_a_time");
    }

    function law5_rulings_are_clamped() internal view {
        _unbroken("law5_rulings_are_clamped");
    }

    function law5_a_wholly_accepted_worker_loses_nothing() internal view {
        _unbroken("law5_a_wholly_accepted_worker_loses_nothing");
    }

    function law5_a_ruling_splits_the_fee_fairly() internal view {
        _unbroken("law5_a_ruling_splits_the_fee_fairly");
    }

    function law5_bonds_go_back_to_who_posted_them() internal view {
        _unbroken("law5_bonds_go_back_to_who_posted_them");
    }

    function law5_one_fee_backs_each_workers_rejections() internal view {
        _unbroken("law5_one_fee_backs_each_workers_rejections");
    }

    function law7_without_a_ruling_the_worker_is_paid_and_no_fee_is_taken() internal view {
        _unbroken("law7_without_a_ruling_the_worker_is_paid_and_no_fee_is_taken");
    }

    function law9_the_operator_earns_only_on_reviewed_work() internal view {
        _unbroken("law9_the_operator_earns_only_on_reviewed_work");
    }
}
