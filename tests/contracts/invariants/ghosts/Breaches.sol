// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Checks} from "../../base/Checks.sol";

/// @notice Laws seen broken while a call ran, under the name of the check that will report them; and counters.
abstract contract Breaches is Checks {
    mapping(bytes32 law => string) private _breaches;
    mapping(bytes32 name => uint256) private _counts;
    string[] private _names;
    /// How many laws were seen broken.
    uint256 public breaches;

    /// @notice Notes that `law` was broken; the first detail stays.
    function breach(string memory law, string memory detail) public {
        bytes32 key = keccak256(bytes(law));
        if (bytes(_breaches[key]).length > 0) return;
        _breaches[key] = bytes(detail).length > 0 ? detail : "broken";
        breaches += 1;
    }

    /// @return Why `law` is broken; empty if it is not.
    function breachOf(string memory law) external view returns (string memory) {
        return _breaches[keccak256(bytes(law))];
    }

    /// @notice Counts one more of `name`: an outcome of a call, or a deep state reached.
    function tick(string memory name) public {
        bytes32 key = keccak256(bytes(name));
        if (_counts[key] == 0) _names.push(name);
        _counts[key] += 1;
    }

    /// @return line All counters as one line of JSON.
    function counters() external view returns (string memory line) {
        line = "{";
        for (uint256 i = 0; i < _names.length; ++i) {
            string memory count = vm.toString(_counts[keccak256(bytes(_names[i]))]);
            line = string.concat(line, i == 0 ? '"' : ',"', _names[i], '":', count);
        }
        line = string.concat(line, "}");
    }

    function _expect(bool holds, string memory law, string memory detail) internal {
        if (!holds) breach(law, detail);
    }
}
