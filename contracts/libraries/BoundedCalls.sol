// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {ITaskEscrowErrors} from "../interfaces/ITaskEscrowErrors.sol";

/// @title Questions to contracts that may be hostile
/// @dev Static, with capped gas, and only one word of the answer is ever copied. Too little gas for the full cap reverts,
/// so that whoever brings a transaction cannot turn a yes into a no by starving it.
library BoundedCalls {
    /// Enough for a 2-of-3 Safe or a panel of 32.
    uint256 internal constant SIGNATURE_GAS = 400_000;
    uint256 internal constant GATE_GAS = 150_000;
    /// Left for what happens after the call.
    uint256 private constant RESERVE = 40_000;

    /// @dev Reverts unless a call can be given `gasCap`.
    function requireGas(uint256 gasCap) internal view {
        // 63/64 of what is left can be passed on.
        uint256 needed = gasCap + gasCap / 63 + RESERVE;
        if (gasleft() < needed) revert ITaskEscrowErrors.TaskEscrow_InsufficientGas(gasleft(), needed);
    }

    /// @return answer The first word returned, or zero if the call failed or returned less than a word.
    function ask(address target, uint256 gasCap, bytes memory data) internal view returns (uint256 answer) {
        requireGas(gasCap);
        assembly ("memory-safe") {
            let ok := staticcall(gasCap, target, add(data, 0x20), mload(data), 0x00, 0x20)
            if and(ok, gt(returndatasize(), 0x1f)) { answer := mload(0x00) }
        }
    }

    /// @notice Whether `signature` is `signer`'s of `digest`: ECDSA with low s (65 bytes, or 64 after ERC-2098), else
    /// ERC-1271. The key comes first, so that an account which delegates to code (EIP-7702) can always sign for itself.
    function isSignedBy(address signer, bytes32 digest, bytes calldata signature) internal view returns (bool) {
        if (signer == address(0)) return false;
        if (recover(digest, signature) == signer) return true;
        if (signer.code.length == 0) return false;
        bytes memory data = abi.encodeCall(IERC1271.isValidSignature, (digest, signature));
        return bytes32(ask(signer, SIGNATURE_GAS, data)) == bytes32(IERC1271.isValidSignature.selector);
    }

    /// @return The signer, or zero if the signature is malformed.
    function recover(bytes32 digest, bytes calldata signature) internal pure returns (address) {
        if (signature.length == 64) {
            (address compact,,) = ECDSA.tryRecover(digest, bytes32(signature[0:32]), bytes32(signature[32:64]));
            return compact;
        }
        (address signer,,) = ECDSA.tryRecoverCalldata(digest, signature);
        return signer;
    }
}
