// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ITaskEscrow} from "../../../../contracts/interfaces/ITaskEscrow.sol";

/// @notice A worker that is a contract: its owner's key signs for it (ERC-1271), it can burn gas instead of answering, and
/// when tokens reach it, it calls back into the escrow.
contract ReentrantWallet {
    address public immutable owner;
    address private _escrow;
    bool private _isInside;
    bool public burnsGas;

    constructor(address owner_) {
        owner = owner_;
    }

    function setBurnsGas(bool burns) external {
        burnsGas = burns;
    }

    function isValidSignature(bytes32 hash, bytes calldata signature) external view returns (bytes4) {
        if (burnsGas) {
            while (true) {}
        }
        if (signature.length != 65) return 0xffffffff;
        address signer = ecrecover(hash, uint8(signature[64]), bytes32(signature[0:32]), bytes32(signature[32:64]));
        return signer == owner ? this.isValidSignature.selector : bytes4(0xffffffff);
    }

    /// @dev Called by the token from inside a withdrawal or sweep.
    function tokensReceived() external {
        if (_isInside) return;
        _isInside = true;
        address[] memory self = new address[](1);
        self[0] = address(this);
        _try(abi.encodeCall(ITaskEscrow.withdraw, (1, address(this))));
        _try(abi.encodeCall(ITaskEscrow.sweep, (self)));
        _try(abi.encodeCall(ITaskEscrow.deposit, (1)));
        _isInside = false;
    }

    function setEscrow(address escrow) external {
        _escrow = escrow;
    }

    function _try(bytes memory data) private {
        // What comes of it, the checks see.
        (bool ok,) = _escrow.call(data);
        ok;
    }
}
