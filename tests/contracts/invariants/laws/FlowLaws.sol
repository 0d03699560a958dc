// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Laws} from "./Laws.sol";

/// @notice Laws watched while each call runs: what may move where, and for how much.
abstract contract FlowLaws is Laws {
    function _checkFlowLaws() internal view {
        law2_funding_costs_what_it_says();
        law2_every_payment_is_the_reward();
        law5_one_dispute_at_a_time();
        law5_a_wholly_accepted_worker_loses_nothing();
        law5_a_ruling_splits_the_fee_fairly();
        law5_bonds_go_back_to_who_posted_them();
        law5_one_fee_backs_each_workers_rejections();
        law7_without_a_ruling_the_worker_is_paid_and_no_fee_is_taken();
        law9_the_operator_earns_only_on_reviewed_work();
    }

    function law2_funding_costs_what_it_says() internal view {
        _unbroken("law2_funding_costs_what_it_says");
    }

    function law2_every_payment_is_the_reward() internal view {
        _unbroken("law2_every_payment_is_the_reward");
    }

    function law5_one_dispute_at_a_time() internal view {
        _unbroken("law5_one_dispute_at_a_time");
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
