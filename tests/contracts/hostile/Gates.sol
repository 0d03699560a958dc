// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IGate} from "../../../contracts/interfaces/IGate.sol";
import {ITaskEscrow} from "../../../contracts/interfaces/ITaskEscrow.sol";

/// @notice Says what it was told to say; counts nothing, keeps nothing.
contract SwitchGate is IGate {
    bool public open;

    function set(bool open_) external {
        open = open_;
    }

    function mayClaim(bytes32, address, uint256) external view returns (bool) {
        return open;
    }
}

/// @notice Uses up a fixed amount of gas, then says yes.
contract HungryGate is IGate {
    uint256 private immutable APPETITE;

    constructor(uint256 appetite) {
        APPETITE = appetite;
    }

    function mayClaim(bytes32, address, uint256) external view returns (bool) {
        uint256 end = gasleft() - APPETITE;
        while (gasleft() > end) {}
        return true;
    }
}

/// @notice Says yes or no by how much gas it was given: whoever brings a transaction chooses.
contract GasMoodGate is IGate {
    function mayClaim(bytes32, address, uint256) external view returns (bool) {
        return gasleft() > 100_000;
    }
}

/// @notice Tries to call back into the escrow that asks it.
contract CallingGate is IGate {
    address private immutable TARGET;
    bytes private _call;

    constructor(address target, bytes memory call_) {
        TARGET = target;
        _call = call_;
    }

    function mayClaim(bytes32, address, uint256) external view returns (bool) {
        bytes memory data = _call;
        address target = TARGET;
        bool ok;
        // A plain call, as a hostile gate would: under a static call every change of state fails.
        assembly {
            ok := staticcall(gas(), target, add(data, 0x20), mload(data), 0, 0)
        }
        return ok;
    }
}

/// @notice Lets the first claim of a batch in and none after it, by what the escrow says.
contract FirstComeGate is IGate {
    ITaskEscrow private immutable ESCROW;

    constructor(ITaskEscrow escrow) {
        ESCROW = escrow;
    }

    function mayClaim(bytes32 batchId, address, uint256) external view returns (bool) {
        return ESCROW.batchOf(batchId).claimed == 0;
    }
}
