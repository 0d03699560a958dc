// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ITaskEscrow} from "../../../contracts/interfaces/ITaskEscrow.sol";

/// @notice Receives hooks and, while it does, tries to be paid twice.
contract GreedyRecipient {
    ITaskEscrow private immutable ESCROW;
    uint256 public succeeded;
    uint256 public asked;

    constructor(ITaskEscrow escrow) {
        ESCROW = escrow;
    }

    function setSweep() external {
        ESCROW.setSweep(true);
    }

    function withdraw(uint256 amount) external {
        ESCROW.withdraw(amount, address(this));
    }

    function tokensReceived(address, uint256 amount) external {
        address[] memory list = new address[](1);
        list[0] = address(this);
        _try(abi.encodeCall(ESCROW.withdraw, (amount, address(this))));
        _try(abi.encodeCall(ESCROW.sweep, (list)));
        _try(abi.encodeWithSignature("paySwept(address,uint256)", address(this), amount));
        _try(abi.encodeCall(ESCROW.deposit, (1)));
    }

    function _try(bytes memory call) private {
        asked += 1;
        (bool ok,) = address(ESCROW).call(call);
        if (ok) succeeded += 1;
    }
}

/// @notice Receives hooks and burns all the gas it is given.
contract BurningRecipient {
    constructor(ITaskEscrow escrow) {
        escrow.setSweep(true);
    }

    function tokensReceived(address, uint256) external pure {
        while (true) {}
    }
}

/// @notice Receives hooks and uses the escrow's other functions meanwhile, which is allowed and must stay in order.
contract BusyRecipient {
    ITaskEscrow private immutable ESCROW;
    bytes private _call;
    bool public ok;

    constructor(ITaskEscrow escrow, bytes memory call_) {
        ESCROW = escrow;
        _call = call_;
        escrow.setSweep(true);
    }

    function tokensReceived(address, uint256) external {
        (ok,) = address(ESCROW).call(_call);
    }
}
