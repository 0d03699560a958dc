// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

/// @title A contract wallet of one owner, as small as one can be
/// @notice It signs by ERC-1271 and calls what its owner tells it to. As wallets in use do, it binds what the owner signs to
/// itself and its chain, so that a signature for one of the owner's wallets is worth nothing for another: the owner's own
/// signature of a message is therefore not the wallet's.
contract OwnedWallet is IERC1271 {
    address public immutable owner;

    constructor(address owner_) {
        owner = owner_;
    }

    /// @inheritdoc IERC1271
    function isValidSignature(bytes32 hash, bytes calldata signature) external view returns (bytes4) {
        bytes32 bound = keccak256(abi.encode(block.chainid, address(this), hash));
        (address signer,,) = ECDSA.tryRecoverCalldata(bound, signature);
        return signer == owner ? IERC1271.isValidSignature.selector : bytes4(0xffffffff);
    }

    /// @notice Calls `target`; only the owner. Reverts with what the call reverts with.
    function execute(address target, bytes calldata data) external {
        require(msg.sender == owner);
        (bool ok, bytes memory answer) = target.call(data);
        if (!ok) {
            assembly ("memory-safe") { revert(add(answer, 0x20), mload(answer)) }
        }
    }
}
