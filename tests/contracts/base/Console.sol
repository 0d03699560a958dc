// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @notice Lines that the test runner shows with `-vv`.
library Console {
    function log(string memory line) internal view {
        (bool ok,) =
            address(0x000000000000000000636F6e736F6c652e6c6f67).staticcall(abi.encodeWithSignature("log(string)", line));
        ok; // nobody listens outside the runner
    }
}
