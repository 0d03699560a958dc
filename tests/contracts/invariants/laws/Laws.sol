// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ITaskEscrow} from "../../../../contracts/interfaces/ITaskEscrow.sol";
import {Checks} from "../../base/Checks.sol";
import {Stage} from "../Stage.sol";

/// @notice What all checks share: the stage, and a failure that names the law.
abstract contract Laws is Checks {
    Stage internal stage;
    ITaskEscrow internal escrow;

    /// @notice The check `law` failed, because of `detail`.
    error LawBroken(string law, string detail, uint256 found, uint256 expected);

    /// @dev For laws that the ghosts and handlers watch while a call runs.
    function _unbroken(string memory law) internal view {
        string memory detail = stage.breachOf(law);
        if (bytes(detail).length > 0) revert LawBroken(law, detail, 0, 0);
    }

    function _same(string memory law, string memory detail, uint256 found, uint256 expected) internal pure {
        if (found != expected) revert LawBroken(law, detail, found, expected);
    }

    function _atLeast(string memory law, string memory detail, uint256 found, uint256 least) internal pure {
        if (found < least) revert LawBroken(law, detail, found, least);
    }
}
