// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Checks} from "../base/Checks.sol";

/// The test that must fail where it is asked to: a runner that then reports success is not to be believed.
contract CanaryTest is Checks {
    // canary
    function test_the_canary_fails_when_it_is_asked_to() public view {
        assertTrue(!vm.envOr("PIECEWORK_CANARY", false), "the canary was asked to fail");
    }
}
